import { MEDICINE_ENDINGS, MEDICINES } from './background.ts';
import { parseLines } from './phrases.ts';

/** What a treatment is; the first qualifier of its finding. */
export const TREATMENT_KINDS = ['medication', 'procedure', 'device', 'therapy'] as const;
export type TreatmentKind = (typeof TREATMENT_KINDS)[number];

// Common substances and classes, each by its own name; what ends as only medicines do (`-mab`, `-olol`) needs no entry.
const SUBSTANCES = `
abatacept acarbose acetazolamide acetylcysteine adalimumab adenosine adrenaline aflibercept albumin alprostadil alteplase amantadine amikacin aminophylline
amiodarone amitriptyline amlodipine anakinra anastrozole andexanet apixaban argatroban artesunate atezolizumab atropine azacitidine azathioprine aztreonam
baclofen baricitinib belimumab bicarbonate biotin bisoprolol bivalirudin bleomycin bortezomib bosentan bromocriptine budesonide bumetanide bupivacaine
buprenorphine bupropion busulfan busulphan cabergoline caffeine calcitonin calcitriol camrelizumab canakinumab cannabidiol captopril carbimazole carfilzomib
carmustine carnitine carvedilol caspofungin cefazolin cefepime cefotaxime cefoxitin ceftazidime cefuroxime cephalexin cetirizine chloramphenicol chlorambucil
chlorphenamine chlorpheniramine chlorpromazine cholecalciferol cholestyramine cilostazol cinacalcet cisatracurium cladribine clindamycin clobetasol
clofazimine clomipramine clonidine codeine colchicine colistin cosyntropin cyproheptadine cysteamine cytarabine dacarbazine dactinomycin dalteparin
danazol dantrolene dapsone daptomycin daunorubicin decitabine deferasirox deferoxamine deflazacort denosumab desmopressin dexmedetomidine dextrose
diazoxide diltiazem diphenhydramine dipyridamole disulfiram dobutamine dolutegravir domperidone dopamine duloxetine dupilumab dutasteride eculizumab
eltrombopag emicizumab emtricitabine enalapril enfuvirtide entecavir ephedrine epinephrine epirubicin epoprostenol ergocalciferol ergotamine eribulin
ertapenem erythropoietin esmolol estradiol ethambutol ethanol etomidate exemestane famotidine favipiravir febuxostat fenofibrate fidaxomicin filgrastim
finasteride fingolimod flecainide fludarabine fludrocortisone flumazenil fluorouracil fluticasone folate fomepizole fondaparinux fosfomycin fosphenytoin
frusemide fulvestrant gabapentin galsulfase glucagon glucocorticoid glucocorticoids glycopyrrolate goserelin guselkumab hydralazine hydroxocobalamin
hydroxyurea hydroxyzine ibandronate ibuprofen idarubicin idarucizumab idursulfase ifosfamide iloprost imiglucerase imipenem imiquimod immunoglobulin
immunoglobulins interferon ipilimumab irinotecan isavuconazole isoproterenol isosorbide isotretinoin ivabradine ketamine ketoconazole ketorolac lacosamide
lactulose lamivudine lanreotide laronidase leflunomide leucovorin leuprolide leuprorelin levodopa linezolid lisinopril lomustine loperamide lorazepam
loratadine lorlatinib macitentan mannitol mebendazole melatonin melphalan memantine mepolizumab meropenem mesalamine mesalazine mesna metamizole
methimazole methyldopa methylphenidate metoclopramide metyrapone mexiletine micafungin midazolam mifepristone miglustat milrinone miltefosine minoxidil
mirtazapine misoprostol mitomycin mitotane mitoxantrone modafinil montelukast nadolol naloxone naltrexone neostigmine nicardipine nicorandil nifurtimox
nimodipine nintedanib niraparib nirmatrelvir nitazoxanide nitisinone nitrofurantoin nitroglycerin nitroprusside norepinephrine noradrenaline nusinersen
nystatin obinutuzumab ocrelizumab octreotide ofatumumab olaparib omalizumab ondansetron oseltamivir oxcarbazepine oxybutynin oxygen oxytocin paclitaxel pamidronate
pancuronium pasireotide paxlovid pegfilgrastim peginterferon pemetrexed penicillamine pentamidine pentoxifylline perampanel phenoxybenzamine phentolamine
phenylephrine phytonadione pilocarpine pimobendan piperacillin pirfenidone plerixafor polidocanol pomalidomide posaconazole pralidoxime pramipexole
prednisolone pregabalin primaquine primidone probenecid procainamide prochlorperazine progesterone promethazine propofol propylthiouracil protamine
pyridostigmine pyridoxine pyrimethamine quinacrine quinidine quinine ranitidine ranolazine rasburicase ravulizumab remifentanil remifentanyl reteplase
ribavirin riboflavin rifabutin rifaximin riluzole riociguat risdiplam ritonavir rivaroxaban rocuronium romiplostim ropinirole ropivacaine rufinamide
ruxolitinib sacubitril salbutamol sarilumab secukinumab selegiline semaglutide sevoflurane sildenafil sintilimab sirolimus sofosbuvir somatostatin spironolactone stiripentol
streptokinase streptomycin streptozocin succinylcholine sucralfate sugammadex sulfadiazine sulfasalazine suxamethonium tacrolimus tadalafil tafamidis
tamsulosin teclistamab teicoplanin temozolomide tenecteplase tenofovir teriparatide terlipressin testosterone tetrabenazine thalidomide theophylline
thiamine thiopental thiotepa thyroxine tiotropium tinzaparin tirofiban tislelizumab tocilizumab tofacitinib tolvaptan topotecan toripalimab torsemide
trabectedin trametinib treprostinil triamcinolone trihexyphenidyl tretinoin ulipristal uridine urokinase ursodeoxycholic ustekinumab valsartan vasopressin
vecuronium vedolizumab velaglucerase vemurafenib venetoclax verapamil vigabatrin vinblastine vinorelbine vitamin warfarin zidovudine zoledronate
bactrim augmentin seroquel lasix plavix heparin insulin levothyroxine liothyronine metformin glibenclamide gliclazide glimepiride liraglutide dulaglutide
albendazole ivermectin praziquantel artemether lumefantrine mefloquine atovaquone benznidazole terbinafine griseofulvin flucytosine
nitrate nitrates vasopressors vasopressor inotropes inotrope anticoagulants anticoagulant anticoagulation antihistamines antihistamine antidepressants
antipsychotics benzodiazepines bisphosphonates bronchodilators laxatives analgesics analgesia antipyretics antiemetics antivirals antifungals
antiepileptics anticonvulsants antihypertensives immunosuppressants immunosuppressant immunosuppressives sedatives opiates statins statin fluoroquinolones fluoroquinolone macrolides macrolide
cephalosporin cephalosporins carbapenem aminoglycoside antacids thrombolytics antivenom antitoxin multivitamins vitamins electrolytes chelation
`;

