/**
 * Our search for cases against vector indexes of the field: same vectors, same queries, one run.
 *   npx tsx test/bench/fused.ts [--cases 45000] [--queries 200] [--rounds 5] [--only fused,faiss,…]
 *     [--build-min 10] [--budget-s 60] [--reuse] [--store FOLDER] [--folder FOLDER]
 * Vectors are made from a seed: six views of clustered unit vectors, of which a case has some; written once as a release, as the
 * product writes one, and kept in --folder with the peers' packages. `--store` takes a real store instead. A peer that has one index
 * for one view is asked for N rows of each, and the best of their union are found by exact scores. Each index is built in a process of its
 * own, ended after --build-min; each round goes through all contestants, each opened in a process of its own, for at most --budget-s of
 * searches. `--reuse` takes indexes that an earlier run has built. Recall is that of the ten best by the fused score, against a plain f64 scan.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve as absolute, join } from 'node:path';
import { parseArgs } from 'node:util';
import { load, machine } from './engine/machine.ts';
import { CONTESTANTS, type Contestant } from './fused/contestants.ts';
import { ensureDataset, openDataset, rootOf } from './fused/dataset.ts';
import { installPeer } from './fused/install.ts';
import type { Built, Nothing, Served } from './fused/measure.ts';
import { truthOf } from './fused/oracle.ts';
import { makeQueries } from './fused/queries.ts';
import { run } from './fused/run.ts';
import { type Entry, tableOf } from './fused/table.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '45000' },
    queries: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: 'all' },
    'build-min': { type: 'string', default: '10' },
    'budget-s': { type: 'string', default: '60' },
    reuse: { type: 'boolean', default: false },
    store: { type: 'string' },
    folder: { type: 'string', default: join(tmpdir(), 'anamnesis-bench-fused') },
  },
});
/** What a measurement may take beside its searches: opening an index. */
const OPENING_MS = 300_000;

const whole = (name: 'cases' | 'queries' | 'rounds' | 'seed' | 'build-min' | 'budget-s'): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`);
  return value;
};
const [cases, queryCount, rounds] = [whole('cases'), whole('queries'), whole('rounds')];
const [buildMs, budgetMs] = [whole('build-min') * 60_000, whole('budget-s') * 1_000];
const wanted = values.only === 'all' ? null : values.only.split(',');
const unknown = wanted?.find((id) => !CONTESTANTS.some((one) => one.id === id));
if (unknown !== undefined)
  throw new Error(`no contestant ${unknown}; there are ${CONTESTANTS.map(({ id }) => id).join(', ')}`);
const chosen = CONTESTANTS.filter(({ id }) => wanted === null || wanted.includes(id));

const folder = absolute(values.folder);
const root = values.store === undefined ? rootOf(folder, cases, whole('seed')) : absolute(values.store);
mkdirSync(folder, { recursive: true });

const madeMs = performance.now();
const dataset = await (values.store === undefined ? ensureDataset(root, cases, whole('seed')) : openDataset(root));
console.error(`vectors: ${((performance.now() - madeMs) / 1_000).toFixed(1)} s`);
const queries = makeQueries(dataset, queryCount);
const truthMs = performance.now();
const truth = truthOf(dataset, queries);
console.error(`plain scan: ${((performance.now() - truthMs) / 1_000).toFixed(1)} s`);

const missing = new Map<string, string>();
const builds = new Map<string, Built>();
const served = new Map<string, Served[]>(chosen.map(({ id }) => [id, []]));
const indexFolder = ({ id, files }: Contestant): string =>
  join(folder, 'indexes', `${dataset.manifest.contentHash.slice(0, 12)}-${files ?? id}`);
const packageFolder = ({ installs }: Contestant): string => join(folder, 'packages', installs ?? 'none');
const argsOf = (contestant: Contestant, ...more: readonly string[]) => [
  contestant.id,
  root,
  indexFolder(contestant),
  packageFolder(contestant),
  ...more,
];

for (const contestant of chosen) {
  const { id, installs } = contestant;
  const problem = installs === undefined ? null : installPeer(installs, packageFolder(contestant));
  if (problem !== null) missing.set(id, problem);
}
console.log(machine());
const loadBefore = load();
const nothing = await run<Nothing>('nothing', ['nothing'], OPENING_MS);
await buildAll();
for (let round = 1; round <= rounds; round += 1) {
  for (const contestant of chosen) {
    if (missing.has(contestant.id)) continue;
    const args = argsOf(contestant, String(queryCount), String(budgetMs));
    await attempt(contestant, async () => {
      served.get(contestant.id)?.push(await run<Served>('serve', args, OPENING_MS + 2 * budgetMs));
    });
  }
  console.error(`round ${round} of ${rounds} done, load ${load()}`);
}
report();

async function attempt({ id }: Contestant, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    missing.set(id, reason);
    console.error(`${id}: ${reason}`);
  }
}

/** Files that two contestants share are built once, for the first of them that is chosen. */
async function buildAll(): Promise<void> {
  for (const contestant of chosen) {
    const builder = CONTESTANTS.find(({ id }) => id === (contestant.files ?? contestant.id));
    if (!builder?.build || missing.has(contestant.id)) continue;
    const note = `${indexFolder(builder)}.json`;
    if (builds.has(builder.id)) continue;
    if (values.reuse && existsSync(note)) {
      builds.set(builder.id, JSON.parse(readFileSync(note, 'utf8')) as Built);
      continue;
    }
    rmSync(note, { force: true });
    rmSync(indexFolder(builder), { recursive: true, force: true });
    mkdirSync(indexFolder(builder), { recursive: true });
    await attempt(contestant, async () => {
      const built = await run<Built>('build', argsOf(builder), buildMs);
      writeFileSync(note, JSON.stringify(built));
      builds.set(builder.id, built);
      console.error(`${builder.id}: built in ${(built.buildMs / 1_000).toFixed(1)} s, load ${load()}`);
    });
  }
}

function report(): void {
  const entries = chosen.map((contestant): Entry => {
    const reason = missing.get(contestant.id);
    return {
      contestant,
      built: builds.get(contestant.id) ?? null,
      rounds: served.get(contestant.id) ?? [],
      ...(reason === undefined ? {} : { missing: reason }),
    };
  });
  const { caseCount, viewCounts } = dataset.manifest;
  const rows = Object.values(viewCounts).reduce((sum, count) => sum + count, 0);
  console.log(
    `${caseCount} cases, ${rows} vectors of 384 (${((rows * 384 * 4) / 1e6).toFixed(0)} MB as f32, held in memory ` +
      `beside a peer for the exact scores and read by row by ours), ${queryCount} queries, medians of ${rounds} rounds; load before ${loadBefore}, after ${load()}`,
  );
  console.log(
    `a process that holds nothing: ${nothing.rssMb.toFixed(0)} MB, ${(nothing.bootMs / 1_000).toFixed(2)} s to start (in all figures below)\n`,
  );
  console.log(tableOf(entries, truth));
  const versions = Object.assign({}, ...[...served.values()].flat().map((one) => one.versions));
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  if (named.length > 0) console.log(`\nversions: ${named.join(', ')}`);
}
