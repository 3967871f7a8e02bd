import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Embedder } from '../../core/models/ports.ts';
import { foldResults } from '../../core/search/diversity.ts';
import { DEPTH, type Measures, measuresOf } from '../../core/search/evaluate.ts';
import type { Release } from '../../core/search/release.ts';
import { search } from '../../core/search/search.ts';
import { SETTINGS } from '../../core/search/settings.ts';
import { openTransformers } from '../../space/embedder/transformers.ts';
import { build, cacheIn, fittedBuiltin } from './retrieval/built.ts';
import { printCalibration } from './retrieval/calibration.ts';
import { phenopackets, sameRareDisease, shippedSample, type Task } from './retrieval/data.ts';
import { heardBy } from './retrieval/heard.ts';
import { printLatency } from './retrieval/latency.ts';
import { HEADING, lineOf } from './retrieval/paired.ts';
import { bestOf, type Ranker, rankersOf } from './retrieval/rankers.ts';

/**
 * The ablation table: each leg, facet and rule alone and left out, on every labelled set that is there.
 * Usage: node --import tsx test/bench/retrieval.ts [--shared DIR] [--cache DIR] [--only WORDS] [--questions N] [--embedder NAME] [--latency] [--calibration]
 */
const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { values } = parseArgs({
  options: {
    shared: { type: 'string', default: join(repository, '../shared') },
    /** Releases and models that the same code made before are read from here. */
    cache: { type: 'string' },
    /** Part of the name of the tasks to run. */
    only: { type: 'string', default: '' },
    /** Most questions taken of the phenopackets (seeded); the others are few. */
    questions: { type: 'string', default: '500' },
    /** Part of the names of the rankers to show. */
    ranker: { type: 'string', default: '' },
    embedder: { type: 'string', default: 'builtin' },
    latency: { type: 'boolean', default: false },
    calibration: { type: 'boolean', default: false },
  },
});
const cache = cacheIn(values.cache);

type Opened = { readonly embedder: Embedder; close(): Promise<void> };

async function openEmbedder(task: Task): Promise<Opened> {
  if (values.embedder === 'builtin')
    return { embedder: await fittedBuiltin(task.documents, cache), close: async () => {} };
  const embedder = await openTransformers({
    model: values.embedder,
    modelDir: join(values.shared, 'models'),
    cacheDir: join(values.cache ?? repository, 'models'),
    allowDownload: false,
  });
  return { embedder, close: () => embedder.close() };
}

const seconds = (sinceMs: number): string => ((performance.now() - sinceMs) / 1000).toFixed(1);

/** Tasks over the same documents come one after the other, so that a release is built once. */
let last: { readonly documents: Task['documents']; readonly release: Release; readonly opened: Opened } | null = null;

const closeLast = async (): Promise<void> => last?.opened.close();

async function releaseOf(task: Task): Promise<{ release: Release; embedder: Embedder }> {
  if (last?.documents !== task.documents) {
    await closeLast();
    const startedMs = performance.now();
    const opened = await openEmbedder(task);
    last = {
      documents: task.documents,
      opened,
      release: await build(task.documents, opened.embedder, cache, values.cache),
    };
    console.log(`\n${task.documents.length} cases, release made or read in ${seconds(startedMs)} s`);
  }
  return { release: last.release, embedder: last.opened.embedder };
}

async function measure(task: Task): Promise<void> {
  const { release, embedder } = await releaseOf(task);
  const rankers = rankersOf(release).filter(({ name }, i) => i === 0 || name.includes(values.ranker));
  const measured = new Map<Ranker, Measures[]>(rankers.map((ranker) => [ranker, []]));
  const startedMs = performance.now();
  for await (const heard of heardBy(task, release, embedder)) {
    for (const [ranker, all] of measured) {
      const found = bestOf(ranker.scores(heard), heard.kept, DEPTH);
      const documents = found.map((ordinal) => release.cards.documents[ordinal] ?? 0);
      const standing = ranker.folds
        ? foldResults(documents, () => false, DEPTH).map(({ place }) => found[place])
        : found;
      const best = standing.map((ordinal) => release.cards.ids[ordinal ?? -1] ?? '');
      all.push(measuresOf(best, heard.question));
    }
  }
  console.log(
    `\n${task.name} (${values.embedder}): ${task.questions.length} questions, ${seconds(startedMs)} s\n${HEADING}`,
  );
  const base = measured.values().next().value ?? [];
  for (const [{ name }, all] of measured) console.log(lineOf(name, all, base));
  await compareWithSearch(task, release, embedder, rankers[0]);
  if (values.calibration) await printCalibration(task, release, embedder);
  if (values.latency) await printLatency(task, release, embedder);
}

const COMPARED = 20;

/** That the table is about the product: its own search gives the answers that the default is measured by. */
async function compareWithSearch(
  task: Task,
  release: Release,
  embedder: Embedder,
  ranker: Ranker | undefined,
): Promise<void> {
  let same = 0;
  const few = { ...task, questions: task.questions.slice(0, COMPARED) };
  for await (const heard of heardBy(few, release, embedder)) {
    if (!ranker) continue;
    const all = new Uint8Array(release.cards.count).fill(1);
    const expected = bestOf(ranker.scores(heard), all, SETTINGS.kDefault).map((ordinal) => release.cards.ids[ordinal]);
    const request = { text: heard.question.text, k: SETTINGS.kDefault, legs: SETTINGS.legs, explain: false };
    const { results } = await search(release, request, {
      embedder,
      nowMs: () => performance.now(),
      settings: { ...SETTINGS, fold: { ...SETTINGS.fold, on: false } },
    });
    if (results.every(({ case_id }, i) => case_id === expected[i]) && results.length === expected.length) same += 1;
  }
  console.log(`the search itself gives these answers to ${same} of ${few.questions.length}`);
}

const data = join(values.shared, 'data');
const tasks: Task[] = [...shippedSample(join(repository, 'space/sample'))];
if (existsSync(data)) tasks.push(...sameRareDisease(data), ...phenopackets(data, Number(values.questions)));
else console.log(`without the development data: ${data} is not there`);
for (const task of tasks) if (task.name.includes(values.only)) await measure(task);
await closeLast();
