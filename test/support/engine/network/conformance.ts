import { setTimeout as sleep } from 'node:timers/promises';
import {
  abandon,
  act,
  breakLeases,
  type Claim,
  claim,
  commit,
  type Detection,
  effectsOf,
  enterStatements,
  explainItem,
  explainStages,
  heartbeat,
  leaseStanding,
  type OperatorAct,
  type Outcome,
  PermanentError,
  type Pipeline,
  planStages,
  readServices,
  reclaim,
  registerPipeline,
  reportDependency,
  returnStatements,
  type Stage,
  stageAfter,
  statement,
  tick,
  verifyAudit,
  type Write,
} from '../../../../core/engine/index.ts';
import type { Priority } from '../../../../schema/states.ts';
import type { EngineHost } from '../host.ts';
import { expireLeases, newItem, passTime, rowsOf } from '../ledger.ts';
import { fakeRuntime } from '../runtime.ts';
import { firstStage, madeWrites } from '../walk.ts';
import { plain } from './plain.ts';

/** One thing that is done to a database of the engine, as data. `gives` is what it must answer, or a part of it. */
export type Step = { readonly gives?: unknown } & (
  | { readonly do: 'enter'; readonly keys: readonly string[]; readonly version?: number; readonly prio?: Priority }
  | { readonly do: 'claim'; readonly as: string; readonly stage?: string; readonly itemsMax?: number }
  | {
      readonly do: 'commit';
      readonly claim: string;
      readonly outcomes?: Readonly<Record<string, Outcome>>;
      readonly writes?: readonly Write[];
      readonly used?: number;
    }
  | { readonly do: 'beat' | 'abandon' | 'break' | 'standing'; readonly claim: string }
  | { readonly do: 'effect'; readonly claim: string; readonly key: string; readonly answers: Answers }
  /** Every live lease runs out; every delay is over. */
  | { readonly do: 'lapse' | 'pass' | 'reclaim' | 'verify' | 'services' | 'plan' | 'register' }
  | { readonly do: 'tick'; readonly itemsMax?: number }
  | { readonly do: 'act'; readonly act: OperatorAct; readonly requestId?: string }
  | { readonly do: 'return'; readonly keys: readonly string[]; readonly job: string }
  | { readonly do: 'dependency'; readonly service: string; readonly reason: string | null }
  | { readonly do: 'explain'; readonly stage?: string; readonly key?: string }
  | { readonly do: 'rows'; readonly sql: string }
  | { readonly do: 'meddle'; readonly sql: string }
);
/** What the outside service does with a call: answers; answers, but the worker dies first; refuses for good. */
export type Answers = 'answers' | 'answers unheard' | 'refuses' | 'holds' | 'is asked';

export type Behaviour = { readonly name: string; readonly pipeline: Pipeline; readonly steps: readonly Step[] };
export type Shown = { readonly results: readonly unknown[]; readonly tables: Readonly<Record<string, unknown>> };

const TABLES = [
  ...['item', 'task', 'lease', 'stage_control', 'stage_count', 'progress_sample', 'error_log', 'run', 'service'],
  ...['quota_window', 'inference_session', 'effect', 'audit', 'made', 'page'],
];

/** Does the steps of a behaviour on an empty database; returns what each answered, and all that stands there after. */
export async function show(host: EngineHost, { pipeline, steps }: Behaviour): Promise<Shown> {
  await host.fresh();
  await registerPipeline(host.db, pipeline);
  const doing = performer(host, pipeline);
  const results: unknown[] = [];
  for (const step of steps) results.push(plain(await doing(step)));
  const tables: Record<string, unknown> = {};
  for (const table of TABLES)
    tables[table] = plain(await rowsOf(host.client, `SELECT * FROM ${table} ORDER BY 1, 2, 3`));
  return { results, tables };
}

