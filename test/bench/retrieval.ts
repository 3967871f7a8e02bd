import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NOTHING_DISTILLED } from '../../core/cases/distillate.ts';
import { extractCase } from '../../core/cases/extract.ts';
import { fitBuiltin, loadBuiltin } from '../../core/models/builtin.ts';
import { seeded } from '../../core/models/builtin-numbers.ts';
import type { Embedder } from '../../core/models/ports.ts';
import { viewTexts } from '../../core/models/views.ts';
import type { ReleaseCase, SearchRequest } from '../../core/search/contract.ts';
import { inverseFrequency } from '../../core/search/lexical.ts';
import { openRelease, type Release, writeRelease } from '../../core/search/release.ts';
import { search } from '../../core/search/search.ts';
import { SETTINGS, type SearchSettings } from '../../core/search/settings.ts';
import { termCounts } from '../../core/search/terms.ts';
import type { View } from '../../schema/vocabulary.ts';
import { searchKernel } from '../../space/kernel.ts';

type Document = { readonly id: string; readonly text: string; readonly title?: string | null };
type Question = {
  readonly name: string;
  readonly text: string;
  /** The document that the question was taken from; it is no answer to itself. */
  readonly self: string | null;
  readonly relevant: ReadonlySet<string>;
};
/** Case ids of one question, best first. */
type Ranker = (question: Question) => Promise<readonly string[]>;

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { values } = parseArgs({ options: { shared: { type: 'string', default: join(repository, '../shared') } } });

const lines = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
const records = <T>(path: string): T[] => lines(path).map((line) => JSON.parse(line) as T);

/** The release of a corpus, in memory, as the pipeline would make it. */
async function build(documents: readonly Document[], embedder: Embedder): Promise<Release> {
  async function* cases(): AsyncGenerator<ReleaseCase> {
    for (const document of [...documents].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const extracted = extractCase(document.text);
      const texts = Object.entries(viewTexts(extracted));
      const embedded = await embedder.embed(texts.map(([, text]) => text));
      const vectors: Partial<Record<View, Float32Array>> = {};
      for (const [i, [view]] of texts.entries()) if (embedded[i]) vectors[view as View] = embedded[i];
      yield { ...UNKNOWN, caseId: document.id, documentKey: document.id, extracted, vectors };
    }
  }
  const parts = new Map<string, Uint8Array[]>();
  const sink = {
    append: async (file: string, bytes: Uint8Array) => void parts.set(file, [...(parts.get(file) ?? []), bytes]),
  };
  const written = await writeRelease(cases(), sink, { generation: embedder.fingerprint });
  const manifest = { format: 1, version: 1, createdAt: '', files: [], contentHash: '', faissFiles: [] } as const;
  return openRelease(
    { ...manifest, generation: embedder.fingerprint, ...written },
    async (file) => new Uint8Array(Buffer.concat(parts.get(file) ?? [])),
    await searchKernel(),
  );
}

const UNKNOWN: Pick<ReleaseCase, 'provenance' | 'distillate'> = {
  provenance: {
    source: 'bench',
    title: null,
    authors: [],
    journal: null,
    publicationDate: null,
    pmid: null,
    pmcid: null,
    doi: null,
    url: null,
    licence: null,
  },
  distillate: NOTHING_DISTILLED,
};

/** Cosine of log-frequency vectors with idf, the usual comparison. Only here: nothing in the product ranks by it. */
function tfidfRanker(release: Release): Ranker {
  const { lexical, cards } = release;
  const idf = (id: number) =>
    inverseFrequency(lexical.caseCount, (lexical.termStart[id + 1] ?? 0) - (lexical.termStart[id] ?? 0));
  const squares = new Float64Array(cards.count);
  for (const id of lexical.termOf.values()) {
    for (let at = lexical.termStart[id] ?? 0; at < (lexical.termStart[id + 1] ?? 0); at += 1) {
      const ordinal = lexical.cases[at] ?? 0;
      squares[ordinal] = (squares[ordinal] ?? 0) + ((1 + Math.log(lexical.counts[at] ?? 1)) * idf(id)) ** 2;
    }
  }
  return async ({ text }) => {
    const scores = new Float64Array(cards.count);
    for (const [term, count] of termCounts(text)) {
      const id = lexical.termOf.get(term);
      if (id === undefined) continue;
      const weight = (1 + Math.log(count)) * idf(id) ** 2;
      for (let at = lexical.termStart[id] ?? 0; at < (lexical.termStart[id + 1] ?? 0); at += 1) {
        const ordinal = lexical.cases[at] ?? 0;
        scores[ordinal] = (scores[ordinal] ?? 0) + weight * (1 + Math.log(lexical.counts[at] ?? 1));
      }
    }
    const cosine = (i: number) => (scores[i] ?? 0) / Math.sqrt(squares[i] || 1);
    return [...scores.keys()].sort((a, b) => cosine(b) - cosine(a)).map((i) => cards.ids[i] ?? '');
  };
}

