import {
  definePipeline,
  defineStage,
  type Item,
  type NewItem,
  OutageError,
  type Outcome,
  OutOfMemoryError,
  outcomeOfError,
  PermanentError,
  type Pipeline,
  postponed,
  QuotaError,
  RetryableError,
  type Stage,
  type StageContext,
  type StageResult,
  type Write,
} from '../../../../core/engine/index.ts';
import type { Faults } from './faults.ts';
import type { Oracle } from './oracle.ts';
import { type Answer, noteAnswer, type Witness } from './witness.ts';
import type { Actor, World } from './world.ts';

/** What flows through a world: documents, each cut into pages, and which of them are bad. */
export type Load = {
  readonly documents: number;
  /** Key of the item that kills whoever works on it; null without one. */
  readonly poison: string | null;
  /** Key of the page that no try can help. */
  readonly permanent: string | null;
  /** The first document changes while the pipeline works on it. */
  readonly changes: boolean;
  /** Units of the quota in a day. */
  readonly unitsPerDay: number;
  /** After a crash between call and answer: ask the service, or pay again. */
  readonly asks: boolean;
};

export const pagesOf = (key: string): readonly string[] =>
  Array.from({ length: key === 'd1' ? 3 : 2 }, (_, n) => `${key}/${n + 1}`);

/** `version` is that of the first document: a second one is a changed input. */
export const documentsOf = (load: Load, version: number): readonly NewItem[] =>
  Array.from({ length: load.documents }, (_, n) => ({
    kind: 'document',
    key: `d${n + 1}`,
    source: 'simulation',
    contentHash: `d${n + 1}@${n === 0 ? version : 1}`,
  }));

export const ATTEMPTS_MAX = 4;
const RETRY = { attemptsMax: ATTEMPTS_MAX, delayMsFirst: 200, delayMsMax: 3_000 };

export type Factory = (worker: Actor) => Pipeline;

