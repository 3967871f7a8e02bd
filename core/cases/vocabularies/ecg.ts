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
premature ventricular contraction | PVC | PVCs | ventricular extrasystole | ventricular premature beats | ventricular ectopic beats | premature ventricular complexes | premature ventricular contractions | ventricular extrasystoles | ventricular ectopy | ventricular bigeminy | bigeminy
premature atrial contraction | PAC | atrial premature beats | supraventricular extrasystole | premature atrial contractions
paced rhythm | ventricular pacing | pacemaker rhythm
first degree atrioventricular block | first degree AV block | first degree heart block | 1st degree AV block
second degree atrioventricular block | second degree AV block | mobitz type I | mobitz type II | wenckebach | mobitz II | mobitz I | 2:1 AV block | 2:1 atrioventricular block | mobitz
third degree atrioventricular block | complete heart block | complete atrioventricular block | third degree AV block | complete AV block | 3rd degree AV block | third degree heart block
atrioventricular block | AV block | heart block | high degree AV block | advanced AV block | high grade AV block | high-grade atrioventricular block | conduction block
right bundle branch block | RBBB | complete right bundle branch block | right bundle branch block pattern
incomplete right bundle branch block | incomplete RBBB | IRBBB | partial right bundle branch block
left bundle branch block | LBBB | complete left bundle branch block | left bundle branch block pattern
left anterior fascicular block | left anterior hemiblock | LAFB | left anterior hemi-block
left posterior fascicular block | left posterior hemiblock
bifascicular block | trifascicular block
intraventricular conduction delay | nonspecific intraventricular conduction delay | conduction delay | conduction disturbance | conduction abnormality
wide qrs complex | wide QRS | widened QRS | broad QRS | QRS widening | prolonged QRS | wide QRS complexes | broad QRS complexes
st elevation | ST segment elevation | ST elevations | ST segment elevations | elevation of the ST segment | elevated ST segments | ST-elevation | elevated ST segment
st depression | ST segment depression | ST depressions | ST segment depressions | depression of the ST segment | depressed ST segments
st-t changes | ST segment changes | ST T wave changes | ST-T abnormalities | ST changes | ST-T changes | nonspecific ST changes | nonspecific ST-T changes | ST T wave abnormalities | ST segment abnormalities | repolarization abnormalities | repolarisation abnormalities | ischemic changes | ST-T wave change
t wave inversion | inverted T waves | T wave inversions | inverted T wave | negative T waves | T inversion | TWI | inverted T-waves | deep T wave inversion
t wave flattening | flat T waves | flattened T waves
peaked t waves | tall T waves | tented T waves | hyperacute T waves | tall tented T waves
biphasic t waves | T wave changes | T-wave abnormalities | biphasic T-waves
pathological q waves | Q waves | pathologic Q waves | Q wave
poor r wave progression | poor R-wave progression
low voltage | low QRS voltage | low voltage QRS | low voltages | microvoltage
left ventricular hypertrophy by voltage | LVH criteria | high QRS voltage | high voltage | voltage criteria for left ventricular hypertrophy
electrical alternans
prolonged qt interval | QT prolongation | long QT | QTc prolongation | prolonged QTc | prolonged QT | prolonged QTc interval | prolonged corrected QT interval | long QT interval
short qt interval | short QT | shortened QT interval
prolonged pr interval | PR prolongation | prolonged PR
short pr interval | short PR | shortened PR interval
pr depression | PR segment depression | PR-segment depression
delta wave | delta waves | preexcitation | pre excitation | ventricular preexcitation | Wolff Parkinson White pattern | pre-excitation pattern | WPW pattern
epsilon wave | epsilon waves
osborn wave | J wave | J waves | Osborn waves
u waves | U wave | prominent U waves
brugada pattern | brugada type 1 pattern | type 1 Brugada pattern | Brugada ECG pattern | coved ST elevation | coved type ST elevation | type 1 Brugada | Brugada type ECG
de winter pattern | de Winter sign | de Winter T waves
wellens sign | wellens pattern
s1q3t3 | S1Q3T3 pattern
early repolarization | early repolarisation | J point elevation
left axis deviation | LAD deviation | left-axis deviation
right axis deviation | right-axis deviation
extreme axis deviation
p pulmonale | P mitrale | peaked P waves
absent p waves | absence of P waves
right ventricular strain | right heart strain pattern | strain pattern
myocardial infarction pattern | STEMI | ST elevation myocardial infarction | NSTEMI | ST segment elevation myocardial infarction
arrhythmia | cardiac arrhythmia | arrhythmias | dysrhythmia | tachyarrhythmia | bradyarrhythmia | cardiac arrhythmias
ventricular escape rhythm | escape rhythm
fragmented qrs
sine wave pattern
`);

/** Intervals, with the plausible range of `clinical.md` in ms; what lies outside is no measurement. */
export const ECG_INTERVALS: readonly {
  readonly term: string;
  readonly phrases: readonly string[];
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
];

/** Groups of leads by wall, and single leads. */
export const ECG_LEADS = parseLines(`
inferior leads | inferior wall leads | inferior
anterior leads | anterior wall leads
lateral leads
inferolateral leads | inferolateral | infero lateral leads
anterolateral leads | anterolateral | antero lateral leads
anteroseptal leads | anteroseptal | antero septal leads
precordial leads | chest leads | precordial
right precordial leads
limb leads
all leads | diffuse | diffusely | widespread
`);
