import { parseLines } from './phrases.ts';

/** Symptoms and signs that a person reports or an examination finds. Canonical name first. */
export const SYMPTOMS = parseLines(`
chest pain | precordial pain | retrosternal pain | substernal pain | thoracic pain | angina | angina pectoris | chest discomfort | chest tightness | chest pressure | retrosternal discomfort | substernal chest pain | pain in the chest | chest heaviness | anginal pain
pleuritic chest pain | pleuritic pain | pleurisy
palpitation | palpitations | heart racing | racing heart | heart pounding | fluttering in the chest
syncope | syncopal episode | fainting | fainted | faint | blackout | syncopal attack | syncopal | passed out | collapse | collapsed
presyncope | near syncope | pre syncope | lightheadedness | light headedness | lightheaded | light headed | faintness
dyspnea | shortness of breath | dyspnoea | breathlessness | short of breath | difficulty breathing | difficulty in breathing | breathing difficulty | SOB | breathless | dyspneic | trouble breathing | breathing difficulties
exertional dyspnea | dyspnea on exertion | dyspnoea on exertion | shortness of breath on exertion | effort dyspnea | exertional shortness of breath | dyspnea on effort
orthopnea | orthopnoea
paroxysmal nocturnal dyspnea | PND
respiratory distress | respiratory difficulty | laboured breathing | labored breathing | increased work of breathing | acute respiratory distress
respiratory failure | respiratory insufficiency | ventilatory failure
tachypnea | tachypnoea | tachypneic | tachypnoeic | rapid breathing
bradypnea | hypoventilation | slow breathing
apnea | apnoea | apneic | apneic episode
hypoxia | hypoxemia | hypoxaemia | hypoxic | desaturation | oxygen desaturation | hypoxemic
cyanosis | cyanotic | bluish discoloration | cyanosed
cough | coughing | coughs | coughed
dry cough | nonproductive cough | non productive cough
productive cough | cough with sputum
hemoptysis | haemoptysis | coughing up blood | blood streaked sputum | bloody sputum
sputum | sputum production | expectoration | phlegm
wheezing | wheeze | wheezes
stridor | inspiratory stridor
crackles | rales | crepitations | crackle | basal crackles | crepitation | coarse crackles
rhonchi | rhonchus
reduced breath sounds | decreased breath sounds | diminished breath sounds | absent breath sounds
hoarseness | hoarse voice | dysphonia | hoarse | voice change
aphonia | loss of voice
sore throat | throat pain | pharyngitis | odynophagia | painful swallowing
rhinorrhea | runny nose | nasal discharge | rhinorrhoea | coryza
nasal congestion | nasal obstruction | stuffy nose | blocked nose
epistaxis | nosebleed | nasal bleeding
sneezing
snoring
hiccups | hiccup | singultus | hiccupping
fever | febrile | pyrexia | high temperature | feverish | high grade fever | pyrexial | hyperpyrexia
low grade fever | subfebrile | mild fever
hyperthermia
hypothermia | hypothermic
afebrile | apyrexial
chills | chill | shivering | chilliness
rigors | rigor
night sweats | nocturnal sweats
sweating | diaphoresis | hyperhidrosis | diaphoretic | perspiration | profuse sweating
fatigue | tiredness | tired | exhaustion | lethargy | lethargic | asthenia | lassitude | easy fatigability | fatigability | fatigued | easy fatigue
malaise | general malaise | feeling unwell | generally unwell
weakness | weak | generalized weakness | generalised weakness | adynamia | debility
muscle weakness | muscular weakness | proximal muscle weakness | proximal weakness | limb weakness | weakness of the limbs | motor weakness
anorexia | loss of appetite | poor appetite | decreased appetite | inappetence | reduced appetite | poor feeding | feeding difficulties | lack of appetite | appetite loss
weight loss | loss of weight | lost weight | weight reduction | losing weight
weight gain | gained weight
distension | distention | distended | bulging
clinical deterioration | deterioration | deteriorated
afferent pupillary defect | relative afferent pupillary defect
light perception only | only light perception | perception of light
kussmaul breathing | kussmaul respiration | acidotic breathing
inability to move | unable to move
failure to thrive | poor weight gain | growth failure
growth retardation | growth delay | poor growth
short stature
tall stature
obesity | obese | overweight
cachexia | cachectic | wasting | emaciated | emaciation
malnutrition | malnourished | undernourished
dehydration | dehydrated | dry mucous membranes
thirst | polydipsia | excessive thirst
polyphagia | hyperphagia | increased appetite
nausea | nauseous | nauseated
vomiting | emesis | vomited | vomit | vomitus
projectile vomiting
bilious vomiting | bilious emesis
retching
hematemesis | haematemesis | vomiting blood | vomiting of blood
melena | melaena | black stool | tarry stool | black tarry stools
hematochezia | haematochezia | bloody stool | rectal bleeding | blood per rectum | bleeding per rectum | lower gastrointestinal bleeding | blood in stool | bloody stools
gastrointestinal bleeding | GI bleeding | gastrointestinal hemorrhage | gastrointestinal haemorrhage | upper gastrointestinal bleeding
diarrhea | diarrhoea | loose stools | watery stools | loose stool | watery diarrhea
bloody diarrhea | bloody diarrhoea | dysentery
steatorrhea | fatty stool
constipation | constipated | obstipation
fecal incontinence | bowel incontinence | faecal incontinence
tenesmus
flatulence | bloating | abdominal bloating | meteorism
abdominal distension | abdominal distention | distended abdomen | abdominal swelling | abdominal fullness
abdominal pain | stomach pain | stomach ache | abdominal discomfort | abdominal cramps | abdominal cramping | colicky abdominal pain | belly pain | pain in the abdomen | bellyache
epigastric pain | epigastralgia | epigastric discomfort | upper abdominal pain | pain in the epigastrium
right upper quadrant pain | right hypochondrial pain | RUQ pain | right hypochondriac pain
left upper quadrant pain | LUQ pain
lower abdominal pain | hypogastric pain | suprapubic pain
right lower quadrant pain | right iliac fossa pain | RLQ pain
left lower quadrant pain | left iliac fossa pain
pelvic pain
flank pain | loin pain | lumbar pain
abdominal tenderness | tenderness of the abdomen | abdominal guarding
epigastric tenderness
rebound tenderness | peritoneal signs | rebound | peritonism | peritoneal irritation | signs of peritonitis
guarding | muscle guarding | abdominal rigidity
murphy sign | murphys sign
heartburn | pyrosis | acid reflux | regurgitation
dyspepsia | indigestion
dysphagia | difficulty swallowing | difficulty in swallowing | swallowing difficulty | trouble swallowing | swallowing difficulties
early satiety
jaundice | icterus | icteric | jaundiced | yellow discoloration | scleral icterus | icteric sclera | yellowish discoloration
hepatomegaly | enlarged liver | liver enlargement | palpable liver
splenomegaly | enlarged spleen | palpable spleen
hepatosplenomegaly | organomegaly
ascites | ascitic
shifting dullness
spider angioma | spider nevi | spider naevi
caput medusae
asterixis | flapping tremor
palpable mass | abdominal mass | palpable abdominal mass
hernia | herniation
acholic stool | clay coloured stools | pale stools
dark urine | tea colored urine | cola coloured urine
hematuria | haematuria | blood in the urine | bloody urine | gross hematuria | macroscopic hematuria
microscopic hematuria
proteinuria | foamy urine | albuminuria
pyuria
glycosuria | glucosuria
dysuria | burning micturition | painful urination | burning on urination
urinary frequency | frequent urination | pollakiuria | increased frequency of micturition
urinary urgency | urgency
nocturia
polyuria | excessive urination
oliguria | decreased urine output | reduced urine output | low urine output | oliguric
anuria | anuric
urinary retention | retention of urine | difficulty urinating | inability to void | voiding difficulty
urinary incontinence | enuresis | incontinence of urine
lower urinary tract symptoms | LUTS
renal colic | ureteral colic
vaginal bleeding | per vaginal bleeding | uterine bleeding | abnormal uterine bleeding | genital bleeding
vaginal discharge
amenorrhea | amenorrhoea | absence of menstruation | primary amenorrhea | secondary amenorrhea
menorrhagia | heavy menstrual bleeding | hypermenorrhea
metrorrhagia | intermenstrual bleeding | menometrorrhagia
postmenopausal bleeding
dysmenorrhea | dysmenorrhoea | painful menstruation
dyspareunia | painful intercourse
oligomenorrhea | irregular menstruation | menstrual irregularity | irregular menses
infertility | infertile
galactorrhea | nipple discharge
gynecomastia | gynaecomastia | breast enlargement
breast lump | breast mass
virilization | virilisation | clitoromegaly
hirsutism | hirsute
erectile dysfunction | impotence
decreased libido | loss of libido
priapism
testicular pain | scrotal pain
scrotal swelling | testicular swelling
testicular mass
delayed puberty
precocious puberty
ambiguous genitalia
uterine contractions | preterm labour | labor pains
edema | oedema | swollen | edematous | oedematous | puffiness
peripheral edema | pedal edema | leg edema | ankle edema | lower limb edema | lower extremity edema | ankle swelling | leg swelling | pitting edema | swelling of the legs | edema of the lower limbs | lower extremity swelling | pedal oedema
facial edema | facial swelling | facial puffiness | swelling of the face
periorbital edema | periorbital swelling | eyelid swelling | eyelid edema | palpebral edema
anasarca | generalized edema | generalised oedema
angioedema | angio oedema
lymphedema | lymphoedema
jugular venous distension | raised jugular venous pressure | distended neck veins | elevated jugular venous pressure | jugular venous distention | JVD | raised JVP | elevated JVP | jugular vein distention
hepatojugular reflux
heart murmur | murmur | systolic murmur | diastolic murmur | cardiac murmur | holosystolic murmur | ejection systolic murmur | pansystolic murmur | regurgitation murmur | continuous murmur
gallop | gallop rhythm | third heart sound | S3 gallop | fourth heart sound
muffled heart sounds | distant heart sounds | muffled heart sound
pericardial friction rub | friction rub | pericardial rub
hypotension | hypotensive | low blood pressure | arterial hypotension
orthostatic hypotension | postural hypotension | orthostatic intolerance
hypertensive | high blood pressure | elevated blood pressure | raised blood pressure | hypertensive crisis
tachycardia | tachycardic | rapid heart rate | rapid pulse
bradycardia | bradycardic | slow heart rate | slow pulse
irregular pulse | irregular heartbeat | irregular heart rhythm | irregular rhythm
pulsus paradoxus
absent pulse | weak pulse | absent pulses | pulseless | pulselessness | weak peripheral pulses | diminished pulses
shock | hemodynamic instability | haemodynamic instability | hemodynamically unstable | circulatory collapse | hemodynamic collapse
cardiogenic shock
septic shock
hypovolemic shock | hemorrhagic shock
heart failure | congestive heart failure | cardiac failure | CHF | cardiac decompensation | acute heart failure
pulmonary edema | pulmonary oedema
cardiac arrest | cardiopulmonary arrest | cardiorespiratory arrest | sudden cardiac arrest | asystolic arrest
sudden death | sudden cardiac death
claudication | intermittent claudication
cold extremities | cold limbs | cool extremities | clammy skin | clammy
raynaud phenomenon | raynauds phenomenon
digital clubbing | clubbing | finger clubbing | clubbing of fingers
varicose veins | varicosities
pallor | pale | paleness | pale conjunctiva | conjunctival pallor | pallid
bleeding | hemorrhage | haemorrhage | blood loss | bled | hemorrhagic | haemorrhagic | hemorrhaging | haemorrhaging
easy bruising | bruising | bruises | bruise
ecchymosis | ecchymoses | ecchymotic
petechiae | petechia | petechial rash
purpura | purpuric | palpable purpura
hematoma | haematoma
gum bleeding | gingival bleeding | bleeding gums
lymphadenopathy | enlarged lymph nodes | lymph node enlargement | swollen lymph nodes | adenopathy | enlarged lymph node | palpable lymph nodes | lymph nodes enlargement
cervical lymphadenopathy | cervical lymph node enlargement
generalized lymphadenopathy
headache | headaches | cephalalgia | cephalgia | head pain | cephalea | severe headache
thunderclap headache
migraine
dizziness | dizzy | giddiness | unsteadiness
vertigo | vertiginous
tinnitus | ringing in the ears
hearing loss | deafness | hearing impairment | hypoacusis | decreased hearing | deaf | loss of hearing | sensorineural hearing loss
ear pain | otalgia | earache
ear discharge | otorrhea | otorrhoea
seizure | seizures | convulsion | convulsions | epileptic seizure | epileptic seizures | epileptic crisis | epileptic crises | epileptic attack | epileptic attacks | fits | convulsive | ictal episode
generalized tonic clonic seizure | tonic clonic seizure | grand mal seizure | generalised tonic clonic seizure
status epilepticus
focal seizure | partial seizure | focal seizures | partial seizures | focal onset seizure
absence seizure | absence seizures | petit mal seizure
loss of consciousness | unconscious | unconsciousness | lost consciousness | transient loss of consciousness | unresponsive | unresponsiveness | LOC
coma | comatose | minimally conscious state | vegetative state | persistent vegetative state
altered mental status | altered consciousness | altered sensorium | altered level of consciousness | decreased level of consciousness | disturbed consciousness | reduced consciousness | impaired consciousness | consciousness disturbance | obtunded | stupor | clouding of consciousness | mental status changes
drowsiness | somnolence | drowsy | somnolent | sleepiness | excessive daytime sleepiness
confusion | confused | disorientation | disoriented | mental confusion
delirium | delirious
agitation | agitated | restlessness | restless | psychomotor agitation
irritability | irritable
hallucination | hallucinations | visual hallucinations | auditory hallucinations
delusion | delusions | paranoia | persecutory delusions
psychosis | psychotic | psychotic symptoms
depression | depressed mood | low mood | depressive symptoms | depressive
anxiety | anxious | nervousness | panic attacks
suicidal ideation | suicidal thoughts | suicide attempt
insomnia | sleep disturbance | sleeplessness | difficulty sleeping | sleep disorder
memory loss | amnesia | memory impairment | forgetfulness | memory disturbance | memory deficit
cognitive impairment | cognitive decline | dementia | cognitive deficit | cognitive dysfunction
behavioral change | behavioural change | personality change | abnormal behavior | behavioral disturbance | behavioural changes | personality changes
aggression | aggressive behavior | aggressiveness
apathy | apathetic
catatonia | mutism
developmental delay | psychomotor retardation | delayed milestones | psychomotor delay | motor delay | global developmental delay
intellectual disability | mental retardation | learning disability
speech delay | delayed speech
developmental regression
speech disturbance | slurred speech | dysarthria | speech difficulty | speech impairment | difficulty speaking | dysarthric
aphasia | dysphasia | aphasic
hemiparesis | hemiparetic | right hemiparesis | left hemiparesis | one sided weakness | unilateral weakness
hemiplegia
paraparesis | weakness of the legs | leg weakness | lower limb weakness | lower extremity weakness | weakness of the lower limbs | weakness in the legs
paraplegia | paraplegic
tetraparesis | quadriparesis
quadriplegia | tetraplegia
paralysis | paralyzed | flaccid paralysis | paresis | palsy
facial palsy | facial paralysis | facial weakness | facial nerve palsy | bell palsy | facial asymmetry | facial droop
vocal cord paralysis | vocal cord palsy
cranial nerve palsy | abducens palsy | oculomotor palsy | sixth nerve palsy | third nerve palsy | oculomotor nerve palsy
foot drop
wrist drop
bulbar palsy | bulbar symptoms
ataxia | ataxic gait | incoordination | gait ataxia | cerebellar ataxia | truncal ataxia
gait disturbance | gait instability | difficulty walking | difficulty in walking | unsteady gait | inability to walk | gait difficulty | walking difficulty | gait abnormality | abnormal gait | unable to walk | could not walk | cannot walk | unable to stand | inability to stand | unable to bear weight | inability to bear weight | gait impairment
limp | limping
falls | recurrent falls | falling
tremor | tremors | resting tremor | intention tremor | tremulousness
rigidity | cogwheel rigidity | muscle rigidity
bradykinesia
dystonia | dystonic
chorea | choreiform movements | involuntary movements | dyskinesia | choreoathetosis
myoclonus | myoclonic jerks
fasciculation | fasciculations | muscle twitching
muscle cramps | cramps | muscle spasm | muscle spasms | cramping
spasticity | spastic
hypotonia | hypotonic | floppy | low muscle tone
hypertonia
hyperreflexia | brisk reflexes | increased deep tendon reflexes | brisk deep tendon reflexes | exaggerated reflexes
hyporeflexia | areflexia | absent reflexes | absent deep tendon reflexes | diminished reflexes | decreased deep tendon reflexes
babinski sign | extensor plantar response | positive babinski | extensor plantar | upgoing plantar
clonus
muscle atrophy | muscle wasting | amyotrophy | muscular atrophy
numbness | hypoesthesia | hypesthesia | sensory loss | hypoaesthesia | numb | loss of sensation | sensory deficit | sensory disturbance | decreased sensation | sensory impairment
paresthesia | paresthesias | tingling | paraesthesia | pins and needles | tingling sensation | burning sensation
hyperesthesia | allodynia
neuralgia | neuropathic pain
radicular pain | radiculopathy | radiating pain | sciatica
neck stiffness | nuchal rigidity | stiff neck | meningism | meningeal signs | meningismus | meningeal irritation
kernig sign | kernigs sign
brudzinski sign | brudzinskis sign
photophobia | light sensitivity
phonophobia
papilledema | papilloedema | optic disc swelling | optic disc edema | disc edema
nystagmus
diplopia | double vision
ptosis | drooping eyelid | blepharoptosis | drooping of the eyelid
ophthalmoplegia | gaze palsy | restricted eye movements | external ophthalmoplegia | limitation of eye movements
strabismus | esotropia | exotropia | squint
miosis | miotic pupils
mydriasis | dilated pupils | dilated pupil
anisocoria
horner syndrome
blurred vision | blurring of vision | blurry vision
visual loss | vision loss | loss of vision | decreased vision | visual impairment | visual disturbance | decreased visual acuity | reduced vision | visual disturbances | diminution of vision | reduced visual acuity | impaired vision | visual deterioration
blindness | blind | amaurosis | bilateral blindness
visual field defect | hemianopia | scotoma | visual field loss | hemianopsia
floaters
photopsia | flashes of light | flashes
eye pain | ocular pain | painful eye
red eye | conjunctival injection | conjunctival hyperemia | eye redness | redness of the eye | ocular redness | conjunctival redness | ciliary injection
conjunctivitis
lacrimation | tearing | epiphora | watering of the eyes
dry eyes | xerophthalmia | dry eye
proptosis | exophthalmos | bulging eye | exophthalmus
leukocoria | white pupillary reflex
retinal hemorrhage | retinal hemorrhages
vitreous hemorrhage
retinal detachment
subretinal fluid
macular edema
corneal opacity | corneal ulcer | corneal edema
hypopyon
cataract
dry mouth | xerostomia
oral ulcer | mouth ulcer | oral ulcers | mouth ulcers | aphthous ulcer | oral ulceration | oral aphthae
stomatitis | mucositis | glossitis
gingival swelling | gingival enlargement | gingival hyperplasia | gum swelling
toothache | tooth pain | dental pain
tooth mobility | loose teeth
trismus | limited mouth opening | restricted mouth opening
macroglossia
halitosis
dysgeusia | loss of taste | altered taste | ageusia
anosmia | loss of smell | hyposmia
drooling | hypersalivation | sialorrhea
neck mass | neck swelling | neck lump | cervical mass
goiter | goitre | thyroid enlargement | enlarged thyroid | thyroid swelling
thyroid nodule
heat intolerance
cold intolerance
hot flushes | hot flashes
flushing | facial flushing
rash | skin rash | exanthem | skin eruption | cutaneous eruption | eruption | exanthema | cutaneous rash
maculopapular rash | macular rash | papular rash | morbilliform rash | morbilliform eruption
erythema | erythematous | redness | reddening | erythematous rash
malar rash | butterfly rash
urticaria | hives | wheals
pruritus | itching | itch | itchy | pruritic
papule | papules | papular lesions
nodule | nodules | nodular lesion
macule | macules
plaque | plaques | erythematous plaques
vesicle | vesicles | vesicular lesions
blister | blisters | bullae | bulla | bullous lesions
pustule | pustules | pustular
skin ulcer | skin ulcers | cutaneous ulcer
ulcer | ulceration | ulcers | ulcerated | ulcerative lesion
erosion | erosions
skin lesion | skin lesions | cutaneous lesion | cutaneous lesions
skin necrosis | cutaneous necrosis
necrosis | necrotic
gangrene | gangrenous
eschar
scaling | desquamation | peeling | scaly | exfoliation
hyperpigmentation | pigmentation | skin darkening | hyperpigmented | skin discoloration | discoloration
hypopigmentation | depigmentation | hypopigmented | vitiligo
cafe au lait spots | café au lait spots
alopecia | hair loss
nail changes | nail dystrophy | splinter hemorrhages
dry skin | xerosis
skin thickening | indurated skin | induration | indurated
livedo reticularis
telangiectasia | telangiectasias | telangiectases
subcutaneous nodule | subcutaneous nodules | subcutaneous mass
subcutaneous emphysema | crepitus
abscess | abscesses
cellulitis
wound | wounds | open wound
purulent discharge | pus | pus discharge | purulent secretion
fistula | sinus tract | fistulous
pain | painful | ache | aching | discomfort | soreness
back pain | backache | low back pain | lower back pain | lumbago | lumbalgia
neck pain | cervicalgia
shoulder pain
arm pain
elbow pain
wrist pain
hand pain
hip pain | coxalgia
knee pain | gonalgia
leg pain | lower limb pain | lower extremity pain
groin pain | inguinal pain
foot pain | heel pain
ankle pain
calf pain | calf tenderness
jaw pain
facial pain
bone pain | skeletal pain
joint pain | arthralgia | arthralgias | polyarthralgia | painful joints
joint swelling | swollen joints | joint effusion | swollen joint
arthritis | synovitis | polyarthritis | monoarthritis
joint stiffness | morning stiffness | stiffness | stiff
joint contracture | contracture | contractures
limited range of motion | restricted range of motion | limitation of movement | restricted movement | limited motion | restricted movements | decreased range of motion
myalgia | myalgias | muscle pain | muscle aches | muscle soreness | muscle tenderness | body aches
tenderness | tender
swelling | swellings | tumefaction | enlargement
mass | lump | palpable lump | masses
tumor | tumour | neoplasm | tumors
lesion | lesions
cyst | cystic lesion | cysts
polyp | polyps | polypoid lesion
deformity | deformities | deformation
scoliosis
kyphosis
kyphoscoliosis
lordosis
pectus excavatum
pectus carinatum
fracture | fractures | fractured
pathologic fracture | pathological fracture
dislocation | subluxation
joint hypermobility | hypermobility | ligamentous laxity
arachnodactyly
polydactyly
syndactyly
microcephaly
macrocephaly
dysmorphic features | facial dysmorphism | dysmorphic facies | dysmorphism | coarse facies | coarse facial features
hypertelorism
low set ears
micrognathia | retrognathia
cleft palate
cleft lip
high arched palate
cushingoid appearance | moon face | moon facies | cushingoid
buffalo hump
striae | abdominal striae
acanthosis nigricans
acromegalic features | enlarged hands and feet
lipodystrophy | lipoatrophy
laceration | lacerations
trauma | injury | head injury | traumatic injury | injuries | head trauma | blunt trauma
burn | burns
snake bite | snakebite
insect bite | tick bite
intoxication | overdose | poisoning
foreign body | foreign body sensation | foreign body ingestion
anaphylaxis | anaphylactic reaction | anaphylactic shock | allergic reaction
sepsis | septic | septicemia | septicaemia | bacteremia | bacteraemia
multiple organ failure | multiorgan failure | multi organ failure | multiple organ dysfunction | multiorgan dysfunction
renal failure | acute renal failure | acute kidney injury | AKI | kidney failure | renal insufficiency | kidney injury | renal impairment | renal dysfunction
liver failure | hepatic failure | acute liver failure | fulminant hepatic failure
liver dysfunction | hepatic dysfunction | abnormal liver function | deranged liver function
hepatic encephalopathy
encephalopathy | encephalopathic
increased intracranial pressure | raised intracranial pressure | intracranial hypertension | elevated intracranial pressure
hydrocephalus
ventriculomegaly
cerebral edema | brain edema
anemia | anaemia | anemic | anaemic
thrombocytopenia | low platelet count | thrombocytopenic
pancytopenia | pancytopenic
leukopenia | leucopenia
neutropenia | agranulocytosis | neutropenic
lymphopenia | lymphocytopenia
leukocytosis | leucocytosis
neutrophilia
eosinophilia | hypereosinophilia
lymphocytosis
thrombocytosis
hemolysis | haemolysis | hemolytic
coagulopathy | coagulation disorder | bleeding tendency | bleeding diathesis
disseminated intravascular coagulation | DIC
hyponatremia | hyponatraemia
hypernatremia | hypernatraemia
hypokalemia | hypokalaemia
hyperkalemia | hyperkalaemia
hypocalcemia | hypocalcaemia
hypercalcemia | hypercalcaemia
hypomagnesemia | hypomagnesaemia
hypophosphatemia | hypophosphataemia
hyperphosphatemia
hypoglycemia | hypoglycaemia | low blood sugar | hypoglycemic
hyperglycemia | hyperglycaemia | high blood sugar
hyperbilirubinemia
hyperlipidemia
hypertriglyceridemia
hypoalbuminemia | hypoalbuminaemia | hypoproteinemia
hyperuricemia
hyperammonemia
metabolic acidosis | acidosis | lactic acidosis | high anion gap metabolic acidosis
metabolic alkalosis | alkalosis
respiratory acidosis
ketoacidosis | ketosis | diabetic ketoacidosis | ketonuria
rhabdomyolysis | myoglobinuria
infection | infections | superinfection
relapse | recurrence
ischemia | ischemic | ischaemia
normotensive
thrush | oral thrush | oral candidiasis
cotton wool spots | cotton wool exudates | cotton wool exudate
retinal whitening
gliosis
cirrhotic liver | cirrhotic
lymphopenic
hyperlactemia | elevated lactate
fluid accumulation | fluid overload | volume overload
scarring | scar | scars
remission | complete remission
low cardiac output | low output failure | biventricular failure | right heart failure | left heart failure | right ventricular failure | decompensation
hypochromia
microcytosis
anisocytosis
macrocytosis
poikilocytosis | teardrop cells
behavioral problems | behavioural problems
metastasis | metastases | metastatic | metastatic lesion | metastatic lesions | metastatic disease | distant metastasis
asymptomatic | symptom free | symptomless
prematurity | preterm birth | premature birth | born prematurely
fetal distress | foetal distress
intrauterine growth restriction | IUGR | small for gestational age | intrauterine growth retardation
polyhydramnios
oligohydramnios
decreased fetal movements | reduced fetal movements
birth asphyxia | perinatal asphyxia | low apgar score
excessive crying | inconsolable crying
poor sucking | poor suck
`);

