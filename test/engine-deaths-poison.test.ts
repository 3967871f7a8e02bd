import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginLife, type Ended } from './support/engine/deaths/life.ts';
import { doubleEffects, ledgerFaults, violations } from './support/engine/deaths/oracle.ts';
import { documents } from './support/engine/deaths/pipeline.ts';
import { type Plan, POISONS } from './support/engine/deaths/plan.ts';
import { buildProgram, type Program } from './support/engine/deaths/program.ts';
import { inWorld } from './support/engine/deaths/trials.ts';
import { makeWorlds, type World, type Worlds } from './support/engine/deaths/world.ts';
import { newItem, oneOf, rowsOf } from './support/engine/ledger.ts';

/** Items that end the process which works on them. */

let program: Program;
let worlds: Worlds;
beforeAll(async () => {
  program = await buildProgram();
  worlds = makeWorlds();
});
afterAll(() => {
  worlds.close();
  program.remove();
});

/** Losses after which an item of a batch of `batchMax` is buried: halved until it stands alone, then twice more. */
const lossesMax = (batchMax: number): number => Math.ceil(Math.log2(batchMax)) + 2;
const DEATHS_MAX = 40;

/** Starts a process again whenever it dies, until one ends well; gives those that did not. */
async function restartUntilIdle(
  world: World,
  plan: Partial<Plan>,
  options: Parameters<typeof beginLife>[3] = {},
): Promise<Ended[]> {
  const deaths: Ended[] = [];
  for (;;) {
    const ended = await beginLife(program, world, plan, options).ended;
    if (ended.code === 0) return deaths;
    deaths.push(ended);
    if (deaths.length > DEATHS_MAX) throw new Error(`no end after ${DEATHS_MAX} deaths: ${ended.errors}`);
  }
}

const HOW_IT_ENDS: Readonly<Record<(typeof POISONS)[number], Partial<Ended>>> = {
  'exit 139': { code: 139 },
  SIGSEGV: { signal: 'SIGSEGV' },
  abort: { signal: 'SIGABRT' },
  'out of memory': { signal: 'SIGABRT' },
  'unhandled rejection': { code: 1 },
  exception: { code: 1 },
};

describe('F6 and F9: an item that ends its worker', () => {
  const POISON = 'd0003';
  const BATCH = 16;
  test.each(POISONS)('by %s is buried with the reason, and harms no other', (how) =>
    inWorld(worlds, undefined, async (world) => {
      await world.enter(documents(0, 24));
      const plan = { batchMax: BATCH, poison: { key: POISON, how } } as const;
      const options = how === 'out of memory' ? { nodeArgs: ['--max-old-space-size=48'] } : {};
      const first = await beginLife(program, world, plan, options).ended;
      expect(first).toMatchObject(HOW_IT_ENDS[how]);
      const poisoned = `FROM task t JOIN item i ON i.id = t.item_id WHERE i.key = '${POISON}'`;
      // Counted before the work: a worker that dies of it cannot count it afterwards.
      expect(await rowsOf(world.client, `SELECT t.state, t.attempt ${poisoned}`)).toEqual([
        { state: 'leased', attempt: 1 },
      ]);
      const deaths = [first, ...(await restartUntilIdle(world, plan, options))];
      console.info(
        `F6: ${how}: buried after ${deaths.length} deaths of at most ${lossesMax(BATCH)}; every other item unharmed`,
      );
      expect(deaths.length).toBeLessThanOrEqual(lossesMax(BATCH));
      expect(await rowsOf(world.client, `SELECT t.state, t.error_class, t.reason ${poisoned}`)).toEqual([
        { state: 'dead', error_class: 'lost', reason: expect.stringContaining('ended without an outcome') },
      ]);
      expect(await violations(world, { deaths: deaths.length, golden: null, poison: POISON })).toEqual([]);
    }),
  );
});

/** Violations of a world whose pipeline has one stage: everything done once but for what `buried` names. */
async function oneStageViolations(world: World, stage: string, buried: readonly string[]): Promise<string[]> {
  const rows = await rowsOf(
    world.client,
    'SELECT t.stage, t.state, i.key FROM task t JOIN item i ON i.id = t.item_id ORDER BY i.key',
  );
  expect(rows).toEqual(
    world.entered
      .map(({ key }) => ({ stage, state: buried.includes(key) ? 'dead' : 'done', key }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  );
  return [...(await doubleEffects(world.client)), ...(await ledgerFaults(world))];
}

/** A group of processes that may not have more memory than this; null where no such group can be made. */
function memoryGroup(bytes: number): { readonly through: readonly string[]; readonly remove: () => void } | null {
  const group = join('/sys/fs/cgroup/memory', `anamnesis-deaths-${process.pid}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(bytes));
    return {
      through: ['/bin/sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`],
      remove: () => rmdirSync(group),
    };
  } catch {
    return null;
  }
}
const group = memoryGroup(150 << 20);
afterAll(() => group?.remove());

type Limit = {
  readonly how: string;
  readonly plan: Partial<Plan>;
  readonly options: Parameters<typeof beginLife>[3];
  /** How a process ends that takes too much; null where it goes on. */
  readonly ends: Partial<Ended> | null;
  readonly absent: boolean;
};
const LIMITS: readonly Limit[] = [
  {
    how: 'a heap limit',
    plan: { memory: 'heap', itemMiB: 5 },
    options: { nodeArgs: ['--max-old-space-size=64'] },
    ends: { signal: 'SIGABRT' },
    absent: false,
  },
  {
    how: 'a cgroup',
    plan: { memory: 'buffers', itemMiB: 10 },
    // A process that collects its garbage late would be killed for the batch before.
    options: { through: group?.through ?? [], nodeArgs: ['--expose-gc'] },
    ends: { signal: 'SIGKILL' },
    absent: group === null,
  },
];

