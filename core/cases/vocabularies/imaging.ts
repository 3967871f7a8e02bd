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
mammography | mammogram
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
pulmonary fibrosis | interstitial thickening | interstitial fibrosis | honeycombing | fibrosis
emphysematous change | bullous emphysema
hilar lymphadenopathy | mediastinal lymphadenopathy | hilar adenopathy
mediastinal widening | widened mediastinum
calcification | calcifications | calcified | microcalcifications
stenosis | narrowing | stricture | stenoses | stenotic
occlusion | occluded | obstruction | obstructed
filling defect | filling defects
thrombus | thrombi | thrombosis | intracardiac thrombus | left ventricular thrombus | clot | intraluminal thrombus
aneurysm | aneurysmal dilatation | aneurysms | aneurysmal
pseudoaneurysm | false aneurysm
dissection | intimal flap
dilatation | dilation | dilated | ectasia | enlarged | distended
hypertrophy | hypertrophied | concentric hypertrophy | septal hypertrophy | wall thickening | thickened | thickening | wall thickness
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
midline shift | mass effect
intracranial hemorrhage | intracerebral hemorrhage | subarachnoid hemorrhage | subdural hematoma | intraventricular hemorrhage | cerebral hemorrhage | epidural hematoma | intracerebral haemorrhage | subarachnoid haemorrhage
infarct | infarction | cerebral infarction | ischemic lesion | acute infarct | infarcts | restricted diffusion | diffusion restriction
white matter lesion | hyperintensity | hyperintense | high signal | high signal intensity | signal abnormality | T2 hyperintensity | hyperintensities | hyperintense lesions | hyperintense signal
hypointensity | hypointense | low signal intensity
hypodensity | hypodense | hypodense lesion | low density | hypoattenuating | low attenuation
hyperdensity | hyperdense
hypoechoic lesion | hypoechoic | hyperechoic | anechoic | echogenic | heterogeneous mass
cerebral atrophy | brain atrophy | cerebellar atrophy | atrophy | cortical atrophy
demyelination
hydronephrosis | pelvicalyceal dilatation | hydroureter | hydroureteronephrosis
gallstone | gallstones | cholelithiasis
kidney stone | nephrolithiasis | renal calculi | renal stone | renal calculus
stone | stones | calculus | calculi
biliary dilatation | bile duct dilatation | dilated bile ducts | dilated common bile duct
bowel obstruction | air fluid levels | dilated bowel loops | small bowel obstruction | intestinal obstruction
bowel wall thickening
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

/** Measurements on images: term, words, unit where the text gives none, and the plausible range. */
export const IMAGING_MEASURES: readonly {
  readonly term: string;
  readonly phrases: readonly string[];
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly normal: readonly [number, number];
}[] = [
  {
    term: 'lvef',
    phrases: [
      'LVEF',
      'ejection fraction',
      'EF',
      'left ventricular ejection fraction',
      'LV ejection fraction',
      'left ventricle ejection fraction',
      'ejection fraction of the left ventricle',
      'left ventricular EF',
    ],
    unit: '%',
    min: 5,
    max: 90,
    normal: [50, 75],
  },
  {
    term: 'fractional shortening',
    phrases: ['fractional shortening', 'FS'],
    unit: '%',
    min: 3,
    max: 70,
    normal: [25, 45],
  },
  {
    term: 'pulmonary artery systolic pressure',
    phrases: [
      'pulmonary artery systolic pressure',
      'PASP',
      'systolic pulmonary artery pressure',
      'pulmonary artery pressure',
      'right ventricular systolic pressure',
      'RVSP',
      'pulmonary arterial pressure',
      'mean pulmonary artery pressure',
      'sPAP',
      'mPAP',
    ],
    unit: 'mm[Hg]',
    min: 5,
    max: 180,
    normal: [10, 35],
  },
  {
    term: 'tapse',
    phrases: ['TAPSE', 'tricuspid annular plane systolic excursion'],
    unit: 'mm',
    min: 2,
    max: 40,
    normal: [17, 40],
  },
  {
    term: 'left ventricular end-diastolic diameter',
    phrases: [
      'left ventricular end diastolic diameter',
      'LVEDD',
      'LVDd',
      'left ventricular end-diastolic dimension',
      'LVIDd',
    ],
    unit: 'mm',
    min: 10,
    max: 120,
    normal: [35, 58],
  },
  {
    term: 'septal thickness',
    phrases: ['septal thickness', 'interventricular septum', 'interventricular septal thickness', 'IVS'],
    unit: 'mm',
    min: 2,
    max: 60,
    normal: [6, 12],
  },
  {
    term: 'cardiothoracic ratio',
    phrases: ['cardiothoracic ratio', 'CTR'],
    unit: '%',
    min: 30,
    max: 95,
    normal: [35, 50],
  },
  {
    term: 'standardized uptake value',
    phrases: ['SUVmax', 'SUV max', 'standardized uptake value', 'maximum standardized uptake value', 'SUV'],
    unit: '1',
    min: 0,
    max: 100,
    normal: [0, 2.5],
  },
  {
    term: 'coronary calcium score',
    phrases: ['calcium score', 'Agatston score', 'coronary calcium score'],
    unit: '{score}',
    min: 0,
    max: 10000,
    normal: [0, 0],
  },
];