/** Words that say something only when denied: `no complications`, `without neurological deficits`. */
export const DENIABLE = parseLines(`
abnormality | abnormalities | no abnormality | no abnormalities | no significant abnormality | no significant abnormalities | no obvious abnormality | no obvious abnormalities | without abnormalities | without abnormality | without any abnormality | without any abnormalities | no abnormal findings | no significant findings | no pathological findings | abnormal findings | abnormal finding | other abnormality | anomaly | anomalies
complication | complications | postoperative complications | problems | problem
adverse event | adverse events | unanticipated event | unanticipated events | untoward event | untoward events | side effect | side effects | adverse effects | adverse reactions | adverse drug reactions
symptom | symptoms | complaint | complaints | clinical symptoms | clinical signs
neurological deficit | neurological deficits | neurologic deficit | focal neurological deficit | focal neurological signs | focal deficit | neurological impairment | neurological symptoms | sensory deficits | motor deficit | focal neurologic deficits | deficit | deficits
involvement | invasion | invade | invaded | adhesion | adhesions | infiltration | extension | spread
malignant cells | malignant transformation | atypia | cellular atypia | mitotic activity | mitoses
organ dysfunction | end organ dysfunction | dysfunction
residual disease | residual tumor | progression | disease progression | local recurrence
disease | systemic disease | chronic disease | infectious disease | diseases | renal disease | liver disease | hepatic disease | heart disease | pathology | pathologies
comorbidity | comorbidities | medical problems | medical conditions
leak | leaks | paravalvular leak | extravasation | malfunction
pathogenic variant | pathogenic variants | mutation | mutations | deletion | deletions
trauma history | surgical intervention | rejection
response | improvement
organisms | bacterial growth | fungal elements | schistocytes
hiv | human immunodeficiency virus | HIV infection
herpes simplex virus | herpesvirus | HSV | herpes virus
enterovirus | enteroviruses
cytomegalovirus | CMV
epstein-barr virus | EBV
varicella zoster virus | VZV
influenza virus | influenza viruses
sars-cov-2 | coronavirus
adenovirus
parvovirus | parvovirus B19
aspergillus
candida
cryptococcus
pneumocystis | pneumocystis jirovecii
mycobacteria | acid fast bacilli | acid fast bacillus | mycobacterium tuberculosis | AFB
legionella
mycoplasma | mycoplasma pneumoniae
brucella
toxoplasma
borrelia
leptospira
rickettsia
bartonella
helicobacter pylori | H pylori
clostridium difficile | C difficile
parasites | ova | parasite
bacteria | fungi | fungus | virus | viruses
`);

