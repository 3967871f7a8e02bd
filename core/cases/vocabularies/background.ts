import { parseLines } from './phrases.ts';

/** Risk factors and habits of the patient. */
export const RISK_FACTORS = parseLines(`
smoking | smoker | cigarette smoking | tobacco use | heavy smoker | current smoker | tobacco | cigarettes | chronic smoker | smoked | pack year | chronic smoking | pack years
former smoker | ex smoker | past smoker
nonsmoker | non smoker | never smoker | never smoked
alcohol use | alcohol consumption | alcohol abuse | alcoholism | alcoholic | heavy drinker | alcohol intake | drank alcohol | chronic alcohol | chronic alcoholism | consumed alcohol
drug abuse | illicit drug use | intravenous drug use | intravenous drug user | substance abuse | cocaine use | cannabis use | intravenous drug abuse | illicit drugs | recreational drugs
physical inactivity | sedentary lifestyle | inactivity
allergy | allergies | allergic to | drug allergy | penicillin allergy | drug allergies | food allergy
family history
consanguinity | consanguineous | consanguineous parents | consanguineous marriage
immunosuppression | immunocompromised | immunosuppressed | immunodeficiency
immunocompetent
travel | travelled to | traveled to | travel history
previously healthy | otherwise healthy | healthy | no medical history | unremarkable medical history | no comorbidities | medical history was unremarkable | without medical history | in good health | no past medical history | no significant medical history | previously well
pregnancy | pregnant | gravid | gestation | primigravida | multigravida | gravida | parturient | primiparous | nulliparous | multiparous | nullipara | multipara | parous
menopause | postmenopausal | menopausal | premenopausal
vaccination | vaccinated | immunization
premature infant | preterm infant | preterm
transplant | kidney transplant | renal transplant | liver transplant | heart transplant | transplantation | bone marrow transplant | stem cell transplantation | kidney transplantation | liver transplantation
hemodialysis | haemodialysis | dialysis | peritoneal dialysis
coronary artery bypass grafting | CABG | percutaneous coronary intervention | PCI | coronary stent | stent implantation | coronary artery bypass graft
pacemaker | implantable cardioverter defibrillator | ICD implantation | pacemaker implantation
appendectomy | cholecystectomy | hysterectomy | splenectomy | thyroidectomy | mastectomy | gastrectomy | nephrectomy | cesarean section | caesarean section | valve replacement | laryngectomy | tonsillectomy | gastric bypass | colectomy | orchiectomy | hip arthroplasty | oophorectomy | prostatectomy | lobectomy | hip replacement | knee replacement | laparotomy
chemotherapy | radiotherapy | radiation therapy
`);

/** Medicines and classes of medicines that case reports name most; single substances by their common endings come on top. */
export const MEDICINES = parseLines(`
aspirin | acetylsalicylic acid
clopidogrel | ticagrelor | prasugrel
warfarin | acenocoumarol
heparin | enoxaparin | low molecular weight heparin
rivaroxaban | apixaban | dabigatran | edoxaban
metformin
insulin therapy | insulin treatment
levothyroxine
prednisolone | prednisone | methylprednisolone | dexamethasone | hydrocortisone | corticosteroid | corticosteroids | steroids | steroid | betamethasone
methotrexate
azathioprine
cyclophosphamide
mycophenolate | mycophenolate mofetil
tacrolimus | cyclosporine | ciclosporin | sirolimus | everolimus
rituximab | infliximab | adalimumab | tocilizumab | etanercept
hydroxychloroquine | chloroquine
colchicine
allopurinol
amiodarone | flecainide | sotalol | lidocaine | propafenone
digoxin
beta blocker | beta blockers
furosemide | spironolactone | hydrochlorothiazide | diuretics | diuretic
nsaid | NSAIDs | ibuprofen | diclofenac | naproxen | nonsteroidal anti inflammatory drugs | indomethacin
paracetamol | acetaminophen
oral contraceptive | oral contraceptives | contraceptive pills | oral contraceptive pill
proton pump inhibitor | proton pump inhibitors
antibiotic | antibiotics | antibiotic therapy
carbamazepine | phenytoin | valproate | valproic acid | lamotrigine | levetiracetam | phenobarbital | topiramate
lithium
haloperidol | clozapine | olanzapine | risperidone | quetiapine
fluoxetine | sertraline | citalopram | escitalopram | venlafaxine
morphine | fentanyl | tramadol | oxycodone | methadone | opioid | opioids
isoniazid | rifampicin | rifampin | ethambutol | pyrazinamide | antituberculosis drugs | antituberculous therapy
ceftriaxone | vancomycin | meropenem | amoxicillin | ciprofloxacin | gentamicin | metronidazole | cotrimoxazole | doxycycline | azithromycin | clarithromycin | penicillin | levofloxacin
fluconazole | amphotericin B | voriconazole | itraconazole
acyclovir | valganciclovir | ganciclovir | valacyclovir | oseltamivir | remdesivir | antiretroviral therapy | HAART
albendazole | ivermectin | praziquantel
tamoxifen | letrozole
cisplatin | carboplatin | paclitaxel | doxorubicin | vincristine | 5-fluorouracil | capecitabine | oxaliplatin | gemcitabine | docetaxel | etoposide
imatinib | nivolumab | pembrolizumab | bevacizumab | trastuzumab | lenalidomide | bortezomib | sunitinib | sorafenib | atezolizumab | durvalumab
intravenous immunoglobulin | IVIG
`);

/** Endings that only names of medicines have. */
export const MEDICINE_ENDINGS: readonly string[] = [
  'statin',
  'sartan',
  'dipine',
  'olol',
  'prazole',
  'gliptin',
  'gliflozin',
  'cillin',
  'mycin',
  'floxacin',
  'conazole',
  'tinib',
  'zumab',
  'ximab',
  'lizumab',
  'zepam',
  'zolam',
  'thiazide',
  'triptan',
  'cycline',
  'navir',
  'ciclovir',
  'cyclovir',
];

/** Relatives, as `mother`; the patient's own story ends where theirs begins. */
export const RELATIVES = parseLines(`
mother | father | parent | parents
brother | sister | sibling | siblings
son | daughter | children | offspring
grandmother | grandfather | grandparents
aunt | uncle | cousin | cousins
relative | relatives | family members | family member | first degree relative | first degree relatives
`);
