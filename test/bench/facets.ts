/**
 * Precision, recall and F1 of the extractor on annotated case reports: `npx tsx test/bench/facets.ts [--misses] [FILE]`.
 *
 * Matching rule. Annotated spans are code points and become UTF-16 offsets. A span is found when a finding of the wanted
 * kind overlaps it by at least one character; a finding is right when it overlaps a span of the kinds it may mean.
 * - age, sex: one per report; the first annotated one must be overlapped by the one finding that was made.
 * - symptoms: wanted are `Sign_symptom` spans without NEG; found by findings of `symptoms` (no measurements) and of `imaging`
 *   (no modalities) and `ecg` statements, because the annotation does not part a sign from what an image showed. Not absent.
 *   Right is also a `Disease_disorder`, `History` or `Coreference` span.
 * - negation: wanted are `Sign_symptom` and `Disease_disorder` spans with NEG; found by absent findings of any facet but labs; right are NEG
 *   and MAYBE_NEG spans of any type. `polarity of found`: of the wanted and the affirmed spans that any finding overlaps, the share with the right polarity.
 * - labs, vitals, imaging: wanted are the texts of `facets.labs`, `facets.vitals`, `facets.imaging` at their `Diagnostic_procedure` spans;
 *   right is any `Diagnostic_procedure` or `Lab_value` span. `labs and vitals` takes both, found by both and by measurements of
 *   images and ECG, since `facets.labs` holds whatever was measured (ejection fractions, intervals, function classes). `labs with a number`: the same, only those whose values hold a digit.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../core/cases/case.ts';
import { extractCase } from '../../core/cases/extract.ts';
import { ECG_RECORDINGS } from '../../core/cases/vocabularies/ecg.ts';
import { MODALITIES } from '../../core/cases/vocabularies/imaging.ts';
import { VITAL_SIGNS } from '../../core/cases/vocabularies/vitals.ts';

type Span = readonly [number, number];
type Entity = {
  readonly id: string;
  readonly type: string;
  readonly spans: readonly Span[];
  readonly text: string;
  readonly polarity?: string;
};
type Named = { readonly text: string; readonly values?: readonly string[] };
type Report = {
  readonly id: string;
  readonly text: string;
  readonly entities: readonly Entity[];
  readonly facets: {
    readonly labs: readonly Named[];
    readonly vitals: readonly Named[];
    readonly imaging: readonly Named[];
  };
};
type Tally = { found: number; wanted: number; right: number; made: number };

const DEFAULT_FILE = fileURLToPath(new URL('../../../shared/data/facet_examples/maccrobat_dev.jsonl', import.meta.url));
const modalities = new Set(MODALITIES.map((line) => line.term));
const recordings = new Set(ECG_RECORDINGS.map((line) => line.term));
const vitalNames = new Set(VITAL_SIGNS.map((vital) => vital.term));

const overlaps = (a: Span, b: Span): boolean => a[0] < b[1] && b[0] < a[1];

/** UTF-16 offset of every code point, and of the end. */
function codePointOffsets(text: string): readonly number[] {
  const offsets: number[] = [];
  let at = 0;
  for (const char of text) {
    offsets.push(at);
    at += char.length;
  }
  offsets.push(at);
  return offsets;
}

const tallies = new Map<string, Tally>();
const misses = new Map<string, string[]>();
const extras = new Map<string, string[]>();

function score(
  name: string,
  wanted: readonly Entity[],
  made: readonly Finding[],
  admissible: readonly Entity[],
  text: string,
): void {
  const tally = tallies.get(name) ?? { found: 0, wanted: 0, right: 0, made: 0 };
  tallies.set(name, tally);
  for (const entity of wanted) {
    tally.wanted += 1;
    if (made.some((finding) => entity.spans.some((span) => overlaps(span, finding.span)))) tally.found += 1;
    else misses.set(name, [...(misses.get(name) ?? []), entity.text]);
  }
  for (const finding of made) {
    tally.made += 1;
    if (admissible.some((entity) => entity.spans.some((span) => overlaps(span, finding.span)))) tally.right += 1;
    else
      extras.set(name, [
        ...(extras.get(name) ?? []),
        `${finding.term} <${text.slice(finding.span[0], finding.span[1])}>`,
      ]);
  }
}

const file = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? DEFAULT_FILE;
const reports: Report[] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Report); // the format is the data set's, described in its README
let polarityRight = 0;
let polarityAll = 0;

