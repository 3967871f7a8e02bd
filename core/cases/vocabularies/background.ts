import { parseLines } from './phrases.ts';

/** Risk factors and habits of the patient. */
export const RISK_FACTORS = parseLines(`
smoking | smoker | cigarette smoking | tobacco use | heavy smoker | current smoker | tobacco | cigarettes | chronic smoker | smoked | pack year | chronic smoking | pack years | active smoker | smoking history | smokes | tobacco smoking | vaping
former smoker | ex smoker | past smoker | quit smoking | stopped smoking
nonsmoker | non smoker | never smoker | never smoked
alcohol use | alcohol consumption | alcohol abuse | alcoholism | alcoholic | heavy drinker | alcohol intake | drank alcohol | chronic alcohol | chronic alcoholism | consumed alcohol | alcohol | alcohol dependence | drinks alcohol | alcohol ingestion | social drinker | alcohol misuse
drug abuse | illicit drug use | intravenous drug use | intravenous drug user | substance abuse | cocaine use | cannabis use | intravenous drug abuse | illicit drugs | recreational drugs | drug use | recreational drug use | marijuana use | substance use | heroin use | injection drug use | illegal drugs | drug addiction
physical inactivity | sedentary lifestyle | inactivity | sedentary | lack of exercise
drug allergy | drug allergies | medication allergy | medication allergies | known drug allergy | known drug allergies | NKDA | no known drug allergies | no known allergies | drug hypersensitivity
allergy | allergies | allergic to | allergic history | food allergy | atopy | atopic
family history
consanguinity | consanguineous | consanguineous parents | consanguineous marriage
immunosuppression | immunocompromised | immunosuppressed | immunodeficiency
immunocompetent
travel | travelled to | traveled to | travel history | recent travel | returned from | history of travel | foreign travel | overseas travel | travelling to | traveling to
animal contact | contact with animals | contact with cats | contact with dogs | contact with birds | contact with livestock | contact with cattle | contact with sheep | exposure to animals | animal exposure | pet dog | pet cat | pets at home | owned a dog | owned a cat | cat owner | dog owner | exposure to livestock | exposure to birds | contact with poultry | raised sheep | raised cattle | raw milk | unpasteurized milk | unpasteurised milk | unpasteurized dairy
sexual exposure | unprotected sex | unprotected sexual intercourse | multiple sexual partners | sexually active
previously healthy | otherwise healthy | healthy | no medical history | unremarkable medical history | no comorbidities | medical history was unremarkable | without medical history | in good health | no past medical history | no significant medical history | previously well | no significant past medical history | no known comorbidities | no previous medical history | no relevant medical history | past medical history was unremarkable | unremarkable past medical history
pregnancy | pregnant | gravid | primigravida | multigravida | gravida | parturient | primiparous | nulliparous | multiparous | nullipara | multipara | parous
menopause | postmenopausal | menopausal
premenopausal
vaccination | vaccinated | immunization
premature infant | preterm infant | preterm
transplant | transplantation
kidney transplant | renal transplant | kidney transplantation | renal transplantation
liver transplant | liver transplantation
heart transplant | heart transplantation | cardiac transplantation
stem cell transplantation | bone marrow transplant | bone marrow transplantation
hemodialysis | haemodialysis | dialysis | peritoneal dialysis
coronary artery bypass grafting | CABG | coronary artery bypass graft | coronary bypass
percutaneous coronary intervention | PCI | coronary stent | stent implantation | coronary stenting
pacemaker | pacemaker implantation
implantable cardioverter defibrillator | ICD implantation
appendectomy | appendicectomy
cholecystectomy
hysterectomy
splenectomy
thyroidectomy
mastectomy
gastrectomy
nephrectomy
cesarean section | caesarean section | cesarean delivery | caesarean delivery
valve replacement
laryngectomy
tonsillectomy
gastric bypass
colectomy
orchiectomy
hip replacement | hip arthroplasty | total hip arthroplasty
oophorectomy
prostatectomy
lobectomy
knee replacement | knee arthroplasty
laparotomy
chemotherapy
radiotherapy | radiation therapy
`);

