import type { Flag } from '../../../schema/vocabulary.ts';

/**
 * Laboratory analytes: `name | synonyms ; unit ; low ; high ; molar mass ; valence`. The range is one for adults of either sex, in the
 * given UCUM unit, and serves only where the report states none; an empty bound means that this side is not judged. Molar
 * mass in g/mol where laboratories report both mass and amount, then the charges of an ion where it is not one. A leading `?`
 * marks names that are a laboratory matter only with a result, a leading `*` a line whose names are each an analyte of its own. Bounds are ordinary textbook values, rounded.
 */
const ANALYTES = `
troponin | cardiac troponin | cardiac troponins | troponins | troponine | troponines | serum troponin | cardiac troponin level | hs-troponin | high-sensitivity troponin | high-sensitive troponin
troponin i | cTnI | TnI | cardiac troponin I | high sensitivity troponin I | hs-cTnI | hsTnI | troponin-I ; ng/mL ; ; 0.04
troponin t | cTnT | TnT | hs-TnT | hs-cTnT | high sensitivity troponin T | cardiac troponin T | troponin-T ; ng/mL ; ; 0.014
bnp | B type natriuretic peptide | brain natriuretic peptide | brain-type natriuretic peptide | b-natriuretic peptide ; pg/mL ; ; 100
nt-probnp | NT pro BNP | N terminal pro brain natriuretic peptide | N terminal pro B type natriuretic peptide | NTproBNP | proBNP | pro-BNP ; pg/mL ; ; 300
ck-mb | CKMB | creatine kinase MB | CPK-MB | MB fraction ; ng/mL ; ; 5
creatine kinase | CK | CPK | creatine phosphokinase | creatinine kinase | creatinine phosphokinase ; U/L ; 25 ; 200
myoglobin ; ng/mL ; ; 90
? sodium | Na | serum sodium | Na+ ; mmol/L ; 135 ; 145 ; 22.99
? potassium | serum potassium | K+ ; mmol/L ; 3.5 ; 5.1 ; 39.1
chloride | serum chloride ; mmol/L ; 96 ; 107 ; 35.45
? bicarbonate | HCO3 | HCO3- | HCO(3) | serum bicarbonate ; mmol/L ; 22 ; 29 ; 61
base excess | base deficit | BE ; mmol/L ; -3 ; 3
anion gap ; mmol/L ; 6 ; 16
? calcium | serum calcium | total calcium | corrected calcium | calcium level ; mg/dL ; 8.5 ; 10.5 ; 40.08 ; 2
ionized calcium | ionised calcium ; mmol/L ; 1.1 ; 1.35 ; 40.08 ; 2
? magnesium | serum magnesium ; mg/dL ; 1.6 ; 2.6 ; 24.31 ; 2
phosphate | phosphorus | inorganic phosphate | serum phosphate ; mg/dL ; 2.5 ; 4.5 ; 30.97
creatinine | serum creatinine | SCr | sCr ; mg/dL ; 0.5 ; 1.3 ; 113.12
urea | blood urea | serum urea ; mg/dL ; 15 ; 50 ; 60.06
blood urea nitrogen | BUN | urea nitrogen ; mg/dL ; 6 ; 23 ; 28.01
glomerular filtration rate | GFR | eGFR | estimated glomerular filtration rate | creatinine clearance | estimated GFR ; mL/min ; 60 ; 
uric acid | urate ; mg/dL ; 2.5 ; 7.5 ; 168.11
hemoglobin | Hb | Hgb | haemoglobin | blood hemoglobin ; g/dL ; 12 ; 17.5 ; 16114
hematocrit | Hct | Ht | haematocrit | packed cell volume | PCV | hematocrits ; % ; 36 ; 52
? red blood cell count | RBC | red cell count | erythrocyte count | red blood cells | erythrocytes ; 10*12/L ; 4 ; 6
mean corpuscular volume | MCV ; fL ; 80 ; 100
mean corpuscular hemoglobin | MCH ; pg ; 27 ; 33
? white blood cell count | WBC | white cell count | leukocyte count | leucocyte count | white blood cells | white blood cell | WBC count | total leukocyte count | leukocytes | leucocytes | WBCs | TLC | white cells | total leucocyte count ; 10*9/L ; 4 ; 11
neutrophils | neutrophil count | absolute neutrophil count | ANC | polymorphonuclear leukocytes | polymorphs | neutrophil | segmented neutrophils | polymorphonuclear cells | PMN | PMNs | polymorphonuclear neutrophils ; 10*9/L ; 1.8 ; 7.7
? lymphocytes | lymphocyte count | absolute lymphocyte count | lymphocyte ; 10*9/L ; 1 ; 4.8
? monocytes | monocyte count ; 10*9/L ; 0.2 ; 1
? eosinophils | eosinophil count | absolute eosinophil count | eosinophil ; 10*9/L ; ; 0.5
basophils ; 10*9/L ; ; 0.2
? blasts | blast cells
reticulocytes | reticulocyte count | reticulocyte ; % ; 0.5 ; 2.5
? platelets | platelet count | platelet | thrombocyte count | PLT | thrombocytes | thrombocyte ; 10*9/L ; 150 ; 450
complete blood count | CBC | full blood count | FBC | blood count | hemogram | haemogram | blood cell count | peripheral blood count
peripheral blood smear | peripheral smear | blood smear | blood film
inr | international normalized ratio | international normalised ratio ; 1 ; 0.8 ; 1.2
prothrombin time | PT ; s ; 10 ; 14.5
activated partial thromboplastin time | aPTT | PTT | partial thromboplastin time | APTT ; s ; 24 ; 40
fibrinogen ; g/L ; 2 ; 4.5
d-dimer | D dimers | fibrin degradation products | FDP ; mg/L ; ; 0.5
coagulation tests | coagulation profile | coagulation studies | clotting tests | coagulation parameters | coagulation test | coagulation test | coagulation screen | clotting profile | coagulation function | coagulation panel | coagulogram
? antithrombin | antithrombin III ; % ; 75 ; 130
? protein c | protein C activity ; % ; 65 ; 140
? protein s | protein S activity ; % ; 55 ; 140
factor viii | factor VIII activity | FVIII ; % ; 50 ; 150
von willebrand factor | vWF ; % ; 50 ; 160
total cholesterol | cholesterol ; mg/dL ; ; 200 ; 386.65
ldl cholesterol | LDL | LDL-C | low density lipoprotein ; mg/dL ; ; 130 ; 386.65
hdl cholesterol | HDL | HDL-C | high density lipoprotein ; mg/dL ; 40 ; ; 386.65
triglycerides | triglyceride | TG | TGs ; mg/dL ; ; 150 ; 885.4
? glucose | blood glucose | blood sugar | plasma glucose | serum glucose | fasting glucose | fasting blood glucose | random blood sugar | glycemia | blood glucose level | fasting blood sugar | FBS | RBS | random blood glucose | capillary glucose | capillary blood glucose | blood glucose concentration | fasting plasma glucose | FPG ; mg/dL ; 65 ; 140 ; 180.16
hba1c | HbA1C | glycated hemoglobin | glycosylated hemoglobin | hemoglobin A1c | A1c ; % ; 4 ; 6.2
? insulin | fasting insulin | plasma insulin ; u[IU]/mL ; 2 ; 25
c-peptide | C peptide ; ng/mL ; 0.8 ; 3.9
aspartate aminotransferase | AST | SGOT | GOT | aspartate transaminase ; U/L ; ; 40
alanine aminotransferase | ALT | SGPT | GPT | alanine transaminase ; U/L ; ; 45
transaminases | transaminitis | hypertransaminasemia | aminotransferases | transaminase | liver enzymes | hepatic enzymes | aminotransferase | liver transaminases | hepatobiliary enzymes
alkaline phosphatase | ALP | alk phos ; U/L ; 30 ; 130
gamma-glutamyl transferase | GGT | gamma glutamyl transpeptidase | γ-glutamyl transpeptidase | γ-GTP | GGTP | gamma GT | γ-GT | gamma-glutamyltransferase | γ-glutamyltransferase | γ-glutamyl transferase | gamma glutamyltranspeptidase ; U/L ; ; 60
total bilirubin | bilirubin | serum bilirubin | T-bil | bilirubin level ; mg/dL ; ; 1.2 ; 584.66
direct bilirubin | conjugated bilirubin ; mg/dL ; ; 0.3 ; 584.66
indirect bilirubin | unconjugated bilirubin ; mg/dL ; ; 1 ; 584.66
? albumin | serum albumin | Alb ; g/dL ; 3.4 ; 5.4
total protein | serum protein | total proteins | protein level | protein ; g/dL ; 6 ; 8.3
? globulin ; g/dL ; 2 ; 3.5
liver function tests | liver function test | LFTs | LFT | hepatic function tests | liver function
renal function tests | renal function | kidney function | renal function test | kidney function tests
thyroid function tests | thyroid function test | thyroid function | thyroid function studies
amylase | serum amylase ; U/L ; ; 110
lipase | serum lipase ; U/L ; ; 160
ammonia | serum ammonia | blood ammonia ; umol/L ; ; 50 ; 17.03
lactate dehydrogenase | LDH | lactic dehydrogenase ; U/L ; ; 250
lactate | lactic acid | serum lactate | blood lactate | lactate level | arterial lactate | plasma lactate ; mmol/L ; ; 2.2 ; 90.08
c-reactive protein | CRP | C reactive protein | hs-CRP | hsCRP ; mg/L ; ; 10
erythrocyte sedimentation rate | ESR | sedimentation rate ; mm/h ; ; 25
procalcitonin | PCT ; ng/mL ; ; 0.5
inflammatory markers | acute phase reactants | inflammation markers | inflammatory parameters | inflammatory marker | inflammation parameters
ferritin | serum ferritin ; ng/mL ; 15 ; 350
? iron | serum iron ; ug/dL ; 50 ; 175 ; 55.85
transferrin ; mg/dL ; 200 ; 360
transferrin saturation ; % ; 15 ; 50
total iron binding capacity | TIBC ; ug/dL ; 240 ; 450
? vitamin b12 | cobalamin | B12 ; pg/mL ; 200 ; 950 ; 1355.4
? folate | folic acid level | serum folate ; ng/mL ; 3 ; 20 ; 441.4
? vitamin d | 25 hydroxyvitamin D | 25-OH vitamin D | 25(OH)D ; ng/mL ; 20 ; 100 ; 400.6
ceruloplasmin | serum ceruloplasmin | caeruloplasmin ; mg/dL ; 20 ; 60
? copper | serum copper | urinary copper ; ug/dL ; 70 ; 150 ; 63.55
haptoglobin ; mg/dL ; 30 ; 200
thyroid stimulating hormone | TSH | thyrotropin | thyroid-stimulating hormone ; m[IU]/L ; 0.4 ; 4.5
free thyroxine | FT4 | free T4 | fT4 ; ng/dL ; 0.8 ; 1.8 ; 776.87
? thyroxine | T4 | total T4 ; ug/dL ; 4.5 ; 12 ; 776.87
free triiodothyronine | FT3 | free T3 | fT3 ; pg/mL ; 2 ; 4.4 ; 651
? triiodothyronine | T3 ; ng/dL ; 80 ; 200 ; 650.97
thyroglobulin ; ng/mL ; ; 55
parathyroid hormone | PTH | intact PTH | iPTH | parathormone ; pg/mL ; 10 ; 65
? cortisol | serum cortisol | morning cortisol | plasma cortisol | urinary free cortisol ; ug/dL ; 5 ; 25 ; 362.5
? acth | adrenocorticotropic hormone | corticotropin | adrenocorticotrophic hormone ; pg/mL ; 7 ; 63
aldosterone | plasma aldosterone ; ng/dL ; ; 30 ; 360.44
renin | plasma renin activity | plasma renin
prolactin | PRL | serum prolactin ; ng/mL ; ; 25
growth hormone | GH ; ng/mL ; ; 10
igfbp-3 | insulin-like growth factor binding protein 3 | insulin growth factor binding protein 3 | IGF binding protein 3 | IGFBP3 | IGF-BP3 | IGF-BP-3 | binding protein 3 ; mg/L
igf-1 | insulin like growth factor 1 | IGF1 | IGF-I | insulin-like growth factor I | insulin-like growth factor | insulin growth factor | insulin growth factor 1 | IGF 1 level | somatomedin C ; ng/mL ; 80 ; 300
? testosterone | total testosterone | serum testosterone ; ng/dL ; ;  ; 288.42
? estradiol | oestradiol | E2 ; pg/mL ; ;  ; 272.4
? progesterone ; ng/mL ; ;  ; 314.46
fsh | follicle stimulating hormone ; m[IU]/mL
lh | luteinizing hormone | luteinising hormone ; m[IU]/mL
hcg | human chorionic gonadotropin | beta hCG | β-hCG | beta human chorionic gonadotropin | b-hCG | β-human chorionic gonadotropin ; m[IU]/mL ; ; 5
metanephrines | normetanephrine | metanephrine | catecholamines | noradrenaline level | vanillylmandelic acid | VMA | urinary catecholamines | norepinephrine | epinephrine level | plasma epinephrine | catecholamine | fractionated metanephrines | plasma metanephrines | urinary metanephrines | urine metanephrines | urine catecholamines | plasma catecholamines | serum catecholamines | noradrenaline level | plasma noradrenaline | urinary noradrenaline | dopamine level | homovanillic acid | HVA | plasma norepinephrine | urinary metanephrine
? calcitonin ; pg/mL ; ; 10
chromogranin a | CgA | chromogranin | chromogranin-A | cgA | chromogranin-a ; ng/mL ; ; 100
gastrin ; pg/mL ; ; 100
? erythropoietin ; m[IU]/mL ; 4 ; 27
alpha-fetoprotein | AFP | alpha fetoprotein | α-fetoprotein | serum AFP ; ng/mL ; ; 10
carcinoembryonic antigen | CEA ; ng/mL ; ; 5
ca 19-9 | CA19-9 | carbohydrate antigen 19-9 | CA 19.9 | CA19.9 | carbohydrate antigen 199 | CA199 ; U/mL ; ; 37
ca 125 | CA-125 | cancer antigen 125 | CA125 | carbohydrate antigen 125 | cancer antigen-125 ; U/mL ; ; 35
ca 15-3 | CA15-3 ; U/mL ; ; 30
prostate specific antigen | PSA ; ng/mL ; ; 4
neuron specific enolase | NSE ; ng/mL ; ; 16.3
squamous cell carcinoma antigen | SCC antigen ; ng/mL ; ; 1.5
tumor markers | tumour markers | tumor marker | tumour marker
soluble interleukin-2 receptor | sIL-2R | soluble IL-2 receptor ; U/mL ; ; 613
interleukin-6 | IL-6 ; pg/mL ; ; 7
immunoglobulin g | IgG | serum IgG | IgG level ; mg/dL ; 700 ; 1700
immunoglobulin m | IgM | serum IgM ; mg/dL ; 40 ; 250
immunoglobulin a | IgA | serum IgA ; mg/dL ; 70 ; 420
immunoglobulin e | IgE | total IgE | serum IgE ; [IU]/mL ; ; 150
igg4 | serum IgG4 ; mg/dL ; ; 135
immunoglobulins | immunoglobulin levels | serum immunoglobulins | immunoglobulin levels | gammaglobulins | gamma globulins
complement c3 | C3 | serum C3 | complement component 3 | C3 complement ; mg/dL ; 80 ; 180
complement c4 | C4 | complement component 4 | C4 complement ; mg/dL ; 10 ; 45
? complement | complement levels | complement level
rheumatoid factor | RF ; [IU]/mL ; ; 20
antinuclear antibody | ANA | antinuclear antibodies | anti nuclear antibody | ANAs
anti-dsdna antibody | anti dsDNA | anti double stranded DNA | double stranded DNA antibody | dsDNA antibodies | anti-dsDNA antibodies | anti-double-stranded DNA antibodies | anti-double stranded DNA antibody
anti-ccp antibody | anti CCP | anti cyclic citrullinated peptide | ACPA
anca | antineutrophil cytoplasmic antibody | antineutrophil cytoplasmic antibodies | c-ANCA | p-ANCA | cANCA | pANCA | PR3-ANCA | MPO-ANCA | anti-neutrophil cytoplasmic antibodies | antineutrophil cytoplasmic autoantibodies | cytoplasmic antineutrophil cytoplasmic antibodies | perinuclear antineutrophil cytoplasmic antibodies | anti-PR3 | anti-MPO | PR3 antibodies | MPO antibodies | ANCA-PR3 | ANCA-MPO | anti-proteinase 3 | anti-myeloperoxidase | proteinase 3 antibodies | myeloperoxidase antibodies
antimitochondrial antibody | antimitochondrial antibodies | AMA
anti-smooth muscle antibody | anti smooth muscle antibodies | ASMA | antismooth muscle antibody | anti-smooth muscle actin antibodies
antiphospholipid antibody | antiphospholipid antibodies | anticardiolipin antibody | anticardiolipin antibodies | lupus anticoagulant | anti-cardiolipin | anti-cardiolipin antibodies
anti-gbm antibody | anti GBM | anti-glomerular basement membrane antibody
anti-ro antibody | anti SSA | anti Ro | anti SS-A | SSA | SS-A | anti-SSA/Ro | anti-Ro/SSA | anti-Ro antibody | anti-Ro antibodies
anti-la antibody | anti SSB | anti La | SSB | SS-B | anti-SSB/La | anti-La/SSB
antithyroid antibody | anti thyroid peroxidase | anti TPO | antithyroid antibodies | anti-thyroglobulin antibody | thyroid peroxidase antibodies | TPO antibodies | TSH receptor antibody | antithyroglobulin | antithyroglobulin antibody | anti-TPO antibody | TRAb | anti-TSH receptor antibody | thyroid autoantibodies | antithyroid peroxidase antibody | antithyroid peroxidase
anti-tissue transglutaminase | tissue transglutaminase antibodies | anti-transglutaminase
acetylcholine receptor antibody | AChR antibody | acetylcholine receptor antibodies
anti-nmda receptor antibody | NMDA receptor antibodies | anti NMDA receptor antibodies
aquaporin-4 antibody | anti aquaporin 4 | AQP4 antibody | AQP4-IgG
autoantibodies | autoantibody | autoimmune markers | autoimmune screen | autoimmune panel
? antibodies | antibody | antibody titer
hla-b27 | HLA B27
hla typing | HLA genotyping | HLA
hbsag | hepatitis B surface antigen | HBs antigen | HBsAg
? hepatitis b serology | hepatitis B virus | hepatitis B | HBV | anti-HBc | HBV DNA | anti HBs
? hepatitis c serology | hepatitis C virus | hepatitis C | HCV | anti-HCV | HCV RNA | HCV antibody
? hiv test | HIV | HIV serology | anti HIV | human immunodeficiency virus | HIV test | HIV testing | HIV antibody | HIV antibodies | HIV-1 | HIV ELISA | HIV viral load | anti-HIV antibodies
syphilis serology | VDRL | RPR | TPHA | syphilis test | treponemal antibody | rapid plasma reagin | venereal disease research laboratory | fluorescent treponemal antibody
? cmv serology | cytomegalovirus | CMV | CMV DNA | CMV PCR
? ebv serology | Epstein Barr virus | EBV | EBV DNA
? herpes simplex virus | HSV | HSV PCR
? varicella zoster virus | VZV
? toxoplasma serology | toxoplasma
? brucella serology | brucella agglutination | brucella
serology | serologic test | serological tests | serologic markers | serologies | serologic tests | serological testing | viral serology | serological test
sars-cov-2 test | SARS-CoV-2 PCR | SARS-CoV-2 | COVID-19 test | COVID-19 PCR | nasopharyngeal swab | COVID-19 RT-PCR | SARS-CoV-2 RT-PCR | COVID-19 antigen | nasopharyngeal PCR
pcr | polymerase chain reaction | RT-PCR | PCR test | real-time PCR | reverse transcriptase polymerase chain reaction | real-time reverse transcriptase polymerase chain reaction | reverse transcription polymerase chain reaction | multiplex PCR | metagenomic next-generation sequencing | mNGS | next-generation sequencing | respiratory viral panel
blood culture | blood cultures | blood cultures
urine culture | urine cultures
sputum culture | sputum cultures | sputum smear | sputum smears | sputum examination | sputum analysis
stool culture | stool examination | stool analysis | stool cultures
cerebrospinal fluid culture | CSF culture
wound culture | pus culture | tissue culture
culture | cultures | bacterial culture | culture results
gram stain | gram staining | gram's stain
acid-fast bacilli | AFB | acid fast stain | Ziehl Neelsen | acid-fast stain | acid fast bacillus
tuberculin skin test | mantoux test | PPD | purified protein derivative
interferon gamma release assay | QuantiFERON | IGRA | T-SPOT | QuantiFERON-TB | QuantiFERON gold | QuantiFERON TB gold | interferon-gamma release assay | T-SPOT.TB
malaria smear | thick smear | malaria rapid test | malaria test
galactomannan
beta-d-glucan | β-D-glucan
widal test | widal
cerebrospinal fluid analysis | cerebrospinal fluid | CSF | CSF analysis | CSF examination | lumbar puncture | spinal tap | analysis of the cerebrospinal fluid | CSF study | CSF studies
csf protein | cerebrospinal fluid protein | CSF protein | protein in the CSF | protein in cerebrospinal fluid ; mg/dL ; 15 ; 50
csf glucose | cerebrospinal fluid glucose ; mg/dL ; 40 ; 80 ; 180.16
oligoclonal bands
arterial blood gas | ABG | arterial blood gases | blood gas analysis | blood gas | arterial blood gas analysis | blood gases
? ph | arterial pH | pH ; 1 ; 7.35 ; 7.45
pco2 | PaCO2 | PaCO(2) | pCO(2) | partial pressure of carbon dioxide | pCO2 | P CO2 | carbon dioxide partial pressure | PvCO2 ; mm[Hg] ; 35 ; 45
po2 | PaO2 | PaO(2) | pO(2) | partial pressure of oxygen | pO2 | P O2 ; mm[Hg] ; 75 ; 
serum osmolality | plasma osmolality | osmolality | serum osmolarity | plasma osmolarity | osmolarity ; mosm/kg ; 275 ; 298
urine osmolality ; mosm/kg
urinalysis | urine analysis | urine examination | urine test | urinary analysis | urine microscopy | urine sediment
urine protein | urinary protein | 24 hour urine protein | proteinuria level | urine protein excretion | protein creatinine ratio ; g/d ; ; 0.15
urine sodium | urinary sodium ; mmol/L ; ;  ; 22.99
urine specific gravity | specific gravity
ketones | urine ketones | serum ketones | beta-hydroxybutyrate | β-hydroxybutyrate | ketone bodies | hydroxybutyrate
toxicology screen | urine toxicology | drug screen | urine drug screen | toxicology | urine drug test | toxicology tests | toxicological screening | toxicological analysis | urine toxicology screen | drug test
blood alcohol | ethanol level | blood alcohol level | alcohol level ; mg/dL ; ; 10 ; 46.07
? electrolytes | serum electrolytes | electrolyte levels
coombs test | direct antiglobulin test | direct Coombs test | DAT | indirect Coombs test | coombs
g6pd | glucose 6 phosphate dehydrogenase
lupus panel | extractable nuclear antigens | ENA
angiotensin converting enzyme | ACE level | serum ACE | ACE levels ; U/L ; ; 70
adenosine deaminase | ADA ; U/L ; ; 40
homocysteine ; umol/L ; ; 15 ; 135.19
serum protein electrophoresis | protein electrophoresis | SPEP | immunofixation | monoclonal protein | M protein | paraprotein | immunoelectrophoresis
free light chains | kappa light chain | lambda light chain | bence jones protein | light chains | free light chain
alpha-1 antitrypsin ; mg/dL ; 90 ; 200
tryptase | serum tryptase ; ng/mL ; ; 11.4
h pylori test | urea breath test | rapid urease test
fecal calprotectin | calprotectin ; ug/g ; ; 50
fecal occult blood | occult blood | stool occult blood
bone marrow examination | bone marrow aspiration | bone marrow biopsy | bone marrow aspirate | bone marrow
flow cytometry | immunophenotyping
karyotype | karyotyping | cytogenetic analysis | chromosome analysis | chromosomal analysis | cytogenetics | cytogenetic study | cytogenetic studies | marrow cytogenetics
genetic test | genetic testing | genetic analysis | mutation analysis | whole exome sequencing | exome sequencing | gene sequencing | DNA sequencing | molecular analysis | whole-genome sequencing | Sanger sequencing | targeted sequencing | genetic studies | chromosomal microarray | microarray | array CGH | comparative genomic hybridization | FISH | fluorescence in situ hybridization | fluorescence in situ hybridisation | mitochondrial DNA analysis | mutational analysis | molecular testing | molecular genetic testing | gene panel
immunohistochemistry | immunohistochemical staining | immunohistochemical analysis | immunohistochemical | immunostaining | immunohistochemical stains
laboratory tests | laboratory test | laboratory examination | laboratory examinations | laboratory findings | laboratory data | laboratory investigations | laboratory studies | laboratory results | blood tests | blood test | laboratory evaluation | laboratory analysis | laboratory testing | laboratory workup | laboratory parameters | biochemistry | biochemical tests | serum biochemistry | blood examination | blood chemistry | laboratory | laboratory values | blood investigations | biological tests | blood analysis | routine laboratory tests | blood work | blood workup | hematological values | hematologic parameters | haematological parameters | laboratory abnormalities | laboratory values | laboratory assessment | laboratory screening | blood count and chemistry | routine blood tests | routine blood test | biochemical parameters | biochemical profile | metabolic workup | metabolic screening | hematological tests | haematological tests | hematological examination | routine investigations | biochemical investigations | hormonal evaluation | hormone levels | endocrine tests
red cell distribution width | RDW | red-cell distribution width ; % ; 11 ; 15
activated clotting time | activated coagulation time | ACT
acid phosphatase
fructosamine ; umol/L ; 200 ; 285
cyfra 21-1 | CYFRA21-1 | cytokeratin 19 fragment ; ng/mL ; ; 3.3
cardiac biomarkers | cardiac enzymes | cardiac enzyme
pancreatic enzymes
alveolar-arterial gradient | A-a gradient
cryptococcal antigen | cryptococcus antigen | urinary antigen | urinary antigens | legionella urinary antigen | pneumococcal antigen
metabolic panel | complete metabolic panel | basic metabolic panel | comprehensive metabolic panel
pth-related peptide | PTHrP | parathyroid hormone related peptide | PHTrP | parathyroid hormone-related protein | PTH-related protein
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
smooth muscle actin | actin | α-SMA | SMA | alpha smooth muscle actin | α-smooth muscle actin | HHF35 | caldesmon | h-caldesmon
? cytokeratin | pancytokeratin | CK7 | CK20 | CK19 | AE1/AE3 | cytokeratins | keratin | cytokeratin 7 | cytokeratin 20 | CK5/6 | cytokeratin-7 | CK 7 | CK 20 | CK 5/6 | CK5 | CK8 | CK18 | CK8/18 | CAM5.2 | CAM 5.2 | AE1 | CK-pan | pan-cytokeratin | CK-7 | CK-20
epithelial membrane antigen | EMA
synaptophysin | Syn
hmb-45 | HMB45 | melan-A
ttf-1 | thyroid transcription factor 1 | TTF1
p53
p63
p16
bcl-2 | BCL2 | bcl-6 | BCL6
* cd markers | CD1a | CD2 | CD3 | CD4 | CD5 | CD7 | CD8 | CD10 | CD15 | CD19 | CD20 | CD21 | CD22 | CD23 | CD30 | CD31 | CD33 | CD34 | CD38 | CD43 | CD45 | CD45RO | CD56 | CD57 | CD68 | CD79a | CD99 | CD117 | CD138 | CD163 | CD207 | CD25 | CD11c | CD103 | CD4/CD8 ratio | CD61 | CD41 | CD235a | CD1c | CD64 | CD13 | CD14 | CD16 | CD11b
* c-kit | DOG1
* estrogen receptor | oestrogen receptor
progesterone receptor
her2 | HER-2 | HER2/neu | c-erbB-2
egfr | epidermal growth factor receptor
? alk | anaplastic lymphoma kinase
wt1 | WT-1
* inhibin | calretinin
glial fibrillary acidic protein | GFAP
beta-catenin | β-catenin
cyclin d1
cd4 count | CD4 cell count | CD4 count | CD4+ T cell count ; /uL ; 400 ; 1600
digoxin level | serum digoxin ; ng/mL ; ; 2 ; 780.94
lithium level | serum lithium ; mmol/L ; ; 1.2 ; 6.94
vancomycin level | drug level | serum drug level | trough level
methemoglobin | methaemoglobin | MetHb ; % ; ; 2
carboxyhemoglobin | carboxyhaemoglobin | COHb ; % ; ; 5
cholinesterase | pseudocholinesterase ; U/L ; 4000 ; 13000
* factor ix | factor VII | factor XIII | factor X | factor V ; % ; 50 ; 150
adamts13 | ADAMTS13 activity ; % ; 50 ; 150
* 17-hydroxyprogesterone | 17-OHP | DHEAS | dehydroepiandrosterone sulfate ; ng/dL ; ; 200 ; 330.46
amino acids | plasma amino acids | urine organic acids | organic acids | acylcarnitine
alpha-galactosidase a | α-galactosidase A | alpha galactosidase
neutrophil fraction | percentage of neutrophils | neutrophil percentage | neutrophil ratio ; % ; 40 ; 77
lymphocyte fraction | percentage of lymphocytes | lymphocyte percentage ; % ; 18 ; 45
monocyte fraction | monocyte percentage ; % ; 2 ; 11
eosinophil fraction | eosinophil percentage | percentage of eosinophils ; % ; ; 6
basophil fraction ; % ; ; 2
mean corpuscular hemoglobin concentration | MCHC ; g/dL ; 32 ; 36
mean platelet volume | MPV ; fL ; 7 ; 12
immature platelet fraction | IPF ; % ; ; 8
* band forms | bands | metamyelocytes | myelocytes | promyelocytes
* atypical lymphocytes | schistocytes | spherocytes | hemoglobin electrophoresis | hemoglobin A2 | hemoglobin F | HbF | HbA2 | HbS | sickling test | osmotic fragility test
thrombin time ; s ; ; 21
prothrombin activity | prothrombin index | quick time | prothrombin ratio | PT-INR | prothrombin concentration ; % ; 70 ; 130
platelet function analyzer | collagen/epinephrine closure time | collagen/ADP closure time | closure time | PFA-100 | bleeding time ; s
thromboelastography | thromboelastogram | rotational thromboelastometry | ROTEM
* factor xi | factor XII | factor II | anti-Xa | anti-factor Xa level ; % ; 50 ; 150
* factor v leiden | factor V Leiden mutation | prothrombin gene mutation | thrombophilia screen | thrombophilia screening | hypercoagulable workup | JAK2 mutation | JAK2 | JAK2 V617F
heparin-induced thrombocytopenia antibody | HIT antibody | platelet factor 4 antibody | anti-PF4 | anti-platelet factor 4 antibodies
cystatin c ; mg/L ; 0.5 ; 1.1
beta-2 microglobulin | β2-microglobulin | β2 microglobulin | beta 2-microglobulin ; mg/L ; 0.8 ; 2.5
carbon dioxide | total CO2 | serum CO2 | serum carbon dioxide ; mmol/L ; 22 ; 30
* fraction of inspired oxygen | FiO2 | PaO2/FiO2 | PaO2/FiO2 ratio | P/F ratio | oxygenation index
zinc | serum zinc ; ug/dL ; 60 ; 130 ; 65.38
? lead | blood lead | lead level | lead levels ; ug/dL ; ; 5 ; 207.2
*? mercury | blood mercury | arsenic level | thallium level ; ug/L ; ; 10 ; 200.59
? vitamin a | retinol ; ug/dL ; 20 ; 80 ; 286.45
? vitamin e | tocopherol ; mg/L ; 5 ; 20 ; 430.71
? thiamine | vitamin b1 | thiamine level ; nmol/L ; 66 ; 200 ; 265.36
? vitamin b6 | pyridoxine level
methylmalonic acid ; umol/L ; ; 0.4 ; 118.09
lipoprotein a | lipoprotein(a) | Lp(a) ; mg/dL ; ; 30
* apolipoprotein b | apolipoprotein a1 | apolipoprotein ; mg/dL
vldl cholesterol | VLDL ; mg/dL ; ; 30 ; 386.65
lipid profile | lipid panel | lipids | serum lipids
lipoprotein lipase activity | lipoprotein lipase
prealbumin | transthyretin ; mg/dL ; 18 ; 40
bile acids | total bile acids | serum bile acids ; umol/L ; ; 10 ; 392.57
* pepsinogen | pepsinogen I
? elastase | fecal elastase | faecal elastase ; ug/g ; 200 ; 
trypsinogen | trypsin | immunoreactive trypsin
aldolase ; U/L ; ; 8
lysozyme | serum lysozyme
sex hormone binding globulin | SHBG ; nmol/L
androstenedione ; ng/dL ; ; 300 ; 286.41
anti-mullerian hormone | AMH ; ng/mL
dehydroepiandrosterone | DHEA | DHEA-S | DHEA sulfate ; ug/dL ; ; 430 ; 368.49
* deoxycorticosterone | 11-deoxycortisol | corticosterone | adrenal androgens | steroid profile | urinary steroid profile
* dexamethasone suppression test | low-dose dexamethasone suppression test | high-dose dexamethasone suppression test | ACTH stimulation test | cosyntropin stimulation test | short synacthen test | synacthen test | oral glucose tolerance test | OGTT | insulin tolerance test | glucagon stimulation test | water deprivation test | clonidine suppression test | saline suppression test | TRH stimulation test | 72-hour fast | GnRH stimulation test | growth hormone stimulation test
antidiuretic hormone | ADH level | copeptin | vasopressin level
5-hydroxyindoleacetic acid | 5-HIAA | serotonin level | serum serotonin
* vasoactive intestinal peptide | VIP level | glucagon level | somatostatin level | pancreatic polypeptide
aldosterone renin ratio | aldosterone/renin ratio | aldosterone-to-renin ratio
* osteocalcin | bone alkaline phosphatase | C-telopeptide | NTX | urinary calcium | urinary phosphate | tubular reabsorption of phosphate | TmP/GFR
fgf23 | FGF-23 | fibroblast growth factor 23
vegf | vascular endothelial growth factor ; pg/mL
* tumor necrosis factor | TNF-alpha level | TNF-α | interleukin-1 | interleukin-8 | IL-8 | IL-10 | interleukin-10 | interleukin-18 | cytokines | cytokine levels | interleukin | IL-2R ; pg/mL
kl-6 | KL-6 level | surfactant protein D | SP-D ; U/mL ; ; 500
pivka-ii | PIVKA-II | protein induced by vitamin K absence-II | protein induced by vitamin K absence | protein induced by vitamin K antagonist-II | des-gamma-carboxy prothrombin | DCP ; m[IU]/mL ; ; 40
* dupan-2 | SPan-1 ; U/mL
* ca 72-4 | CA72-4 | CA 242 | CA 50 | CA 27.29 | CA 27-29 | HE4 | human epididymis protein 4 ; U/mL
pro-gastrin-releasing peptide | ProGRP | pro-GRP ; pg/mL ; ; 81
s-100b | serum S100B | S100 protein level
anti-sm antibody | anti-Sm | anti-Smith antibody | anti-Smith antibodies
anti-rnp antibody | anti-RNP | anti-U1-RNP | anti-U1 RNP | U1-RNP
anti-centromere antibody | anticentromere antibody | anti-centromere antibodies | anticentromere antibodies
anti-scl-70 antibody | anti-Scl-70 | anti-Scl70 | anti-topoisomerase I | Scl-70
anti-jo-1 antibody | anti-Jo-1 | anti-Jo1 | anti-ARS antibody | anti-aminoacyl tRNA synthetase
* anti-mda5 antibody | anti-MDA5 | anti-MDA-5 | anti-Mi-2 | anti-TIF1 | anti-TIF1-γ | anti-SRP | anti-HMGCR | anti-NXP2 | myositis-specific antibodies | myositis panel | myositis antibodies
anti-beta-2 glycoprotein antibody | anti-β2 glycoprotein | anti-beta2-glycoprotein I | β2-glycoprotein | anti-β2-glycoprotein I antibody | beta-2 glycoprotein | anti-beta 2 glycoprotein
anti-histone antibody | antihistone antibodies | anti-histone antibodies | anti-ssDNA
anti-musk antibody | anti-MuSK | MuSK antibody | MuSK antibodies | anti-MuSK antibodies
anti-ganglioside antibody | antiganglioside antibodies | anti-GM1 | anti-GQ1b | anti-GQ1b antibody | ganglioside antibodies
anti-mog antibody | anti-MOG | MOG antibody | MOG-IgG | MOG antibodies
paraneoplastic antibodies | antineuronal antibodies | anti-neuronal antibodies | onconeural antibodies | anti-Hu | anti-Yo | anti-Ri | paraneoplastic panel | anti-CRMP5 | anti-amphiphysin | paraneoplastic antibody panel | anti-LGI1 | anti-CASPR2 | voltage-gated potassium channel antibodies | VGKC antibodies
anti-gad antibody | anti-GAD | GAD antibodies | GAD65 antibodies | glutamic acid decarboxylase | glutamic acid decarboxylase antibody | GAD antibody | anti-glutamic acid decarboxylase antibody
islet cell antibodies | islet antibodies | pancreatic islet cell antibodies | insulin autoantibodies | anti-insulin antibody | anti-insulin | IA-2 antibody | anti-islet antigen 2 | islet cell antibody | anti-IA-2
adrenal antibodies | 21-hydroxylase antibodies | adrenal cortex antibodies | antiadrenal antibodies
anti-endomysial antibody | antiendomysial antibody | endomysial antibodies | anti-gliadin antibody | antigliadin antibodies | anti-endomysium
intrinsic factor antibody | anti-intrinsic factor antibody | anti-parietal cell antibody | antiparietal cell antibodies | parietal cell antibodies
anti-lkm antibody | anti-LKM | anti-LKM1 | anti-liver kidney microsomal antibody | anti-SLA | liver kidney microsomal antibodies
anti-pla2r antibody | anti-PLA2R | PLA2R antibody | phospholipase A2 receptor antibody
* anti-desmoglein antibody | anti-desmoglein | desmoglein 1 | desmoglein 3 | anti-BP180 | BP180 | BP230 | anti-BP180 antibody
cryoglobulins | cryoglobulin | cold agglutinins | cold agglutinin
* ch50 | total hemolytic complement | C1 esterase inhibitor | C1 inhibitor | C1q ; U/mL
hepatitis a serology | hepatitis A IgM | anti-HAV | HAV IgM | hepatitis A antibody
hepatitis e serology | hepatitis E IgM | anti-HEV | HEV IgM | hepatitis E antibody | HEV RNA
hepatitis serology | viral hepatitis serology | hepatitis panel | viral hepatitis markers | hepatitis markers | viral hepatitis panel | hepatitis serologies | viral markers
hbeag | hepatitis B e antigen | anti-HBe
htlv-1 serology | HTLV-1 | HTLV-I | anti-HTLV-1
*? hhv-8 | human herpesvirus 8 | HHV-6 | HHV8 | human herpesvirus 6
? parvovirus b19 | parvovirus | parvovirus B19 IgM
*? influenza test | influenza A | influenza B | rapid influenza test | influenza swab
*? respiratory syncytial virus | RSV | adenovirus | rhinovirus | metapneumovirus
*? mycoplasma serology | mycoplasma pneumoniae | mycoplasma | chlamydia pneumoniae | legionella | legionella pneumophila
*? bartonella serology | bartonella | coxiella | Q fever serology | coxiella burnetii | rickettsia | leptospira | leptospirosis serology | borrelia | Lyme serology | lyme | lyme titer | scrub typhus IgM
? dengue test | dengue | dengue NS1 | dengue IgM | NS1 antigen | chikungunya | zika
*? echinococcus serology | echinococcus | hydatid serology | strongyloides | schistosoma | toxocara | cysticercosis serology | trichinella | fasciola | amoebic serology | entamoeba histolytica | leishmania | rK39
*? fungal culture | fungal serology | fungal antigen | serum fungal antigen | aspergillus antigen | aspergillus | candida antigen | histoplasma antigen | histoplasma | coccidioides | blastomyces | fungal markers | KOH | KOH mount | potassium hydroxide preparation
india ink | india ink stain | cryptococcal antigen test | CrAg
mycobacterial culture | TB culture | AFB culture | GeneXpert | Xpert MTB/RIF | MTB PCR | tuberculosis PCR | AFB smear | acid-fast smear | AFB stain | mycobacterium tuberculosis PCR
microbiological tests | microbiological studies | microbiological testing | microbiological examination | microbiology | microbiological cultures | bacteriological examination | infectious workup | infectious work-up | infectious disease workup | screening for infectious pathogens | sepsis workup | septic screen | microbiological analysis | microbiological investigations | infection screen
* catheter tip culture | catheter culture | bronchoalveolar lavage culture | BAL culture | pleural fluid culture | ascitic fluid culture | joint fluid culture | throat culture | throat swab | nasal swab | vaginal swab | vaginal culture | bone marrow culture | abscess culture | cervical swab | rectal swab | tracheal aspirate | tracheal aspirate culture | surveillance cultures
clostridium difficile toxin | C difficile toxin | clostridioides difficile toxin | Clostridium difficile
aso titer | ASO titre | ASO | antistreptolysin O | antistreptolysin-O titer | ASLO ; [IU]/mL ; ; 200
helicobacter pylori | H. pylori | H pylori | Helicobacter pylori infection | helicobacter pylori antigen | H pylori infection | 13C urea breath test
immunological tests | immunological markers | immunologic markers | immunological workup | immunologic workup | autoimmune workup | autoimmune work-up | autoimmunity workup | autoimmune serology | immunological tests | immunology | autoimmune tests | rheumatologic workup | serological markers | serological workup | immunological investigations | autoimmune profile | autoimmune antibodies | autoantibody screen | autoimmune markers panel | immunologic tests
pleural fluid analysis | pleural fluid | thoracentesis fluid | pleural effusion analysis
ascitic fluid analysis | ascitic fluid | peritoneal fluid analysis | paracentesis fluid | serum-ascites albumin gradient | SAAG
synovial fluid analysis | synovial fluid | joint fluid analysis | joint aspiration
? bronchoalveolar lavage | BAL fluid | bronchoalveolar lavage fluid | BALF
csf cells | CSF cell count | CSF white blood cell count | CSF white cell count | CSF leukocytes | CSF pleocytosis | cell count ; /uL ; ; 5
csf lactate | CSF lactate level ; mmol/L ; ; 2.8
csf pressure | opening pressure | CSF opening pressure | CSF pressure ; cm[H2O] ; 6 ; 25
csf chloride ; mmol/L ; 116 ; 132 ; 35.45
* 14-3-3 protein | CSF 14-3-3 protein | tau protein | amyloid beta | RT-QuIC | beta-amyloid
urine creatinine | urinary creatinine ; mg/dL ; ; ; 113.12
urine potassium | urinary potassium ; mmol/L
urine chloride | urinary chloride ; mmol/L
urine cortisol | urinary free cortisol | 24-hour urinary free cortisol | urine free cortisol | UFC ; ug/d ; ; 60
urine copper | 24-hour urinary copper | 24-hour urine copper ; ug/d ; ; 60
urine albumin | microalbuminuria | urine albumin-to-creatinine ratio | albumin to creatinine ratio | albumin creatinine ratio | urinary albumin | ACR
urine protein-creatinine ratio | protein-to-creatinine ratio | urine protein to creatinine ratio | urine protein/creatinine ratio | UPCR | spot urine protein creatinine ratio ; mg/g ; ; 200
fractional excretion of sodium | FENa | fractional excretion of phosphate | fractional excretion ; % ; 
urine red blood cells | urine RBC | red blood cells per high-power field | urinary red blood cells ; /[HPF] ; ; 3
urine white blood cells | urine WBC | pus cells | white blood cells per high-power field | urinary white blood cells ; /[HPF] ; ; 5
* urine dipstick | dipstick | urine dipstick test | dipstick urinalysis | urine chemistry | urine electrolytes | urine pregnancy test | pregnancy test | urine beta-hCG | urine hCG | nitrites | leukocyte esterase | nitrite
* urobilinogen | urine bilirubin | porphyrins | urine porphyrins | porphobilinogen | urinary porphobilinogen | delta-aminolevulinic acid | uroporphyrin | coproporphyrin
myoglobinuria test | urine myoglobin | urinary myoglobin
plasma amino acids | amino acid profile | serum amino acids | CSF amino acids | amino acid analysis | urine amino acids
*? alanine | glutamine | glycine | phenylalanine | tyrosine | leucine | isoleucine | valine | methionine | ornithine | citrulline | arginine | lysine | proline ; umol/L
very-long-chain fatty acids | very long chain fatty acids | VLCFA | phytanic acid | free fatty acids
? carnitine | free carnitine | total carnitine | acylcarnitine profile | acylcarnitines | acyl carnitine profile ; umol/L
* urine organic acid analysis | organic acid analysis | urinary organic acids | 3-methylglutaconate | 3-methylglutaconic acid | 3-methylglutarate | methylglutaconic acid | ethylmalonic acid | orotic acid | urine orotic acid | phenolic acids | lactic acid excretion
? pyruvate | pyruvic acid | plasma pyruvate ; mmol/L ; ; 0.15 ; 88.06
lactate pyruvate ratio | lactate:pyruvate ratio | lactate/pyruvate ratio ; ; ; 
chitotriosidase | chitotriosidase activity | plasma chitotriosidase
* beta-glucosidase | β-glucosidase | glucocerebrosidase | glucocerebrosidase activity | beta-glucosidase activity | acid β-glucosidase | lysosomal enzymes | enzyme assay | enzyme activity | hexosaminidase | arylsulfatase A | alpha-glucosidase | acid alpha-glucosidase | sphingomyelinase | biotinidase | biotinidase activity | glycosaminoglycans | urine glycosaminoglycans | sweat test | sweat chloride | sweat chloride test
newborn screening | newborn screen
tacrolimus level | tacrolimus trough level | ciclosporin level | cyclosporine level | everolimus level | sirolimus level | tacrolimus concentration | tacrolimus trough ; ng/mL
phenytoin level | serum phenytoin | valproate level | valproic acid level | carbamazepine level | phenobarbital level | phenytoin concentration ; ug/mL
acetaminophen level | paracetamol level | salicylate level | paracetamol concentration | acetaminophen concentration | serum acetaminophen ; ug/mL
* theophylline level | methotrexate level | amiodarone level | flecainide level | drug levels | serum drug levels
viral load | HIV RNA | HIV-1 RNA | HIV-RNA | plasma viral load
pulmonary function tests | pulmonary function test | PFT | PFTs | lung function | lung function tests | spirometry | pulmonary function | respiratory function tests | lung function test
forced expiratory volume in one second | FEV1 | FEV 1 | forced expiratory volume ; L
forced vital capacity | FVC | vital capacity ; L
fev1/fvc ratio | FEV1/FVC | Tiffeneau index ; % ; 70 ; 
diffusing capacity | DLCO | diffusion capacity | DLCO/VA | diffusing capacity for carbon monoxide | diffusing capacity of the lung for carbon monoxide ; % ; 75 ; 
* total lung capacity | TLC volume | residual volume | functional residual capacity ; L
peak expiratory flow | PEF | PEFR | peak flow ; L/min
fractional exhaled nitric oxide | FeNO
meld score | MELD | MELD-Na score
mitotic count | mitotic index | mitotic rate | mitoses | mitotic figures | mitotic activity | mitosis
surgical margins | resection margins | resection margin | surgical margin
microsatellite instability | MSI | mismatch repair proteins | MLH1 | MSH2 | MSH6 | PMS2
pd-l1 | PD-L1 expression | PDL1
* braf | BRAF mutation | BRAF V600E | KRAS | KRAS mutation | NRAS | EGFR mutation | ROS1 | RET | BRCA1 | BRCA2 | MYC | BCR-ABL | BCR-ABL1 | PML-RARA | FLT3 | NPM1
* myogenin | MyoD1 | SOX10 | SOX-10 | GATA3 | PAX8 | PAX-8 | PAX5 | PAX2 | STAT6 | TLE1 | INI1 | INI-1 | SMARCB1 | MUC1 | MUC2 | MUC5AC | MUC4 | MUC6 | FLI-1 | FLI1 | ERG | NKX2.2 | NKX3.1 | MDM2 | CDK4 | SALL4 | OCT3/4 | OCT4 | PLAP | glypican-3 | HepPar-1 | HepPar1 | arginase-1 | D2-40 marker | MPO | myeloperoxidase | TdT | MUM1 | MUM-1 | EBER | LMP1 | kappa | lambda | perforin | granzyme B | TIA-1 | TIA1 | neurofilament | NeuN | Olig2 | IDH1 | ATRX | SATB2 | GCDFP-15 | mammaglobin | TFE3 | CAIX | CA-IX | racemase | AMACR | villin | CDH17 | factor VIII-related antigen | von Willebrand factor staining | CD-markers | langerin | tyrosinase | MiTF | PRAME | BAP1 | SSTR2 | INSM1 | insulinoma-associated protein 1 | CD57 staining | E-cadherin | EpCAM | Ber-EP4 | MOC-31 | fibronectin | collagen IV | laminin | LCA | leukocyte common antigen | PGP9.5 | renal cell carcinoma antigen | RCC antigen
* congo red staining | congo red | congo red stain | amyloid deposition | amyloid deposits | PAS stain | PAS staining | periodic acid-Schiff stain | periodic acid-Schiff | periodic acid Schiff | Grocott stain | GMS stain | Gomori methenamine silver | Prussian blue | reticulin stain | Masson trichrome | Giemsa stain | Giemsa staining | oil red O | trichrome stain | silver stain
direct immunofluorescence | indirect immunofluorescence | immunofluorescence | DIF | immunofluorescence microscopy | immunofluorescence staining
electron microscopy | transmission electron microscopy | ultrastructural examination
muscle enzymes | muscle enzyme | bone turnover markers
allergy test | skin prick test | skin-prick test | patch test | patch testing | specific IgE | skin prick tests | intradermal test | RAST | serum specific IgE | drug lymphocyte stimulation test | lymphocyte transformation test
* parathyroid scan washout | semen analysis | sperm count | sperm concentration
`;

