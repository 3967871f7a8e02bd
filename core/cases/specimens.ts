import type { Reading } from './reading.ts';

/** What was examined, where it was not blood: `csf`, `urine`, `pleural fluid`. */
export type Specimen = string;

const SINGLE: Readonly<Record<string, Specimen>> = {
  csf: 'csf',
  urine: 'urine',
  urinary: 'urine',
  urinalysis: 'urine',
  bal: 'bronchoalveolar lavage',
};
const FLUIDS = new Set('cerebrospinal pleural ascitic peritoneal synovial pericardial lavage joint cyst'.split(' '));
const BLOOD = new Set('serum blood plasma laboratory hematological arterial venous'.split(' '));
// What shows that the specimen is the subject of what follows.
const EXAMINED = new Set(
  'analysis examination study studies showed revealed demonstrated was had with ( : contained sample samples test tests testing level levels disclosed'.split(
    ' ',
  ),
);
const SUBJECT_TOKENS_MAX = 3;
// What is measured in fluids other than blood; a CRP in a sentence about urine is still that of blood.
const IN_FLUIDS = new Set(
  'total protein,albumin,glucose,lactate dehydrogenase,lactate,amylase,adenosine deaminase,cholesterol,total cholesterol,triglycerides,ph,white blood cell count,red blood cell count,neutrophils,lymphocytes,monocytes,eosinophils,chloride,total bilirubin,creatinine,carcinoembryonic antigen'.split(
    ',',
  ),
);
const IN_URINE = new Set(
  'total protein,albumin,glucose,sodium,potassium,chloride,calcium,phosphate,magnesium,creatinine,uric acid,ph,white blood cell count,red blood cell count,cortisol,copper,amylase,urea,aldosterone,iron'.split(
    ',',
  ),
);

function specimenAt(reading: Reading, at: number): { specimen: Specimen; to: number } | null {
  const { word } = reading.tokens;
  const single = SINGLE[word[at] ?? ''];
  if (single !== undefined) return { specimen: single, to: at + 1 };
  if (!FLUIDS.has(word[at] ?? '') || word[at + 1] !== 'fluid') return null;
  const first = word[at] === 'cerebrospinal' ? 'csf' : `${word[at]} fluid`;
  return { specimen: first === 'peritoneal fluid' ? 'ascitic fluid' : first, to: at + 2 };
}

/**
 * The specimen that a name in [from, to) was measured in; null for blood. It stands right beside the name (`urine sodium`,
 * `protein in the CSF`) or is what the words before are about (`CSF analysis showed …`).
 */
export function specimenOf(reading: Reading, floor: number, from: number, to: number, term: string): Specimen | null {
  if (!IN_FLUIDS.has(term) && !IN_URINE.has(term)) return null;
  const { word } = reading.tokens;
  let found: Specimen | null = null;
  for (let at = floor; at < from; at += 1) {
    if (BLOOD.has(word[at] ?? '') || word[at] === ';') found = null;
    const held = specimenAt(reading, at);
    if (held === null) continue;
    let subject = held.to === from;
    for (let next = held.to; next < Math.min(from, held.to + SUBJECT_TOKENS_MAX); next += 1)
      if (EXAMINED.has(word[next] ?? '')) subject = true;
    if (subject || word[at] === 'urinalysis') found = held.specimen;
  }
  for (let at = from; at < to; at += 1) {
    if (BLOOD.has(word[at] ?? '')) return null;
    found = specimenAt(reading, at)?.specimen ?? found;
  }
  if (word[to] === 'in') found = specimenAt(reading, word[to + 1] === 'the' ? to + 2 : to + 1)?.specimen ?? found;
  if (found === null) return null;
  return (found === 'urine' ? IN_URINE : IN_FLUIDS).has(term) ? found : null;
}
