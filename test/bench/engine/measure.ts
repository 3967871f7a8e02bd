import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTESTANTS } from './contestants.ts';
import { settledCpuMs } from './cpu.ts';

/**
 * One measurement in a process of its own:
 *   node --import tsx test/bench/engine/measure.ts CONTESTANT PEERS_FOLDER ITEMS WARM_ITEMS BUDGET_MS
 * Prints one line of JSON, a `Measured`.
 */
export type Measured = {
  readonly items: number;
  readonly tookMs: number;
  readonly cpuMs: number;
  readonly serverCpuMs: number;
  readonly enterMs: number;
  readonly versions: Readonly<Record<string, string>>;
};

const [id, peers = '', items = '', warmItems = '', budgetMs = ''] = process.argv.slice(2);
const contestant = CONTESTANTS.find((one) => one.id === id);
if (!contestant) throw new Error(`no contestant ${id}`);
const folder = mkdtempSync(join(tmpdir(), `bench-${contestant.id}-`));
try {
  const { batch, setting } = contestant;
  const peer = await contestant.open({ folder, peers, batch, setting });
  await peer.enqueue(Number(warmItems));
  await peer.drain(Number(warmItems), Number(budgetMs));
  const enterStartMs = performance.now();
  await peer.enqueue(Number(items));
  const enterMs = performance.now() - enterStartMs;
  const serverBeforeMs = await settledCpuMs(peer.serverPids);
  const before = process.cpuUsage();
  const drained = await peer.drain(Number(items), Number(budgetMs));
  const used = process.cpuUsage(before);
  const measured: Measured = {
    ...drained,
    cpuMs: (used.user + used.system) / 1_000,
    serverCpuMs: (await settledCpuMs(peer.serverPids)) - serverBeforeMs,
    enterMs,
    versions: peer.versions,
  };
  await peer.close();
  console.log(JSON.stringify(measured));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
