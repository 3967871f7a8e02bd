import { type Draft, makeFinding } from './findings.ts';
import { assertionAt, entryIn, type Mention, type Reading } from './reading.ts';
import { FAMILY, HISTORICAL } from './scopes.ts';
import { MEDICINE_ENDINGS } from './vocabularies/background.ts';
import { perWord } from './words.ts';

const TAKING = new Set(
  'taking takes took on using uses medication medications regular daily prescribed under home receiving long'.split(
    ' ',
  ),
);
const STARTING = new Set(
  'started commenced treated given initiated administered began treatment discharged placed switched managed'.split(
    ' ',
  ),
);
// Procedures and habits that are background only where the text puts them into the past.
const ONLY_PAST = new Set(
  'pregnancy,travel,hemodialysis,chemotherapy,appendectomy,transplant,vaccination,coronary artery bypass grafting,pacemaker,premature infant'.split(
    ',',
  ),
);

/** Whether the patient was on a medicine before, rather than given it now. */
function isHomeMedicine(reading: Reading, at: number, sentence: number): boolean {
  if ((reading.scopes.bits[at] ?? 0) & HISTORICAL) return true;
  const floor = Math.max(reading.sentences[sentence]?.from ?? 0, at - 8);
  let taking = false;
  for (let before = at - 1; before >= floor; before -= 1) {
    const word = reading.tokens.word[before] ?? '';
    if (STARTING.has(word)) return false;
    if (TAKING.has(word)) taking = true;
  }
  return taking;
}

const medicineWords = perWord((word) =>
  /^\p{L}/u.test(word) && word.length > 6 && MEDICINE_ENDINGS.some((ending) => word.endsWith(ending)) ? 1 : 0,
);

/** History, risk factors, home medication and family history: what the patient brings along, for the facet `demographics`. */
export function findBackground(reading: Reading): readonly Draft[] {
  const drafts: Draft[] = [];
  const push = (mention: Mention, term: string, assertion: Draft['finding']['assertion'], kind: string) =>
    drafts.push({
      sentence: mention.sentence,
      finding: makeFinding({ term, assertion, span: [mention.start, mention.end], qualifiers: [kind] }),
    });
  for (const mention of reading.own) {
    const assertion = assertionAt(reading, mention.from, true);
    const disease = entryIn(mention, 'disease');
    if (disease !== undefined && (assertion === 'historical' || assertion === 'family'))
      push(mention, disease.term, assertion, 'history');
    else if (disease === undefined) {
      const symptom = entryIn(mention, 'symptom');
      if (symptom !== undefined && assertion === 'family') push(mention, symptom.term, 'family', 'history');
    }
    const risk = entryIn(mention, 'risk');
    if (risk !== undefined && (!ONLY_PAST.has(risk.term) || assertion === 'historical' || risk.term === 'pregnancy')) {
      if (risk.term === 'family history') continue;
      push(mention, risk.term, assertion === 'possible' ? 'present' : assertion, 'risk factor');
    }
    const medicine = entryIn(mention, 'medicine');
    if (medicine !== undefined && isHomeMedicine(reading, mention.from, mention.sentence))
      push(mention, medicine.term, assertion === 'absent' ? 'absent' : 'historical', 'medication');
  }
  const medicines = medicineWords(reading.tokens.pool);
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      if (
        medicines[reading.tokens.id[at] ?? 0] === 0 ||
        (reading.scopes.bits[at] ?? 0) & FAMILY ||
        !isHomeMedicine(reading, at, index)
      )
        continue;
      drafts.push({
        sentence: index,
        finding: makeFinding({
          term: reading.tokens.word[at] ?? '',
          assertion: 'historical',
          span: [reading.tokens.start[at] ?? 0, reading.tokens.end[at] ?? 0],
          qualifiers: ['medication'],
        }),
      });
    }
  }
  return drafts;
}