function performer(host: EngineHost, pipeline: Pipeline): (step: Step) => Promise<unknown> {
  const { db, client } = host;
  const claims = new Map<string, { readonly stage: Stage; readonly held: Claim }>();
  /** Calls that the outside service got, and its answers by key. */
  const asked = { calls: 0, answers: new Map<string, string>() };
  const runtime = fakeRuntime({ owner: 'conformance/1', random: () => 0.5 });
  const claimOf = (name: string) => {
    const found = claims.get(name);
    if (!found) throw new Error(`no claim is called ${name}`);
    return found;
  };
  const stageOf = (name: string | undefined): Stage => {
    const found = pipeline.stages.find((stage) => stage.name === (name ?? firstStage(pipeline).name));
    if (!found) throw new Error(`no stage is called ${name}`);
    return found;
  };

  const perform = async (step: Step): Promise<unknown> => {
    switch (step.do) {
      case 'register':
        return registerPipeline(db, pipeline);
      case 'enter': {
        const items = step.keys.map((key) => ({
          ...newItem(key, `${key}@${step.version ?? 1}`),
          prio: step.prio ?? 0,
        }));
        await db.write(enterStatements(firstStage(pipeline), items));
        return null;
      }
      case 'claim': {
        const stage = stageOf(step.stage);
        const held = await claim(db, stage, 'conformance/1', step.itemsMax);
        if (!held) return null;
        claims.set(step.as, { stage, held });
        return { keys: held.items.map(({ key }) => key), attempts: held.items.map(({ attempt }) => attempt) };
      }
      case 'commit': {
        const { stage, held } = claimOf(step.claim);
        const settled = held.items.map((item) => ({
          item,
          outcome: step.outcomes?.[item.key] ?? ({ kind: 'done', outputHash: `out ${item.key}` } as const),
        }));
        const made = madeWrites(
          stage.name,
          held.items,
          settled.map(({ outcome }) => outcome),
        );
        const next = stageAfter(pipeline, stage);
        const writes = [...made, ...(step.writes ?? [])];
        const batch = { stage, next, leaseId: held.leaseId, settled, writes, tookMs: 40, used: step.used };
        return (await commit(db, pipeline, batch)).landed;
      }
      case 'beat': {
        const { stage, held } = claimOf(step.claim);
        return heartbeat(db, held.leaseId, stage.leaseMs);
      }
      case 'abandon':
        return abandon(db, claimOf(step.claim).held.leaseId, 'conformance/1');
      case 'break':
        return breakLeases(db, [claimOf(step.claim).held.leaseId]);
      case 'standing': {
        const { committed, live, held } = await leaseStanding(db, claimOf(step.claim).held.leaseId);
        return { committed, live, held: held.size };
      }
      case 'effect':
        return effect(claimOf(step.claim), step.key, step.answers);
      case 'lapse':
        // Tasks come by the millisecond in which they are due: those that come back must not share it with those that never went.
        await sleep(2);
        return void (await expireLeases(client));
      case 'pass':
        return void (await passTime(client));
      case 'reclaim':
        return reclaim(db);
      case 'tick': {
        const { itemsMax } = step;
        const options = { budgetMs: 60_000, ...(itemsMax === undefined ? {} : { itemsMax }) };
        const { stage, counts, batches, recovered, after } = await tick(db, pipeline, runtime, options);
        return { stage, counts, batches, recovered, after: standing(after) };
      }
      case 'act':
        return act(db, pipeline, step.act, {
          actor: 'operator',
          reason: 'because',
          ...(step.requestId === undefined ? {} : { requestId: step.requestId }),
        });
      case 'return': {
        const items = `SELECT id FROM item WHERE key IN (${step.keys.map((key) => `'${key}'`).join(', ')})`;
        const back = { stage: firstStage(pipeline).name, items, job: step.job, reason: 'ended', actor: 'collector' };
        return (await db.write(returnStatements(back, 'true'))).at(-1)?.changed;
      }
      case 'dependency':
        return reportDependency(db, step.service, step.reason);
      case 'services':
        return readServices(db);
      case 'plan':
        return planStages(db, pipeline.stages);
      case 'explain': {
        if (step.key !== undefined) return explainItem(db, pipeline, step.key);
        const all = await explainStages(db, pipeline);
        return all.find(({ stage }) => stage === stageOf(step.stage).name);
      }
      case 'verify': {
        const { rows, tasks, problems } = await verifyAudit(db);
        return { rows, tasks, problems };
      }
      case 'rows':
        return rowsOf(client, step.sql);
      case 'meddle':
        return void (await db.write([statement(step.sql)]));
    }
  };

  const effect = async ({ stage, held }: { stage: Stage; held: Claim }, key: string, answers: Answers) => {
    const item = held.items.find((one) => one.key === key);
    if (!item) throw new Error(`no item of the claim is called ${key}`);
    const effects = effectsOf(db, stage, held.leaseId, answers === 'answers unheard' ? dying : runtime);
    const before = asked.calls;
    const outcome = await effects
      .run(item, {
        call: async (own) => {
          asked.calls += 1;
          if (answers === 'refuses') throw new PermanentError('no');
          asked.answers.set(own, `answer to ${key}`);
          return { result: `answer to ${key}`, externalId: `id of ${key}`, cost: 0.25 };
        },
        ...(answers === 'is asked'
          ? {
              ask: async (own: string) => {
                const result = asked.answers.get(own);
                return result === undefined ? null : { result };
              },
            }
          : {}),
        ...(answers === 'holds' ? { onUnknown: 'hold' as const } : {}),
      })
      .catch((error: Error) => ({ error: error.name }));
    return { outcome, calls: asked.calls - before };
  };

  return async (step) => {
    try {
      return await perform(step);
    } catch (error) {
      // Each host words its refusals differently; which error it is must be the same.
      return { error: error instanceof Error ? error.name : String(error) };
    }
  };
}

/** A worker that dies when the answer of a call has come and is not stored yet. */
const dying = fakeRuntime({
  reach: (point) => {
    if (point === 'effect.call.after') throw new Error('the worker died');
  },
});

const standing = (after: Detection) =>
  after.kind === 'serving'
    ? { kind: after.kind }
    : after.kind === 'work'
      ? { kind: after.kind, stage: after.stage.name, current: after.current.name }
      : { kind: after.kind, current: after.current.name, gate: after.gate, wakeAtMs: after.wakeAtMs };
