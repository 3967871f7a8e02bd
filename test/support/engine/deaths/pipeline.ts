import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  type Database,
  definePipeline,
  type Item,
  type NewItem,
  type Outcome,
  OutOfMemoryError,
  outcomeOfError,
  type Pipeline,
  postponed,
  RetryableError,
  type Stage,
  type StageContext,
  type StageResult,
  statement,
  type Write,
} from '../../../../core/engine/index.ts';
import { done, madeWrites, stageOf } from '../walk.ts';
import { BASIC, type Plan } from './plan.ts';
import type { WitnessClient } from './witness.ts';

/** What the stages of a child work with; the supervisor needs their definitions alone. */
export type World = { readonly db: Database; readonly witness: WitnessClient };

const RETRY = { attemptsMax: 3, delayMsFirst: 0, delayMsMax: 0 };
const tries = (item: Item): number => item.attempt - item.waits - item.lost;
const number = (key: string): number => Number(key.slice(1, 5));

/** Documents by number; every seventh is set aside, every eleventh is unreadable, every fifth fails at the first try. */
export const documents = (from: number, count: number): NewItem[] =>
  Array.from({ length: count }, (_, i) => {
    const key = `d${String(from + i).padStart(4, '0')}`;
    return { kind: 'document', key, source: 'deaths', contentHash: `${key}@1` };
  });

export const isSetAside = (key: string): boolean => number(key) % 7 === 6;
export const isUnreadable = (key: string): boolean => number(key) % 11 === 10 && !isSetAside(key);
const failsFirst = (key: string): boolean => number(key) % 5 === 4;
export const PAGES = 2;
export const isReadable = (key: string): boolean => !isSetAside(key) && !isUnreadable(key);
export const pagesOf = (key: string): string[] =>
  isReadable(key) ? Array.from({ length: PAGES }, (_, i) => `${key}/${i + 1}`) : [];
/** Whether the service can be asked what became of a call for this page. */
export const canBeAsked = (page: string): boolean => Number(page.slice(-1)) % 2 === 1;

/** Goes through a batch item by item as a stage of the product does: between two items it looks whether its host stops. */
async function eachItem(
  plan: Pick<Plan, 'itemMs' | 'heedsStop'>,
  batch: readonly Item[],
  context: StageContext,
  act: (item: Item) => Outcome | Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const item of batch) {
    if (plan.heedsStop && context.stopping()) {
      outcomes.push(postponed());
      continue;
    }
    if (plan.itemMs > 0) await sleep(plan.itemMs);
    try {
      outcomes.push(await act(item));
    } catch (error) {
      outcomes.push(outcomeOfError(error, item, RETRY, 0));
    }
  }
  return outcomes;
}

/** `made` has a row per commit, with the lease that it was made under. */
const made = (stage: string, batch: readonly Item[], outcomes: readonly Outcome[], context: StageContext): Write[] =>
  madeWrites(stage, batch, outcomes).map((write) =>
    write.kind === 'fenced'
      ? {
          ...write,
          sql: 'INSERT INTO made(stage, key, input, lease) SELECT ?, ?, ?, ? WHERE :held',
          args: [...write.args, context.leaseId],
        }
      : write,
  );

