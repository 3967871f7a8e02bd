import { parseLines } from './phrases.ts';

export const MODALITIES = parseLines(`
echocardiography | echocardiogram | transthoracic echocardiography | transthoracic echocardiogram | TTE | echo | cardiac ultrasound | echocardiographic | doppler echocardiography | 2D echo | two-dimensional echocardiography | cardiac echo | color doppler echocardiography | bedside echocardiography | echocardiographic examination | contrast echocardiography | fetal echocardiography
transesophageal echocardiography | transesophageal echocardiogram | TEE | transoesophageal echocardiography | TOE
chest x-ray | chest radiograph | chest radiography | CXR | chest roentgenogram | chest X-rays | chest film | chest roentgenography | x-ray of the chest | chest X ray | plain chest radiograph | radiograph of the chest | X-rays of the chest
x-ray | radiograph | radiography | plain film | plain radiograph | radiographs | X-rays | roentgenogram | roentgenography | plain radiography | panoramic radiograph | orthopantomogram | OPG | periapical radiograph | radiographic examination | radiographic imaging | radiological examination | skeletal survey | plain films | radiographic | radiographically | radiologically | abdominal x-ray | pelvic x-ray | abdominal radiograph
computed tomography | CT | CT scan | computed tomographic | computerized tomography | computerised tomography | CT scanning | CT scans | CAT scan | contrast enhanced CT | contrast-enhanced computed tomography | computed tomography scan | CECT | NCCT | high resolution computed tomography | HRCT | CBCT | cone beam computed tomography | multidetector CT | MDCT | tomodensitometry | tomography | CT imaging | computed tomographic scan | CT findings | CT images | computer tomography
brain ct | head CT | cranial CT | CT of the head | CT brain | CT of the brain | CT head | cerebral CT | brain computed tomography | computed tomography of the brain | cranial computed tomography | brain CT scan | head computed tomography
chest ct | CT of the chest | thoracic CT | CT chest | chest computed tomography | computed tomography of the chest | CT thorax | thoracic computed tomography | chest CT scan | chest computed tomography scan
abdominal ct | CT of the abdomen | CT abdomen | abdominal computed tomography | abdominopelvic CT | abdominopelvic computed tomography | computed tomography of the abdomen | abdominal CT scan | abdominal computed tomography scan | CT of the abdomen and pelvis | abdomen CT
ct angiography | CTA | computed tomography angiography | computed tomographic angiography | CT angiogram | coronary CT angiography | CCTA | CT pulmonary angiography | CTPA | CT angio | angio-CT | CT coronary angiography
magnetic resonance imaging | MRI | MR imaging | magnetic resonance | MRI scan | MR | nuclear magnetic resonance | MRI scans | NMR | diffusion weighted imaging | DWI | magnetic resonance images | MRI examination
cardiac mri | cardiac magnetic resonance | CMR | cardiac magnetic resonance imaging | cardiovascular magnetic resonance | cardiac MR | CMRI
brain mri | MRI of the brain | MRI brain | cranial MRI | brain magnetic resonance imaging | magnetic resonance imaging of the brain | cerebral MRI | head MRI | MRI of the head | cranial magnetic resonance imaging
spinal mri | MRI of the spine | spine MRI | lumbar MRI | MRI spine | spinal magnetic resonance imaging
mr angiography | MRA | magnetic resonance angiography | MR venography | magnetic resonance venography | MRV
mrcp | magnetic resonance cholangiopancreatography
coronary angiography | coronary angiogram | cardiac catheterization | cardiac catheterisation | left heart catheterization | right heart catheterization | coronary arteriography | invasive coronary angiography | heart catheterization | CAG
angiography | angiogram | arteriography | digital subtraction angiography | DSA | cerebral angiography | aortography | arteriogram | angiographic | pulmonary angiography | aortogram | venography | phlebography | angiograms
ventriculography | left ventriculography | ventriculogram
fluorescein angiography | FFA | fundus fluorescein angiography | indocyanine green angiography
ultrasound | ultrasonography | USG | sonography | ultrasonographic | ultrasound scan | abdominal ultrasound | abdominal ultrasonography | sonogram | ultrasound examination | pelvic ultrasound | transvaginal ultrasound | transvaginal ultrasonography | doppler ultrasound | duplex ultrasound | color doppler | doppler | ultrasonogram | renal ultrasound | B-scan ultrasonography | ultrasound biomicroscopy | doppler sonography | doppler ultrasonography | endosonography | sonographic | abdominal sonography | cervical ultrasonography | pelvic ultrasonography | prenatal ultrasound
endoscopic ultrasound | EUS | endoscopic ultrasonography | intravascular ultrasound | IVUS | endobronchial ultrasound | EBUS
pet-ct | PET CT | PET | positron emission tomography | FDG-PET | PET scan | 18F-FDG PET/CT | FDG PET | PET/CT scan
scintigraphy | bone scan | bone scintigraphy | myocardial perfusion imaging | SPECT | thyroid scan | radionuclide scan | thallium scan | perfusion scan | ventilation perfusion scan | V/Q scan | lung scan | myocardial scintigraphy | technetium scan | gallium scan | octreotide scan | MIBG scintigraphy | single photon emission computed tomography | renal scintigraphy
optical coherence tomography | OCT | SD-OCT
fundoscopy | funduscopy | fundus examination | ophthalmoscopy | fundus photography | slit lamp examination | slit-lamp biomicroscopy
barium study | barium swallow | barium enema | upper gastrointestinal series | contrast study | esophagogram | barium meal
cystoscopy | cystourethrography | voiding cystourethrogram | retrograde pyelography | intravenous urography | IVU | intravenous pyelogram | hysterosalpingography
myelography | cystography | cholangiography | ERCP | endoscopic retrograde cholangiopancreatography
mammography | mammogram | breast ultrasound | tomosynthesis
gastrointestinal endoscopy | endoscopy | gastroscopy | esophagogastroduodenoscopy | EGD | upper endoscopy | upper gastrointestinal endoscopy | gastroduodenoscopy | OGD | capsule endoscopy | enteroscopy | upper GI endoscopy | panendoscopy | endoscopic examination
colonoscopy | sigmoidoscopy | rectoscopy | proctoscopy | ileocolonoscopy
bronchoscopy | fiberoptic bronchoscopy | flexible bronchoscopy | fibreoptic bronchoscopy | bronchoscopic examination
laryngoscopy | nasal endoscopy | nasopharyngoscopy | nasoendoscopy | direct laryngoscopy | fiberoptic laryngoscopy
imaging | imaging studies | neuroimaging | imaging examination | imaging study | radiological imaging | scan | scans | imaging examinations | radiologic examination | radiologic examinations | cross-sectional imaging | radiological investigations | imaging findings
`);

