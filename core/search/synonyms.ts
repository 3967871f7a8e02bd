import type { Finding } from '../cases/case.ts';
import type { Match } from '../cases/lexicon.ts';
import { type Tokens, tokenise } from '../cases/tokens.ts';
import { CONDITIONS } from '../cases/vocabularies/labs.ts';
import { type Entry, vocabularyInUse } from '../cases/vocabulary.ts';
import type { LexicalText } from './lexical.ts';

/**
 * Abbreviations of diseases that the vocabularies do not hold, as they are written. `unless`: another meaning is at hand where the text
 * matches. `where`: the short form means too many things to be taken for this one elsewhere.
 */
type Abbreviation = { readonly words: string; readonly unless?: RegExp; readonly where?: RegExp };
const ABBREVIATIONS: ReadonlyMap<string, readonly Abbreviation[]> = new Map<string, readonly Abbreviation[]>([
  ['MI', [{ words: 'myocardial infarction', unless: /\bmitral (?:insufficiency|incompetence|regurgitation)/i }]],
  ['AMI', [{ words: 'acute myocardial infarction' }]],
  ['STEMI', [{ words: 'st elevation myocardial infarction' }]],
  ['NSTEMI', [{ words: 'non st elevation myocardial infarction' }]],
  ['CAD', [{ words: 'coronary artery disease' }]],
  ['CHF', [{ words: 'congestive heart failure' }]],
  ['AF', [{ words: 'atrial fibrillation', unless: /\bamniotic fluid|anterior fontanel/i }]],
  ['DVT', [{ words: 'deep vein thrombosis' }]],
  [
    'PE',
    [
      {
        words: 'pulmonary embolism',
        where: /\bembol|\bthromb|d-?dimer|anticoag/i,
        unless: /\b(?:pericardial|pleural) effusion|\beclampsia|phenylephrine/i,
      },
    ],
  ],
  [
    'AS',
    [
      { words: 'aortic stenosis', where: /\baortic|\bmurmur|\bvalv/i, unless: /\bspondyl|\bangelman|\balport/i },
      { words: 'ankylosing spondylitis', where: /\bspondyl|hla-?b27|\bsacroili/i, unless: /\baortic/i },
    ],
  ],
  [
    'MS',
    [
      {
        words: 'multiple sclerosis',
        where: /\bdemyelin|\boptic neuritis|\binterferon|\brelapsing/i,
        unless: /\bmitral|mass spectro/i,
      },
      { words: 'mitral stenosis', where: /\bmitral|\bvalv/i, unless: /\bsclerosis|\bdemyelin|mass spectro/i },
    ],
  ],
  ['COPD', [{ words: 'chronic obstructive pulmonary disease' }]],
  ['TB', [{ words: 'tuberculosis' }]],
  ['SLE', [{ words: 'systemic lupus erythematosus' }]],
  ['UTI', [{ words: 'urinary tract infection' }]],
  ['CKD', [{ words: 'chronic kidney disease' }]],
  ['ESRD', [{ words: 'end stage renal disease' }]],
  ['AKI', [{ words: 'acute kidney injury' }]],
  ['HTN', [{ words: 'hypertension' }]],
  ['T2DM', [{ words: 'type 2 diabetes mellitus' }]],
  ['T1DM', [{ words: 'type 1 diabetes mellitus' }]],
  ['GERD', [{ words: 'gastroesophageal reflux disease' }]],
  ['IBD', [{ words: 'inflammatory bowel disease' }]],
  ['HCC', [{ words: 'hepatocellular carcinoma' }]],
  ['RCC', [{ words: 'renal cell carcinoma' }]],
  ['AML', [{ words: 'acute myeloid leukemia', unless: /\bangiomyolipoma/i }]],
  ['CLL', [{ words: 'chronic lymphocytic leukemia' }]],
  ['CML', [{ words: 'chronic myeloid leukemia' }]],
  ['DIC', [{ words: 'disseminated intravascular coagulation' }]],
  ['ITP', [{ words: 'immune thrombocytopenic purpura' }]],
  ['TTP', [{ words: 'thrombotic thrombocytopenic purpura' }]],
  ['ARDS', [{ words: 'acute respiratory distress syndrome' }]],
  ['TIA', [{ words: 'transient ischemic attack' }]],
]);
const CAPITALS = /\b[A-Z][A-Z0-9]+\b/g;
const SHORT_CHARS_MAX = Math.max(...[...ABBREVIATIONS.keys()].map((short) => short.length));
/** `(MI)`, where the text says what it means by it. */
const DEFINITION = /\(([A-Z][A-Za-z0-9]{1,9})\)/g;
const LONG_FORM_CHARS_MAX = 120;

/** Whether the letters of a short form stand in the words before it, the first at the start of a word (Schwartz and Hearst 2003). */
function isDefinedBy(short: string, before: string): boolean {
  let at = before.length - 1;
  for (let s = short.length - 1; s >= 0; s -= 1) {
    const letter = short.charAt(s).toLowerCase();
    const isStart = () => s > 0 || at === 0 || !/[\p{L}\p{N}]/u.test(before.charAt(at - 1));
    while (at >= 0 && !(before.charAt(at).toLowerCase() === letter && isStart())) at -= 1;
    if (at < 0) return false;
    at -= 1;
  }
  return true;
}

