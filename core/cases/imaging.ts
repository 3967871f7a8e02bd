import type { Flag } from '../../schema/vocabulary.ts';
import type { Finding } from './case.ts';
import type { Context } from './context.ts';
import { canonicalAmount, convert } from './conversion.ts';
import { type Draft, flagOf, flagOfResult, makeFinding } from './findings.ts';
import { flagOfQuantity } from './judgement.ts';
import { type Examination, examinationsIn } from './modalities.ts';
import { type Quantity, readQuantity } from './quantities.ts';
import { assertionAt, entryIn, type Mention, mentionAt, type Reading } from './reading.ts';
import { boundsIn } from './reference.ts';
import { sizeBeside } from './sizes.ts';
import { isSeenOnImages } from './symptoms.ts';
import { WORD } from './tokens.ts';
import { trendBefore, trendBehind } from './trends.ts';
import { type Measured, valuesAfter } from './values.ts';
import type { Measure } from './vocabulary.ts';

// Judgements of a function that are no words of results elsewhere.
const GOOD = new Set('good preserved normal adequate excellent intact satisfactory'.split(' '));
const POOR = new Set('poor reduced impaired depressed decreased low worsening'.split(' '));
const PAIRED = 'peak and mean gradient';
const NARROWED = /(?:^| )stenosis$/;
// Words of several organs, and what they are called where the organ is named beside them or is all that the image showed.
type Placed = { readonly term: string; readonly organs: ReadonlySet<string>; readonly modalities: ReadonlySet<string> };
const PLACED: ReadonlyMap<string, Placed> = new Map([
  [
    'fibrosis',
    {
      term: 'pulmonary fibrosis',
      organs: new Set('lung lungs pulmonary lobe lobes interstitial apical bibasilar basal'.split(' ')),
      modalities: new Set(['chest x-ray', 'chest ct']),
    },
  ],
  [
    'atrophy',
    {
      term: 'cerebral atrophy',
      organs: new Set(
        'brain cerebral cerebrum cerebellar cerebellum cortical cortex frontal temporal parietal hippocampal hemisphere hemispheric vermis'.split(
          ' ',
        ),
      ),
      modalities: new Set(['brain ct', 'brain mri']),
    },
  ],
]);
const OTHER_ORGANS = new Set(
  'optic nerve muscle muscles muscular renal kidney kidneys skin mucosal gastric testicular vaginal hepatic liver adrenal pancreatic pancreas iris retinal cord spinal myocardial cardiac endomyocardial retroperitoneal thyroid'.split(
    ' ',
  ),
);
const ORGAN_REACH = 3;
const NODES = new Set(['node', 'nodes']);

function siteBeside(reading: Reading, mention: Mention): string | null {
  const before = mentionAt(reading, mention.from - 1);
  return (before === undefined ? undefined : entryIn(before, 'site'))?.term ?? null;
}

/** Images: modalities, what they showed (qualified by modality, part of the body and size), and measurements such as LVEF. */
export function findImaging(reading: Reading, context: Context): readonly Draft[] {
  const drafts: Draft[] = [];
  for (const index of reading.sentences.keys())
    if (reading.story[index])
      for (const examination of examinationsIn(reading, index)) drafts.push(modalityDraft(reading, examination));
  for (const mention of reading.own) {
    if (entryIn(mention, 'modality') !== undefined) continue;
    const measure = entryIn(mention, 'imaging measure')?.measure;
    if (measure !== undefined) drafts.push(...measureDrafts(reading, mention, measure, context));
    else drafts.push(...seenDrafts(reading, mention, context.modalityOf(mention)));
  }
  return drafts;
}

function modalityDraft(reading: Reading, { mention, term, end }: Examination): Draft {
  const assertion = assertionAt(reading, mention.from, false);
  return {
    sentence: mention.sentence,
    finding: makeFinding({
      term,
      // Doubt beside an examination is about what it showed.
      assertion: assertion === 'possible' ? 'present' : assertion,
      span: [mention.start, end],
      flag: flagOfResult(reading.scopes.resultAt(mention.from)),
    }),
  };
}