/** Findings that are seen on images and seldom otherwise. */
export const IMAGING_FINDINGS = parseLines(`
cardiomegaly | enlarged heart | enlarged cardiac silhouette | enlarged heart shadow | increased cardiothoracic ratio | cardiac enlargement | enlarged cardiac shadow
pericardial effusion | pericardial fluid
pleural effusion | pleural effusions | hydrothorax | pleural fluid
pneumothorax | tension pneumothorax
pneumomediastinum
pneumoperitoneum | free air
hemothorax | haemothorax
hemoperitoneum | haemoperitoneum
atelectasis | atelectases | lung collapse
consolidation | lung consolidation | consolidations | air space consolidation
infiltrate | infiltrates | pulmonary infiltrates | infiltration | infiltrations | lung infiltrates | pulmonary infiltrate
ground glass opacity | ground glass opacities | ground glass | ground-glass opacification
opacity | opacities | opacification | lung opacities | radiopacity | opacifications
radiolucency | radiolucent lesion | osteolytic lesion | lytic lesion | lytic lesions | osteolysis | bone destruction | osteolytic lesions | bone erosion
osteosclerosis | sclerotic lesion | osteosclerotic lesion | sclerosis
pulmonary nodule | pulmonary nodules | lung nodule | lung nodules | solitary pulmonary nodule
pulmonary congestion | vascular congestion | pulmonary vascular congestion
cavity | cavitation | cavitary lesion | cavities
bronchiectasis
pulmonary fibrosis | lung fibrosis | pulmonary interstitial fibrosis | interstitial thickening | interstitial fibrosis | honeycombing
fibrosis | fibrotic change | fibrotic changes
liver fibrosis | hepatic fibrosis
myocardial fibrosis
emphysematous change | bullous emphysema
hilar lymphadenopathy | mediastinal lymphadenopathy | hilar adenopathy
mediastinal widening | widened mediastinum
calcification | calcifications | calcified | microcalcifications
stenosis | narrowing | stenoses | stenotic
stricture | strictures
urethral stricture
ureteral stricture | ureteric stricture | ureteral stenosis
esophageal stricture | esophageal stenosis | oesophageal stricture
biliary stricture | bile duct stricture | bile duct stenosis | biliary stenosis
tracheal stenosis | tracheal narrowing | subglottic stenosis
renal artery stenosis | stenosis of the renal artery | renal arterial stenosis
carotid stenosis | carotid artery stenosis | stenosis of the carotid artery | internal carotid artery stenosis
spinal stenosis | spinal canal stenosis | lumbar spinal stenosis | lumbar stenosis | lumbar canal stenosis
pulmonary artery stenosis | stenosis of the pulmonary artery
occlusion | occluded | obstruction | obstructed
filling defect | filling defects
thrombus | thrombi | thrombosis | intracardiac thrombus | left ventricular thrombus | clot | intraluminal thrombus
aneurysm | aneurysmal dilatation | aneurysms | aneurysmal
pseudoaneurysm | false aneurysm
dissection | intimal flap
dilatation | dilation | dilated | ectasia | enlarged | distended
hypertrophy | hypertrophied | concentric hypertrophy | septal hypertrophy
wall thickening | thickening | thickened | wall thickness | thickened wall
pleural thickening | thickened pleura
left ventricular hypertrophy | LVH | concentric left ventricular hypertrophy | hypertrophy of the left ventricle | asymmetric septal hypertrophy
left ventricular dilatation | dilated left ventricle | left ventricular enlargement | left ventricular dilation | LV dilatation
left atrial enlargement | dilated left atrium | left atrial dilatation
right ventricular dilatation | dilated right ventricle | right ventricular enlargement | right ventricular dilation | RV dilatation
right ventricular dysfunction | RV dysfunction | right ventricular hypokinesis
left ventricular dysfunction | left ventricular systolic dysfunction | systolic dysfunction | LV dysfunction | reduced left ventricular function | reduced ejection fraction | diastolic dysfunction | impaired left ventricular function | reduced left ventricular ejection fraction | severe left ventricular dysfunction
wall motion abnormality | regional wall motion abnormality | hypokinesis | hypokinetic | akinetic | dyskinetic | asynergy | akinesis | dyskinesis | hypokinesia | akinesia | wall motion abnormalities | apical ballooning | global hypokinesis | global hypokinesia | regional wall motion abnormalities
mitral regurgitation | mitral insufficiency | mitral incompetence
mitral stenosis
aortic regurgitation | aortic insufficiency
aortic stenosis
tricuspid regurgitation | tricuspid insufficiency
pulmonary regurgitation
mitral valve prolapse
vegetation | vegetations
ventricular septal defect | VSD
atrial septal defect | ASD
patent foramen ovale | PFO
patent ductus arteriosus | PDA
right to left shunt
left to right shunt
shunting
cardiac tamponade | right atrial collapse | diastolic collapse | tamponade
late gadolinium enhancement | LGE | delayed enhancement | delayed gadolinium enhancement | late enhancement
contrast enhancement | enhancement | ring enhancement | enhancing lesion | ring enhancing lesion | enhancing | rim enhancement
myocardial edema
noncompaction | trabeculation | trabeculations | hypertrabeculation
midline shift
mass effect
intracranial hemorrhage | intracerebral hemorrhage | subarachnoid hemorrhage | subdural hematoma | intraventricular hemorrhage | cerebral hemorrhage | epidural hematoma | intracerebral haemorrhage | subarachnoid haemorrhage
infarct | infarction | cerebral infarction | ischemic lesion | acute infarct | infarcts | restricted diffusion | diffusion restriction
white matter lesion | hyperintensity | hyperintense | high signal | high signal intensity | signal abnormality | T2 hyperintensity | hyperintensities | hyperintense lesions | hyperintense signal
hypointensity | hypointense | low signal intensity
hypodensity | hypodense | hypodense lesion | low density | hypoattenuating | low attenuation
hyperdensity | hyperdense
hypoechoic lesion | hypoechoic | hyperechoic | anechoic | echogenic | heterogeneous mass
cerebral atrophy | brain atrophy | cerebellar atrophy | cortical atrophy | cerebral cortical atrophy | hippocampal atrophy
atrophy
demyelination
hydronephrosis | pelvicalyceal dilatation | hydroureter | hydroureteronephrosis
gallstone | gallstones | cholelithiasis
kidney stone | nephrolithiasis | renal calculi | renal stone | renal calculus
stone | stones | calculus | calculi
biliary dilatation | bile duct dilatation | dilated bile ducts | dilated common bile duct
bowel obstruction | air fluid levels | dilated bowel loops | small bowel obstruction | intestinal obstruction
bowel wall thickening | thickened bowel wall | bowel thickening | intestinal wall thickening | colonic wall thickening
gallbladder wall thickening | thickened gallbladder wall | thickened gallbladder
fluid collection | free fluid | fluid collections | collections | intraperitoneal fluid | free intraperitoneal fluid
intussusception
volvulus
perforation | bowel perforation | rupture | ruptured
varices | esophageal varices
displacement | displaced | dislocated
compression | cord compression | spinal cord compression
disc herniation | herniated disc
syrinx | syringomyelia
osteophytes
joint space narrowing
osteoporosis | osteopenia
hypermetabolic | increased uptake | FDG uptake | hypermetabolic lesion | high uptake | tracer uptake | avid uptake
high density shadow | shadow | nodular shadow | density | high density area | high-density areas
disc protrusion | disc bulge | disc protrusions
air bronchogram | air bronchograms | bronchograms
volume loss
hypoplasia | hypoplastic | agenesis | aplasia
`);

