import type { DiagnosisCategory } from '../../../schema/vocabulary.ts';
import { parseLines } from './phrases.ts';

/**
 * Diseases by system. A leading `*` marks a disease that affects fewer than 1 in 2,000 people (for cancers: fewer than
 * 6 new cases in 100,000 a year), from general medical knowledge. The list is compact: what it lacks is read from the words around it.
 */
const BY_CATEGORY: Readonly<Partial<Record<DiagnosisCategory, string>>> = {
  arrhythmia: `
*brugada syndrome
*long qt syndrome | congenital long QT syndrome | romano ward syndrome | jervell and lange nielsen syndrome
*short qt syndrome
*catecholaminergic polymorphic ventricular tachycardia | CPVT
*andersen tawil syndrome
wolff parkinson white syndrome | WPW syndrome | WPW
sick sinus syndrome | sinus node disease
atrial fibrillation
atrial flutter
complete heart block | atrioventricular block
*congenital heart block | congenital complete atrioventricular block
ventricular tachycardia
ventricular fibrillation | idiopathic ventricular fibrillation
supraventricular tachycardia
arrhythmia | cardiac arrhythmia`,
  cardiomyopathy: `
takotsubo cardiomyopathy | takotsubo syndrome | stress cardiomyopathy | apical ballooning syndrome | tako-tsubo cardiomyopathy | broken heart syndrome
hypertrophic cardiomyopathy | HCM | hypertrophic obstructive cardiomyopathy | HOCM | apical hypertrophic cardiomyopathy
dilated cardiomyopathy | DCM | idiopathic dilated cardiomyopathy
*restrictive cardiomyopathy
*arrhythmogenic right ventricular cardiomyopathy | ARVC | ARVD | arrhythmogenic right ventricular dysplasia | arrhythmogenic cardiomyopathy
*left ventricular noncompaction | noncompaction cardiomyopathy | left ventricular non compaction
*peripartum cardiomyopathy
*cardiac amyloidosis | transthyretin amyloidosis | ATTR amyloidosis
*cardiac sarcoidosis
*endomyocardial fibrosis | loffler endocarditis
*danon disease
*fabry disease | anderson fabry disease
myocarditis | acute myocarditis | viral myocarditis
*giant cell myocarditis | fulminant myocarditis | eosinophilic myocarditis
ischemic cardiomyopathy
cardiomyopathy
heart failure | congestive heart failure`,
  coronary: `
acute myocardial infarction | myocardial infarction | STEMI | NSTEMI | ST elevation myocardial infarction | heart attack | non ST elevation myocardial infarction
acute coronary syndrome | unstable angina
coronary artery disease | ischemic heart disease | coronary heart disease | CAD
*spontaneous coronary artery dissection | SCAD | coronary artery dissection
*kounis syndrome
coronary vasospasm | vasospastic angina | prinzmetal angina | coronary spasm
*anomalous coronary artery | anomalous origin of the left coronary artery | ALCAPA | coronary artery anomaly
*coronary artery aneurysm | coronary artery fistula
myocardial bridging`,
  valvular: `
aortic stenosis | severe aortic stenosis
aortic regurgitation | aortic insufficiency
mitral regurgitation
mitral stenosis
tricuspid regurgitation
mitral valve prolapse
infective endocarditis | endocarditis | bacterial endocarditis | prosthetic valve endocarditis
*libman sacks endocarditis | nonbacterial thrombotic endocarditis | marantic endocarditis
rheumatic heart disease | rheumatic fever
prosthetic valve thrombosis
bicuspid aortic valve`,
  congenital: `
*tetralogy of fallot
*transposition of the great arteries
*ebstein anomaly
*coarctation of the aorta | aortic coarctation
atrial septal defect
ventricular septal defect
patent ductus arteriosus
patent foramen ovale
*hypoplastic left heart syndrome
*truncus arteriosus
*total anomalous pulmonary venous connection | TAPVC | partial anomalous pulmonary venous return
*eisenmenger syndrome
*cor triatriatum
*situs inversus | dextrocardia | heterotaxy
*scimitar syndrome
congenital heart disease | congenital heart defect
*down syndrome | trisomy 21
*turner syndrome
*klinefelter syndrome
*noonan syndrome
*digeorge syndrome | 22q11.2 deletion syndrome
*williams syndrome
*prader willi syndrome
*angelman syndrome
*charge syndrome
*vacterl association
*trisomy 18 | trisomy 13 | edwards syndrome | patau syndrome
*beckwith wiedemann syndrome
*sotos syndrome
*kabuki syndrome
*cornelia de lange syndrome
*goldenhar syndrome
*treacher collins syndrome
*pierre robin sequence | pierre robin syndrome
*apert syndrome | crouzon syndrome | craniosynostosis
*silver russell syndrome
*rubinstein taybi syndrome
*bardet biedl syndrome
*alstrom syndrome
*joubert syndrome
*mayer rokitansky kuster hauser syndrome | MRKH syndrome | mullerian agenesis | herlyn werner wunderlich syndrome
*prune belly syndrome
*bladder exstrophy
*congenital diaphragmatic hernia
*esophageal atresia | tracheoesophageal fistula
*gastroschisis | omphalocele
*biliary atresia
*hirschsprung disease
*anorectal malformation | imperforate anus | cloacal malformation
*duodenal atresia | intestinal atresia | jejunal atresia
*choledochal cyst
*spina bifida | myelomeningocele | neural tube defect | encephalocele
*dandy walker malformation
*chiari malformation
*holoprosencephaly | schizencephaly | lissencephaly | corpus callosum agenesis`,
  pericardial: `
pericarditis | acute pericarditis | recurrent pericarditis | purulent pericarditis
constrictive pericarditis
cardiac tamponade | pericardial tamponade
pericardial effusion
*pericardial cyst`,
  vascular: `
aortic dissection | type A aortic dissection | type B aortic dissection
aortic aneurysm | abdominal aortic aneurysm | thoracic aortic aneurysm
pulmonary embolism | pulmonary thromboembolism | acute pulmonary embolism
deep vein thrombosis | deep venous thrombosis | DVT | venous thromboembolism
peripheral arterial disease | critical limb ischemia | peripheral artery disease | chronic limb threatening ischemia
*takayasu arteritis
*giant cell arteritis | temporal arteritis
*polyarteritis nodosa
*buerger disease | thromboangiitis obliterans
*kawasaki disease
*fibromuscular dysplasia
*marfan syndrome
*loeys dietz syndrome
*ehlers danlos syndrome
*budd chiari syndrome
portal vein thrombosis
*superior vena cava syndrome
*cerebral venous sinus thrombosis | cerebral venous thrombosis
*arteriovenous malformation | vascular malformation | arteriovenous fistula | venous malformation
*hereditary hemorrhagic telangiectasia | osler weber rendu syndrome | HHT
*klippel trenaunay syndrome | sturge weber syndrome | parkes weber syndrome
*nutcracker syndrome | may thurner syndrome | superior mesenteric artery syndrome | median arcuate ligament syndrome
*raynaud disease
pulmonary hypertension
*pulmonary arterial hypertension
pseudoaneurysm | visceral artery aneurysm
*vasculitis | anca associated vasculitis | ANCA vasculitis | leukocytoclastic vasculitis
*granulomatosis with polyangiitis | wegener granulomatosis | GPA
*eosinophilic granulomatosis with polyangiitis | churg strauss syndrome | EGPA
*microscopic polyangiitis
*iga vasculitis | henoch schonlein purpura | henoch schönlein purpura
*behcet disease | behçet disease | behcet syndrome | behçet syndrome
*cryoglobulinemia
hypertension | arterial hypertension | systemic hypertension | essential hypertension
varicose veins`,
  respiratory: `
pneumonia | community acquired pneumonia | aspiration pneumonia | bronchopneumonia
asthma | bronchial asthma
chronic obstructive pulmonary disease | COPD | emphysema | chronic bronchitis
pulmonary fibrosis | interstitial lung disease | interstitial pneumonia
*idiopathic pulmonary fibrosis
*cystic fibrosis
*lymphangioleiomyomatosis
*pulmonary alveolar proteinosis
*sarcoidosis
*pulmonary langerhans cell histiocytosis
acute respiratory distress syndrome | ARDS
pneumothorax | spontaneous pneumothorax
empyema
pulmonary tuberculosis
*bronchiolitis obliterans | organizing pneumonia | cryptogenic organizing pneumonia
*primary ciliary dyskinesia | kartagener syndrome
*alpha 1 antitrypsin deficiency
*bronchopulmonary sequestration | pulmonary sequestration | congenital pulmonary airway malformation
*bronchogenic cyst | yellow nail syndrome | pulmonary arteriovenous malformation | plastic bronchitis
*hypersensitivity pneumonitis | eosinophilic pneumonia
*diffuse alveolar hemorrhage
obstructive sleep apnea
bronchiolitis | croup
tracheal stenosis`,
  neurological: `
stroke | ischemic stroke | cerebral infarction | cerebrovascular accident | hemorrhagic stroke | intracerebral hemorrhage | cerebrovascular disease
transient ischemic attack
subarachnoid hemorrhage | subdural hematoma | cerebral aneurysm | intracranial aneurysm
epilepsy | seizure disorder
migraine
multiple sclerosis
*neuromyelitis optica | neuromyelitis optica spectrum disorder | NMOSD | MOG antibody disease
*guillain barre syndrome | guillain barré syndrome | miller fisher syndrome
*chronic inflammatory demyelinating polyneuropathy | CIDP
*myasthenia gravis
*lambert eaton myasthenic syndrome
*amyotrophic lateral sclerosis | motor neuron disease
*huntington disease
*creutzfeldt jakob disease
parkinson disease | parkinsonism
alzheimer disease
*multiple system atrophy | progressive supranuclear palsy | corticobasal degeneration
*frontotemporal dementia
*autoimmune encephalitis | anti NMDA receptor encephalitis | limbic encephalitis | encephalitis
*stiff person syndrome
*transverse myelitis | acute disseminated encephalomyelitis
*posterior reversible encephalopathy syndrome
*wernicke encephalopathy
*cerebral palsy
*spinal muscular atrophy
*duchenne muscular dystrophy | becker muscular dystrophy | muscular dystrophy | limb girdle muscular dystrophy
*myotonic dystrophy
*charcot marie tooth disease | hereditary neuropathy
*friedreich ataxia | spinocerebellar ataxia | ataxia telangiectasia
*narcolepsy
*moyamoya disease | moyamoya syndrome
*cadasil
*melas syndrome | mitochondrial encephalomyopathy | mitochondrial disease | MELAS | kearns sayre syndrome | leigh syndrome
*neurofibromatosis | von recklinghausen disease | neurofibromatosis type 1 | neurofibromatosis type 2
*tuberous sclerosis
*von hippel lindau disease
*rett syndrome | dravet syndrome | west syndrome | lennox gastaut syndrome
*adrenoleukodystrophy | leukodystrophy | metachromatic leukodystrophy
*complex regional pain syndrome | CRPS
*trigeminal neuralgia
*spontaneous intracranial hypotension
*idiopathic intracranial hypertension | pseudotumor cerebri
*tolosa hunt syndrome
*neuroleptic malignant syndrome | serotonin syndrome
*syringomyelia
peripheral neuropathy | diabetic neuropathy | polyneuropathy
carpal tunnel syndrome
hydrocephalus
hereditary spastic paraplegia
*periodic paralysis | hypokalemic periodic paralysis
*rasmussen encephalitis | susac syndrome | bickerstaff encephalitis | landau kleffner syndrome | pantothenate kinase associated neurodegeneration
*colloid cyst
tarlov cyst | arachnoid cyst`,
  gastrointestinal: `
peptic ulcer | gastric ulcer | duodenal ulcer | peptic ulcer disease
gastritis
gastroesophageal reflux disease | GERD
appendicitis | acute appendicitis
cholecystitis | acute cholecystitis | cholelithiasis | choledocholithiasis | gallstone disease
cholangitis
pancreatitis | acute pancreatitis | chronic pancreatitis
*autoimmune pancreatitis
crohn disease | inflammatory bowel disease
ulcerative colitis
celiac disease | coeliac disease
*eosinophilic gastroenteritis | eosinophilic esophagitis
*achalasia
*gallstone ileus | bouveret syndrome
*mirizzi syndrome
intestinal obstruction | small bowel obstruction | bowel obstruction
intussusception
volvulus | sigmoid volvulus | cecal volvulus
diverticulitis | diverticulosis
meckel diverticulum
internal hernia | diaphragmatic hernia
*obturator hernia | spigelian hernia | amyand hernia
inguinal hernia | hernia
liver cirrhosis | cirrhosis
hepatitis | acute hepatitis | chronic hepatitis
fatty liver | nonalcoholic fatty liver disease
*primary biliary cirrhosis | primary biliary cholangitis | PBC
*primary sclerosing cholangitis
*autoimmune hepatitis
*wilson disease
hemochromatosis
*peutz jeghers syndrome | familial adenomatous polyposis | gardner syndrome | lynch syndrome
*short bowel syndrome
*chronic intestinal pseudo obstruction
*superior mesenteric artery thrombosis | mesenteric ischemia
liver abscess
*meconium ileus | necrotizing enterocolitis
peritonitis
*encapsulating peritoneal sclerosis
anal fissure | hemorrhoids | perianal abscess | anal fistula
*bezoar | rapunzel syndrome
*alagille syndrome
*menetrier disease`,
  renal: `
chronic kidney disease | CKD | end stage renal disease | ESRD | chronic renal failure | chronic renal insufficiency
acute kidney injury | acute tubular necrosis
nephrotic syndrome | minimal change disease | focal segmental glomerulosclerosis | membranous nephropathy
glomerulonephritis | IgA nephropathy
*c3 glomerulopathy | membranoproliferative glomerulonephritis | dense deposit disease
*anti gbm disease | goodpasture syndrome
*alport syndrome
*polycystic kidney disease | autosomal dominant polycystic kidney disease | ADPKD
*renal tubular acidosis | distal renal tubular acidosis
*bartter syndrome
*gitelman syndrome | gordon syndrome | liddle syndrome
*fanconi syndrome
*cystinosis | primary hyperoxaluria | cystinuria
*nephrogenic diabetes insipidus
*atypical hemolytic uremic syndrome | hemolytic uremic syndrome | haemolytic uraemic syndrome
*monoclonal gammopathy of renal significance | light chain deposition disease
nephrolithiasis | urolithiasis | ureteral stone
urinary tract infection | pyelonephritis
*xanthogranulomatous pyelonephritis | emphysematous pyelonephritis
interstitial nephritis
lupus nephritis
benign prostatic hyperplasia | prostatic hyperplasia
*retroperitoneal fibrosis
vesicoureteral reflux
posterior urethral valves
testicular torsion
ureteropelvic junction obstruction`,
  endocrine: `
diabetes mellitus | diabetes | type 2 diabetes | type 1 diabetes | type 2 diabetes mellitus | type 1 diabetes mellitus | diabetic
diabetic ketoacidosis
hypothyroidism | hashimoto thyroiditis | autoimmune thyroiditis
hyperthyroidism | graves disease | thyrotoxicosis
*thyroid storm | myxedema coma
*thyrotoxic periodic paralysis
*cushing syndrome | cushing disease | ectopic ACTH syndrome
*addison disease | adrenal insufficiency | primary adrenal insufficiency
*congenital adrenal hyperplasia
*primary aldosteronism | conn syndrome
*pheochromocytoma | paraganglioma
*insulinoma | glucagonoma | gastrinoma | zollinger ellison syndrome
hyperparathyroidism | primary hyperparathyroidism
*hypoparathyroidism | pseudohypoparathyroidism
*acromegaly | gigantism
*prolactinoma | pituitary adenoma | pituitary apoplexy
*hypopituitarism | panhypopituitarism | sheehan syndrome | kallmann syndrome | hypophysitis
*diabetes insipidus | central diabetes insipidus
siadh | syndrome of inappropriate antidiuretic hormone secretion
*multiple endocrine neoplasia | MEN1
*congenital hyperinsulinism | hyperinsulinemic hypoglycemia
*neonatal diabetes | neonatal diabetes mellitus | MODY | maturity onset diabetes of the young | wolfram syndrome
*lipodystrophy
*familial hypercholesterolemia
dyslipidemia | hyperlipidemia | hypercholesterolemia | dyslipidaemia | hyperlipidaemia
obesity | morbid obesity
metabolic syndrome
gout
*gaucher disease
*niemann pick disease
*pompe disease | glycogen storage disease
*mucopolysaccharidosis | hurler syndrome | hunter syndrome | morquio syndrome
*phenylketonuria | maple syrup urine disease | propionic acidemia | methylmalonic acidemia | methylmalonic aciduria | homocystinuria | alkaptonuria | tyrosinemia
*urea cycle disorder | ornithine transcarbamylase deficiency
*porphyria | acute intermittent porphyria
*hypophosphatasia | X linked hypophosphatemia | hypophosphatemic rickets | vitamin D dependent rickets
*polyglandular autoimmune syndrome | autoimmune polyendocrine syndrome
*androgen insensitivity syndrome | disorder of sex development
polycystic ovary syndrome | PCOS
rickets
scurvy | pellagra | beriberi`,
  haematological: `
iron deficiency anemia | anemia
*sickle cell disease | sickle cell anemia
*thalassemia | beta thalassemia
*hemophilia | hemophilia A | hemophilia B | acquired hemophilia | haemophilia
*von willebrand disease
*glanzmann thrombasthenia | bernard soulier syndrome | factor XIII deficiency | factor VII deficiency | factor X deficiency | antithrombin deficiency | afibrinogenemia | congenital afibrinogenemia
*aplastic anemia | fanconi anemia | diamond blackfan anemia | pure red cell aplasia
*paroxysmal nocturnal hemoglobinuria
*autoimmune hemolytic anemia | cold agglutinin disease | evans syndrome
*immune thrombocytopenia | immune thrombocytopenic purpura | idiopathic thrombocytopenic purpura | ITP
*thrombotic thrombocytopenic purpura | TTP | thrombotic microangiopathy
*hereditary spherocytosis
*methemoglobinemia
*hemophagocytic lymphohistiocytosis | macrophage activation syndrome | hemophagocytic syndrome | HLH
*langerhans cell histiocytosis | LCH | erdheim chester disease | rosai dorfman disease
*castleman disease
*graft versus host disease
*hereditary elliptocytosis | congenital dyserythropoietic anemia | hereditary stomatocytosis
*gorham stout disease | lymphangioma
*systemic mastocytosis | mastocytosis
*amyloidosis | AL amyloidosis
*poems syndrome
*polycythemia vera | essential thrombocythemia | myelofibrosis | myeloproliferative neoplasm
*hypereosinophilic syndrome
heparin induced thrombocytopenia
pernicious anemia
*antiphospholipid syndrome
*severe combined immunodeficiency | chronic granulomatous disease | common variable immunodeficiency | wiskott aldrich syndrome | agammaglobulinemia | hyper IgE syndrome
*hereditary angioedema
thrombophilia
G6PD deficiency`,
  infectious: `
tuberculosis | disseminated tuberculosis | extrapulmonary tuberculosis | tuberculous meningitis | abdominal tuberculosis | peritoneal tuberculosis | spinal tuberculosis
malaria | plasmodium falciparum malaria
dengue | dengue fever | dengue hemorrhagic fever
HIV infection | HIV | AIDS | acquired immunodeficiency syndrome
covid-19 | SARS-CoV-2 infection | COVID-19 pneumonia
hepatitis b | chronic hepatitis B
hepatitis c
meningitis | bacterial meningitis
sepsis | septic shock
*toxic shock syndrome
*leptospirosis | weil disease
brucellosis | neurobrucellosis
typhoid fever
cholera
syphilis | neurosyphilis
*cystic echinococcosis | hydatid cyst | hydatid disease | echinococcosis | alveolar echinococcosis | hydatidosis
*neurocysticercosis | cysticercosis
*amebiasis | primary amebic meningoencephalitis | acanthamoeba keratitis
*visceral leishmaniasis | leishmaniasis | cutaneous leishmaniasis | kala azar
*chagas disease
*schistosomiasis | fascioliasis | strongyloidiasis | trichinosis | toxocariasis | filariasis | paragonimiasis | gnathostomiasis | dirofilariasis
*myiasis
*melioidosis | tularemia | anthrax | plague | glanders | rat bite fever
*nocardiosis | actinomycosis | mycetoma
*whipple disease
*q fever | rickettsiosis | scrub typhus | rocky mountain spotted fever | mediterranean spotted fever
lyme disease
*tetanus | botulism | diphtheria | rabies
*leprosy | lepromatous leprosy | buruli ulcer
*cryptococcosis | cryptococcal meningitis
*histoplasmosis | blastomycosis | coccidioidomycosis | paracoccidioidomycosis | talaromycosis | sporotrichosis
*mucormycosis | zygomycosis | rhino-orbital-cerebral mucormycosis
*invasive aspergillosis | aspergillosis | fusariosis
candidiasis | candidemia
*necrotizing fasciitis | fournier gangrene | gas gangrene
*lemierre syndrome
*ebola | crimean congo hemorrhagic fever | hantavirus | lassa fever | hemorrhagic fever with renal syndrome
*progressive multifocal leukoencephalopathy
*subacute sclerosing panencephalitis
herpes zoster | varicella | chickenpox
herpes simplex encephalitis | herpes simplex | herpetic keratitis
infectious mononucleosis
cytomegalovirus infection
measles | rubella | mumps
toxoplasmosis
osteomyelitis | septic arthritis | spondylodiscitis | discitis
brain abscess
*nontuberculous mycobacterial infection | mycobacterium avium | mycobacterium abscessus
monkeypox | mpox
scabies
*acute retinal necrosis
*cat scratch disease
influenza
helicobacter pylori infection
*psittacosis | legionnaires disease | legionella pneumonia | chikungunya | japanese encephalitis | west nile virus | yellow fever | bartonellosis
*multisystem inflammatory syndrome`,
  rheumatological: `
rheumatoid arthritis
systemic lupus erythematosus | SLE | lupus
*systemic sclerosis | scleroderma
*dermatomyositis | polymyositis | inflammatory myopathy | immune mediated necrotizing myopathy | inclusion body myositis | antisynthetase syndrome
*mixed connective tissue disease
sjogren syndrome | sjögren syndrome
ankylosing spondylitis | spondyloarthritis
psoriatic arthritis
polymyalgia rheumatica
*adult onset still disease | still disease | juvenile idiopathic arthritis
*systemic juvenile idiopathic arthritis | systemic onset juvenile idiopathic arthritis | SoJIA
*familial mediterranean fever | autoinflammatory disease | TRAPS | VEXAS syndrome
*relapsing polychondritis
*igg4 related disease
*sapho syndrome
*reactive arthritis
fibromyalgia
*cogan syndrome
osteoarthritis`,
  dermatological: `
psoriasis
atopic dermatitis | eczema
acne
*pemphigus vulgaris | pemphigus | pemphigus foliaceus
*bullous pemphigoid | mucous membrane pemphigoid | pemphigoid gestationis
*stevens johnson syndrome | toxic epidermal necrolysis | SJS | TEN | lyell syndrome
*drug reaction with eosinophilia and systemic symptoms | DRESS syndrome | DRESS
*acute generalized exanthematous pustulosis | AGEP
*pyoderma gangrenosum
*sweet syndrome
*epidermolysis bullosa
*ichthyosis | netherton syndrome
*pityriasis rubra pilaris
*xeroderma pigmentosum
*hailey hailey disease | darier disease
*dermatitis herpetiformis
*lichen planus pemphigoides | lichen sclerosus
lichen planus
*morphea
*calciphylaxis
*generalized pustular psoriasis
*linear iga disease
*nevus sebaceus | giant congenital melanocytic nevus | ectodermal dysplasia | incontinentia pigmenti | pseudoxanthoma elasticum | cutis laxa
vitiligo
alopecia areata
hidradenitis suppurativa
erythema nodosum | erythema multiforme
urticaria
rosacea
hemangioma`,
  oncological: `
breast cancer | breast carcinoma | invasive ductal carcinoma
lung cancer | non small cell lung cancer | NSCLC | lung adenocarcinoma | adenocarcinoma of the lung | bronchogenic carcinoma
*small cell lung cancer | small cell carcinoma
colorectal cancer | colon cancer | rectal cancer | colorectal carcinoma | colon carcinoma | rectal carcinoma | rectal adenocarcinoma | colonic adenocarcinoma | colon adenocarcinoma
prostate cancer | prostate adenocarcinoma | prostate carcinoma | prostatic adenocarcinoma
gastric cancer | gastric adenocarcinoma | gastric carcinoma
bladder cancer | urothelial carcinoma | transitional cell carcinoma
melanoma | malignant melanoma
*mucosal melanoma | uveal melanoma | choroidal melanoma | anorectal melanoma | conjunctival melanoma
basal cell carcinoma
*esophageal cancer | esophageal carcinoma | carcinoma of the esophagus | esophageal squamous cell carcinoma
*hepatocellular carcinoma | HCC
*cholangiocarcinoma | gallbladder cancer | gallbladder carcinoma | ampullary carcinoma
pancreatic cancer | pancreatic adenocarcinoma | pancreatic carcinoma
*pancreatic neuroendocrine tumor | neuroendocrine tumor | neuroendocrine carcinoma | carcinoid | carcinoid tumor | neuroendocrine neoplasm | carcinoid syndrome
*renal cell carcinoma | clear cell renal cell carcinoma | renal cancer | RCC | chromophobe renal cell carcinoma
*cervical cancer | cervical carcinoma | cervical adenocarcinoma | squamous cell carcinoma of the cervix | carcinoma of the cervix
*ovarian cancer | ovarian carcinoma | high grade serous carcinoma | granulosa cell tumor | sertoli leydig cell tumor | dysgerminoma | yolk sac tumor
endometrial cancer | endometrial carcinoma
*vulvar cancer | vaginal cancer | vulvar carcinoma
*gestational trophoblastic neoplasia | choriocarcinoma | hydatidiform mole | gestational trophoblastic disease
*penile cancer | penile carcinoma | testicular cancer | seminoma | germ cell tumor | nonseminomatous germ cell tumor
*oral squamous cell carcinoma | squamous cell carcinoma of the oral cavity | oral cancer | tongue cancer | squamous cell carcinoma of the tongue | lip cancer | laryngeal cancer | laryngeal carcinoma | laryngeal squamous cell carcinoma | nasopharyngeal carcinoma | oropharyngeal cancer | hypopharyngeal cancer | buccal mucosa carcinoma
*salivary gland carcinoma | adenoid cystic carcinoma | mucoepidermoid carcinoma | salivary duct carcinoma | acinic cell carcinoma
squamous cell carcinoma | cutaneous squamous cell carcinoma
thyroid cancer | papillary thyroid carcinoma | thyroid carcinoma
*medullary thyroid carcinoma | anaplastic thyroid carcinoma | follicular thyroid carcinoma
*adrenocortical carcinoma | parathyroid carcinoma
*glioblastoma | glioma | astrocytoma | oligodendroglioma | ependymoma | medulloblastoma | diffuse midline glioma | brain tumor
*meningioma | craniopharyngioma | chordoma | schwannoma | vestibular schwannoma | hemangioblastoma | malignant peripheral nerve sheath tumor
*neuroblastoma | retinoblastoma | wilms tumor | nephroblastoma | hepatoblastoma | esthesioneuroblastoma | olfactory neuroblastoma
*osteosarcoma | ewing sarcoma | chondrosarcoma | giant cell tumor | giant cell tumor of bone
*sarcoma | soft tissue sarcoma | leiomyosarcoma | liposarcoma | angiosarcoma | rhabdomyosarcoma | synovial sarcoma | dermatofibrosarcoma protuberans | kaposi sarcoma | undifferentiated pleomorphic sarcoma | fibrosarcoma | epithelioid sarcoma | desmoplastic small round cell tumor | myxofibrosarcoma | carcinosarcoma
*gastrointestinal stromal tumor | GIST
*desmoid tumor | desmoid fibromatosis | solitary fibrous tumor | inflammatory myofibroblastic tumor | hemangiopericytoma | aggressive fibromatosis | PEComa | angiomyolipoma
*mesothelioma | thymoma | thymic carcinoma | pseudomyxoma peritonei
*merkel cell carcinoma | sebaceous carcinoma | extramammary paget disease | porocarcinoma
*acute myeloid leukemia | AML | acute promyelocytic leukemia
*acute lymphoblastic leukemia | ALL leukemia | T lymphoblastic leukemia
*chronic myeloid leukemia | CML | chronic lymphocytic leukemia | hairy cell leukemia | leukemia | leukaemia | chronic myelomonocytic leukemia | plasma cell leukemia
*multiple myeloma | plasmacytoma | myeloma
*myelodysplastic syndrome
*lymphoma | diffuse large B cell lymphoma | DLBCL | hodgkin lymphoma | non hodgkin lymphoma | burkitt lymphoma | follicular lymphoma | mantle cell lymphoma | T cell lymphoma | MALT lymphoma | mycosis fungoides | primary CNS lymphoma | NK T cell lymphoma | marginal zone lymphoma | angioimmunoblastic T cell lymphoma | anaplastic large cell lymphoma
*waldenstrom macroglobulinemia
*cardiac myxoma | atrial myxoma | cardiac tumor | papillary fibroelastoma | rhabdomyoma
*teratoma | sacrococcygeal teratoma | struma ovarii
*paraneoplastic syndrome | tumor lysis syndrome
*li fraumeni syndrome | cowden syndrome | birt hogg dube syndrome
*ameloblastoma | odontogenic myxoma | ameloblastic fibroma | odontogenic keratocyst
lipoma | leiomyoma | uterine fibroids | fibroma | adenoma
*peripheral t cell lymphoma
adenocarcinoma | carcinoma | cancer | malignancy | malignant tumor | malignant neoplasm`,
  musculoskeletal: `
osteoporosis
*osteogenesis imperfecta
*achondroplasia | skeletal dysplasia
*fibrous dysplasia | mccune albright syndrome
*paget disease of bone | osteopetrosis | melorheostosis
*fibrodysplasia ossificans progressiva | heterotopic ossification
*avascular necrosis | osteonecrosis | legg calve perthes disease
*osteoid osteoma | osteoblastoma | chondroblastoma | aneurysmal bone cyst
osteochondroma
*arthrogryposis
*klippel feil syndrome
*congenital pseudarthrosis of the tibia
*polyostotic fibrous dysplasia
compartment syndrome
*congenital myopathy | nemaline myopathy
*mcardle disease | malignant hyperthermia
scoliosis
hip fracture | femoral neck fracture
disc herniation | lumbar disc herniation
spinal stenosis
rotator cuff tear | meniscal tear | anterior cruciate ligament tear
clubfoot
*poland syndrome
*multiple osteochondromas | ollier disease | maffucci syndrome
*cleidocranial dysplasia
tendinopathy`,
  ophthalmological: `
glaucoma
cataract
uveitis
*keratoconus
*retinitis pigmentosa | stargardt disease | leber congenital amaurosis | choroideremia
*leber hereditary optic neuropathy
*vogt koyanagi harada disease | VKH | sympathetic ophthalmia
retinal detachment
diabetic retinopathy
age related macular degeneration
central retinal artery occlusion | central retinal vein occlusion | retinal vein occlusion
optic neuritis
endophthalmitis
keratitis
*coats disease | retinopathy of prematurity
*birdshot chorioretinopathy
central serous chorioretinopathy
thyroid eye disease`,
  psychiatric: `
schizophrenia
major depressive disorder | depression
bipolar disorder
anxiety disorder
*capgras syndrome | cotard syndrome | ekbom syndrome | delusional parasitosis | munchausen syndrome
anorexia nervosa
autism | autism spectrum disorder
attention deficit hyperactivity disorder
obsessive compulsive disorder
conversion disorder`,
  obstetric: `
preeclampsia | eclampsia
*hellp syndrome
ectopic pregnancy
*heterotopic pregnancy | cesarean scar pregnancy | abdominal pregnancy | interstitial pregnancy | cornual pregnancy | ovarian ectopic pregnancy
*placenta accreta | placenta percreta | vasa previa
placenta previa | placental abruption
*uterine rupture | uterine inversion
*amniotic fluid embolism
*acute fatty liver of pregnancy
gestational diabetes
hyperemesis gravidarum
endometriosis
*twin twin transfusion syndrome | twin reversed arterial perfusion sequence
*conjoined twins | fetus in fetu
ovarian torsion | adnexal torsion
postpartum hemorrhage
pyometra | pelvic inflammatory disease
adenomyosis
*peritoneal inclusion cyst`,
  toxic: `
drug overdose | poisoning | intoxication
*methanol poisoning | ethylene glycol poisoning | paraquat poisoning | organophosphate poisoning | cyanide poisoning | aluminum phosphide poisoning | thallium poisoning
carbon monoxide poisoning
lead poisoning
snake envenomation | snakebite
*metformin associated lactic acidosis
digoxin toxicity | lithium toxicity
alcohol withdrawal
anaphylaxis`,
};

export type Disease = {
  readonly term: string;
  readonly phrases: readonly string[];
  readonly category: DiagnosisCategory;
  readonly rare: boolean;
};

export const DISEASES: readonly Disease[] = Object.entries(BY_CATEGORY).flatMap(([category, block]) =>
  parseLines(block).map((line) => {
    const rare = line.term.startsWith('*');
    return {
      term: rare ? line.term.slice(1) : line.term,
      phrases: line.phrases.map((phrase) => (phrase.startsWith('*') ? phrase.slice(1) : phrase)),
      // The keys are those of the record above.
      category: category as DiagnosisCategory,
      rare,
    };
  }),
);