/** Treatments of `RISK_FACTORS` that are background only where the text puts them into the past. */
export const PAST_TREATMENTS: ReadonlySet<string> = new Set(
  'hemodialysis,chemotherapy,radiotherapy,vaccination,premature infant,coronary artery bypass grafting,percutaneous coronary intervention,pacemaker,implantable cardioverter defibrillator,transplant,kidney transplant,liver transplant,heart transplant,stem cell transplantation,appendectomy,cholecystectomy,hysterectomy,splenectomy,thyroidectomy,mastectomy,gastrectomy,nephrectomy,cesarean section,valve replacement,laryngectomy,tonsillectomy,gastric bypass,colectomy,orchiectomy,hip replacement,oophorectomy,prostatectomy,lobectomy,knee replacement,laparotomy'.split(
    ',',
  ),
);

/** What each term of `RISK_FACTORS` is told as; the others are history. */
export const KIND_OF_RISK: ReadonlyMap<string, 'risk factor' | 'allergy' | 'family' | 'social'> = new Map([
  ['smoking', 'risk factor'],
  ['former smoker', 'risk factor'],
  ['nonsmoker', 'risk factor'],
  ['physical inactivity', 'risk factor'],
  ['alcohol use', 'social'],
  ['drug abuse', 'social'],
  ['travel', 'social'],
  ['animal contact', 'social'],
  ['sexual exposure', 'social'],
  ['drug allergy', 'allergy'],
  ['allergy', 'allergy'],
  ['family history', 'family'],
  ['consanguinity', 'family'],
]);

/** Diseases that count as risk factors where they are known before. */
export const RISK_DISEASES: ReadonlySet<string> = new Set([
  ...'hypertension,arterial hypertension,systemic hypertension,essential hypertension'.split(','),
  ...'diabetes mellitus,diabetes,diabetic,type 1 diabetes,type 2 diabetes,type 1 diabetes mellitus,type 2 diabetes mellitus'.split(
    ',',
  ),
  ...'dyslipidemia,dyslipidaemia,hyperlipidemia,hyperlipidaemia,hypercholesterolemia,familial hypercholesterolemia'.split(
    ',',
  ),
  ...'obesity,morbid obesity'.split(','),
]);

/** What people are allergic to, besides medicines. */
export const ALLERGENS: ReadonlySet<string> = new Set(
  'penicillin penicillins sulfa sulfonamide sulfonamides cephalosporin cephalosporins latex iodine contrast peanut peanuts nuts shellfish shrimp egg eggs milk pollen dust mites seafood fish wheat soy pollens aspirin nsaids codeine gelatin insulin lidocaine bee wasp cats dogs'.split(
    ' ',
  ),
);

/** Work that the history of a patient names. */
export const OCCUPATIONS: ReadonlySet<string> = new Set(
  'farmer teacher nurse physician doctor dentist miner welder painter driver fisherman shepherd butcher veterinarian carpenter mechanic cook chef soldier policeman firefighter engineer accountant student housewife homemaker labourer laborer plumber electrician hairdresser baker gardener athlete cashier secretary clerk lawyer musician singer dancer pilot sailor tailor potter beekeeper housekeeper cleaner salesman'.split(
    ' ',
  ),
);

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

/** Other names of one substance. All other medicines are called as the text calls them, though a line above lists their class. */
export const MEDICINE_SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['acetylsalicylic acid', 'aspirin'],
  ['acetaminophen', 'paracetamol'],
  ['ciclosporin', 'cyclosporine'],
  ['rifampin', 'rifampicin'],
  ['valproic acid', 'valproate'],
  ['mycophenolate mofetil', 'mycophenolate'],
  ['insulin treatment', 'insulin therapy'],
  ['corticosteroid', 'corticosteroids'],
  ['steroid', 'corticosteroids'],
  ['steroids', 'corticosteroids'],
  ['beta blockers', 'beta blocker'],
  ['nsaids', 'nsaid'],
  ['antibiotic', 'antibiotics'],
  ['antibiotic therapy', 'antibiotics'],
  ['oral contraceptives', 'oral contraceptive'],
  ['oral contraceptive pill', 'oral contraceptive'],
  ['contraceptive pills', 'oral contraceptive'],
  ['proton pump inhibitors', 'proton pump inhibitor'],
  ['diuretic', 'diuretics'],
  ['opioid', 'opioids'],
  ['ivig', 'intravenous immunoglobulin'],
  ['haart', 'antiretroviral therapy'],
]);

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