/**
 * Measurements on images: term, words, the unit of comparison (taken where the text gives none), the plausible range, and the
 * normal range of adults. Where the plausible range is empty (1 to 0), the words only carry a judgement: `wall motion was normal`.
 */
export const IMAGING_MEASURES: readonly {
  readonly term: string;
  readonly phrases: readonly string[];
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly normal: readonly [number, number];
}[] = parseMeasures(`
lvef | ejection fraction | EF | left ventricular ejection fraction | LV ejection fraction | left ventricle ejection fraction | ejection fraction of the left ventricle | left ventricular EF | LV EF | LVEF value ; % ; 5 ; 90 ; 50 ; 75
right ventricular ejection fraction | RVEF | RV ejection fraction ; % ; 5 ; 90 ; 45 ; 75
fractional shortening | FS ; % ; 3 ; 70 ; 25 ; 45
global longitudinal strain | GLS | longitudinal strain ; % ; 1 ; 40 ; 16 ; 40
pulmonary artery systolic pressure | PASP | systolic pulmonary artery pressure | pulmonary artery pressure | right ventricular systolic pressure | RVSP | pulmonary arterial pressure | sPAP | systolic pulmonary pressure | pulmonary systolic pressure | systolic pulmonary arterial pressure | pulmonary artery systolic pressures | pulmonary pressure | estimated pulmonary artery pressure ; mm[Hg] ; 5 ; 180 ; 10 ; 35
mean pulmonary artery pressure | mPAP | mean pulmonary arterial pressure | mean PAP ; mm[Hg] ; 3 ; 120 ; 5 ; 20
pulmonary capillary wedge pressure | PCWP | wedge pressure | pulmonary artery wedge pressure | PAWP | capillary wedge pressure ; mm[Hg] ; 0 ; 60 ; 4 ; 15
right atrial pressure | RAP | mean right atrial pressure ; mm[Hg] ; 0 ; 50 ; 0 ; 8
left ventricular end-diastolic pressure | LVEDP | LV end-diastolic pressure | left ventricular filling pressure | LV filling pressure | filling pressures | left ventricular filling pressures ; mm[Hg] ; 0 ; 70 ; 3 ; 16
cardiac output ; L/min ; 0.5 ; 20 ; 4 ; 8
cardiac index ; L/min ; 0.3 ; 10 ; 2.2 ; 4.5
pulmonary vascular resistance | PVR ; 1 ; 0 ; 3000 ; 0 ; 3000
tapse | tricuspid annular plane systolic excursion ; mm ; 2 ; 40 ; 17 ; 40
left ventricular end-diastolic diameter | LVEDD | LVDd | left ventricular end-diastolic dimension | LVIDd | LV end-diastolic diameter | left ventricle end-diastolic diameter | left ventricular diastolic diameter | end-diastolic diameter | left ventricular diameter | left ventricular dimension | left ventricle dimension | telediastolic diameter | end-diastole ; mm ; 10 ; 120 ; 35 ; 58
left ventricular end-systolic diameter | LVESD | LVDs | left ventricular end-systolic dimension | LVIDs | LV end-systolic diameter | end-systolic diameter | end-systole ; mm ; 8 ; 110 ; 20 ; 40
left ventricular end-diastolic volume | LVEDV | end-diastolic volume | LVEDVI ; mL ; 10 ; 700 ; 50 ; 170
left ventricular end-systolic volume | LVESV | end-systolic volume ; mL ; 5 ; 600 ; 15 ; 70
left atrial diameter | left atrial dimension | LA diameter | left atrial size ; mm ; 10 ; 120 ; 20 ; 40
septal thickness | interventricular septum | interventricular septal thickness | IVS | septal wall thickness | interventricular septum thickness | IVSd ; mm ; 2 ; 60 ; 6 ; 12
left ventricular wall thickness | LV wall thickness | maximal wall thickness | maximum wall thickness | posterior wall thickness | posterior wall ; mm ; 2 ; 60 ; 6 ; 12
aortic root diameter | aortic root | ascending aorta diameter | aortic diameter | ascending aortic diameter ; mm ; 5 ; 150 ; 20 ; 40
peak gradient | maximum gradient | peak pressure gradient | peak systolic gradient | maximal gradient | peak aortic gradient | peak instantaneous gradient | peak transvalvular gradient | left ventricular outflow tract gradient | LVOT gradient | pressure gradient | outflow gradient | outflow tract gradient | systolic gradient | transvalvular gradient ; mm[Hg] ; 1 ; 250 ; 0 ; 20
mean gradient | mean pressure gradient | mean aortic gradient | mean transvalvular gradient | mean transaortic gradient | mean systolic gradient ; mm[Hg] ; 1 ; 150 ; 0 ; 10
peak and mean gradient | peak/mean gradient | peak/mean aortic gradient | peak and mean gradients ; mm[Hg] ; 1 ; 250 ; 0 ; 20
peak velocity | peak aortic velocity | peak flow velocity | peak systolic velocity ; m/s ; 0.1 ; 9 ; 0 ; 2.5
aortic valve area | AVA | valve area | mitral valve area ; cm2 ; 0.1 ; 8 ; 1.5 ; 8
e/a ratio | E/A | transmitral ratio | early diastolic to late diastolic transmitral ratio | mitral E/A ratio ; 1 ; 0.1 ; 8 ; 0.8 ; 2
e/e' ratio | E/e' | E/E' ratio | E/e ratio ; 1 ; 1 ; 60 ; 0 ; 14
deceleration time | DT | E-wave deceleration time ; ms ; 40 ; 600 ; 140 ; 240
annular velocity | early diastolic annular velocity | mitral annular velocity | e' velocity ; cm/s ; 1 ; 40 ; 8 ; 40
cardiothoracic ratio | CTR | cardiothoracic index ; % ; 30 ; 95 ; 35 ; 50
standardized uptake value | SUVmax | SUV max | maximum standardized uptake value | SUV | standardised uptake value | maximal standardized uptake value | maximum SUV ; 1 ; 0 ; 100 ; 0 ; 2.5
coronary calcium score | calcium score | Agatston score | coronary artery calcium score | CAC score ; {score} ; 0 ; 10000 ; 0 ; 0
fractional flow reserve | FFR ; 1 ; 0.1 ; 1 ; 0.81 ; 1
attenuation | CT attenuation | Hounsfield units | CT value | CT density ; [hnsf'U] ; -1000 ; 3000 ; -1000 ; 3000
resistance index | resistive index | pulsatility index ; 1 ; 0.1 ; 5 ; 0 ; 5
ankle-brachial index | ABI | ankle brachial index ; 1 ; 0.1 ; 2 ; 0.9 ; 1.4
left ventricular function | LV function | left ventricular systolic function | LV systolic function | systolic function | global left ventricular systolic function | left ventricle function | cardiac function | ventricular function | heart function | cardiac contractility | myocardial contractility | contractility | left ventricular contractility | biventricular function | systolic left ventricular function ; 1 ; 1 ; 0 ; 0 ; 0
right ventricular function | RV function | right ventricular systolic function | RV systolic function ; 1 ; 1 ; 0 ; 0 ; 0
diastolic function | diastolic filling | early diastolic filling | late diastolic filling | left ventricular diastolic function ; 1 ; 1 ; 0 ; 0 ; 0
wall motion | regional wall motion | left ventricular wall motion | myocardial wall motion ; 1 ; 1 ; 0 ; 0 ; 0
heart valves | cardiac valves | valves | valvular function | valve function ; 1 ; 1 ; 0 ; 0 ; 0
cardiac chambers | cardiac dimensions | chamber size | heart size | left ventricular size | LV size | right ventricular size | ventricular size | cardiac size | left ventricular dimensions | cardiac silhouette ; 1 ; 1 ; 0 ; 0 ; 0
coronary arteries | coronaries | epicardial coronary arteries ; 1 ; 1 ; 0 ; 0 ; 0
myocardial perfusion | perfusion ; 1 ; 1 ; 0 ; 0 ; 0
`);

function parseMeasures(block: string) {
  return block
    .trim()
    .split('\n')
    .map((line) => {
      const [names = '', unit = '', ...numbers] = line.split(';').map((field) => field.trim());
      const [min = 0, max = 0, low = 0, high = 0] = numbers.map(Number);
      const phrases = names.split('|').map((phrase) => phrase.trim());
      const normal: readonly [number, number] = [low, high];
      return { term: phrases[0] ?? '', phrases, unit, min, max, normal };
    });
}