function seenDrafts(reading: Reading, mention: Mention, seenWith: string | null): readonly Draft[] {
  const symptom = entryIn(mention, 'symptom');
  const named =
    entryIn(mention, 'imaging')?.term ??
    (symptom !== undefined && isSeenOnImages(symptom.term) ? symptom.term : undefined);
  const assertion = assertionAt(reading, mention.from, false);
  if (seenWith === null || named === undefined || assertion === 'family') return [];
  const term = termInPlace(reading, mention, named, seenWith);
  const site = siteBeside(reading, mention);
  const qualifiers = site === null ? [seenWith] : [seenWith, site];
  const { sentence } = mention;
  const narrowing = NARROWED.test(term) ? narrowingBeside(reading, mention) : null;
  if (narrowing !== null) return [narrowingDraft(mention, term, narrowing, assertion, qualifiers)];
  // A size describes what was seen; it is no value that this kind of finding is compared by.
  const size = assertion === 'absent' ? null : sizeBeside(reading, mention);
  const span = [Math.min(mention.start, size?.start ?? mention.start), Math.max(mention.end, size?.end ?? 0)] as const;
  if (size !== null) qualifiers.push(size.text);
  return [{ sentence, finding: makeFinding({ term, assertion, span, qualifiers }) }];
}

/** What is meant at this place of the body: `enlarged` nodes are a lymphadenopathy, `fibrosis` only in a lung a pulmonary one. */
function termInPlace(reading: Reading, mention: Mention, named: string, seenWith: string): string {
  const { tokens } = reading;
  const sentence = reading.sentences[mention.sentence];
  const floor = Math.max(sentence?.from ?? 0, mention.from - ORGAN_REACH);
  const end = Math.min(sentence?.to ?? tokens.count, mention.to + ORGAN_REACH + 1);
  if (named === 'dilatation' && tokens.word[mention.from] === 'enlarged') {
    for (let at = mention.to; at < end && tokens.kind[at] === WORD; at += 1)
      if (NODES.has(tokens.word[at] ?? '')) return 'lymphadenopathy';
    const verb = /^(?:were|was|are|is|appeared)$/.test(tokens.word[mention.from - 1] ?? '');
    return verb && NODES.has(tokens.word[mention.from - 2] ?? '') ? 'lymphadenopathy' : named;
  }
  const placed = PLACED.get(named);
  if (placed === undefined) return named;
  for (let at = mention.from - 1; at >= floor && tokens.kind[at] === WORD; at -= 1) {
    if (placed.organs.has(tokens.word[at] ?? '')) return placed.term;
    if (OTHER_ORGANS.has(tokens.word[at] ?? '')) return named;
  }
  for (let at = mention.to; at < end && tokens.kind[at] === WORD; at += 1) {
    if (placed.organs.has(tokens.word[at] ?? '')) return placed.term;
    if (OTHER_ORGANS.has(tokens.word[at] ?? '')) return named;
  }
  return placed.modalities.has(seenWith) ? placed.term : named;
}

function narrowingDraft(
  mention: Mention,
  term: string,
  quantity: Quantity,
  assertion: Finding['assertion'],
  qualifiers: readonly string[],
): Draft {
  return {
    sentence: mention.sentence,
    finding: makeFinding({
      term,
      assertion,
      span: [Math.min(mention.start, quantity.start), Math.max(mention.end, quantity.end)],
      value: quantity.value,
      unit: '%',
      comparator: quantity.comparator,
      qualifiers,
    }),
  };
}

/** `90% stenosis`, `stenosis of 70-80%`. */
function narrowingBeside(reading: Reading, mention: Mention): Quantity | null {
  const { tokens, text } = reading;
  const end = reading.sentences[mention.sentence]?.to ?? tokens.count;
  for (let at = Math.max(0, mention.from - 6); at < mention.from; at += 1) {
    const quantity = readQuantity(text, tokens, at);
    if (quantity?.unit === '%' && mention.from - quantity.to <= 2) return quantity;
  }
  const [behind] = valuesAfter(reading, mention.to, end, () => false);
  return behind?.quantity.unit === '%' ? behind.quantity : null;
}

