/**
 * Laboratory analytes: `name | synonyms ; unit ; low ; high ; molar mass`. The range is one for adults of either sex, in the
 * given UCUM unit, and serves only where the report states none; an empty bound means that this side is not judged. Molar
 * mass in g/mol where laboratories report both mass and amount. Bounds are ordinary textbook values, rounded.
 */
const ANALYTES = `
troponin | cardiac troponin | cardiac troponins | troponins
troponin i | cTnI | TnI | cardiac troponin I | high sensitivity troponin I | hs-cTnI | hsTnI | troponin-I ; ng/mL ; ; 0.04
troponin t | cTnT | TnT | hs-TnT | hs-cTnT | high sensitivity troponin T | cardiac troponin T | troponin-T ; ng/mL ; ; 0.014
bnp | B type natriuretic peptide | brain natriuretic peptide | brain-type natriuretic peptide | b-natriuretic peptide ; pg/mL ; ; 100
nt-probnp | NT pro BNP | N terminal pro brain natriuretic peptide | N terminal pro B type natriuretic peptide | NTproBNP | proBNP | pro-BNP ; pg/mL ; ; 300
ck-mb | CKMB | creatine kinase MB | CPK-MB | MB fraction ; ng/mL ; ; 5
creatine kinase | CK | CPK | creatine phosphokinase | creatinine kinase | creatinine phosphokinase ; U/L ; 25 ; 200
myoglobin ; ng/mL ; ; 90
sodium | Na | serum sodium | Na+ ; mmol/L ; 135 ; 145 ; 22.99
potassium | serum potassium | K+ ; mmol/L ; 3.5 ; 5.1 ; 39.1
chloride | serum chloride ; mmol/L ; 96 ; 107 ; 35.45
bicarbonate | HCO3 | serum bicarbonate ; mmol/L ; 22 ; 29 ; 61
base excess | base deficit ; mmol/L ; -3 ; 3
anion gap ; mmol/L ; 6 ; 16
calcium | serum calcium | total calcium | corrected calcium | calcium level ; mg/dL ; 8.5 ; 10.5 ; 40.08
ionized calcium | ionised calcium ; mmol/L ; 1.1 ; 1.35
magnesium | serum magnesium ; mg/dL ; 1.6 ; 2.6 ; 24.31
phosphate | phosphorus | inorganic phosphate | serum phosphate ; mg/dL ; 2.5 ; 4.5 ; 30.97
creatinine | serum creatinine | SCr | sCr ; mg/dL ; 0.5 ; 1.3 ; 113.12
urea | blood urea | serum urea ; mg/dL ; 15 ; 50 ; 60.06
blood urea nitrogen | BUN | urea nitrogen ; mg/dL ; 6 ; 23 ; 28.01
glomerular filtration rate | GFR | eGFR | estimated glomerular filtration rate | creatinine clearance ; mL/min ; 60 ; 
uric acid | urate ; mg/dL ; 2.5 ; 7.5 ; 168.11
hemoglobin | Hb | Hgb | haemoglobin | blood hemoglobin ; g/dL ; 12 ; 17.5 ; 16114
hematocrit | Hct | Ht | haematocrit | packed cell volume | PCV ; % ; 36 ; 52
red blood cell count | RBC | red cell count | erythrocyte count | red blood cells | erythrocytes ; 10*12/L ; 4 ; 6
mean corpuscular volume | MCV ; fL ; 80 ; 100
mean corpuscular hemoglobin | MCH ; pg ; 27 ; 33
white blood cell count | WBC | white cell count | leukocyte count | leucocyte count | white blood cells | white blood cell | WBC count | total leukocyte count | leukocytes | leucocytes | WBCs | TLC | white cells | total leucocyte count ; 10*9/L ; 4 ; 11
neutrophils | neutrophil count | absolute neutrophil count | ANC | polymorphonuclear leukocytes | polymorphs | neutrophil ; 10*9/L ; 1.8 ; 7.7
lymphocytes | lymphocyte count | absolute lymphocyte count | lymphocyte ; 10*9/L ; 1 ; 4.8
monocytes | monocyte count ; 10*9/L ; 0.2 ; 1
eosinophils | eosinophil count | absolute eosinophil count | eosinophil ; 10*9/L ; ; 0.5
basophils ; 10*9/L ; ; 0.2
blasts | blast cells
reticulocytes | reticulocyte count | reticulocyte ; % ; 0.5 ; 2.5
platelets | platelet count | platelet | thrombocyte count | PLT | thrombocytes ; 10*9/L ; 150 ; 450
complete blood count | CBC | full blood count | FBC | blood count | hemogram | haemogram | blood cell count | peripheral blood count
peripheral blood smear | peripheral smear | blood smear | blood film
inr | international normalized ratio | international normalised ratio ; 1 ; 0.8 ; 1.2
prothrombin time | PT ; s ; 10 ; 14.5
activated partial thromboplastin time | aPTT | PTT | partial thromboplastin time | APTT ; s ; 24 ; 40
fibrinogen ; g/L ; 2 ; 4.5
d-dimer | D dimers | fibrin degradation products | FDP ; mg/L ; ; 0.5
coagulation tests | coagulation profile | coagulation studies | clotting tests | coagulation parameters | coagulation test
antithrombin | antithrombin III
protein c | protein C activity
protein s | protein S activity
factor viii | factor VIII activity | FVIII
von willebrand factor | vWF
total cholesterol | cholesterol ; mg/dL ; ; 200 ; 386.65
ldl cholesterol | LDL | LDL-C | low density lipoprotein ; mg/dL ; ; 130 ; 386.65
hdl cholesterol | HDL | HDL-C | high density lipoprotein ; mg/dL ; 40 ; ; 386.65
triglycerides | triglyceride | TG | TGs ; mg/dL ; ; 150 ; 885.4
glucose | blood glucose | blood sugar | plasma glucose | serum glucose | fasting glucose | fasting blood glucose | random blood sugar | glycemia | blood glucose level ; mg/dL ; 65 ; 140 ; 180.16
hba1c | HbA1C | glycated hemoglobin | glycosylated hemoglobin | hemoglobin A1c | A1c ; % ; 4 ; 6.2
insulin | fasting insulin | plasma insulin ; uIU/mL ; 2 ; 25
c-peptide | C peptide ; ng/mL ; 0.8 ; 3.9
aspartate aminotransferase | AST | SGOT | GOT | aspartate transaminase ; U/L ; ; 40
alanine aminotransferase | ALT | SGPT | GPT | alanine transaminase ; U/L ; ; 45
transaminases | transaminitis | hypertransaminasemia | aminotransferases | transaminase | liver enzymes | hepatic enzymes | aminotransferase | liver transaminases | hepatobiliary enzymes
alkaline phosphatase | ALP | alk phos ; U/L ; 30 ; 130
gamma-glutamyl transferase | GGT | gamma glutamyl transpeptidase | γ-glutamyl transpeptidase | γ-GTP | GGTP | gamma GT | γ-GT ; U/L ; ; 60
total bilirubin | bilirubin | serum bilirubin | T-bil | bilirubin level ; mg/dL ; ; 1.2 ; 584.66
direct bilirubin | conjugated bilirubin ; mg/dL ; ; 0.3 ; 584.66
indirect bilirubin | unconjugated bilirubin ; mg/dL ; ; 1 ; 584.66
albumin | serum albumin | Alb ; g/dL ; 3.4 ; 5.4
total protein | serum protein | total proteins | protein level ; g/dL ; 6 ; 8.3
globulin
liver function tests | liver function test | LFTs | LFT | hepatic function tests | liver function
renal function tests | renal function | kidney function | renal function test | kidney function tests
thyroid function tests | thyroid function test | thyroid function | thyroid function studies
amylase | serum amylase ; U/L ; ; 110
lipase | serum lipase ; U/L ; ; 160
ammonia | serum ammonia | blood ammonia ; umol/L ; ; 50 ; 17.03
lactate dehydrogenase | LDH | lactic dehydrogenase ; U/L ; ; 250
lactate | lactic acid | serum lactate | blood lactate ; mmol/L ; ; 2.2 ; 90.08
c-reactive protein | CRP | C reactive protein | hs-CRP | hsCRP ; mg/L ; ; 10
erythrocyte sedimentation rate | ESR | sedimentation rate ; mm/h ; ; 25
procalcitonin | PCT ; ng/mL ; ; 0.5
inflammatory markers | acute phase reactants | inflammation markers | inflammatory parameters
ferritin | serum ferritin ; ng/mL ; 15 ; 350
iron | serum iron ; ug/dL ; 50 ; 175 ; 55.85
transferrin ; mg/dL ; 200 ; 360
transferrin saturation ; % ; 15 ; 50
total iron binding capacity | TIBC ; ug/dL ; 240 ; 450
vitamin b12 | cobalamin | B12 ; pg/mL ; 200 ; 950 ; 1355.4
folate | folic acid level | serum folate ; ng/mL ; 3 ; 20 ; 441.4
vitamin d | 25 hydroxyvitamin D | 25-OH vitamin D | 25(OH)D ; ng/mL ; 20 ; 100 ; 400.6
ceruloplasmin | serum ceruloplasmin | caeruloplasmin ; mg/dL ; 20 ; 60
copper | serum copper | urinary copper
haptoglobin ; mg/dL ; 30 ; 200
thyroid stimulating hormone | TSH | thyrotropin | thyroid-stimulating hormone ; mIU/L ; 0.4 ; 4.5
free thyroxine | FT4 | free T4 | fT4 ; ng/dL ; 0.8 ; 1.8 ; 776.87
thyroxine | T4 | total T4
free triiodothyronine | FT3 | free T3 | fT3 ; pg/mL ; 2 ; 4.4 ; 651
triiodothyronine | T3
thyroglobulin
parathyroid hormone | PTH | intact PTH | iPTH | parathormone ; pg/mL ; 10 ; 65
cortisol | serum cortisol | morning cortisol | plasma cortisol | urinary free cortisol ; ug/dL ; 5 ; 25 ; 362.5
acth | adrenocorticotropic hormone | corticotropin | adrenocorticotrophic hormone ; pg/mL ; 7 ; 63
aldosterone | plasma aldosterone
renin | plasma renin activity | plasma renin
prolactin | PRL ; ng/mL ; ; 25
growth hormone | GH
igf-1 | insulin like growth factor 1 | IGF1 | IGF-I
testosterone | total testosterone | serum testosterone
estradiol | oestradiol | E2
progesterone
fsh | follicle stimulating hormone
lh | luteinizing hormone | luteinising hormone
hcg | human chorionic gonadotropin | beta hCG | β-hCG | beta human chorionic gonadotropin | b-hCG | β-human chorionic gonadotropin ; mIU/mL ; ; 5
metanephrines | normetanephrine | metanephrine | catecholamines | noradrenaline level | vanillylmandelic acid | VMA | urinary catecholamines | norepinephrine | epinephrine level | plasma epinephrine | catecholamine
calcitonin
chromogranin a | CgA | chromogranin | chromogranin-A
gastrin
erythropoietin
alpha-fetoprotein | AFP | alpha fetoprotein | α-fetoprotein ; ng/mL ; ; 10
carcinoembryonic antigen | CEA ; ng/mL ; ; 5
ca 19-9 | CA19-9 | carbohydrate antigen 19-9 | CA 19.9 | CA19.9 ; U/mL ; ; 37
ca 125 | CA-125 | cancer antigen 125 | CA125 ; U/mL ; ; 35
ca 15-3 | CA15-3
prostate specific antigen | PSA ; ng/mL ; ; 4
neuron specific enolase | NSE
squamous cell carcinoma antigen | SCC antigen
tumor markers | tumour markers
soluble interleukin-2 receptor | sIL-2R | soluble IL-2 receptor
interleukin-6 | IL-6
immunoglobulin g | IgG | serum IgG | IgG level
immunoglobulin m | IgM | serum IgM
immunoglobulin a | IgA | serum IgA
immunoglobulin e | IgE | total IgE | serum IgE
igg4 | serum IgG4
immunoglobulins | immunoglobulin levels | serum immunoglobulins
complement c3 | C3 | serum C3
complement c4 | C4
complement | complement levels | complement level
rheumatoid factor | RF
antinuclear antibody | ANA | antinuclear antibodies | anti nuclear antibody | ANAs
anti-dsdna antibody | anti dsDNA | anti double stranded DNA | double stranded DNA antibody | dsDNA antibodies
anti-ccp antibody | anti CCP | anti cyclic citrullinated peptide | ACPA
anca | antineutrophil cytoplasmic antibody | antineutrophil cytoplasmic antibodies | c-ANCA | p-ANCA | cANCA | pANCA | PR3-ANCA | MPO-ANCA | anti-neutrophil cytoplasmic antibodies
antimitochondrial antibody | antimitochondrial antibodies | AMA
anti-smooth muscle antibody | anti smooth muscle antibodies | ASMA
antiphospholipid antibody | antiphospholipid antibodies | anticardiolipin antibody | anticardiolipin antibodies | lupus anticoagulant | anti-cardiolipin | anti-cardiolipin antibodies
anti-gbm antibody | anti GBM | anti-glomerular basement membrane antibody
anti-ro antibody | anti SSA | anti Ro | anti SS-A
anti-la antibody | anti SSB | anti La
antithyroid antibody | anti thyroid peroxidase | anti TPO | antithyroid antibodies | anti-thyroglobulin antibody | thyroid peroxidase antibodies | TPO antibodies | TSH receptor antibody
anti-tissue transglutaminase | tissue transglutaminase antibodies | anti-transglutaminase
acetylcholine receptor antibody | AChR antibody | acetylcholine receptor antibodies
anti-nmda receptor antibody | NMDA receptor antibodies | anti NMDA receptor antibodies
aquaporin-4 antibody | anti aquaporin 4 | AQP4 antibody | AQP4-IgG
autoantibodies | autoantibody | autoimmune markers | autoimmune screen | autoimmune panel
antibodies | antibody | antibody titer
hla-b27 | HLA B27
hla typing | HLA genotyping | HLA
hbsag | hepatitis B surface antigen | HBs antigen | HBsAg
hepatitis b serology | hepatitis B virus | hepatitis B | HBV | anti-HBc | HBV DNA | anti HBs
hepatitis c serology | hepatitis C virus | hepatitis C | HCV | anti-HCV | HCV RNA | HCV antibody
hiv test | HIV | HIV serology | anti HIV | human immunodeficiency virus | HIV test | HIV testing
syphilis serology | VDRL | RPR | TPHA | syphilis test
cmv serology | cytomegalovirus | CMV | CMV DNA | CMV PCR
ebv serology | Epstein Barr virus | EBV | EBV DNA
herpes simplex virus | HSV | HSV PCR
varicella zoster virus | VZV
toxoplasma serology | toxoplasma
brucella serology | brucella agglutination | brucella
serology | serologic test | serological tests | serologic markers | serologies | serologic tests | serological testing | viral serology | serological test
sars-cov-2 test | SARS-CoV-2 PCR | SARS-CoV-2 | COVID-19 test | COVID-19 PCR | nasopharyngeal swab
pcr | polymerase chain reaction | RT-PCR | PCR test
blood culture | blood cultures
urine culture | urine cultures
sputum culture | sputum cultures
stool culture | stool examination | stool analysis | stool cultures
cerebrospinal fluid culture | CSF culture
wound culture | pus culture | tissue culture
culture | cultures | bacterial culture | culture results
gram stain | gram staining | gram's stain
acid-fast bacilli | AFB | acid fast stain | Ziehl Neelsen | acid-fast stain | acid fast bacillus
tuberculin skin test | mantoux test | PPD | purified protein derivative
interferon gamma release assay | QuantiFERON | IGRA | T-SPOT | QuantiFERON-TB
malaria smear | thick smear | malaria rapid test | malaria test
galactomannan
beta-d-glucan | β-D-glucan
widal test | widal
cerebrospinal fluid analysis | cerebrospinal fluid | CSF | CSF analysis | CSF examination | lumbar puncture
csf protein | cerebrospinal fluid protein | CSF protein
csf glucose | cerebrospinal fluid glucose
oligoclonal bands
arterial blood gas | ABG | arterial blood gases | blood gas analysis | blood gas | arterial blood gas analysis | blood gases
ph | arterial pH | pH ; 1 ; 7.35 ; 7.45
pco2 | PaCO2 | partial pressure of carbon dioxide | pCO2 ; mm[Hg] ; 35 ; 45
po2 | PaO2 | partial pressure of oxygen | pO2 ; mm[Hg] ; 75 ; 
serum osmolality | plasma osmolality | osmolality ; mosm/kg ; 275 ; 298
urine osmolality
urinalysis | urine analysis | urine examination | urine test | urinary analysis | urine microscopy | urine sediment
urine protein | urinary protein | 24 hour urine protein | proteinuria level | urine protein excretion | protein creatinine ratio
urine sodium | urinary sodium
urine specific gravity | specific gravity
ketones | urine ketones | serum ketones
toxicology screen | urine toxicology | drug screen | urine drug screen | toxicology
blood alcohol | ethanol level | blood alcohol level | alcohol level
electrolytes | serum electrolytes | electrolyte levels
coombs test | direct antiglobulin test | direct Coombs test | DAT | indirect Coombs test | coombs
g6pd | glucose 6 phosphate dehydrogenase
lupus panel | extractable nuclear antigens | ENA
angiotensin converting enzyme | ACE level | serum ACE | ACE levels
adenosine deaminase | ADA
homocysteine
serum protein electrophoresis | protein electrophoresis | SPEP | immunofixation | monoclonal protein | M protein | paraprotein | immunoelectrophoresis
free light chains | kappa light chain | lambda light chain | bence jones protein | light chains | free light chain
alpha-1 antitrypsin
tryptase | serum tryptase
h pylori test | urea breath test | rapid urease test
fecal calprotectin | calprotectin
fecal occult blood | occult blood | stool occult blood
bone marrow examination | bone marrow aspiration | bone marrow biopsy | bone marrow aspirate | bone marrow
flow cytometry | immunophenotyping
karyotype | karyotyping | cytogenetic analysis | chromosome analysis | chromosomal analysis
genetic test | genetic testing | genetic analysis | mutation analysis | whole exome sequencing | exome sequencing | gene sequencing | DNA sequencing | molecular analysis
immunohistochemistry | immunohistochemical staining | immunohistochemical analysis | immunohistochemical | immunostaining | immunohistochemical stains
laboratory tests | laboratory test | laboratory examination | laboratory examinations | laboratory findings | laboratory data | laboratory investigations | laboratory studies | laboratory results | blood tests | blood test | laboratory evaluation | laboratory analysis | laboratory testing | laboratory workup | laboratory parameters | biochemistry | biochemical tests | serum biochemistry | blood examination | blood chemistry | laboratory | laboratory values | blood investigations | biological tests | blood analysis | routine laboratory tests | blood work | blood workup
red cell distribution width | RDW | red-cell distribution width ; % ; 11 ; 15
activated clotting time | activated coagulation time | ACT
acid phosphatase
fructosamine
cyfra 21-1 | CYFRA21-1 | cytokeratin 19 fragment
cardiac biomarkers | cardiac enzymes | cardiac enzyme
pancreatic enzymes
alveolar-arterial gradient | A-a gradient
cryptococcal antigen | cryptococcus antigen | urinary antigen | urinary antigens | legionella urinary antigen | pneumococcal antigen
metabolic panel | complete metabolic panel | basic metabolic panel | comprehensive metabolic panel
pth-related peptide | PTHrP | parathyroid hormone related peptide
1,25-dihydroxyvitamin d | 1,25 OH vitamin D3 | calcitriol level
pap smear | Pap smears | cervical smear | cervical cytology
cytology | cytological examination | cytologic examination
acute phase proteins
platelet function | platelet aggregation | bleeding time
cdx2 | CDX-2
p40
napsin a | NapsinA
d2-40 | podoplanin
child-pugh score | Child-Pugh class
ki-67 | Ki67 | MIB-1 | ki-67 index | Ki-67 labeling index | Ki-67 proliferation index | proliferation index ; % ; ; 
s-100 protein | S100 | S-100
vimentin
desmin
smooth muscle actin | actin | α-SMA
cytokeratin | pancytokeratin | CK7 | CK20 | CK19 | AE1/AE3 | cytokeratins | keratin | cytokeratin 7 | cytokeratin 20 | CK5/6 | cytokeratin-7
epithelial membrane antigen | EMA
synaptophysin
hmb-45 | HMB45 | melan-A
ttf-1 | thyroid transcription factor 1 | TTF1
p53
p63
p16
bcl-2 | BCL2 | bcl-6 | BCL6
cd markers | CD1a | CD2 | CD3 | CD4 | CD5 | CD7 | CD8 | CD10 | CD15 | CD19 | CD20 | CD21 | CD22 | CD23 | CD30 | CD31 | CD33 | CD34 | CD38 | CD43 | CD45 | CD45RO | CD56 | CD57 | CD68 | CD79a | CD99 | CD117 | CD138 | CD163 | CD207
c-kit | DOG1
estrogen receptor | oestrogen receptor
progesterone receptor
her2 | HER-2 | HER2/neu | c-erbB-2
egfr | epidermal growth factor receptor
alk | anaplastic lymphoma kinase
wt1 | WT-1
inhibin | calretinin
glial fibrillary acidic protein | GFAP
beta-catenin | β-catenin
cyclin d1
cd4 count | CD4 cell count | CD4 count | CD4+ T cell count
digoxin level | serum digoxin
lithium level | serum lithium
vancomycin level | drug level | serum drug level | trough level
methemoglobin | methaemoglobin | MetHb ; % ; ; 2
carboxyhemoglobin | carboxyhaemoglobin | COHb ; % ; ; 5
cholinesterase | pseudocholinesterase
factor ix | factor VII | factor XIII | factor X | factor V | factor IX
adamts13 | ADAMTS13 activity
17-hydroxyprogesterone | 17-OHP | DHEAS | dehydroepiandrosterone sulfate
amino acids | plasma amino acids | urine organic acids | organic acids | acylcarnitine
alpha-galactosidase a | α-galactosidase A | alpha galactosidase
`;

export type Analyte = {
  readonly term: string;
  readonly phrases: readonly string[];
  readonly unit: string | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly molarMass: number | null;
};

function readNumber(field: string | undefined): number | null {
  const text = field?.trim() ?? '';
  return text === '' ? null : Number(text);
}

export const LAB_ANALYTES: readonly Analyte[] = ANALYTES.split('\n').flatMap((line) => {
  const [names, unit, low, high, molarMass] = line.split(';');
  const phrases = (names ?? '')
    .split('|')
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== '');
  const term = phrases[0];
  if (term === undefined) return [];
  const code = unit?.trim() ?? '';
  return [
    {
      term,
      phrases,
      unit: code === '' ? null : code,
      low: readNumber(low),
      high: readNumber(high),
      molarMass: readNumber(molarMass),
    },
  ];
});