describe('F8: a batch that takes more memory than there is', () => {
  const BATCH = 32;
  /** Batches in the order in which they were begun: how large, and whether they were committed. */
  const batchesOf = async (world: World) => {
    const leases = new Map(
      (await rowsOf(world.client, 'SELECT id, state FROM lease')).map(({ id, state }) => [Number(id), state]),
    );
    return world.witness.batches.map(({ lease, items }) => ({
      size: items.length,
      kept: leases.get(lease) === 'released',
    }));
  };

  for (const { how, plan, options, ends, absent } of LIMITS) {
    const named = absent ? `${how} (skipped: this host lets nobody make one)` : how;
    test.skipIf(absent)(`under ${named} is halved until it fits, and the next process begins with that size`, () =>
      inWorld(
        worlds,
        undefined,
        async (world) => {
          // So few that the size does not grow again within the run: that takes eight good batches.
          await world.enter(documents(0, 56));
          const full = { ...plan, pipeline: 'memory', batchMax: BATCH } as const;
          const deaths = await restartUntilIdle(world, full, options);
          for (const death of deaths) expect(death).toMatchObject(ends ?? {});
          const batches = await batchesOf(world);
          const halvings = batches.findIndex(({ kept }) => kept);
          const largest = Math.max(...batches.filter(({ kept }) => kept).map(({ size }) => size));
          const limit = Number(await oneOf(world.client, 'SELECT batch_limit FROM stage_control'));
          console.info(
            `F8: ${how}: ${halvings} halvings from ${BATCH} until success, ${deaths.length} deaths; the largest batch that fits is ${largest}, ${limit} is stored`,
          );
          // Each of the first batches is half of the one before it, whoever claims it.
          expect(batches.slice(0, halvings + 1).map(({ size }) => size)).toEqual(
            Array.from({ length: halvings + 1 }, (_, i) => BATCH >> i),
          );
          expect(halvings).toBeGreaterThan(0);
          expect(limit).toBe(largest);
          expect(await oneStageViolations(world, 'load', [])).toEqual([]);
        },
        { pipeline: 'memory', batchMax: BATCH },
      ),
    );

    test.skipIf(absent)(`under ${named}: an item that is too large alone is buried, and the others get done`, () =>
      inWorld(
        worlds,
        undefined,
        async (world) => {
          await world.enter([...documents(0, 11), newItem('big-1'), ...documents(20, 8)]);
          const deaths = await restartUntilIdle(
            world,
            { ...plan, itemMiB: 1, pipeline: 'memory', batchMax: 8 },
            options,
          );
          console.info(
            `F8: ${how}: an item too large alone is buried after ${deaths.length} deaths of at most ${lossesMax(8)}`,
          );
          expect(deaths.length).toBeLessThanOrEqual(lossesMax(8));
          expect(await oneStageViolations(world, 'load', ['big-1'])).toEqual([]);
        },
        { pipeline: 'memory', batchMax: 8 },
      ),
    );
  }

  test('where memory runs out without a death, the batch is halved, and no attempt is spent', () =>
    inWorld(
      worlds,
      undefined,
      async (world) => {
        await world.enter(documents(0, 40));
        const { code, errors } = await beginLife(program, world, {
          pipeline: 'memory',
          batchMax: BATCH,
          memory: 'buffers',
          itemMiB: 32,
        }).ended;
        expect(code, errors).toBe(0);
        const batches = await batchesOf(world);
        const sizes = batches.map(({ size }) => size);
        console.info(`F8: allocations that throw: batches of ${sizes.join(', ')}; 0 deaths`);
        expect(sizes[0]).toBe(BATCH);
        expect(Math.min(...sizes)).toBeLessThan(BATCH);
        expect(await oneOf(world.client, 'SELECT sum(lost) FROM task')).toBe(0);
        // Claims that ended for want of memory count as waits: nothing is wrong with the item.
        expect(await oneOf(world.client, 'SELECT max(attempt - waits) FROM task')).toBe(1);
        expect(await oneStageViolations(world, 'load', [])).toEqual([]);
      },
      { pipeline: 'memory', batchMax: BATCH },
    ));
});

describe('F9: a helper of a stage that ends badly', () => {
  const HELPERS = ['thread-throws', 'thread-rejects', 'thread-exits', 'child-is-killed', 'child-throws'];
  test('takes nothing with it: its item is tried again, the process lives on, and each failure has its row', () =>
    inWorld(
      worlds,
      undefined,
      async (world) => {
        const always = HELPERS.map((name) => `${name}-always`);
        await world.enter([...documents(0, 6), ...[...HELPERS, ...always].map((key) => newItem(key))]);
        const { code, errors } = await beginLife(program, world, { pipeline: 'threads', batchMax: 8 }).ended;
        expect(code, errors).toBe(0);
        expect(await oneStageViolations(world, 'work', always)).toEqual([]);
        const failures = await rowsOf(
          world.client,
          `SELECT i.key, count(*) AS n FROM error_log e JOIN item i ON i.id = e.item_id GROUP BY 1 ORDER BY 1`,
        );
        expect(failures).toEqual(
          [...HELPERS.map((key) => ({ key, n: 1 })), ...always.map((key) => ({ key, n: 3 }))].sort((a, b) =>
            a.key < b.key ? -1 : 1,
          ),
        );
        expect(await oneOf(world.client, 'SELECT sum(lost) FROM task')).toBe(0);
        console.info(
          `F9: ${HELPERS.length * 4} helpers ended badly, 0 processes with them; ${HELPERS.length} items done at the second try, ${HELPERS.length} dead after the third`,
        );
      },
      { pipeline: 'threads', batchMax: 8 },
    ));
});
