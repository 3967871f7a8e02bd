import { parseLines } from './phrases.ts';

/** Signs of the examination and rarer complaints, by system, beside `SYMPTOMS`. Canonical name first. */
export const SIGNS = parseLines(`
claw hand
tetany | carpopedal spasm | tetanic spasm
chvostek sign
trousseau sign
hemiballismus | hemiballism | ballism
apraxia
agnosia
hemineglect | hemispatial neglect | visual neglect
dysmetria | dysdiadochokinesia | finger nose dysmetria
romberg sign | rombergs sign | positive romberg
monoparesis | monoplegia
hemifacial spasm
opisthotonus | opisthotonos
decerebrate posturing | decorticate posturing | abnormal posturing
hypomimia | masked facies | mask like face
saddle anesthesia | saddle anaesthesia
loss of balance | balance disturbance | imbalance | poor balance | postural instability
clumsiness | clumsy
drop attack | drop attacks
staring spell | staring spells | absence spells
tongue biting | bitten tongue
postictal state | postictal | post ictal
limb jerking | jerking movements | jerking | jerky movements
eye deviation | gaze deviation | forced gaze deviation
myoclonic movements | myocloni
tonic posturing
tics | tic disorder | motor tics | vocal tics
stereotypies | stereotyped movements
electric shock sensation | lhermitte sign | lhermittes sign
dysesthesia | dysaesthesia
bradyphrenia | psychomotor slowing | psychomotor retardation
inattention | poor attention | attention deficit | difficulty concentrating | poor concentration | lack of concentration
disorganized speech | disorganised speech | incoherent speech | pressured speech | flight of ideas
flat affect | blunted affect
grandiosity | grandiose delusions
euphoria | elated mood | elevated mood
mania | manic episode | manic symptoms
anhedonia
self harm | self injury | self mutilation
disinhibition | disinhibited behaviour | disinhibited behavior
perseveration
social withdrawal | withdrawn | socially withdrawn
poor eye contact
hyperactivity | hyperactive
learning difficulty | learning difficulties | learning disability
regression of milestones | developmental regression | loss of milestones
hypersomnia | excessive sleep
cataplexy
nightmares | night terrors | sleepwalking
normal consciousness | alert and oriented | fully conscious | conscious and oriented | fully oriented | oriented to time | oriented to person | oriented
nasal speech | hypernasal speech | nasal voice
globus sensation | globus | lump in the throat
choking | choking sensation | gagging
aspiration | aspirations
belching | eructation
nasal crusting | crusting of the nose
post nasal drip | postnasal drip
saddle nose | saddle nose deformity
air hunger
dullness to percussion | dull on percussion | dull percussion note | stony dullness
accessory muscle use | use of accessory muscles | accessory respiratory muscles
nasal flaring | flaring of the nostrils
chest retractions | retractions | intercostal retractions | subcostal retractions | suprasternal retractions | chest indrawing
grunting
barrel chest
pleural rub | pleural friction rub
hyperventilation
cheyne stokes respiration | cheyne stokes breathing
hypercapnia | hypercarbia | carbon dioxide retention
hypocapnia | hypocarbia
bruit | carotid bruit | abdominal bruit | vascular bruit
thrill | palpable thrill | systolic thrill
pericardial knock
unequal pulses | pulse deficit | radio radial delay | radio femoral delay
delayed capillary refill | prolonged capillary refill | capillary refill delayed
mottled skin | skin mottling | mottling
exercise intolerance | poor exercise tolerance | reduced exercise tolerance | decreased exercise tolerance | impaired exercise tolerance
plethora | facial plethora | plethoric
hypervolemia | hypervolaemia
hypovolemia | hypovolaemia
electrolyte imbalance | electrolyte disturbance | electrolyte disturbances | electrolyte derangement | electrolyte derangements | electrolyte abnormalities | dyselectrolytemia
hepatotoxicity | liver toxicity
sunken eyes
poor skin turgor | decreased skin turgor | reduced skin turgor | loss of skin turgor
high pitched cry | weak cry | poor cry
meconium staining | meconium stained liquor | meconium stained amniotic fluid | meconium aspiration
feeding intolerance
low birth weight | very low birth weight | extremely low birth weight
macrosomia | large for gestational age
fetal loss | miscarriage | miscarriages | spontaneous abortion | pregnancy loss | recurrent abortions
stillbirth | intrauterine fetal death | intrauterine fetal demise
vaginal dryness
uterine prolapse
hypogonadism
micropenis | small penis
cryptorchidism | undescended testis | undescended testes
hypospadias
hematospermia | haematospermia
urethral discharge
nipple retraction | nipple inversion
chyluria | milky urine
frothy urine
urinary dribbling | weak stream | poor stream | weak urinary stream | straining to void
incontinence | double incontinence
fecal impaction | faecal impaction
ileus | paralytic ileus
mucus in stool | mucoid stool | mucous stool
currant jelly stool
rectal prolapse
hypoactive bowel sounds | absent bowel sounds | reduced bowel sounds | decreased bowel sounds | sluggish bowel sounds
hyperactive bowel sounds | increased bowel sounds | high pitched bowel sounds
visible peristalsis
succussion splash
cullen sign
grey turner sign
rovsing sign
psoas sign
obturator sign
perianal fissure | anal fissure
limb shortening | leg length discrepancy | leg shortening | shortened limb
genu valgum
genu varum | bowed legs | bowing of the legs
flat feet | pes planus
pes cavus | high arched feet
torticollis
stooped posture
waddling gait
antalgic gait
joint locking
joint warmth | warm joint | warm joints
dactylitis | sausage digit
enthesitis
nail pitting
onycholysis
koilonychia
leukonychia
paronychia
warmth | local warmth | increased warmth
fluctuance | fluctuant
photosensitivity | photosensitive rash | sun sensitivity
skin tightening | skin tightness | tight skin
sclerodactyly
xanthelasma
xanthoma | xanthomas | xanthomata
lichenification | lichenified
excoriation | excoriations | scratch marks
hyperemia | hyperaemia | hyperemic
crusting | crusts | crusted | crusted lesions
oozing | weeping lesions
skin tag | skin tags
wart | warts | verrucous lesion | verrucous lesions
comedones | acneiform eruption | acneiform rash
hyperkeratosis | hyperkeratotic
palmoplantar keratoderma | keratoderma
skin fissure | fissures | fissuring
maceration | macerated
keloid | keloids | hypertrophic scar
seroma
skin sloughing | skin detachment | epidermal detachment
nikolsky sign | nikolskys sign
pathergy
koebner phenomenon
shawl sign
mechanic hands | mechanics hands
osler nodes | oslers nodes
roth spots
strawberry tongue
cheilitis | angular cheilitis | cracked lips | chapped lips
tooth loss | loss of teeth | missing teeth
tongue deviation | deviation of the tongue
uvula deviation | deviation of the uvula
aural fullness | ear fullness
eye discharge | ocular discharge | purulent eye discharge
chemosis | conjunctival chemosis
hyphema | hyphaema
keratic precipitates
vitritis | vitreous cells | vitreous haze
enophthalmos
lagophthalmos | incomplete eye closure
entropion
ectropion
metamorphopsia
halos | halos around lights | glare
cherry red spot
microphthalmia | microphthalmos
coloboma
aniridia
anhidrosis | hypohidrosis | decreased sweating
bulging fontanelle | bulging fontanel | tense fontanelle
night pain | nocturnal pain | pain at night
`);
