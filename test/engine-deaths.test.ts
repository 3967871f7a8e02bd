import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAIL_POINTS, type FailPoint } from '../core/engine/index.ts';
import { openDatabase } from '../space/database.ts';
import { beginLife } from './support/engine/deaths/life.ts';
import { buildProgram, type Program } from './support/engine/deaths/program.ts';
import {
  boundOf,
  type Golden,
  inWorld,
  killTrial,
  makeGolden,
  median,
  TRIAL_DOCUMENTS,
  type Trial,
  zombieTrial,
} from './support/engine/deaths/trials.ts';
import { makeWorlds, type Worlds } from './support/engine/deaths/world.ts';

/**
 * A real process on a real file, synchronous FULL as the product opens it, ends at every labelled point of the engine by
 * SIGKILL, or stands still there until its lease is over. What remains is held against an undisturbed run and against the
 * books of the service outside.
 */

let program: Program;
let worlds: Worlds;
let golden: Golden;
beforeAll(async () => {
  program = await buildProgram();
  worlds = makeWorlds();
  golden = makeGolden(program, worlds);
});
const trials = new Map<string, Trial[]>();
const note = (kind: string, trial: Trial): Trial => {
  trials.set(kind, [...(trials.get(kind) ?? []), trial]);
  return trial;
};
afterAll(() => {
  worlds.close();
  program.remove();
  for (const [kind, all] of trials) {
    const broken = all.reduce((sum, { violations }) => sum + violations.length, 0);
    const extra = all.reduce((sum, { extraCalls }) => sum + extraCalls, 0);
    console.info(
      `${kind}: ${broken} violations in ${all.length} trials (${boundOf(all.length)}); median ${median(all.map(({ ticks }) => ticks))} ticks to converge; ${(extra / all.length).toFixed(2)} extra paid calls per death`,
    );
  }
});

/** The first three passes, and the last one that an undisturbed run makes: it lies in the stage that settles as a whole. */
async function passesOf(label: FailPoint): Promise<readonly number[]> {
  const last = (await golden.passes(TRIAL_DOCUMENTS))[label] ?? 0;
  return last > 3 ? [1, 2, 3, last] : [1, 2, 3];
}

describe.each(FAIL_POINTS)('at %s', (label) => {
  test('killed at the first three passes and at the last, a restart loses nothing and repeats nothing', async () => {
    for (const nth of await passesOf(label)) {
      const trial = note('F1', await killTrial(program, worlds, golden, { label, act: 'kill', nth }));
      expect(trial, `${label} for the ${nth}. time`).toMatchObject({ hit: true, violations: [] });
    }
  });

  test('a process that overslept its lease there commits nothing of what another has done', async () => {
    const trial = note(
      'F32 (real processes)',
      await zombieTrial(program, worlds, golden, { label, act: 'stop', nth: 1 }),
    );
    expect(trial).toMatchObject({ hit: true, violations: [] });
  });
});

const ON_SERVER = ['claim.after', 'process.after', 'commit.before', 'commit.after', 'effect.call.after'] as const;

describe('on sqld', () => {
  test.each(ON_SERVER)('killed at %s, the same holds, with the same final state as on a file', async (label) => {
    const failPoint = { label, act: 'kill', nth: 2 } as const;
    const trial = note('F1 on sqld', await killTrial(program, worlds, golden, failPoint, 'sqld over HTTP'));
    expect(trial).toMatchObject({ hit: true, violations: [] });
  });
});

test('the process that dies opens its file as the product does', () =>
  inWorld(worlds, undefined, async (world) => {
    const { said } = await beginLife(program, world).ended;
    // A file of its own: the product refuses one of another pipeline.
    const product = await openDatabase({ url: `${world.url}.product`, deadlineMs: 10_000 });
    const pragma = async (name: string): Promise<unknown> => {
      const [result] = await product.db.read([{ sql: `PRAGMA ${name}`, args: [] }]);
      return Object.values(result?.rows[0] ?? {})[0];
    };
    const [journal, synchronous] = [await pragma('journal_mode'), await pragma('synchronous')];
    product.close();
    expect(said[0]).toEqual({ say: 'ready', pragmas: { journal_mode: journal, synchronous } });
    // 2 is FULL: what was acknowledged is on the disk.
    expect([journal, synchronous]).toEqual(['wal', 2]);
  }));

test('the list of labels is what stands in the code', () => {
  const folder = new URL('../core/engine/', import.meta.url);
  const source = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const reached = source.flatMap((text) => [...text.matchAll(/reach(?:\?\.)?\('([^']+)'\)/g)].map((match) => match[1]));
  expect(new Set(reached)).toEqual(new Set(FAIL_POINTS));
  console.info(`F1: ${new Set(reached).size} of ${FAIL_POINTS.length} labels in the code, each killed at`);
});