/** Complaints that take the part of the body beside them into their name: `flank` + `pain`. */
export const SITED_TERMS: ReadonlySet<string> = new Set([
  'pain',
  'tenderness',
  'swelling',
  'edema',
  'mass',
  'tumor',
  'lesion',
  'distension',
  'nodule',
  'cyst',
  'ulcer',
  'skin ulcer',
  'weakness',
  'numbness',
  'paresthesia',
  'bleeding',
  'erythema',
  'rash',
  'abscess',
  'fracture',
  'hematoma',
  'deformity',
  'injury',
  'trauma',
  'joint stiffness',
  'wound',
  'polyp',
  'plaque',
  'papule',
  'paralysis',
  'muscle atrophy',
  'necrosis',
  'skin necrosis',
  'gangrene',
  'pruritus',
  'laceration',
  'dislocation',
  'metastasis',
  'fistula',
  'enlargement',
]);

/** Parts of the body, with the adjectives that stand for them. */
export const SITES = parseLines(`
abdominal | abdomen | belly
chest | thoracic | thorax
head | scalp
face | facial
eye | ocular | eyes | orbital | orbit
ear | ears
nose | nasal
mouth | oral | lip | lips
tongue | lingual
throat | pharyngeal
jaw | mandibular | mandible | maxillary | maxilla
gingival | gum | gums | gingiva
palate | palatal
neck | cervical
thyroid
shoulder | shoulders
arm | upper limb | upper extremity | upper limbs | upper extremities | arms
axillary | axilla
elbow | elbows
forearm | forearms
wrist | wrists
hand | hands | palm | palms
finger | fingers | thumb | digit
breast | breasts | mammary
back | lumbar | lower back
spinal | spine | vertebral | vertebra
flank | loin
epigastric | epigastrium
groin | inguinal
pelvic | pelvis
perineal | perineum | perianal
hip | hips
buttock | gluteal | buttocks
thigh | femoral | thighs
leg | lower limb | lower extremity | lower limbs | lower extremities | legs
knee | knees
calf | calves
ankle | ankles
foot | feet | plantar | sole | soles
toe | toes
skin | cutaneous
subcutaneous
joint | joints
bone | osseous | skeletal
muscle | muscular
brain | cerebral | intracranial | cerebellar
lung | pulmonary | lungs
cardiac | heart | atrial | ventricular
mediastinal | mediastinum
liver | hepatic
spleen | splenic
pancreatic | pancreas
kidney | renal | kidneys
adrenal
bladder | vesical
ovarian | ovary
uterine | uterus
vaginal | vagina
vulvar | vulva | labial
penile | penis
scrotal | scrotum
testicular | testis | testes
prostatic | prostate
rectal | rectum
anal | anus
colonic | colon
gastric | stomach
esophageal | oesophageal | esophagus
duodenal | duodenum
intestinal | bowel
umbilical | umbilicus
parotid
eyelid | palpebral | eyelids
corneal | cornea
retinal | retina
conjunctival | conjunctiva
rib | ribs | costal
sternal | sternum
tibial | tibia
humeral | humerus
retroperitoneal
peritoneal
pleural
soft tissue
lymph node | lymph nodes | nodal
`);