for (const report of reports) {
  const offsets = codePointOffsets(report.text);
  const entities = report.entities.map((entity) => ({
    ...entity,
    spans: entity.spans.map(([start, end]): Span => [offsets[start] ?? 0, offsets[end] ?? 0]),
  }));
  const { facets } = extractCase(report.text);
  const of = (name: keyof typeof facets): readonly Finding[] => facets[name]?.findings ?? [];
  const typed = (...types: string[]) => entities.filter((entity) => types.includes(entity.type));
  const negated = (entity: Entity) => entity.polarity === 'NEG' || entity.polarity === 'MAYBE_NEG';

  score(
    'age',
    typed('Age').slice(0, 1),
    of('demographics').filter((finding) => finding.term === 'age' || finding.term === 'age group'),
    typed('Age'),
    report.text,
  );
  score(
    'sex',
    typed('Sex').slice(0, 1),
    of('demographics').filter((finding) => finding.term === 'sex'),
    typed('Sex'),
    report.text,
  );

  const signs = [
    ...of('symptoms').filter((finding) => !vitalNames.has(finding.term)),
    ...of('imaging').filter((finding) => !modalities.has(finding.term) && finding.value === undefined),
    ...of('ecg').filter((finding) => !recordings.has(finding.term) && finding.value === undefined),
  ];
  const affirmed = signs.filter((finding) => finding.assertion !== 'absent');
  const spots = typed('Sign_symptom', 'Disease_disorder', 'History', 'Coreference');
  score(
    'symptoms',
    typed('Sign_symptom').filter((entity) => !negated(entity)),
    affirmed,
    spots.filter((entity) => !negated(entity)),
    report.text,
  );

  const denied = [...signs, ...of('demographics')].filter((finding) => finding.assertion === 'absent');
  const all = [...signs, ...of('demographics')];
  score(
    'negation',
    typed('Sign_symptom', 'Disease_disorder').filter((entity) => entity.polarity === 'NEG'),
    denied,
    entities.filter(negated),
    report.text,
  );
  for (const entity of typed('Sign_symptom', 'Disease_disorder')) {
    const hits = all.filter((finding) => entity.spans.some((span) => overlaps(span, finding.span)));
    if (hits.length === 0) continue;
    polarityAll += 1;
    if (hits.some((finding) => finding.assertion === 'absent') === negated(entity)) polarityRight += 1;
  }

  const procedures = typed('Diagnostic_procedure');
  const tests = typed('Diagnostic_procedure', 'Lab_value');
  /** The procedures that a list of texts names, each text taken once. */
  const spotted = (named: readonly Named[]): readonly Entity[] => {
    const left = [...procedures];
    return named.flatMap((one) => {
      const at = left.findIndex((entity) => entity.text === one.text);
      return at < 0 ? [] : left.splice(at, 1);
    });
  };
  const numeric = (named: readonly Named[]) =>
    named.filter((one) => (one.values ?? []).some((value) => /\d/.test(value)));
  const vitals = of('symptoms').filter((finding) => vitalNames.has(finding.term));
  const measured = [...of('labs'), ...vitals];
  score('labs', spotted(report.facets.labs), of('labs'), tests, report.text);
  const readings = [...measured, ...[...of('imaging'), ...of('ecg')].filter((finding) => finding.value !== undefined)];
  score('labs and vitals', spotted([...report.facets.labs, ...report.facets.vitals]), readings, tests, report.text);
  score(
    'labs and vitals with a number',
    spotted(numeric([...report.facets.labs, ...report.facets.vitals])),
    [...measured, ...of('imaging'), ...of('ecg')].filter((finding) => finding.value !== undefined),
    tests,
    report.text,
  );
  score('vitals', spotted(report.facets.vitals), vitals, tests, report.text);
  score(
    'imaging',
    spotted(report.facets.imaging),
    of('imaging').filter((finding) => modalities.has(finding.term)),
    procedures,
    report.text,
  );
}

const percent = (part: number, whole: number): string => (whole === 0 ? '   -' : (part / whole).toFixed(3));
console.log(`${reports.length} reports\n${'facet'.padEnd(32)}  prec.  recall     F1   wanted   made`);
for (const [name, tally] of tallies) {
  const precision = tally.right / Math.max(1, tally.made);
  const recall = tally.found / Math.max(1, tally.wanted);
  const f1 = (2 * precision * recall) / Math.max(1e-9, precision + recall);
  console.log(
    `${name.padEnd(32)}  ${precision.toFixed(3)}   ${recall.toFixed(3)}  ${f1.toFixed(3)}  ${String(tally.wanted).padStart(6)} ${String(tally.made).padStart(6)}`,
  );
}
console.log(`polarity of found: ${percent(polarityRight, polarityAll)} of ${polarityAll}`);
if (process.argv.includes('--misses'))
  for (const name of tallies.keys()) {
    console.log(`\n${name} missed: ${(misses.get(name) ?? []).join(' | ')}`);
    console.log(`${name} extra: ${(extras.get(name) ?? []).join(' | ')}`);
  }
