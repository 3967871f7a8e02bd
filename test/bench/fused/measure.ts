import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { settledCpuMs } from '../engine/cpu.ts';
import { CONTESTANTS } from './contestants.ts';
import { openDataset } from './dataset.ts';
import type { Place, Searcher } from './peer.ts';
import { type BenchQuery, makeQueries } from './queries.ts';

/**
 * One step in a process of its own:
 *   node --expose-gc --import tsx test/bench/fused/measure.ts build|serve|nothing CONTESTANT STORE FOLDER PACKAGES QUERIES BUDGET_MS
 * Prints lines of JSON: a `Progress` while it builds, and what it measured as the last one.
 */
export type Progress = { readonly progress: string };
/** `cpuMs`: of all threads and processes, which a busy machine does not change. */
export type Built = {
  readonly buildMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly diskMb: number;
};
export type Timed = {
  readonly depth: number | null;
  /** By query, in their order; fewer than there are queries where the budget ran out. */
  readonly ms: readonly number[];
  readonly ownMs: readonly number[];
  /** CPU time of a query, of all threads and processes, on average. */
  readonly cpuMs: number;
  readonly answers: readonly (readonly number[])[];
  /** All of them are said to be exact. */
  readonly exact: boolean;
};
export type Served = {
  /** From the start of the process to the first answer. */
  readonly restartMs: number;
  readonly peakMb: number;
  readonly steadyMb: number;
  readonly timed: readonly Timed[];
  readonly versions: Readonly<Record<string, string>>;
};
/** The same of a process that loads no contestant. */
export type Nothing = { readonly bootMs: number; readonly rssMb: number };

const WARM_UP = 40;
/** Of the budget, at most, before what is timed begins. */
const WARM_SHARE = 0.25;
const SAMPLE_MS = 100;
const KIB_PER_MB = 1_000 / 1.024;

const bootMs = performance.now();
const [step, id = '', store = '', folder = '', packages = '', queryCount = '', budgetMs = ''] = process.argv.slice(2);

/** `VmHWM`: the most that it ever had; `VmRSS`: what it has now. */
function memoryMb(pid: number | 'self', field: 'VmHWM' | 'VmRSS'): number {
  try {
    const kib = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) / KIB_PER_MB;
  } catch {
    // It has ended.
    return 0;
  }
}
const settledMb = (pids: Iterable<number>): number => {
  globalThis.gc?.();
  return [...pids].reduce((sum, pid) => sum + memoryMb(pid, 'VmRSS'), memoryMb('self', 'VmRSS'));
};
const peakOf = (pids: Iterable<number>): number =>
  [...pids].reduce((sum, pid) => sum + memoryMb(pid, 'VmHWM'), memoryMb('self', 'VmHWM'));

function bytesIn(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0);
}

async function build(place: Place): Promise<Built> {
  const pids = new Set<number>();
  let peakMb = 0;
  const sample = () => {
    peakMb = Math.max(peakMb, peakOf(pids));
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const startedMs = performance.now();
  const beforeMs = await settledCpuMs([process.pid]);
  await contestantOf(id).build?.(place, pids);
  const buildMs = performance.now() - startedMs;
  const cpuMs = (await settledCpuMs([process.pid])) - beforeMs;
  clearInterval(timer);
  sample();
  return { buildMs, cpuMs, peakMb, diskMb: bytesIn(place.folder) / 1e6 };
}

async function serve(place: Place): Promise<Served> {
  const queries = makeQueries(place.dataset, Number(queryCount));
  const { open, depths } = contestantOf(id);
  const startedMs = performance.now();
  const searcher = await open(place);
  const [first] = queries;
  if (first) await searcher.search(first, depths[0] ?? null);
  const restartMs = bootMs + performance.now() - startedMs;
  const timed: Timed[] = [];
  for (const depth of depths) timed.push(await timeOne(searcher, depth, queries));
  const pids = searcher.pids();
  const [peakMb, steadyMb] = [peakOf(pids), settledMb(pids)];
  const { versions } = searcher;
  await searcher.close();
  return { restartMs, peakMb, steadyMb, timed, versions };
}

async function timeOne(searcher: Searcher, depth: number | null, queries: readonly BenchQuery[]): Promise<Timed> {
  let exact = true;
  const shareMs = Number(budgetMs) / contestantOf(id).depths.length;
  const warmUntilMs = performance.now() + shareMs * WARM_SHARE;
  // The last ones, so that what is timed is not what was just asked.
  for (const query of queries.slice(-WARM_UP)) {
    await searcher.search(query, depth);
    if (performance.now() > warmUntilMs) break;
  }
  const untilMs = performance.now() + shareMs;
  const [ms, ownMs, answers]: [number[], number[], (readonly number[])[]] = [[], [], []];
  const othersBeforeMs = await settledCpuMs(searcher.pids());
  const before = process.cpuUsage();
  for (const query of queries) {
    const startedMs = performance.now();
    const answer = await searcher.search(query, depth);
    ms.push(performance.now() - startedMs);
    ownMs.push(answer.ownMs);
    answers.push(answer.ordinals);
    exact &&= answer.exact;
    if (performance.now() > untilMs) break;
  }
  const used = process.cpuUsage(before);
  const othersMs = (await settledCpuMs(searcher.pids())) - othersBeforeMs;
  const cpuMs = ((used.user + used.system) / 1_000 + othersMs) / ms.length;
  return { depth, ms, ownMs, cpuMs, answers, exact };
}

function contestantOf(wanted: string) {
  const found = CONTESTANTS.find((one) => one.id === wanted);
  if (!found) throw new Error(`no contestant ${wanted}`);
  return found;
}

async function measured(): Promise<Built | Served | Nothing> {
  if (step === 'nothing') return { bootMs, rssMb: settledMb([]) };
  const tell = (progress: string) => console.log(JSON.stringify({ progress } satisfies Progress));
  const place: Place = { dataset: await openDataset(store), folder, packages, tell };
  return step === 'build' ? build(place) : serve(place);
}

console.log(JSON.stringify(await measured()));
process.exit(0);
