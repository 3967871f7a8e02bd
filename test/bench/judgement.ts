/**
 * What the rules make of labelled cases: `npx tsx test/bench/judgement.ts [--misses]`.
 *
 * Matching rules.
 * - diagnosis: names become sets of folded words without brackets, articles and words of degree. A diagnosis is found when its words and
 *   those of the labelled one (its first clause as well) or of one labelled rare disease have F1 >= .5 (`close`), or when the smaller of
 *   both sets, of two words or more, lies wholly in the other (`close or contained`). Cases without either label are left out.
 * - rare: as labelled. The label means a link to Orphanet, which is our criterion `prevalence`; the other criteria have no label, so of
 *   each the number of cases and the labelled share among them are given.
 * - category: the labels are topics of MedlinePlus, several to a case; right is a category that any of them admits (table below).
 *   Beside it the same for shuffled labels. `other` is always wrong.
 * - treatments: wanted are the distinct texts of `Medication` and `Therapeutic_procedure` entities; one is found when a treatment stands at any
 *   place of it. A treatment, listed once per name, stands for all places with the same words, and is right when one of them is
 *   such an entity.
 * Intervals are percentile bootstraps over cases, 2,000 draws from one seed.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Distillate, Finding } from '../../core/cases/case.ts';
import { extractCase } from '../../core/cases/extract.ts';
import { foldWord } from '../../core/cases/tokens.ts';
import { distillByRules } from '../../core/models/rules.ts';
import { type DiagnosisCategory, OUTCOME_STATUSES, RARITY_CRITERIA } from '../../schema/vocabulary.ts';

type Labelled = {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly body_category: readonly string[];
  readonly disorder_category: readonly string[];
  readonly rare: boolean;
  readonly rare_diseases: readonly string[];
  readonly diagnosis: string | null;
};
type Annotated = {
  readonly text: string;
  readonly entities: readonly {
    readonly type: string;
    readonly spans: readonly (readonly [number, number])[];
    readonly text: string;
  }[];
};

const ADMITS: Readonly<Record<string, readonly DiagnosisCategory[]>> = {
  'Bones, Joints and Muscles': ['musculoskeletal', 'rheumatological'],
  'Digestive System': ['gastrointestinal'],
  'Brain and Nerves': ['neurological', 'psychiatric'],
  'Blood, Heart and Circulation': [
    'arrhythmia',
    'cardiomyopathy',
    'coronary',
    'valvular',
    'pericardial',
    'vascular',
    'haematological',
  ],
  'Skin, Hair and Nails': ['dermatological'],
  'Lungs and Breathing': ['respiratory'],
  'Kidneys and Urinary System': ['renal'],
  'Immune System': ['rheumatological', 'haematological'],
  'Male Reproductive System': ['renal'],
  'Female Reproductive System': ['obstetric'],
  'Mouth and Teeth': ['musculoskeletal', 'gastrointestinal'],
  'Endocrine System': ['endocrine'],
  'Eyes and Vision': ['ophthalmological'],
  'Ear, Nose and Throat': ['respiratory'],
  Cancers: ['oncological'],
  Infections: ['infectious'],
  'Genetics/Birth Defects': ['congenital'],
  'Injuries and Wounds': ['musculoskeletal', 'toxic'],
  'Metabolic Problems': ['endocrine'],
  'Pregnancy and Reproduction': ['obstetric'],
  'Diabetes Mellitus': ['endocrine'],
  'Poisoning, Toxicology, Environmental Health': ['toxic'],
  'Mental Health and Behavior': ['psychiatric'],
  'Substance Use and Disorders': ['toxic', 'psychiatric'],
};

const DATA = new URL('../../../shared/data/', import.meta.url);
const linesOf = <Line>(path: string): readonly Line[] =>
  readFileSync(fileURLToPath(new URL(path, DATA)), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line); // the formats are the data sets', described in their README
const showsMisses = process.argv.includes('--misses');

/** Mulberry32: the same draws on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const share = (hits: readonly boolean[]): number => hits.filter(Boolean).length / Math.max(1, hits.length);

function interval(hits: readonly boolean[]): string {
  const random = seeded(20261122);
  const draws = Array.from({ length: 2000 }, () =>
    share(hits.map(() => hits[Math.floor(random() * hits.length)] ?? false)),
  ).sort((a, b) => a - b);
  return `${share(hits).toFixed(3)} [${(draws[50] ?? 0).toFixed(3)}, ${(draws[1949] ?? 0).toFixed(3)}] of ${hits.length}`;
}

const UNSAID = new Set(
  'a an the of in on to with and or by due secondary from at for as is was type stage grade primary acute chronic severe left right bilateral case rare patient disease syndrome'.split(
    ' ',
  ),
);
const wordsOf = (name: string): ReadonlySet<string> => {
  const words = (
    name
      .toLowerCase()
      .replace(/\([^)]*\)/g, ' ')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).map(foldWord);
  const said = words.filter((word) => !UNSAID.has(word));
  return new Set(said.length > 0 ? said : words);
};

function closeness(made: string, wanted: string): { readonly f1: number; readonly contained: boolean } {
  const [a, b] = [wordsOf(made), wordsOf(wanted)];
  const shared = [...a].filter((word) => b.has(word)).length;
  const smaller = Math.min(a.size, b.size);
  return { f1: (2 * shared) / Math.max(1, a.size + b.size), contained: smaller >= 2 && shared === smaller };
}

const cases = linesOf<Labelled>('corpus/cases_medrbench_labelled.jsonl');
const started = performance.now();
const extracted = cases.map((one) => extractCase(one.text));
const between = performance.now();
const made: readonly Distillate[] = cases.map(({ title }, i) =>
  // One per case, by the line above.
  distillByRules({ extracted: extracted[i] ?? extractCase(''), title }),
);
const ended = performance.now();

const close: boolean[] = [];
const loose: boolean[] = [];
const answered: boolean[] = [];
for (const [i, one] of cases.entries()) {
  const wanted = [
    ...(one.diagnosis === null ? [] : [one.diagnosis, one.diagnosis.split(/[,;.:]| with | due to | in /)[0] ?? '']),
    ...one.rare_diseases,
  ];
  if (wanted.length === 0) continue;
  const said = made[i]?.diagnosis ?? null;
  const scores = said === null ? [] : wanted.map((name) => closeness(said, name));
  answered.push(said !== null);
  close.push(scores.some(({ f1 }) => f1 >= 0.5));
  loose.push(scores.some(({ f1, contained }) => f1 >= 0.5 || contained));
  if (showsMisses && !loose.at(-1))
    console.log(`diagnosis ${one.id}: made "${said}" wanted "${wanted.join(' / ')}" title "${one.title}"`);
}
console.log(`diagnosis given            ${interval(answered)}`);
console.log(`diagnosis close            ${interval(close)}`);
const untitled = cases.flatMap((one, i) => {
  const wanted = [...(one.diagnosis === null ? [] : [one.diagnosis]), ...one.rare_diseases];
  const said = distillByRules({ extracted: extracted[i] ?? extractCase(''), title: null }).diagnosis;
  return wanted.length === 0 ? [] : [said !== null && wanted.some((name) => closeness(said, name).f1 >= 0.5)];
});
console.log(`  the title not given      ${interval(untitled)}`);
console.log(`diagnosis close/contained  ${interval(loose)}`);

const rareRight = cases.map((one, i) => one.rare === made[i]?.isRare);
const positives = cases.filter((_, i) => made[i]?.isRare);
const truePositives = positives.filter((one) => one.rare).length;
const wantedRare = cases.filter((one) => one.rare).length;
console.log(
  `rare or not                ${interval(rareRight)}; majority ${(1 - wantedRare / cases.length).toFixed(3)}`,
);
console.log(
  `  called rare ${positives.length}: precision ${(truePositives / Math.max(1, positives.length)).toFixed(3)} recall ${(truePositives / wantedRare).toFixed(3)}`,
);
for (const criterion of RARITY_CRITERIA) {
  const meeting = cases.filter((_, i) => made[i]?.rarityCriteria.includes(criterion));
  const labelled = meeting.filter((one) => one.rare).length;
  console.log(`  ${criterion.padEnd(22)} ${String(meeting.length).padStart(4)} cases, ${labelled} labelled rare`);
}
if (showsMisses)
  for (const [i, one] of cases.entries())
    if (!rareRight[i])
      console.log(
        `rarity ${one.id}: labelled ${one.rare} [${one.rare_diseases.join('; ')}] title "${one.title}" | ${made[i]?.diagnosis} | ${made[i]?.rareReason ?? made[i]?.rejectionReason}`,
      );

const admitted = cases.map(
  (one) => new Set([...one.body_category, ...one.disorder_category].flatMap((label) => ADMITS[label] ?? [])),
);
const judged = cases.map((_, i) => i).filter((i) => (admitted[i]?.size ?? 0) > 0);
const inCategory = (i: number, labels: ReadonlySet<DiagnosisCategory> | undefined) =>
  labels?.has(made[i]?.diagnosisCategory ?? 'other') ?? false;
const random = seeded(7);
const shuffled = [...judged];
for (let at = shuffled.length - 1; at > 0; at -= 1) {
  const other = Math.floor(random() * (at + 1));
  [shuffled[at], shuffled[other]] = [shuffled[other] ?? 0, shuffled[at] ?? 0];
}
console.log(`category admitted          ${interval(judged.map((i) => inCategory(i, admitted[i])))}`);
console.log(
  `  labels shuffled          ${interval(judged.map((i, at) => inCategory(i, admitted[shuffled[at] ?? 0])))}`,
);
const cancers = cases.map((one) => one.disorder_category.includes('Cancers'));
const saidCancer = made.map((one) => one.diagnosisCategory === 'oncological');
const both = cancers.filter((is, i) => is && saidCancer[i]).length;
console.log(
  `  oncological: precision ${(both / Math.max(1, saidCancer.filter(Boolean).length)).toFixed(3)} recall ${(both / cancers.filter(Boolean).length).toFixed(3)}; other ${made.filter((one) => one.diagnosisCategory === 'other').length}`,
);
for (const status of OUTCOME_STATUSES)
  console.log(`outcome ${status.padEnd(14)} ${made.filter((one) => one.outcome.status === status).length}`);
const sizes = (list: readonly (readonly unknown[])[]): string =>
  `${(list.filter((one) => one.length > 0).length / cases.length).toFixed(3)} have some, mean ${(list.reduce((sum, one) => sum + one.length, 0) / cases.length).toFixed(2)}`;
console.log(`treatments    ${sizes(made.map((one) => one.treatments))}`);
console.log(`complications ${sizes(made.map((one) => one.complications))}`);
console.log(`secondary     ${sizes(made.map((one) => one.secondaryDiagnoses))}`);
console.log(`follow-up     ${sizes(made.map((one) => (one.outcome.followUpMonths === null ? [] : [1])))}`);
console.log(
  `${Math.round((cases.length * 1000) / (between - started))} extracted/s, ${Math.round((cases.length * 1000) / (ended - between))} distilled/s (full papers)`,
);

/** All places of a finding's words. */
function placesOf(text: string, { span: [start, end] }: Finding): readonly (readonly [number, number])[] {
  const words = text.slice(start, end).toLowerCase();
  const lower = text.toLowerCase();
  const places: [number, number][] = [[start, end]];
  for (let at = lower.indexOf(words); at >= 0 && words !== ''; at = lower.indexOf(words, at + words.length))
    places.push([at, at + words.length]);
  return places;
}