/** Cuts documents into pages, has each page read by a paid service, then binds all pages there are into one release. */
function walk(plan: Omit<Plan, 'url' | 'witness' | 'life'>, world: World | null): Pipeline {
  const run = (
    name: string,
    work: (world: World, batch: readonly Item[], context: StageContext) => Promise<StageResult>,
  ): Stage['process'] =>
    world === null
      ? null
      : async (batch, context) => {
          world.witness.begin(
            name,
            context.leaseId,
            batch.map(({ key }) => key),
          );
          const result = await work(world, batch, context);
          world.witness.end();
          return result;
        };

  const cut = stageOf(
    'cut',
    run('cut', async (_, batch, context) => {
      const outcomes = await eachItem(plan, batch, context, async (item) => {
        if (item.key === plan.poison?.key) await dieOf(plan.poison.how);
        if (isSetAside(item.key)) return { kind: 'skipped', reason: 'not wanted', errorClass: 'unwanted' };
        if (isUnreadable(item.key)) return { kind: 'dead', reason: 'unreadable', errorClass: 'permanent' };
        if (failsFirst(item.key) && tries(item) === 1)
          return { kind: 'retry', delayMs: 0, reason: 'came late', errorClass: 'retryable' };
        const makes = pagesOf(item.key).map((key, n) => ({
          kind: 'page',
          key,
          source: item.source,
          contentHash: `${item.inputHash}/${n + 1}`,
        }));
        return { kind: 'done', outputHash: `cut(${item.inputHash})`, makes };
      });
      return { outcomes, writes: made('cut', batch, outcomes, context) };
    }),
    { batchMax: plan.batchMax, retry: RETRY },
  );

  const pay = stageOf(
    'pay',
    run('pay', async ({ witness }, batch, context) => {
      const texts = new Map<number, string>();
      const outcomes = await eachItem(plan, batch, context, async (item) => {
        texts.set(item.id, await paidFor(item, context, witness));
        return done(`paid(${item.inputHash})`);
      });
      const rows = batch.flatMap((item) => {
        const text = texts.get(item.id);
        return text === undefined ? [] : [{ itemId: item.id, values: [item.key, String(item.parentId), text] }];
      });
      return {
        outcomes,
        writes: [
          { kind: 'rows', table: 'page', columns: ['key', 'document', 'text'], key: ['key'], rows },
          ...made('pay', batch, outcomes, context),
        ],
      };
    }),
    { itemKind: 'page', batchMax: plan.batchMax + 1, retry: RETRY },
  );

  const bind = stageOf(
    'bind',
    run('bind', async ({ db }, batch, context) => {
      if (plan.itemMs > 0) await sleep(plan.itemMs);
      const [pages] = await db.read([statement('SELECT key, text FROM page ORDER BY key')]);
      const outcomes = batch.map((item) => done(`bound(${item.inputHash})`));
      const hash = createHash('sha256');
      for (const { key, text } of pages?.rows ?? []) hash.update(`${key} ${text}\n`);
      return {
        outcomes,
        writes: [
          {
            kind: 'fenced',
            itemId: null,
            sql: 'INSERT INTO bound(lease, pages, hash) SELECT ?, ?, ? WHERE :held',
            args: [context.leaseId, pages?.rows.length ?? 0, hash.digest('hex')],
          },
          ...made('bind', batch, outcomes, context),
        ],
      };
    }),
    { itemKind: 'page', batchMax: 10_000, settles: 'whole', retry: { ...RETRY, attemptsMax: 1_000 } },
  );
  return definePipeline('deaths', [cut, pay, bind]);
}

/** One call to the paid service for one page, by the ledger of effects. */
function paidFor(item: Item, { effects }: StageContext, witness: WitnessClient): Promise<string> {
  const name = canBeAsked(item.key) ? 'asked' : 'blind';
  return effects.run(item, {
    name,
    call: (key) => witness.pay(name, key, item.key),
    ...(name === 'asked' ? { ask: (key) => witness.ask(key) } : {}),
    onUnknown: 'redo',
  });
}

/** What the text of one item may do to the process that reads it. */
async function dieOf(how: NonNullable<Plan['poison']>['how']): Promise<void> {
  switch (how) {
    case 'exit 139':
      return process.exit(139);
    case 'SIGSEGV':
      process.kill(process.pid, 'SIGSEGV');
      return sleep(60_000);
    case 'abort':
      return process.abort();
    case 'out of memory': {
      const kept: number[][] = [];
      for (;;) kept.push(new Array<number>(1 << 17).fill(kept.length + 0.5));
    }
    case 'unhandled rejection':
      void Promise.reject(new Error('a rejection that nobody handles'));
      return sleep(60_000);
    case 'exception':
      setImmediate(() => {
        throw new Error('an exception that nobody catches');
      });
      return sleep(60_000);
  }
}

/** More than any process of the tests may have. */
const BIG_MIB = 1_000;