/** Short forms that the text explains itself: its own words say what they mean, so nothing is to be added for them. */
function definedIn(text: string): ReadonlySet<string> {
  const defined = new Set<string>();
  for (const found of text.matchAll(DEFINITION)) {
    const short = found[1] ?? '';
    const wordsMax = Math.min(short.length + 5, 2 * short.length);
    const clause =
      text
        .slice(Math.max(0, found.index - LONG_FORM_CHARS_MAX), found.index)
        .split(/[.;:()\n]/)
        .at(-1) ?? '';
    if (isDefinedBy(short, clause.trim().split(/\s+/).slice(-wordsMax).join(' '))) defined.add(short);
  }
  return defined;
}

/** What the short forms of a text stand for, each asked for once: by the whole text, so that an abbreviation means one thing in it. */
function meaningsIn(text: string): (short: string) => readonly string[] {
  let defined: ReadonlySet<string> | null = null;
  const told = new Set<string>();
  return (short) => {
    const meanings = ABBREVIATIONS.get(short);
    if (!meanings || told.has(short)) return [];
    told.add(short);
    defined ??= definedIn(text);
    if (defined.has(short)) return [];
    return meanings
      .filter(({ unless, where }) => unless?.test(text) !== true && (where === undefined || where.test(text)))
      .map(({ words }) => words);
  };
}

const DENYING: ReadonlySet<string> = new Set(['absent', 'family', 'others', 'hypothetical', 'negative']);
const REACH_AFTER_TOKENS = 8;
const REACH_BEFORE_TOKENS = 4;
const STOPS: ReadonlySet<string> = new Set(['.', ';', ':']);

/** 1 for each token that is denied, another's or not the case. Generous: a name less does no harm. */
function deniedTokens(tokens: Tokens, matches: readonly Match<Entry>[]): Uint8Array {
  const denied = new Uint8Array(tokens.count);
  const isStop = (at: number) => STOPS.has(tokens.word[at] ?? '.');
  const after = (to: number) => {
    for (let at = to; at < tokens.count && at < to + REACH_AFTER_TOKENS && !isStop(at); at += 1) denied[at] = 1;
  };
  const before = (from: number) => {
    for (let at = from - 1; at >= 0 && at >= from - REACH_BEFORE_TOKENS && !isStop(at); at -= 1) denied[at] = 1;
  };
  for (const { from, to, entries } of matches) {
    for (const entry of entries) {
      if (entry.vocabulary === 'relative') after(to);
      if (entry.vocabulary !== 'cue' || !DENYING.has(entry.cue.meaning)) continue;
      if (entry.cue.reach === 'after' || entry.cue.reach === 'both') after(to);
      if (entry.cue.reach === 'before' || entry.cue.reach === 'both') before(from);
    }
  }
  return denied;
}

function* abbreviated(text: string): Generator<string> {
  // Most texts have none, and are not read once more.
  if (!text.match(CAPITALS)?.some((short) => ABBREVIATIONS.has(short))) return;
  const tokens = tokenise(text);
  const denied = deniedTokens(tokens, vocabularyInUse().lexicon.match(tokens));
  const meaningsOf = meaningsIn(text);
  for (let at = 0; at < tokens.count; at += 1) {
    const [start, end] = [tokens.start[at] ?? 0, tokens.end[at] ?? 0];
    if (denied[at] === 0 && end - start <= SHORT_CHARS_MAX) yield* meaningsOf(text.slice(start, end));
  }
}

const CONDITION_OF: ReadonlyMap<string, string> = new Map(
  // The first name of a line is the American one.
  [...CONDITIONS].reverse().map(([name, { analyte, flag }]) => [`${analyte}:${flag}`, name]),
);
const ASSERTED: ReadonlySet<Finding['assertion']> = new Set(['present', 'possible', 'historical']);

/**
 * What a text says in other words: the common name of each symptom and each sign of the ECG that it asserts (`shortness of breath` is
 * dyspnea, `coved ST elevation` a Brugada pattern), of an abnormal result (potassium 2.1 mmol/L or 8.2 mg/dL is hypokalemia) and of an
 * abbreviation that means one thing in this text. What is denied, a relative's or not the case adds nothing.
 */
export function* otherWords({ text, findings }: LexicalText): Generator<string> {
  for (const { facet, finding } of findings) {
    if (!ASSERTED.has(finding.assertion)) continue;
    if (facet === 'symptoms' || facet === 'ecg') yield finding.term;
    if (finding.flag === undefined) continue;
    const condition = CONDITION_OF.get(`${finding.term}:${finding.flag}`);
    if (condition !== undefined && finding.assertion === 'present') yield condition;
  }
  yield* abbreviated(text);
}
