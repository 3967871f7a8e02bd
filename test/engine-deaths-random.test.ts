import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginLife, finish } from './support/engine/deaths/life.ts';
import { extraPaidCalls, progressOf, violations, wentBack } from './support/engine/deaths/oracle.ts';
import { documents } from './support/engine/deaths/pipeline.ts';
import { buildProgram, type Program } from './support/engine/deaths/program.ts';
import {
  BURIED,
  boundOf,
  type Golden,
  inWorld,
  type LifeReport,
  makeGolden,
  median,
  randomDeaths,
  tryBuriedAgain,
} from './support/engine/deaths/trials.ts';
import { makeWorlds, type Worlds } from './support/engine/deaths/world.ts';
import { HOSTS } from './support/engine/host.ts';
import { oneOf, rowsOf } from './support/engine/ledger.ts';
import { seededRandom } from './support/engine/runtime.ts';

/** Processes that are killed at any time, again and again, on one database. */

let program: Program;
let worlds: Worlds;
let golden: Golden;
beforeAll(async () => {
  program = await buildProgram();
  worlds = makeWorlds();
  golden = makeGolden(program, worlds);
});
const reports: LifeReport[] = [];
const sum = (of: (report: LifeReport) => number) => reports.reduce((all, report) => all + of(report), 0);
afterAll(() => {
  worlds.close();
  program.remove();
  const kills = sum((report) => report.kills);
  console.info(
    `F2: ${sum((report) => report.violations.length)} violations over ${kills} kills (${boundOf(kills)}) in ${reports.length} lives, ${sum((report) => report.midBatch)} of them in the middle of a batch; median ${median(reports.map(({ ticks }) => ticks))} ticks to converge; ${(sum((report) => report.extraCalls) / kills).toFixed(2)} extra paid calls per kill; ${sum((report) => report.buried)} of ${sum((report) => report.items)} items buried for the faults of others`,
  );
});

const LIVES = [
  { seed: 1, workers: 1, kills: 20, host: HOSTS[0] },
  { seed: 2, workers: 1, kills: 20, host: HOSTS[0] },
  { seed: 4, workers: 2, kills: 20, host: HOSTS[0] },
  { seed: 5, workers: 2, kills: 20, host: HOSTS[0] },
  { seed: 6, workers: 3, kills: 20, host: HOSTS[0] },
  { seed: 7, workers: 2, kills: 10, host: HOSTS[1] },
] as const;

test.each(LIVES)(
  'F2: killed $kills times at random with $workers at work on $host (seed $seed), the end is that of an undisturbed run',
  async ({ seed, workers, kills, host }) => {
    const report = await randomDeaths(
      program,
      worlds,
      golden,
      { kills, workers, documentsEach: 2 + 2 * workers, itemMs: 4, killWithinMs: 80, random: seededRandom(seed) },
      host,
    );
    reports.push(report);
    expect(report.violations).toEqual([]);
  },
);

test('F2: enough of those kills struck in the middle of a batch', () => {
  expect(sum((report) => report.midBatch)).toBeGreaterThan(sum((report) => report.kills) / 20);
});

const RESTARTS = 50;
const CALLS_MAX = 5;

test(`F5: a process that dies just after each of ${RESTARTS} starts gets on, repeats no paid call more than ${CALLS_MAX} times, and loses nothing`, () =>
  inWorld(worlds, undefined, async (world) => {
    await world.enter(documents(0, 24));
    let progress = await progressOf(world.client);
    const found: string[] = [];
    const settledAfter: number[] = [];
    for (let i = 0; i < RESTARTS; i++) {
      const life = beginLife(program, world, { untilIdle: false, itemMs: 15 });
      await life.ready;
      setTimeout(() => life.kill('SIGKILL'), 60);
      expect(await life.ended).toMatchObject({ signal: 'SIGKILL' });
      const now = await progressOf(world.client);
      found.push(...wentBack(progress, now));
      settledAfter.push(now.settled.size - progress.settled.size);
      progress = now;
    }
    const lostMost = Number(await oneOf(world.client, 'SELECT max(lost) FROM task'));
    const lostMax = Number(await oneOf(world.client, 'SELECT max(lost_max) FROM stage_control'));
    const buried = Number(await oneOf(world.client, `SELECT count(*) FROM task WHERE ${BURIED}`));
    await finish(program, world);
    await tryBuriedAgain(world);
    await finish(program, world);
    const calls = new Map<string, number>();
    for (const { item } of world.witness.calls) calls.set(item, (calls.get(item) ?? 0) + 1);
    const callsMost = Math.max(...calls.values());
    console.info(
      `F5: ${RESTARTS} restarts, ${(settledAfter.reduce((all, n) => all + n, 0) / RESTARTS).toFixed(2)} tasks settled per restart; at most ${lostMost} losses of one task; ${buried} buried; at most ${callsMost} paid calls for one item, ${(extraPaidCalls(world) / RESTARTS).toFixed(2)} extra per restart`,
    );
    found.push(...(await violations(world, { deaths: RESTARTS, golden: await golden.dump(24) })));
    expect(found).toEqual([]);
    expect(lostMost).toBeLessThanOrEqual(lostMax);
    expect(callsMost).toBeLessThanOrEqual(CALLS_MAX);
  }));

test(`F5: where nothing can get done before the process dies, the items are parked with the reason, and nothing is paid`, () =>
  inWorld(worlds, undefined, async (world) => {
    await world.enter(documents(0, 8));
    const failPoint = { label: 'process.before', act: 'kill', nth: 1 } as const;
    let restarts = 0;
    while ((await beginLife(program, world, {}, { failPoint }).ended).signal === 'SIGKILL') {
      restarts += 1;
      expect(restarts).toBeLessThanOrEqual(RESTARTS);
    }
    console.info(`F5: ${restarts} restarts park 8 items that no process survives`);
    expect(restarts).toBeGreaterThan(0);
    const states = await rowsOf(
      world.client,
      `SELECT t.state, t.error_class, t.lost = c.lost_max AS at_most, count(*) AS n FROM task t JOIN stage_control c USING (stage)
       GROUP BY 1, 2, 3`,
    );
    expect(states).toEqual([{ state: 'dead', error_class: 'lost', at_most: 1, n: 8 }]);
    expect(await oneOf(world.client, `SELECT count(*) FROM task WHERE reason LIKE '%ended without an outcome%'`)).toBe(
      8,
    );
    expect(world.witness.calls).toEqual([]);
    await tryBuriedAgain(world);
    await finish(program, world);
    expect(await violations(world, { deaths: restarts, golden: await golden.dump(8) })).toEqual([]);
  }));
