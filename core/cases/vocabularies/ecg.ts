import { parseLines } from './phrases.ts';

/** Words that say that an electrocardiogram is spoken of. */
export const ECG_RECORDINGS = parseLines(`
electrocardiogram | ECG | EKG | electrocardiography | electrocardiographic | electrocardiograph | 12 lead ECG | 12 lead electrocardiogram | twelve lead ECG | resting ECG | surface ECG | ECGs | admission ECG
holter | holter monitoring | 24 hour holter | holter monitor | holter recording | ambulatory ECG | ambulatory electrocardiogram | 24-hour ECG
telemetry | cardiac monitor | rhythm strip | loop recorder | cardiac monitoring | implantable loop recorder
exercise test | exercise stress test | treadmill test | stress test
electrophysiological study | electrophysiologic study | electrophysiology study | EP study
`);

/** Statements of an ECG, after the words of the SCP-ECG vocabulary. */
export const ECG_STATEMENTS = parseLines(`
sinus rhythm | normal sinus rhythm | regular sinus rhythm
sinus tachycardia
sinus bradycardia
sinus arrhythmia
sinus arrest | sinus pause | sinus pauses | sinoatrial block | sinoatrial arrest
sick sinus syndrome | sinus node dysfunction
atrial fibrillation | AF | AFib | atrial fibrillation with rapid ventricular response | paroxysmal atrial fibrillation | persistent atrial fibrillation
atrial flutter
atrial tachycardia | multifocal atrial tachycardia | ectopic atrial tachycardia
supraventricular tachycardia | SVT | paroxysmal supraventricular tachycardia | PSVT | AVNRT | atrioventricular nodal reentrant tachycardia | AV nodal reentrant tachycardia | AVRT | narrow complex tachycardia
supraventricular arrhythmia
wandering atrial pacemaker
junctional rhythm | nodal rhythm | junctional escape rhythm | junctional tachycardia | junctional ectopic tachycardia
ventricular tachycardia | VT | monomorphic ventricular tachycardia | sustained ventricular tachycardia | wide complex tachycardia | broad complex tachycardia | wide QRS tachycardia
nonsustained ventricular tachycardia | NSVT | non sustained ventricular tachycardia
polymorphic ventricular tachycardia | torsades de pointes | torsade de pointes | TdP | torsade
bidirectional ventricular tachycardia
ventricular fibrillation | VF | Vfib
electrical storm | ventricular arrhythmia | ventricular arrhythmias | ventricular tachyarrhythmia
idioventricular rhythm | accelerated idioventricular rhythm
asystole
pulseless electrical activity | PEA
premature ventricular contraction | PVC | PVCs | ventricular extrasystole | ventricular premature beats | ventricular ectopic beats | premature ventricular complexes | premature ventricular contractions | ventricular extrasystoles | ventricular ectopy | ventricular premature complex | ventricular premature contraction | ventricular premature complexes | premature ventricular beats
ventricular bigeminy | bigeminy | bigeminal pattern | bigeminal rhythm
ventricular trigeminy | trigeminy | trigeminal pattern | trigeminal rhythm
ventricular couplets | couplet | couplets | triplets
premature atrial contraction | PAC | atrial premature beats | supraventricular extrasystole | premature atrial contractions | atrial premature complex | atrial premature complexes | premature atrial complexes | atrial premature contraction | supraventricular premature beats | atrial ectopic beats | premature complex
paced rhythm | ventricular pacing | pacemaker rhythm | normal functioning artificial pacemaker | atrial pacing | ventricular paced rhythm | pacing spikes | artificial pacemaker
first degree atrioventricular block | first degree AV block | first degree heart block | 1st degree AV block
second degree atrioventricular block | second degree AV block | mobitz type I | mobitz type II | wenckebach | mobitz II | mobitz I | 2:1 AV block | 2:1 atrioventricular block | mobitz
third degree atrioventricular block | complete heart block | complete atrioventricular block | third degree AV block | complete AV block | 3rd degree AV block | third degree heart block
atrioventricular block | AV block | heart block | high degree AV block | advanced AV block | high grade AV block | high-grade atrioventricular block | conduction block
right bundle branch block | RBBB | CRBBB | complete right bundle branch block | right bundle branch block pattern
incomplete right bundle branch block | incomplete RBBB | IRBBB | partial right bundle branch block
incomplete left bundle branch block | incomplete LBBB | ILBBB
left bundle branch block | LBBB | CLBBB | complete left bundle branch block | left bundle branch block pattern
left anterior fascicular block | left anterior hemiblock | LAFB | left anterior hemi-block
left posterior fascicular block | left posterior hemiblock
bifascicular block | trifascicular block
intraventricular conduction delay | nonspecific intraventricular conduction delay | non-specific intraventricular conduction disturbance | intraventricular conduction disturbance | IVCD | intraventricular block | conduction delay | conduction disturbance | conduction abnormality
wide qrs complex | wide QRS | widened QRS | broad QRS | QRS widening | prolonged QRS | wide QRS complexes | broad QRS complexes
st elevation | ST segment elevation | non-specific ST elevation | STE | ST elevations | ST segment elevations | elevation of the ST segment | elevated ST segments | ST-elevation | elevated ST segment
st depression | ST segment depression | non-specific ST depression | STD | ST depressions | ST segment depressions | depression of the ST segment | depressed ST segments
st-t changes | ST segment changes | ST T wave changes | ST-T abnormalities | ST changes | ST-T changes | nonspecific ST changes | nonspecific ST-T changes | non-specific ST changes | non-specific ST-T changes | ST T wave abnormalities | ST segment abnormalities | repolarization abnormalities | repolarisation abnormalities | ST-T wave change
t wave inversion | inverted T waves | T wave inversions | inverted T wave | negative T waves | T inversion | TWI | inverted T-waves | deep T wave inversion
t wave flattening | flat T waves | flattened T waves | low amplitude T-waves | T-wave flattening | low T waves
peaked t waves | tall T waves | tented T waves | hyperacute T waves | tall tented T waves
biphasic t waves | biphasic T-waves
t wave abnormality | T wave changes | T-wave abnormalities | non-diagnostic T abnormalities | non-specific T-wave changes | nonspecific T wave changes | T abnormalities | nonspecific T-wave abnormality | T-wave abnormality
pathological q waves | Q waves | pathologic Q waves | Q wave
poor r wave progression | poor R-wave progression
low voltage | low QRS voltage | low voltage QRS | low voltages | microvoltage
abnormal qrs | abnormal QRS complex | abnormal QRS | QRS abnormalities
left ventricular hypertrophy by voltage | LVH criteria | voltage criteria for left ventricular hypertrophy | voltage criteria (QRS) for left ventricular hypertrophy | LVH by voltage
high voltage | high QRS voltage | increased QRS voltage | tall R waves | high QRS voltages
electrical alternans
prolonged qt interval | QT prolongation | long QT-interval | QTc interval prolongation | QT interval prolongation | long QT | QTc prolongation | prolonged QTc | prolonged QT | prolonged QTc interval | prolonged corrected QT interval | long QT interval
short qt interval | short QT | shortened QT interval
prolonged pr interval | PR prolongation | prolonged PR
short pr interval | short PR | shortened PR interval
pr depression | PR segment depression | PR-segment depression
delta wave | delta waves | Wolff-Parkinson-White syndrome | preexcitation | pre excitation | ventricular preexcitation | Wolff Parkinson White pattern | pre-excitation pattern | WPW pattern
epsilon wave | epsilon waves
osborn wave | J wave | J waves | Osborn waves
u waves | U wave | prominent U waves
brugada pattern | brugada type 1 pattern | type 1 Brugada pattern | Brugada ECG pattern | type I Brugada pattern | Brugada electrocardiogram pattern | type I Brugada electrocardiogram pattern | type 1 Brugada electrocardiogram pattern | Brugada-type ECG pattern | type I Brugada | type I Brugada ECG | coved ST elevation | coved type ST elevation | type 1 Brugada | Brugada type ECG
de winter pattern | de Winter sign | de Winter T waves
wellens sign | wellens pattern
s1q3t3 | S1Q3T3 pattern
early repolarization | early repolarisation | J point elevation
left axis deviation | LAD deviation | left-axis deviation
right axis deviation | right-axis deviation
extreme axis deviation
p pulmonale | peaked P waves
absent p waves | absence of P waves
right ventricular strain | right heart strain pattern | strain pattern
myocardial infarction pattern | STEMI | ST elevation myocardial infarction | NSTEMI | ST segment elevation myocardial infarction
inferior infarction pattern | inferior myocardial infarction | inferior MI | inferior infarction | inferior STEMI | inferior wall myocardial infarction
anteroseptal infarction pattern | anteroseptal myocardial infarction | anteroseptal MI | anteroseptal infarction | septal infarction | anteroseptal STEMI
anterior infarction pattern | anterior myocardial infarction | anterior MI | anterior infarction | anterior STEMI | anterior wall myocardial infarction
anterolateral infarction pattern | anterolateral myocardial infarction | anterolateral MI | anterolateral infarction
lateral infarction pattern | lateral myocardial infarction | lateral MI | lateral infarction
inferolateral infarction pattern | inferolateral myocardial infarction | inferolateral MI | inferolateral infarction
inferoposterior infarction pattern | inferoposterior myocardial infarction | inferoposterior MI | inferoposterior infarction
inferoposterolateral infarction pattern | inferoposterolateral myocardial infarction | inferoposterolateral MI
posterior infarction pattern | posterior myocardial infarction | posterior MI | posterior infarction
ischemic changes | non-specific ischemic | ischemic ST-T changes | ischaemic changes | signs of ischemia | ischemic ECG changes | ischemic in anterolateral leads | ischemic in inferior leads | ischemic in inferolateral leads | ischemic in anteroseptal leads | ischemic in lateral leads | ischemic in anterior leads | ischemic ST changes | ischemic T wave changes | subendocardial ischemia
subendocardial injury | subendocardial injury pattern | injury current | subendocardial injury in anteroseptal leads | subendocardial injury in anterolateral leads | subendocardial injury in inferior leads | subendocardial injury in lateral leads | subendocardial injury in inferolateral leads | current of injury
ventricular aneurysm pattern | ST-T changes compatible with ventricular aneurysm
digitalis effect | digitalis-effect | digoxin effect | scooped ST depression
electrolyte or drug effect | electrolytic disturbance or drug
left ventricular hypertrophy | LVH | left ventricular enlargement
right ventricular hypertrophy | RVH
septal hypertrophy
left atrial enlargement | left atrial overload | left atrial overload/enlargement | left atrial abnormality | LAE | P mitrale
right atrial enlargement | right atrial overload | right atrial overload/enlargement | right atrial abnormality | RAE
normal ecg | normal electrocardiogram | normal EKG | unremarkable ECG
arrhythmia | cardiac arrhythmia | arrhythmias | dysrhythmia | tachyarrhythmia | bradyarrhythmia | cardiac arrhythmias
ventricular escape rhythm | escape rhythm
fragmented qrs
sine wave pattern
`);