/** Percentages are written as fractions too: `EF 0.11`, `cardiothoracic ratio of 0.58`. */
function writtenUnit(quantity: Quantity, measure: Measure, wanted: string): string {
  if (quantity.unit !== null) return quantity.unit;
  return wanted === '%' && quantity.value <= 1 && measure.min > 1 ? '1' : wanted;
}

/** The value before the words (`a 35% ejection fraction`) where none stands behind. */
function valueBefore(reading: Reading, mention: Mention): readonly Measured[] {
  const { text, tokens } = reading;
  const back = tokens.word[mention.from - 1] === '%' ? 2 : 1;
  const quantity = readQuantity(text, tokens, mention.from - back);
  return quantity === null ? [] : [{ quantity, reference: null, trend: null, at: null }];
}

function measureDrafts(reading: Reading, mention: Mention, measure: Measure, context: Context): readonly Draft[] {
  const { tokens } = reading;
  const { sentence } = mention;
  const end = reading.sentences[sentence]?.to ?? tokens.count;
  const assertion = assertionAt(reading, mention.from, false);
  // Of a function that is only judged, an image must be spoken of: `cardiac function` is also what a patient lives with.
  if (measure.max < measure.min)
    return context.modalityOf(mention) === null ? [] : judgedDrafts(reading, mention, measure, end);
  const behind = valuesAfter(reading, mention.to, end, (token) => {
    const held = mentionAt(reading, token);
    return held !== undefined && entryIn(held, 'imaging measure')?.measure === measure;
  });
  const wanted = measure.unit ?? '%';
  const drafts: Draft[] = [];
  for (const measured of behind.length > 0 ? behind : valueBefore(reading, mention)) {
    const { quantity } = measured;
    const unit = writtenUnit(quantity, measure, wanted);
    const compared = wanted === '{score}' ? quantity.value : convert(quantity.value, unit, wanted);
    if (compared === null || compared < measure.min || compared > measure.max) break;
    const second = measure.term === PAIRED ? pairBehind(reading, quantity) : null;
    const reference = measured.reference;
    const range = reference === null ? null : boundsIn(reference, unit, { molarMass: null, valence: 1 });
    const stated = range === null ? null : flagOfQuantity(quantity.value, quantity.comparator, range[0], range[1]);
    const shared = {
      assertion,
      span: [Math.min(mention.start, quantity.start), Math.max(mention.end, second?.end ?? quantity.end)] as const,
      comparator: quantity.comparator,
      trend: measured.trend,
      at: measured.at,
    };
    drafts.push({
      sentence,
      finding: makeFinding({
        ...shared,
        term: second === null ? measure.term : 'peak gradient',
        value: quantity.value,
        unit,
        canonical: canonicalAmount(quantity.value, unit, wanted),
        range,
        flag: stated ?? flagOf(compared, measure.normal[0], measure.normal[1]),
      }),
    });
    if (second !== null) {
      const finding = makeFinding({ ...shared, term: 'mean gradient', value: second.value, unit: wanted });
      drafts.push({ sentence, finding });
    }
  }
  return drafts.length > 0 ? drafts : judgedDrafts(reading, mention, measure, end);
}

function pairBehind(reading: Reading, quantity: Quantity): Quantity | null {
  const joint = reading.tokens.word[quantity.to] ?? '';
  return joint === '/' || joint === 'and' ? readQuantity(reading.text, reading.tokens, quantity.to + 1) : null;
}

/** `Good ventricular function`, `reduced LVEF`, `cardiac function improved`. */
function judgedDrafts(reading: Reading, mention: Mention, measure: Measure, end: number): readonly Draft[] {
  const before = reading.tokens.word[mention.from - 1] ?? '';
  const said: Flag | null = GOOD.has(before) ? 'normal' : POOR.has(before) ? 'low' : null;
  const flag = said ?? flagOfResult(reading.scopes.resultAt(mention.from));
  const trend = trendBefore(reading, mention.from) ?? trendBehind(reading, mention.to, end);
  if (flag === null && trend === null) return [];
  const finding = makeFinding({
    term: measure.term,
    assertion: assertionAt(reading, mention.from, false),
    span: [mention.start, mention.end],
    flag: flag ?? (trend === 'normalised' ? 'normal' : null),
    trend,
  });
  return [{ sentence: mention.sentence, finding }];
}