const PHRASES: Readonly<Record<TreatmentKind, string>> = {
  medication: `
beta blocker | β blocker | β blockers
ace inhibitor | ACE inhibitors | angiotensin converting enzyme inhibitor | angiotensin receptor blocker
calcium channel blocker | calcium channel blockers
antiplatelet therapy | antiplatelet agents | antiplatelet agent | dual antiplatelet therapy | DAPT
intravenous immunoglobulin | IVIG | IVIg | immune globulin | gamma globulin | immunoglobulin therapy
antithymocyte globulin | ATG | anti thymocyte globulin
piperacillin tazobactam | tazobactam piperacillin | tazocin | TAZ PIPC
trimethoprim sulfamethoxazole | TMP SMX | cotrimoxazole | co trimoxazole
ampicillin sulbactam | amoxicillin clavulanate | amoxicillin clavulanic acid
amphotericin b | liposomal amphotericin b | L AMB | LAMB
mycophenolate mofetil | MMF | mycophenolic acid
granulocyte colony stimulating factor | G CSF
tissue plasminogen activator | tPA | rtPA
5 fluorouracil | 5 FU | FOLFOX | FOLFIRI | FOLFIRINOX | CHOP | R CHOP | ABVD | BEACOPP | hyper CVAD
zoledronic acid | tranexamic acid | folic acid | folinic acid | ursodeoxycholic acid | valproic acid | ascorbic acid | mycophenolic acid | alpha lipoic acid
sodium bicarbonate | magnesium sulfate | calcium gluconate | potassium chloride | iron supplementation | oral iron | intravenous iron | calcium supplementation | potassium supplementation | vitamin d supplementation | methylene blue | activated charcoal
normal saline | intravenous fluids | IV fluids | fluid resuscitation | crystalloids | ringer lactate | hypertonic saline | intravenous hydration
vitamin k | vitamin c | vitamin d | vitamin a | vitamin b12 | vitamin b1 | vitamin b6 | coenzyme q10 | coenzyme q
antibiotics | antibiotic | antibiotic therapy | antibiotic treatment | broad spectrum antibiotics | intravenous antibiotics | antimicrobial therapy | empirical antibiotics | antibacterial therapy | antimicrobials
antifungal therapy | antifungal treatment | antifungal | antifungal agents | anti fungal
antiviral therapy | antiviral treatment | antiretroviral therapy | HAART | antiretroviral treatment | highly active antiretroviral therapy | antiretrovirals
antituberculosis therapy | antituberculous therapy | anti tuberculosis treatment | antitubercular therapy | anti tubercular therapy | anti tuberculous drugs | antituberculous drugs | anti tubercular drugs | anti tuberculosis drugs
corticosteroid therapy | steroid therapy | corticosteroid | corticosteroids | steroid | steroids | pulse steroid | steroid pulse therapy | glucocorticoid therapy | pulse therapy
chemotherapy | adjuvant chemotherapy | neoadjuvant chemotherapy | systemic chemotherapy | palliative chemotherapy | combination chemotherapy
immunotherapy | immunosuppressive therapy | immunosuppression therapy | immunosuppressive treatment | immune checkpoint inhibitor | immune checkpoint inhibitors | checkpoint inhibitor
targeted therapy | hormone therapy | hormonal therapy | hormone replacement therapy | endocrine therapy | androgen deprivation therapy
enzyme replacement therapy | ERT | substrate reduction therapy | gene therapy
anticoagulation therapy | anticoagulant therapy | oral anticoagulation | anticoagulation | low molecular weight heparin | LMWH | unfractionated heparin | direct oral anticoagulant
general anesthesia | local anesthesia | spinal anesthesia | epidural anesthesia | local anesthetic | sedation | nerve block | general anaesthesia | local anaesthesia
iron chelation | chelation therapy
nonsteroidal anti inflammatory drugs | NSAIDs | NSAID | non steroidal anti inflammatory drugs
proton pump inhibitor | proton pump inhibitors | PPI
oral contraceptives | oral contraceptive pills
inotropic support | vasopressor support | vasoactive drugs | inotropic drugs | inotropic agents
symptomatic treatment | diuretic | diuretics | diuretic therapy
insulin | insulin infusion | insulin glargine | insulin detemir | insulin therapy`,
  procedure: `
surgery | surgical intervention | surgical treatment | surgical resection | surgical excision | surgical removal | operation | open surgery | cardiac surgery | emergency surgery | surgical repair | surgical management | operative treatment | surgical procedure | reoperation
resection | excision | excised | resected | wide excision | wide local excision | en bloc resection | complete excision | complete resection | debulking | enucleation | extirpation | excisional biopsy | transurethral resection
laparoscopy | exploratory laparotomy | laparotomy | laparoscopic surgery | thoracoscopic surgery | VATS | robot assisted surgery
debridement | surgical debridement | drainage | percutaneous drainage | incision and drainage | external ventricular drainage | abscess drainage | lavage | irrigation | aspiration of the cyst
ablation | radiofrequency ablation | catheter ablation | RF ablation | cryoablation | microwave ablation | cauterization | electrocautery | cryotherapy | laser therapy | photocoagulation | laser photocoagulation | argon plasma coagulation
embolization | coil embolization | transcatheter arterial embolization | arterial embolization | transarterial chemoembolization | TACE | sclerotherapy | endovascular treatment | endovascular repair | endovascular therapy | endovascular aneurysm repair | endovascular aortic repair | EVAR | TEVAR
percutaneous coronary intervention | PCI | stenting | stent implantation | stent placement | coronary stenting | thrombolysis | mechanical thrombectomy | angioplasty | balloon dilation | balloon dilatation | revascularization
coronary artery bypass grafting | coronary artery bypass graft | CABG | off pump coronary artery bypass | OPCAB | bypass surgery | bypass grafting | gastric bypass | cardiopulmonary bypass
valve replacement | mitral valve replacement | aortic valve replacement | valve repair | mitral valve repair | tricuspid valve repair | TAVI | TAVR | graft replacement | aortic root replacement | bentall procedure
transplantation | transplant | kidney transplantation | renal transplantation | liver transplantation | heart transplantation | heart transplant | bone marrow transplantation | bone marrow transplant | stem cell transplantation | hematopoietic stem cell transplantation | HSCT | lung transplantation | corneal transplantation | allograft
fixation | internal fixation | open reduction and internal fixation | ORIF | closed reduction | open reduction | osteosynthesis | amputation | fasciotomy | arthrodesis | spinal fusion | decompression | surgical decompression | hip replacement | knee replacement | joint replacement | bone grafting | bone graft
skin graft | skin grafting | flap reconstruction | reconstruction | local flap | free flap | anastomosis | lymph node dissection | lymphadenectomy | neck dissection | ligation | variceal ligation | clipping | suturing | sutured | primary closure | repair
cesarean section | caesarean section | cesarean delivery | induction of labour | induction of labor | dilation and curettage | curettage | termination of pregnancy
intubation | endotracheal intubation | intubated | tracheostomy | reintubation | cricothyrotomy | bronchoscopic lavage
cardiopulmonary resuscitation | CPR | cardioversion | electrical cardioversion | defibrillation | pericardiocentesis | pericardial window | thoracentesis | paracentesis | chest tube insertion | tube thoracostomy | endoscopic retrograde cholangiopancreatography | sphincterotomy | PEG tube placement | phlebotomy | venesection | epidural blood patch | TIPS
lobectomy | segmentectomy | pneumonectomy | root canal treatment | root canal therapy | endodontic treatment | root canal filling | root filling | dental filling | composite filling | amalgam filling | temporary filling | permanent filling | composite restoration | pulpectomy | tooth extraction | extraction | orthodontic treatment | phacoemulsification | vitrectomy | keratoplasty | trabeculectomy | intravitreal injection | deep brain stimulation | craniotomy
`,
  device: `
pacemaker | permanent pacemaker | pacemaker implantation | temporary pacemaker | temporary pacing | pacing wires
implantable cardioverter defibrillator | ICD implantation | cardioverter defibrillator | cardiac resynchronization therapy
stent graft | stent grafts | stent graft placement | stent graft implantation | endovascular stent graft | covered stent | stent | drug eluting stent | stents | biliary stent | ureteral stent | double J stent
intra aortic balloon pump | intraaortic balloon pump | IABP | left ventricular assist device | LVAD | impella | ventricular assist device
extracorporeal membrane oxygenation | ECMO | VA ECMO | VV ECMO | veno arterial ECMO
ventriculoperitoneal shunt | VP shunt | nasogastric tube | PEG tube | gastrostomy tube | feeding tube | tracheal tube | endotracheal tube | chest tube | chest drain | jejunostomy tube | foley catheter | urinary catheter
cochlear implant | dental implant | dental implants | prosthesis | bioprosthesis | mechanical valve | brace | plaster cast | cast immobilization | external fixator | orthosis | splint | hearing aid | contact lenses | intrauterine device | inferior vena cava filter | IVC filter | insulin pump`,
  therapy: `
radiotherapy | radiation therapy | adjuvant radiotherapy | irradiation | radiation | brachytherapy | stereotactic radiosurgery | gamma knife | proton therapy | radioiodine therapy | radioactive iodine | whole brain radiotherapy | chemoradiotherapy | chemoradiation | conformal radiotherapy | phototherapy | photodynamic therapy
hemodialysis | haemodialysis | dialysis | peritoneal dialysis | hemofiltration | continuous renal replacement therapy | CRRT | renal replacement therapy | hemoperfusion
plasma exchange | plasmapheresis | plasma exchange therapy | therapeutic plasma exchange | immunoadsorption | leukapheresis | apheresis
blood transfusion | transfusion | transfusions | red blood cell transfusion | packed red blood cells | platelet transfusion | fresh frozen plasma | FFP | platelet transfusions | blood transfusions | exchange transfusion
mechanical ventilation | mechanically ventilated | ventilatory support | noninvasive ventilation | non invasive ventilation | CPAP | continuous positive airway pressure | BiPAP | ventilation | invasive ventilation | high flow nasal cannula | oxygen therapy | supplemental oxygen | home oxygen | hyperbaric oxygen | oxygen supplementation
physiotherapy | physical therapy | rehabilitation | occupational therapy | speech therapy | psychotherapy | cognitive behavioral therapy | electroconvulsive therapy | ECT | acupuncture | pulmonary rehabilitation
conservative treatment | conservative management | supportive care | supportive treatment | supportive therapy | palliative care | supportive management | watchful waiting | bed rest | compression therapy | wound care | dressing | negative pressure wound therapy
gluten free diet | ketogenic diet | low protein diet | dietary modification | dietary modifications | total parenteral nutrition | parenteral nutrition | enteral nutrition | nutritional support | enteral feeding | fluid restriction | high fat diet | low salt diet
therapeutic hypothermia | targeted temperature management | fecal microbiota transplantation | genetic counseling | desensitization | vagal maneuvers`,
};