/** Intervals, with the plausible range of `clinical.md` in ms; what lies outside is no measurement. */
export const ECG_INTERVALS: readonly {
  readonly term: string;
  readonly phrases: readonly string[];
  /** Milliseconds unless given. */
  readonly unit?: string;
  readonly min: number;
  readonly max: number;
  readonly normal: readonly [number, number];
}[] = [
  {
    term: 'pr interval',
    phrases: ['PR interval', 'PR', 'PQ interval', 'P-R interval', 'PQ'],
    min: 80,
    max: 400,
    normal: [120, 200],
  },
  {
    term: 'qrs duration',
    phrases: ['QRS duration', 'QRS', 'QRS complex', 'QRS width', 'QRS complexes', 'QRS interval'],
    min: 60,
    max: 300,
    normal: [60, 119],
  },
  {
    term: 'qtc interval',
    phrases: ['QTc', 'QTc interval', 'corrected QT', 'corrected QT interval', 'QTcB', 'QTcF', 'QT corrected'],
    min: 300,
    max: 700,
    normal: [350, 460],
  },
  { term: 'qt interval', phrases: ['QT interval', 'QT', 'Q-T interval'], min: 200, max: 800, normal: [320, 450] },
  { term: 'p wave duration', phrases: ['P wave duration', 'P duration'], min: 20, max: 250, normal: [60, 120] },
  {
    term: 'axis',
    phrases: [
      'QRS axis',
      'electrical axis',
      'axis',
      'heart axis',
      'cardiac axis',
      'mean QRS axis',
      'frontal axis',
      'electrical heart axis',
    ],
    unit: 'deg',
    min: -180,
    max: 360,
    normal: [-30, 90],
  },
];

