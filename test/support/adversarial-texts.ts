const repeated =
  (unit: string, head = '', tail = '') =>
  (chars: number): string =>
    head + unit.repeat(Math.ceil(chars / unit.length)).slice(0, Math.max(0, chars - head.length - tail.length)) + tail;

/** Says first that it is a case, so that no reader turns it away before it is read. */
const CASE = 'A 45-year-old man presented with fever. ';

const VARIED =
  'A 45-year-old man presented with fever, no chest pain and possible pneumonia; troponin I was 8.2 ng/L (reference <26), and he had had diabetes for 5 years. ';

/** Texts made to be slow to read, of any length in UTF-16 code units. */
export const ADVERSARIAL_TEXTS: Readonly<Record<string, (chars: number) => string>> = {
  'one word': repeated('fever ', CASE),
  'one letter': repeated('a', CASE),
  'all digits': repeated('7', CASE),
  'all commas': repeated(',', CASE),
  'numbers in a row': repeated('1.5, ', CASE),
  'open parentheses': repeated('(', CASE),
  'nested parentheses': (chars) => {
    const deep = Math.floor((chars - CASE.length) / 2);
    return `${CASE}${'('.repeat(deep)}${')'.repeat(deep)}`;
  },
  'no, no, no': repeated('no ', CASE),
  'and, and, and': repeated('and ', CASE),
  'a list without an end': repeated('fever and cough, ', `${CASE}He denied `),
  'no full stop': repeated('the patient had fever with troponin 5 ng/L while at home he was well ', CASE),
  'full stops alone': repeated('. ', CASE),
  'combining marks': repeated('e\u0301\u0323', CASE),
  'astral letters': repeated('💊𝕏 ', CASE),
  'lone surrogates': repeated('\ud800 \udc00', CASE),
  'line ends': repeated('\n', CASE),
  'line ends of another kind': repeated('\r\n \u2028', CASE),
  'one enormous number': repeated('9', `${CASE}Sodium was `, ' mmol/L.'),
  'a number with a thousand points': repeated('1.', `${CASE}Sodium was `, ' mmol/L.'),
  'units in a row': repeated('mg/dL ', `${CASE}Sodium was 5 `),
  'values in a row': repeated('sodium 140 mmol/L ', CASE),
  'ranges in a row': repeated('troponin 5 ng/L (reference 0-14 ng/L; ', CASE),
  'cues in a row': repeated('no denied without negative for possible history of family ', CASE),
  'cues behind': repeated('fever was negative ', CASE),
  'headings in a row': repeated('Case presentation\n\nDiscussion\n\n', CASE),
  'cases in a row': repeated('Case 1. A 45-year-old man had fever. Case 2. A 50-year-old woman had cough. ', CASE),
  'ages in a row': repeated('a 45-year-old man, ', CASE),
  'diagnoses in a row': repeated('was diagnosed with pneumonia ', CASE),
  'a diagnosis without an end': repeated('acute severe ', `${CASE}He was diagnosed with `),
  'rarities in a row': repeated('the first reported case of a rare disease ', CASE),
  'incidences in a row': repeated('occurs in 1 in 1,000,000 ', CASE),
  'electrocardiograms in a row': repeated('ECG showed ST elevation of 2 mm in V1 to V6, ', CASE),
  'images in a row': repeated('CT showed a mass of 3 x 4 cm, ', CASE),
  'drugs in a row': repeated('treated with aspirin 100 mg daily and ', CASE),
  'quotes in a row': repeated('"fever" ‘cough’ ', CASE),
  'hyphens in a row': repeated('non-', CASE),
  blanks: repeated(' ', CASE, 'He was well.'),
  'no-break blanks': repeated('\u00a0\u2009', CASE, 'He was well.'),
  'a report over and over': repeated(VARIED),
};
