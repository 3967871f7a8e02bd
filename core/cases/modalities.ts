import { entryIn, type Mention, mentionsIn, type Reading } from './reading.ts';

/** An examination as the text names it, its abbreviation in parentheses and a generic word behind it included: tokens [from, to). */
export type Examination = {
  readonly term: string;
  readonly mention: Mention;
  readonly to: number;
  readonly end: number;
};

const ANY = 'imaging';
// What an examination may be called more generally right beside its own name.
const BROADER: Readonly<Record<string, readonly string[]>> = {
  'brain ct': ['computed tomography'],
  'chest ct': ['computed tomography'],
  'abdominal ct': ['computed tomography'],
  'ct angiography': ['computed tomography', 'angiography'],
  'cardiac mri': ['magnetic resonance imaging'],
  'brain mri': ['magnetic resonance imaging'],
  'spinal mri': ['magnetic resonance imaging'],
  'mr angiography': ['magnetic resonance imaging', 'angiography'],
  mrcp: ['magnetic resonance imaging'],
  'pet-ct': ['computed tomography'],
  scintigraphy: ['computed tomography'],
  'chest x-ray': ['x-ray'],
  'coronary angiography': ['angiography'],
  'transesophageal echocardiography': ['echocardiography'],
  echocardiography: ['ultrasound'],
  'endoscopic ultrasound': ['ultrasound'],
  colonoscopy: ['gastrointestinal endoscopy'],
};
const JOINTS = new Set(['(', '[', ')', ']', '-', '–', '/']);
const JOINTS_MAX = 2;

/** The more specific of two names where they can mean one examination; null where they cannot. */
function narrower(first: string, second: string): string | null {
  if (first === second || second === ANY || BROADER[first]?.includes(second)) return first;
  return first === ANY || BROADER[second]?.includes(first) ? second : null;
}

function isBeside(reading: Reading, from: number, to: number): boolean {
  if (to - from > JOINTS_MAX) return false;
  for (let at = from; at < to; at += 1) if (!JOINTS.has(reading.tokens.word[at] ?? '')) return false;
  return true;
}

/** The examinations of a sentence, in text order: `cone beam computed tomography (CBCT) scan` is one. */
export function examinationsIn(reading: Reading, sentence: number): readonly Examination[] {
  const found: Examination[] = [];
  for (const mention of mentionsIn(reading, sentence)) {
    const term = entryIn(mention, 'modality')?.term;
    if (term === undefined) continue;
    const last = found.at(-1);
    const joint = last !== undefined && isBeside(reading, last.to, mention.from) ? narrower(last.term, term) : null;
    if (last !== undefined && joint !== null)
      found[found.length - 1] = { ...last, term: joint, to: mention.to, end: mention.end };
    else found.push({ term, mention, to: mention.to, end: mention.end });
  }
  return found;
}