export type Analyte = {
  readonly term: string;
  readonly phrases: readonly string[];
  /** The one unit in which its values are compared, and in which the range is given. */
  readonly unit: string | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly molarMass: number | null;
  readonly valence: number;
  /** A name that means a cell, a drug or an organism as well: a laboratory matter only with a result. */
  readonly needsResult: boolean;
};

function readNumber(field: string | undefined): number | null {
  const text = field?.trim() ?? '';
  return text === '' ? null : Number(text);
}

export const LAB_ANALYTES: readonly Analyte[] = ANALYTES.split('\n').flatMap((line) => {
  const marks = /^([*?]+) /.exec(line);
  const [names, unit, low, high, molarMass, valence] = line.slice(marks?.[0].length ?? 0).split(';');
  const phrases = (names ?? '')
    .split('|')
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== '');
  const code = unit?.trim() ?? '';
  const shared = {
    unit: code === '' ? null : code,
    low: readNumber(low),
    high: readNumber(high),
    molarMass: readNumber(molarMass),
    valence: readNumber(valence) ?? 1,
    needsResult: marks?.[1]?.includes('?') === true,
  };
  const [term] = phrases;
  if (term === undefined) return [];
  if (marks?.[1]?.includes('*') === true)
    return phrases.map((phrase) => ({ ...shared, term: phrase.toLowerCase(), phrases: [phrase] }));
  return [{ ...shared, term, phrases }];
});

