/**
 * Our engine against job queues of the field and against the bare database, on this machine, in one run.
 *   npx tsx test/bench/engine.ts [--items 20000] [--rounds 5] [--peers all|ours,plainjob,…] [--budget-s 8]
 * Installs the peers into a folder of their own (--folder, kept for the next run) and starts Redis and PostgreSQL on loopback
 * ports where they are installed (apt-get install redis-server postgresql-15); a peer that is missing is named in the table.
 * Every measurement is a process of its own with a fresh store: warm up, put the backlog in, work it off with a handler that
 * does nothing, for at most the budget. Rounds go through all contestants in turn. Exit 1 when a target is missed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve as absolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CONTESTANTS, type Contestant } from './engine/contestants.ts';
import { installPeers } from './engine/install.ts';
import { load, machine } from './engine/machine.ts';
import type { Measured } from './engine/measure.ts';
import { type Entry, printTable, printTargets } from './engine/table.ts';

const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
    peers: { type: 'string', default: 'all' },
    'budget-s': { type: 'string', default: '8' },
    folder: { type: 'string', default: join(tmpdir(), 'anamnesis-bench-peers') },
  },
});
const WARM_ITEMS = 1_024;
/** What a measurement may take beyond its budget: starting servers, putting items in, the warm-up. */
const BESIDES_MS = 120_000;
const MEASURE = fileURLToPath(new URL('engine/measure.ts', import.meta.url));

const whole = (name: 'items' | 'rounds' | 'budget-s'): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`);
  return value;
};
const folder = absolute(values.folder);
const items = whole('items');
const rounds = whole('rounds');
const budgetMs = whole('budget-s') * 1_000;

const wanted = values.peers === 'all' ? null : values.peers.split(',');
const unknown = wanted?.find((id) => !CONTESTANTS.some((one) => one.id === id));
if (unknown !== undefined)
  throw new Error(`no peer ${unknown}; there are ${CONTESTANTS.map(({ id }) => id).join(', ')}`);
const chosen = CONTESTANTS.filter(({ id }) => wanted === null || wanted.includes(id));

const noPackage = chosen.some(({ packages }) => packages.length > 0) ? installPeers(folder) : new Map();
const missing = new Map(chosen.flatMap((one) => reasonMissing(one)));
const runs = new Map<string, Measured[]>(chosen.map(({ id }) => [id, []]));

console.log(machine());
console.log(`${items} items, ${rounds} rounds, at most ${budgetMs} ms a measurement; load before: ${load()}`);
for (let round = 1; round <= rounds; round++) {
  for (const contestant of chosen) {
    if (missing.has(contestant.id)) continue;
    try {
      runs.get(contestant.id)?.push(await measure(contestant));
    } catch (error) {
      missing.set(contestant.id, error instanceof Error ? error.message : String(error));
    }
  }
  console.error(`round ${round} of ${rounds} done, load ${load()}`);
}

const entries = chosen.map((contestant): Entry => {
  const reason = missing.get(contestant.id);
  return { contestant, runs: runs.get(contestant.id) ?? [], ...(reason === undefined ? {} : { missing: reason }) };
});
console.log();
printTable(entries);
console.log();
const versions = Object.assign({}, ...[...runs.values()].flat().map((run) => run.versions));
console.log(
  `versions: ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}`,
);
if (!printTargets(entries)) process.exitCode = 1;

function reasonMissing({ id, packages, program }: Contestant): [string, string][] {
  for (const name of packages) {
    const reason = noPackage.get(name);
    if (reason !== undefined) return [[id, `${name}: ${reason}`]];
  }
  if (program !== undefined) {
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' });
    } catch {
      return [[id, `${program} is not installed here`]];
    }
  }
  return [];
}

function measure({ id }: Contestant): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const args = [id, folder, String(items), String(WARM_ITEMS), String(budgetMs)];
    // A process group of its own, so that servers end with it.
    const child = spawn(process.execPath, ['--import', 'tsx', MEASURE, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const kill = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const interrupted = () => {
      kill();
      process.exit(130);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
    const timer = setTimeout(kill, budgetMs * 3 + BESIDES_MS);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
      if (code === 0) resolve(JSON.parse(text.trim().split('\n').at(-1) ?? '') as Measured);
      else reject(new Error(`${id} ended with ${code ?? 'a signal'}`));
    });
  });
}