export type Treatment = { readonly phrase: string; readonly term: string; readonly kind: TreatmentKind };

export const TREATMENTS: readonly Treatment[] = [
  ...TREATMENT_KINDS.flatMap((kind) =>
    parseLines(PHRASES[kind]).flatMap(({ phrases }) =>
      // Each name stands for itself: `radiotherapy` and `brachytherapy` share a line, and are not the same.
      phrases.map((phrase) => ({ phrase, term: phrase.toLowerCase(), kind })),
    ),
  ),
  ...MEDICINES.flatMap(({ phrases }) =>
    phrases.map((phrase) => ({ phrase, term: phrase.toLowerCase(), kind: 'medication' as const })),
  ),
  ...SUBSTANCES.trim()
    .split(/\s+/)
    .map((phrase) => ({ phrase, term: phrase, kind: 'medication' as const })),
];

const DRUG = new RegExp(
  `.{2}(?:${[...MEDICINE_ENDINGS, 'mab', 'parin', 'gatran', 'xaban', 'pril', 'setron', 'tidine', 'triptyline', 'oxetine', 'azepam', 'barbital', 'caine', 'curium', 'curonium', 'platin', 'rubicin', 'taxel', 'fungin', 'azine', 'vudine', 'asvir', 'buvir', 'tegravir', 'penem', 'bactam', 'fenac', 'profen', 'oxicam', 'sone', 'solone', 'nib', 'ciclib', 'dronate', 'dronic', 'glutide', 'terol', 'flurane', 'zomib', 'limus', 'mustine', 'trexate', 'stigmine'].join('|')})$|^(?:cef|sulfa)[a-z]{4,}$`,
);
// Ends alike, and is no medicine.
const NO_DRUG =
  /^(?:april|cocaine|cystatin|histidine|cytidine|adenosine|cholesterol|phytosterol|magazine|aldosterone|angiostatin|sulfate)$/;
