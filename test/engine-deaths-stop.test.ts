import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from '@libsql/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampleFile } from '../space/sample/sample.ts';
import { beginLife, finish } from './support/engine/deaths/life.ts';
import { extraPaidCalls, violations } from './support/engine/deaths/oracle.ts';
import { documents } from './support/engine/deaths/pipeline.ts';
import { buildProgram, type Program } from './support/engine/deaths/program.ts';
import { type Golden, inWorld, makeGolden } from './support/engine/deaths/trials.ts';
import { makeWorlds, type Worlds } from './support/engine/deaths/world.ts';
import { oneOf } from './support/engine/ledger.ts';
import { finalState, live } from './support/kills.ts';

/** Processes that are asked to stop, by SIGTERM and by SIGINT, in the middle of each stage. */

let program: Program;
let worlds: Worlds;
let golden: Golden;
let folder: string;
beforeAll(async () => {
  program = await buildProgram();
  worlds = makeWorlds();
  golden = makeGolden(program, worlds);
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-stop-'));
});
afterAll(() => {
  worlds.close();
  program.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Times that a shutdown took, in ms, by what was shut down. */
const shutdowns = new Map<string, number[]>();
afterAll(() => {
  for (const [what, times] of shutdowns) {
    const sorted = [...times].sort((a, b) => a - b);
    const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
    console.info(
      `F3: ${what}: ${times.length} of ${times.length} stopped in good order, leases released; p95 ${Math.round(p95)} ms, longest ${Math.round(sorted.at(-1) ?? 0)} ms`,
    );
  }
});
const took = (what: string, ms: number) => shutdowns.set(what, [...(shutdowns.get(what) ?? []), ms]);

const DOCUMENTS = 12;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

describe('a worker in the middle of a batch', () => {
  const CASES = ['cut', 'pay', 'bind'].flatMap((stage) => SIGNALS.map((signal) => ({ stage, signal })));
  test.each(CASES)(
    'of $stage gives back at $signal what it has not begun, and the next claims it at once',
    ({ stage, signal }) =>
      inWorld(worlds, undefined, async (world) => {
        await world.enter(documents(0, DOCUMENTS));
        const begun = world.witness.nextBatch(stage);
        const life = beginLife(program, world, { itemMs: 30 });
        await begun;
        const startedMs = performance.now();
        life.kill(signal);
        const { code, said, errors } = await life.ended;
        took('a worker', performance.now() - startedMs);
        expect(code, errors).toBe(0);
        expect(said.at(-1)).toMatchObject({ say: 'end', end: 'stopped' });
        expect(said).toContainEqual({ say: 'stopping', signal });
        expect(await oneOf(world.client, `SELECT count(*) FROM lease WHERE state = 'live'`)).toBe(0);
        expect(await oneOf(world.client, `SELECT count(*) FROM task WHERE state = 'leased' OR lost > 0`)).toBe(0);
        // Nothing is taken back by force: what the next worker finds must be free already.
        await finish(program, world, { recover: false });
        expect(await oneOf(world.client, `SELECT count(*) FROM lease WHERE state <> 'released'`)).toBe(0);
        expect(extraPaidCalls(world)).toBe(0);
        expect(await violations(world, { deaths: 0, golden: await golden.dump(DOCUMENTS) })).toEqual([]);
      }),
  );
});

test.each(SIGNALS)(
  'an item that never ends is given back at %s before the time is over, and costs no attempt',
  (signal) =>
    inWorld(worlds, undefined, async (world) => {
      await world.enter(documents(0, DOCUMENTS));
      const begun = world.witness.nextBatch('cut');
      const life = beginLife(program, world, { itemMs: 3_600_000, heedsStop: false });
      await begun;
      const startedMs = performance.now();
      life.kill(signal);
      const { code, said, errors } = await life.ended;
      took('a worker whose item hangs', performance.now() - startedMs);
      expect(code, errors).toBe(0);
      expect(said.at(-1)).toMatchObject({ say: 'end', end: 'stopped' });
      expect(await oneOf(world.client, `SELECT count(*) FROM lease WHERE state = 'live'`)).toBe(0);
      expect(
        await oneOf(world.client, `SELECT count(*) FROM task WHERE state = 'leased' OR lost > 0 OR attempt > waits`),
      ).toBe(0);
      await finish(program, world, { recover: false });
      expect(await violations(world, { deaths: 0, golden: await golden.dump(DOCUMENTS) })).toEqual([]);
    }),
);

const command = fileURLToPath(new URL('../space/anamnesis.mjs', import.meta.url));

/** Runs a command of the product; once a lease of `stage` is seen, sends `signal`. Null when no such lease was ever seen. */
async function stopDuring(dataDir: string, args: readonly string[], stage: string, signal: NodeJS.Signals) {
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...process.env, DATA_DIR: dataDir, STORE_DIR: '', DATABASE_URL: '', LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr.on('data', (part: Buffer) => (output += part.toString()));
  let over = false;
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, endSignal) => {
      over = true;
      resolve({ code, signal: endSignal });
    });
  });
  const client = createClient({ url: `file:${dataDir}/state.db`, timeout: 10_000 });
  try {
    let seen = false;
    while (!over && !seen) {
      seen = Number(await oneOf(client, `SELECT count(*) FROM lease WHERE state = 'live' AND stage = ?`, [stage])) > 0;
      if (!seen) await sleep(2);
    }
    const startedMs = performance.now();
    child.kill(signal);
    const end = await ended;
    return {
      seen,
      ...end,
      tookMs: performance.now() - startedMs,
      output,
      liveLeases: await oneOf(client, `SELECT count(*) FROM lease WHERE state = 'live'`),
      leased: await oneOf(client, `SELECT count(*) FROM task WHERE state = 'leased'`),
      lost: await oneOf(client, `SELECT sum(lost) FROM task`),
    };
  } finally {
    client.close();
  }
}