/** Takes so many MiB and writes to each page of them, so that they are really there. */
function fill(mib: number, memory: Plan['memory']): { readonly length: number } {
  if (memory === 'heap') return Array.from({ length: mib }, (_, i) => new Array<number>(1 << 17).fill(i + 0.5));
  try {
    // In one piece: where it is refused, there is still room for what comes of the refusal.
    return Buffer.alloc(mib << 20, 1);
  } catch (error) {
    if (error instanceof RangeError) throw new OutOfMemoryError(error.message, { cause: error });
    throw error;
  }
}

/** Buffers that have room once `leaveRoom` was called. */
const BUFFERS = 19;

/**
 * Lets this process take so many buffers and half of one more: beyond that an allocation is refused, while the heap of V8, which
 * dies of a refusal, still has room to grow.
 */
function leaveRoom(mib: number): void {
  const usedKiB = Number(/^VmData:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const bytes = usedKiB * 1024 + (BUFFERS + 0.5) * mib * 2 ** 20;
  execFileSync('prlimit', ['--pid', String(process.pid), `--data=${Math.round(bytes)}`]);
}

/** One stage whose batch takes memory for each of its items at once; an item called `big` takes more than there is. */
function memory(plan: Omit<Plan, 'url' | 'witness' | 'life'>, world: World | null): Pipeline {
  let hasRoom = plan.memory === 'heap';
  const load = stageOf(
    'load',
    world === null
      ? null
      : async (batch, context) => {
          world.witness.begin(
            'load',
            context.leaseId,
            batch.map(({ key }) => key),
          );
          globalThis.gc?.();
          if (!hasRoom) leaveRoom(plan.itemMiB);
          hasRoom = true;
          const kept = batch.map(({ key }) => fill(key.startsWith('big') ? BIG_MIB : plan.itemMiB, plan.memory));
          const outcomes = batch.map((item, i) => done(`loaded(${item.inputHash}, ${kept[i]?.length})`));
          world.witness.end();
          return { outcomes, writes: made('load', batch, outcomes, context) };
        },
    { batchMax: plan.batchMax, retry: RETRY },
  );
  return definePipeline('deaths', [load]);
}

/** One stage that gives some of its items to a thread or process of their own, which ends badly. */
function threads(plan: Omit<Plan, 'url' | 'witness' | 'life'>, world: World | null): Pipeline {
  const work = stageOf(
    'work',
    world === null
      ? null
      : async (batch, context) => {
          const outcomes = await eachItem(plan, batch, context, async (item) => {
            const helper = Object.keys(HELPERS).find((name) => item.key.startsWith(name));
            // A key that ends in `always` meets its fate at every try, the others at the first.
            if (helper && (tries(item) === 1 || item.key.endsWith('always'))) await HELPERS[helper]?.();
            return done(`worked(${item.inputHash})`);
          });
          return { outcomes, writes: made('work', batch, outcomes, context) };
        },
    { batchMax: plan.batchMax, retry: RETRY },
  );
  return definePipeline('deaths', [work]);
}

const HELPERS: Readonly<Record<string, () => Promise<void>>> = {
  'thread-throws': () => inThread(`throw new Error('an exception in a thread')`),
  'thread-rejects': () => inThread(`Promise.reject(new Error('a rejection in a thread')); setInterval(() => {}, 1000)`),
  'thread-exits': () => inThread('process.exit(7)'),
  'child-is-killed': () => inChild(`process.kill(process.pid, 'SIGKILL')`),
  'child-throws': () => inChild(`throw new Error('an exception in a child')`),
};

/** What ends a helper badly is the error of the item, and of no other. */
async function inThread(script: string): Promise<void> {
  const worker = new Worker(script, { eval: true });
  const [problem] = await Promise.race([
    once(worker, 'exit'),
    once(worker, 'error').catch((error: unknown) => [error]),
  ]);
  throw new RetryableError(`the thread ended: ${problem instanceof Error ? problem.message : problem}`);
}
async function inChild(script: string): Promise<void> {
  const [code, signal] = await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'exit');
  throw new RetryableError(`the child ended with ${code ?? signal}`);
}

export function deathsPipeline(
  plan: Partial<Omit<Plan, 'url' | 'witness' | 'life'>> = {},
  world: World | null = null,
): Pipeline {
  const full = { ...BASIC, ...plan };
  return { walk, memory, threads }[full.pipeline](full, world);
}