const OPERATION =
  /.{3}(?:ectomy|ectomies|ectomized|otomy|otomies|ostomy|ostomies|plasty|plasties|pexy|rrhaphy|desis|centesis|lithotripsy|thrombolysis|adhesiolysis|neurolysis|tripsy)$/;
const NO_OPERATION = /^(?:dichotomy|anatomy|autonomy|amniocentesis)$/;

/** What a single word is by its ending: a medicine, an operation, or neither. */
export function treatmentOfWord(word: string): TreatmentKind | null {
  if (word.length < 6) return null;
  if (OPERATION.test(word) && !NO_OPERATION.test(word)) return 'procedure';
  return DRUG.test(word) && !NO_DRUG.test(word) ? 'medication' : null;
}

/** Substances of the body as well: a treatment only where words of giving stand near. */
export const ALSO_ANALYTES: ReadonlySet<string> = new Set(
  'albumin bicarbonate folate testosterone estradiol progesterone calcitonin erythropoietin glucagon somatostatin thyroxine dopamine epinephrine norepinephrine adrenaline noradrenaline vasopressin calcitriol ethanol caffeine insulin carnitine biotin uridine interferon thiamine pyridoxine vitamin vitamins electrolytes cholecalciferol oxygen immunoglobulin immunoglobulins adenosine nitrate nitrates methylene levothyroxine'.split(
    ' ',
  ),
);