/** Exit codes of a process that ends because its time to stop is over. */
const LIMIT = { SIGINT: 130, SIGTERM: 143 } as const;

const RUN = ['run', '--until-idle'];
const SERVE = ['serve', '--port', '0'];
/** Each start costs seconds of this machine, so each stage is stopped once: both commands and both signals have their turn. */
const STOPS = [
  { stage: 'scrape', args: RUN, signal: 'SIGTERM' },
  { stage: 'normalize', args: SERVE, signal: 'SIGTERM' },
  { stage: 'distill', args: RUN, signal: 'SIGINT' },
  { stage: 'embed', args: RUN, signal: 'SIGTERM' },
  { stage: 'index', args: SERVE, signal: 'SIGINT' },
] as const;

test('the product stops in each of its five stages, releases what it holds, and goes on later to the same release', async () => {
  const [undisturbed, disturbed] = [join(folder, 'undisturbed'), join(folder, 'disturbed')];
  for (const dataDir of [undisturbed, disturbed])
    expect((await live(dataDir, ['ingest', '--file', sampleFile], null)).exitCode).toBe(0);
  for (const { stage, args, signal } of STOPS) {
    const { seen, code, signal: by, tookMs, output, ...left } = await stopDuring(disturbed, args, stage, signal);
    expect(seen, `a lease of ${stage} was seen: ${output}`).toBe(true);
    // In good order, or by the limit of its time where this machine is too busy for that; never with anything held.
    expect([0, LIMIT[signal]], output).toContain(code);
    expect({ stage, by, ...left }, output).toEqual({ stage, by: null, liveLeases: 0, leased: 0, lost: 0 });
    took(`anamnesis ${args[0]}${code === 0 ? '' : ' (by the limit of its time)'}`, tookMs);
  }
  for (const dataDir of [undisturbed, disturbed]) expect([0, 3]).toContain((await live(dataDir, RUN, null)).exitCode);
  expect(await finalState(disturbed)).toEqual(await finalState(undisturbed));
}, 300_000);