const asked = (legs: SearchRequest['legs'], text: string): SearchRequest => ({ text, k: 100, legs, explain: false });

function searchRanker(
  release: Release,
  embedder: Embedder,
  legs: SearchRequest['legs'],
  shares: SearchSettings['shares'] = SETTINGS.shares,
): Ranker {
  const deps = { embedder, nowMs: () => performance.now(), settings: { ...SETTINGS, shares } };
  return async ({ text }) => (await search(release, asked(legs, text), deps)).results.map((result) => result.case_id);
}

/** Rank of the first relevant answer of each question, from 1; Infinity where none was among the answers. */
async function ranksOf(
  questions: readonly Question[],
  ranker: Ranker,
  among: (id: string) => boolean,
): Promise<number[]> {
  const ranks: number[] = [];
  for (const question of questions) {
    const answers = (await ranker(question)).filter((id) => id !== question.self && among(id));
    const place = answers.findIndex((id) => question.relevant.has(id));
    ranks.push(place < 0 ? Number.POSITIVE_INFINITY : place + 1);
  }
  return ranks;
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const hit10 = (ranks: readonly number[]): number => mean(ranks.map((rank) => (rank <= 10 ? 1 : 0)));
const reciprocal = (ranks: readonly number[]): number => mean(ranks.map((rank) => 1 / rank));
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

const RESAMPLES = 2_000;

/** A measure with its 95 % interval over questions drawn with replacement (percentile bootstrap, seeded). */
function withInterval(ranks: readonly number[], measure: (ranks: readonly number[]) => number): string {
  const random = seeded(1);
  const draws = Array.from({ length: RESAMPLES }, () =>
    measure(ranks.map(() => ranks[Math.floor(((random() + 1) / 2) * ranks.length)] ?? Number.POSITIVE_INFINITY)),
  ).sort((a, b) => a - b);
  const shown = (value: number) => value.toFixed(3).replace(/^0/, '');
  return `${shown(measure(ranks))} [${shown(quantile(draws, 0.025))}, ${shown(quantile(draws, 0.975))}]`;
}

async function table(
  heading: string,
  release: Release,
  embedder: Embedder,
  questions: readonly Question[],
  among: (id: string) => boolean = () => true,
): Promise<void> {
  const withoutFacets = { ...SETTINGS.shares, facets: 0 };
  const rankers: readonly (readonly [string, Ranker])[] = [
    ['BM25 alone', searchRanker(release, embedder, ['lexical'])],
    ['TF-IDF cosine alone', tfidfRanker(release)],
    ['dense alone (builtin, whole case)', searchRanker(release, embedder, ['dense'], withoutFacets)],
    ['dense + lexical, no facets', searchRanker(release, embedder, ['dense', 'lexical'], withoutFacets)],
    ['default search', searchRanker(release, embedder, SETTINGS.legs)],
  ];
  console.log(`\n${heading} (${questions.length} questions)\n${''.padEnd(36)}${'hit@10'.padEnd(22)}MRR`);
  for (const [name, ranker] of rankers) {
    const ranks = await ranksOf(questions, ranker, among);
    console.log(`${name.padEnd(36)}${withInterval(ranks, hit10).padEnd(22)}${withInterval(ranks, reciprocal)}`);
  }
}

async function sample(): Promise<void> {
  const folder = join(repository, 'space/sample');
  const documents = records<Document>(join(folder, 'cases.jsonl'));
  const diagnosisOf = new Map<string, string>();
  for (const line of lines(join(folder, 'diagnoses.tsv')).slice(1)) {
    const [id = '', diagnosis = ''] = line.split('\t');
    diagnosisOf.set(id, diagnosis);
  }
  const withDiagnosis = (diagnosis: string | undefined, but: string | null) =>
    new Set([...diagnosisOf].filter(([id, one]) => one === diagnosis && id !== but).map(([id]) => id));
  const embedder = loadBuiltin(fitBuiltin(documents.map(({ text }) => text)));
  const release = await build(documents, embedder);
  const asDocuments = documents.map(({ id, text }) => {
    return { name: id, text, self: id, relevant: withDiagnosis(diagnosisOf.get(id), id) };
  });
  await table('Sample: another document of the same diagnosis', release, embedder, asDocuments);
  const asWords = records<{ query: string; expects: string }>(join(folder, 'queries.jsonl')).map((one) => {
    return { name: one.query, text: one.query, self: null, relevant: withDiagnosis(one.expects, null) };
  });
  await table("Sample: a clinician's words", release, embedder, asWords);
}

async function development(data: string): Promise<void> {
  type Labelled = Document & { readonly case_summary: string };
  const labelled = records<Labelled>(join(data, 'corpus/cases_medrbench_labelled.jsonl'));
  const documents: Document[] = [...labelled, ...records<Document>(join(data, 'corpus/cases_e3c.jsonl'))];
  const relevant = new Map<string, Set<string>>();
  for (const line of lines(join(data, 'retrieval/qrels.tsv'))) {
    const [query = '', , answer = '', grade] = line.split('\t');
    // Relevant is the same rare disease (3) or one under the same Orphanet parent (2).
    if (Number(grade) >= 2) relevant.set(query, (relevant.get(query) ?? new Set()).add(answer));
  }
  const summaryOf = new Map(labelled.map(({ id, case_summary }) => [id, case_summary]));
  const questions = lines(join(data, 'retrieval/queries_same_rare_disease.txt')).map((id) => {
    return { name: id, text: summaryOf.get(id) ?? '', self: id, relevant: relevant.get(id) ?? new Set<string>() };
  });
  let startedMs = performance.now();
  const model = fitBuiltin(documents.map(({ text }) => text));
  console.log(
    `\nfitted ${model.fittedOn} texts in ${seconds(startedMs)} s, ${(model.bytes.length / 1e6).toFixed(1)} MB`,
  );
  const embedder = loadBuiltin(model);
  startedMs = performance.now();
  const release = await build(documents, embedder);
  console.log(`extracted, embedded and released ${documents.length} cases in ${seconds(startedMs)} s`);
  await table('Same rare disease, all cases', release, embedder, questions);
  const labelledIds = new Set(labelled.map(({ id }) => id));
  const fullTexts = await build(labelled, embedder);
  await table('Same rare disease, full texts only', fullTexts, embedder, questions, (id) => labelledIds.has(id));
  await latency(release, embedder, documents);
}

const seconds = (sinceMs: number): string => ((performance.now() - sinceMs) / 1000).toFixed(1);

const LATENCY_QUERIES = 200;

async function latency(release: Release, embedder: Embedder, documents: readonly Document[]): Promise<void> {
  const step = Math.floor(documents.length / LATENCY_QUERIES);
  const texts = Array.from({ length: LATENCY_QUERIES }, (_, i) => documents[i * step]?.text ?? '');
  console.log(`\nlatency of ${LATENCY_QUERIES} whole cases as queries over ${release.cards.count} cases, ms`);
  for (const [name, explain] of [
    ['default, k 10, explained', true],
    ['default, k 10, not explained', false],
  ] as const) {
    const tookMs: number[] = [];
    for (const text of texts) {
      const startedMs = performance.now();
      await search(
        release,
        { text, k: 10, legs: SETTINGS.legs, explain },
        { embedder, nowMs: () => performance.now() },
      );
      tookMs.push(performance.now() - startedMs);
    }
    tookMs.sort((a, b) => a - b);
    console.log(`${name.padEnd(36)}p50 ${quantile(tookMs, 0.5).toFixed(1)}  p95 ${quantile(tookMs, 0.95).toFixed(1)}`);
  }
}

await sample();
const data = join(values.shared, 'data');
if (existsSync(data)) await development(data);
else console.log(`\nskipped the development data: ${data} is not there`);