/** Three stages: one item makes several, one pays for calls, one settles all at once. Every worker runs its own copy. */
export function pipelineFactory(options: {
  readonly world: World;
  readonly witness: Witness;
  readonly oracle: Oracle;
  readonly load: Load;
  readonly faults: () => Faults;
  readonly kill: (worker: Actor, why: string) => void;
  readonly collect: () => void;
}): Factory {
  const { world, witness, oracle, load, faults, kill, collect } = options;

  /** The time that a batch takes. Some of it blocks the process, so that its heartbeats and timers wait as well. */
  const work = async (worker: Actor, leaseMs: number, items: number): Promise<void> => {
    const long = world.chance(faults().longWork);
    const tookMs = long ? world.between(leaseMs, 3 * leaseMs) : world.between(5, 40) * items;
    if (world.chance(0.3)) worker.stalledUntilMs = Math.max(worker.stalledUntilMs, world.nowMs() + tookMs);
    await world.sleep(tookMs, worker);
  };

  const mishap = (of: 'batch' | 'item'): Error | null => {
    const { retryable, outage, quota, outOfMemory } = faults();
    if (of === 'batch') {
      if (world.chance(outage))
        return new OutageError('the service is down', { retryAfterMs: world.between(100, 4_000) });
      if (world.chance(quota)) return new QuotaError('the quota is spent', { retryAfterMs: world.between(100, 4_000) });
      if (world.chance(outOfMemory)) return new OutOfMemoryError('the batch did not fit');
      return world.chance(retryable / 2) ? new RetryableError('the batch came back empty') : null;
    }
    return world.chance(retryable / 2) ? new RetryableError('the item came back empty') : null;
  };

  /** The paid call of one item, as the outside sees it. */
  const pay = (worker: Actor, stage: string, item: Item, context: StageContext): Promise<string> => {
    const effect = `${stage}/${item.id}/${item.inputHash}`;
    const answer = { result: `paid(${item.inputHash})`, cost: 1 };
    return context.effects.run(item, {
      call: async (key) => {
        const { leaseId } = context;
        const call = {
          effect,
          task: `${stage}/${item.id}`,
          key,
          leaseId,
          worker,
          atMs: world.nowMs(),
          answerLost: false,
          zombie: false,
        };
        oracle.paid(call, load.asks);
        witness.calls.set(effect, [...(witness.calls.get(effect) ?? []), call]);
        await world.sleep(world.between(5, 60), worker);
        if (world.chance(faults().retryable / 2)) {
          call.answerLost = true;
          throw new RetryableError('the answer was lost');
        }
        return answer;
      },
      ...(load.asks
        ? {
            ask: async (key: string) => {
              await world.sleep(world.between(5, 60), worker);
              return witness.calls.get(effect)?.some((call) => call.key === key) ? answer : null;
            },
          }
        : {}),
    });
  };

  const stageOf = (
    worker: Actor,
    name: string,
    act: (item: Item, context: StageContext) => Promise<Outcome>,
    shape: Pick<Stage, 'itemKind' | 'batchMax' | 'leaseMs' | 'settles'> & Partial<Stage>,
  ): Stage => {
    const process = async (batch: readonly Item[], context: StageContext): Promise<StageResult> => {
      world.log(`${worker.name} works ${name} #${context.leaseId} ${batch.map(({ key }) => key).join(' ')}`);
      for (const item of batch) witness.itemIds.set(item.key, item.id);
      const poisoned = batch.some(({ key }) => key === load.poison);
      await work(worker, shape.leaseMs, batch.length);
      if (poisoned) {
        kill(worker, 'poison');
        return new Promise(() => undefined);
      }
      const failed = mishap('batch');
      if (failed) {
        for (const item of batch) note(context, item, answerOf(failed, batch.length));
        throw failed;
      }
      const outcomes: Outcome[] = [];
      for (const item of batch) {
        const outcome = await one(item, context);
        note(context, item, outcome.kind === 'skipped' ? 'done' : outcome.kind);
        outcomes.push(outcome);
      }
      const used = [...witness.calls.values()].flat().filter(({ leaseId }) => leaseId === context.leaseId).length;
      return { outcomes, writes: writesOf(name, context.leaseId, batch, outcomes), used };
    };
    const one = async (item: Item, context: StageContext): Promise<Outcome> => {
      if (context.stopping()) return postponed();
      try {
        if (item.key === load.permanent && name === 'read') throw new PermanentError('unreadable');
        const failed = mishap('item');
        if (failed) throw failed;
        return await act(item, context);
      } catch (error) {
        return outcomeOfError(error, item, RETRY, world.dice());
      }
    };
    const note = (context: StageContext, item: Item, answer: Answer): void =>
      noteAnswer(witness, context.leaseId, item.id, answer);
    return defineStage({ name, retry: RETRY, fingerprint: `${name}-1`, process, ...shape });
  };

  return (worker) =>
    definePipeline(
      'simulation',
      [
        stageOf(
          worker,
          'cut',
          async (item) => ({
            kind: 'done',
            outputHash: `cut(${item.inputHash})`,
            makes: pagesOf(item.key).map((key) => ({
              kind: 'page',
              key,
              source: item.source,
              contentHash: `${item.inputHash}/${key}`,
            })),
          }),
          { itemKind: 'document', batchMax: 4, leaseMs: 3_000, settles: 'each' },
        ),
        stageOf(
          worker,
          'read',
          async (item, context) => {
            if (world.chance(faults().submits)) {
              world.after(world.between(100, 4_000), worker, collect);
              return { kind: 'submitted', job: `job ${context.leaseId}`, reason: 'an outside job has it' };
            }
            const text = await pay(worker, 'read', item, context);
            return { kind: 'done', outputHash: `read(${text})` };
          },
          {
            itemKind: 'page',
            batchMax: 4,
            leaseMs: 2_000,
            settles: 'each',
            services: ['reader'],
            quota: { name: 'reads', unitsPerItem: 1 },
            concurrencyMax: CONCURRENCY_MAX,
          },
        ),
        stageOf(worker, 'bind', async (item) => ({ kind: 'done', outputHash: `bind(${item.inputHash})` }), {
          itemKind: 'page',
          batchMax: 100,
          leaseMs: 2_500,
          settles: 'whole',
          gather: { itemsMin: 6, waitMsMax: 2_000 },
        }),
      ],
      { quotas: [{ name: 'reads', unit: 'calls', perDay: load.unitsPerDay }], breaker: BREAKER },
    );
}

export const CONCURRENCY_MAX = 2;
const BREAKER = { failuresMax: 3, openMsFirst: 300, openMsMax: 3_000 };

/** What a batch that threw comes to, by the taxonomy in words: nothing here asks the engine. */
function answerOf(error: Error, items: number): Answer {
  if (error instanceof OutageError || error instanceof QuotaError) return 'wait';
  if (error instanceof OutOfMemoryError && items > 1) return 'wait';
  return error instanceof PermanentError ? 'dead' : 'retry';
}

/** A row without a key in `made`, so that whatever is committed twice stands there twice, and one with a key in `output`. */
function writesOf(stage: string, leaseId: number, batch: readonly Item[], outcomes: readonly Outcome[]): Write[] {
  const finished = batch.flatMap((item, i) => {
    const outcome = outcomes[i];
    return outcome?.kind === 'done' ? [{ item, outputHash: outcome.outputHash }] : [];
  });
  return [
    ...finished.map(
      ({ item }): Write => ({
        kind: 'fenced',
        itemId: item.id,
        sql: `INSERT INTO made(stage, item_id, key, input, lease_id) SELECT ?, ?, ?, ?, ? WHERE :held`,
        args: [stage, item.id, item.key, item.inputHash, leaseId],
      }),
    ),
    {
      kind: 'rows',
      table: 'output',
      columns: ['key', 'text', 'item_id', 'lease_id'],
      key: ['key'],
      rows: finished.map(({ item, outputHash }) => ({
        itemId: item.id,
        values: [`${stage} ${item.key}`, outputHash, item.id, leaseId],
      })),
    },
  ];
}