/** Groups of leads by wall, and single leads. */
export const ECG_LEADS = parseLines(`
inferior leads | inferior wall leads | inferior
anterior leads | anterior wall leads
lateral leads | lateral wall leads
high lateral leads
septal leads
posterior leads
inferolateral leads | inferolateral | infero lateral leads
anterolateral leads | anterolateral | antero lateral leads
anteroseptal leads | anteroseptal | antero septal leads
precordial leads | chest leads | precordial
right precordial leads
limb leads
all leads | diffuse | diffusely | widespread
`);

/** Statements whose words mean something else outside of an ECG, or are a diagnosis there. */
export const ONLY_IN_ECG: ReadonlySet<string> = new Set(
  'low voltage,high voltage,left ventricular hypertrophy by voltage,right ventricular strain,early repolarization,sine wave pattern,u waves,pathological q waves,st-t changes,paced rhythm,prolonged pr interval,short pr interval,left ventricular hypertrophy,right ventricular hypertrophy,septal hypertrophy,left atrial enlargement,right atrial enlargement,ischemic changes,subendocardial injury,ventricular bigeminy,ventricular trigeminy,ventricular couplets,inferior infarction pattern,anteroseptal infarction pattern,anterior infarction pattern,anterolateral infarction pattern,lateral infarction pattern,inferolateral infarction pattern,inferoposterior infarction pattern,inferoposterolateral infarction pattern,posterior infarction pattern,abnormal qrs,digitalis effect,electrolyte or drug effect,t wave abnormality'.split(
    ',',
  ),
);