const tally = new Map<string, { found: number; wanted: number; right: number; made: number }>();
for (const report of linesOf<Annotated>('facet_examples/maccrobat_dev.jsonl')) {
  const { treatments } = distillByRules({ extracted: extractCase(report.text), title: null });
  const points = [...report.text];
  const offsets = [0];
  for (const point of points) offsets.push((offsets.at(-1) ?? 0) + point.length);
  const entities = report.entities
    .filter(({ type }) => type === 'Medication' || type === 'Therapeutic_procedure')
    .map(({ type, spans, text }) => ({
      type,
      text: text.toLowerCase(),
      spans: spans.map(([start, end]) => [offsets[start] ?? 0, offsets[end] ?? 0] as const),
    }));
  const meets = (finding: Finding, of: readonly (typeof entities)[number][]): boolean =>
    placesOf(report.text, finding).some(([a, b]) => of.some(({ spans }) => spans.some(([c, d]) => a < d && c < b)));
  for (const [name, types, kinds] of [
    ['medication', ['Medication'], ['medication']],
    ['procedure, device, therapy', ['Therapeutic_procedure'], ['procedure', 'device', 'therapy']],
    ['all treatments', ['Medication', 'Therapeutic_procedure'], ['medication', 'procedure', 'device', 'therapy']],
  ] as const) {
    const score = tally.get(name) ?? { found: 0, wanted: 0, right: 0, made: 0 };
    tally.set(name, score);
    const wanted = entities.filter(({ type }) => (types as readonly string[]).includes(type));
    const ours = treatments.filter(({ qualifiers }) => (kinds as readonly string[]).includes(qualifiers?.[0] ?? ''));
    for (const text of new Set(wanted.map((one) => one.text))) {
      score.wanted += 1;
      const same = wanted.filter((one) => one.text === text);
      // A text is found by any treatment: which kind it is called is seen in the precision.
      if (treatments.some((finding) => meets(finding, same))) score.found += 1;
      else if (showsMisses && name === 'all treatments') console.log(`treatment missed: ${text}`);
    }
    for (const finding of ours) {
      score.made += 1;
      if (meets(finding, entities)) score.right += 1;
      else if (showsMisses && name === 'all treatments')
        console.log(`treatment extra: ${report.text.slice(Math.max(0, finding.span[0] - 50), finding.span[1] + 30)}`);
    }
  }
}
for (const [name, { found, wanted, right, made: count }] of tally) {
  const [precision, recall] = [right / Math.max(1, count), found / Math.max(1, wanted)];
  console.log(
    `${name.padEnd(28)} precision ${precision.toFixed(3)} recall ${recall.toFixed(3)} F1 ${((2 * precision * recall) / Math.max(1e-9, precision + recall)).toFixed(3)}  wanted ${wanted} made ${count}`,
  );
}