/** Short forms that are everyday words unless written in capitals. */
export const CAPITALS_ONLY: ReadonlySet<string> = new Set('be act got fish met ret'.split(' '));
/** Words of everyday language that are a measurement only with a value. */
export const NEED_VALUE: ReadonlySet<string> = new Set(['protein', 'be', 'ph', 'zinc', 'arginine', 'glycine']);

/** What is described rather than measured: the `45` of `45,X` is no value. */
export const WITHOUT_NUMBER: ReadonlySet<string> = new Set(['karyotype', 'hla typing']);

export const ANALYTE_OF: ReadonlyMap<string, Analyte> = new Map(LAB_ANALYTES.map((analyte) => [analyte.term, analyte]));

/** What a count of cells is called when it is given as their share. */
export const FRACTIONS: ReadonlyMap<string, Analyte> = new Map(
  ['neutrophil', 'lymphocyte', 'monocyte', 'eosinophil', 'basophil'].flatMap((cell) => {
    const fraction = ANALYTE_OF.get(`${cell} fraction`);
    return fraction === undefined ? [] : [[`${cell}s`, fraction] as const];
  }),
);

const BY_CONDITION: readonly (readonly [words: string, analyte: string, flag: Flag])[] = [
  ['anemia anaemia', 'hemoglobin', 'low'],
  ['polycythemia polycythaemia', 'hemoglobin', 'high'],
  ['leukocytosis leucocytosis', 'white blood cell count', 'high'],
  ['leukopenia leucopenia', 'white blood cell count', 'low'],
  ['thrombocytopenia thrombocytopaenia', 'platelets', 'low'],
  ['thrombocytosis', 'platelets', 'high'],
  ['neutropenia', 'neutrophils', 'low'],
  ['neutrophilia', 'neutrophils', 'high'],
  ['lymphopenia lymphocytopenia', 'lymphocytes', 'low'],
  ['lymphocytosis', 'lymphocytes', 'high'],
  ['eosinophilia hypereosinophilia', 'eosinophils', 'high'],
  ['hyponatremia hyponatraemia', 'sodium', 'low'],
  ['hypernatremia hypernatraemia', 'sodium', 'high'],
  ['hypokalemia hypokalaemia', 'potassium', 'low'],
  ['hyperkalemia hyperkalaemia', 'potassium', 'high'],
  ['hypocalcemia hypocalcaemia', 'calcium', 'low'],
  ['hypercalcemia hypercalcaemia', 'calcium', 'high'],
  ['hypomagnesemia hypomagnesaemia', 'magnesium', 'low'],
  ['hypophosphatemia hypophosphataemia', 'phosphate', 'low'],
  ['hyperphosphatemia hyperphosphataemia', 'phosphate', 'high'],
  ['hypoglycemia hypoglycaemia', 'glucose', 'low'],
  ['hyperglycemia hyperglycaemia', 'glucose', 'high'],
  ['hypoalbuminemia hypoalbuminaemia', 'albumin', 'low'],
  ['hyperbilirubinemia hyperbilirubinaemia', 'total bilirubin', 'high'],
  ['hyperuricemia hyperuricaemia', 'uric acid', 'high'],
  ['hypertriglyceridemia hypertriglyceridaemia', 'triglycerides', 'high'],
  ['hypercholesterolemia hypercholesterolaemia', 'total cholesterol', 'high'],
  ['hyperammonemia hyperammonaemia', 'ammonia', 'high'],
  ['hyperferritinemia hyperferritinaemia', 'ferritin', 'high'],
  ['hypofibrinogenemia', 'fibrinogen', 'low'],
  ['hyperlactatemia', 'lactate', 'high'],
  ['proteinuria', 'urine protein', 'high'],
];

/** Conditions that are named for the value of an analyte: `hyponatremia (118 mmol/L)`. */
export const CONDITIONS: ReadonlyMap<string, { readonly analyte: string; readonly flag: Flag }> = new Map(
  BY_CONDITION.flatMap(([words, analyte, flag]) => words.split(' ').map((word) => [word, { analyte, flag }] as const)),
);
