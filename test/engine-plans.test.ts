import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  abandon,
  act,
  breakLeases,
  checkSchema,
  claim,
  commit,
  type Database,
  definePipeline,
  effectsOf,
  enterStatements,
  explainItem,
  explainStages,
  heartbeat,
  leaseStanding,
  liveLeases,
  type Outcome,
  readServices,
  readSnapshot,
  reclaim,
  registerPipeline,
  reportDependency,
  type Statement,
  tick,
} from '../core/engine/index.ts';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { newItem } from './support/engine/ledger.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { madeWrites, passing } from './support/engine/walk.ts';

/** How the database finds what each statement of the engine wants: the same on every host, and never by reading a whole table. */

// With every gate that a claim can have.
const one = passing('one', {
  batchMax: 20,
  services: ['llm'],
  quota: { name: 'gpu', unitsPerItem: 1 },
  concurrencyMax: 5,
});
const two = passing('two', { settles: 'whole' });
const pipeline = definePipeline('plans', [one, two], {
  quotas: [{ name: 'gpu', unit: 'minutes', perDay: 1_000, sessionMax: 100 }],
});
const OUTCOMES: Outcome[] = [
  { kind: 'done', outputHash: 'out' },
  { kind: 'done', outputHash: 'out', makes: [newItem('page', 'page@1', 'page')] },
  { kind: 'skipped', reason: 'r', errorClass: 'e' },
  { kind: 'retry', delayMs: 1, reason: 'r', errorClass: 'retryable' },
  { kind: 'wait', delayMs: 1, reason: 'r', errorClass: 'quota', stageWaits: true },
  { kind: 'dead', reason: 'r', errorClass: 'permanent' },
];

/** What the engine sends in each of its acts, taken down while it is sent. */
async function statementsSent(host: EngineHost): Promise<Record<string, readonly Statement[]>> {
  const sent: Record<string, readonly Statement[]> = {};
  let now = '';
  const note = (statements: readonly Statement[]) => {
    sent[now] = [...(sent[now] ?? []), ...statements];
    return statements;
  };
  const db: Database = {
    read: (statements) => host.db.read(note(statements)),
    write: (statements) => host.db.write(note(statements)),
  };
  const during = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    now = name;
    return run();
  };
  await during('register', () => registerPipeline(db, pipeline));
  await during('check', () => checkSchema(db, pipeline));
  const items = OUTCOMES.map((_, i) => newItem(`k${i}`));
  await during('enter', () => db.write(enterStatements(one, items)));
  const claimed = await during('claim', () => claim(db, one, 'worker'));
  if (claimed?.items.length !== OUTCOMES.length) throw new Error('the claim must take every item');
  const { leaseId } = claimed;
  await during('heartbeat', () => heartbeat(db, leaseId, 60_000));
  const [first] = claimed.items;
  if (!first) throw new Error('the claim is empty');
  await during('effect', () =>
    effectsOf(db, one, leaseId, fakeRuntime()).run(first, { call: async () => ({ result: 1 }) }),
  );
  const settled = claimed.items.map((item, i) => ({ item, outcome: OUTCOMES[i] ?? { kind: 'done', outputHash: 'o' } }));
  await during('commit', () =>
    commit(db, pipeline, {
      stage: one,
      next: two,
      leaseId,
      settled,
      writes: [
        {
          kind: 'rows',
          table: 'page',
          columns: ['key', 'document', 'text'],
          key: ['key'],
          rows: claimed.items.map((item) => ({ itemId: item.id, values: [item.key, 'd', 't'] })),
        },
        ...madeWrites('one', claimed.items, OUTCOMES),
      ],
      tookMs: 1,
    }),
  );
  await during('standing', () => leaseStanding(db, leaseId));
  await during('claim of the whole', () => claim(db, two, 'worker'));
  await during('abandon', () => abandon(db, leaseId + 1, 'worker'));
  await during('reclaim', () => reclaim(db));
  await during('snapshot', () => readSnapshot(db, pipeline));
  await during('leases', () => liveLeases(db));
  await during('break', () => breakLeases(db, [1, 2, 3]));
  await during('dependency', () => reportDependency(db, 'llm', null));
  await during('services', () => readServices(db));
  await during('explain', () => explainStages(db, pipeline));
  await during('pause', () =>
    act(db, pipeline, { kind: 'pause', stage: 'two' }, { actor: 'operator', requestId: 'r' }),
  );
  await during('idle tick', () => tick(db, pipeline, fakeRuntime(), { budgetMs: 1 }));
  await during('act on keys', async () => {
    for (const kind of ['redo', 'retry'] as const)
      await act(db, pipeline, { kind, stage: 'one', keys: ['k0'] }, { actor: 'operator' });
  });
  await during('explain an item', () => explainItem(db, pipeline, 'k0'));
  return sent;
}

/** Acts of people: they may read what an act of a tick may not. */
const RARE = ['act on keys', 'explain an item'];

const shown: Record<string, Record<string, string[][]>> = {};

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  /** Of each act, the plan of each of its statements, line by line. */
  const plans = new Map<string, string[][]>();

  beforeAll(async () => {
    host = await openHost(name);
    await host.fresh();
    for (const [what, statements] of Object.entries(await statementsSent(host))) {
      const all: string[][] = [];
      for (const { sql, args } of statements) {
        const { rows } = await host.client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args: [...args] as string[] });
        // Whether an index covers the query is no matter here.
        all.push(rows.map((row) => String(row.detail).replace('COVERING INDEX', 'INDEX')));
      }
      plans.set(what, all);
    }
    shown[name] = Object.fromEntries(plans);
  });
  afterAll(() => host?.close());

  const planOf = (what: string): string[] => (plans.get(what) ?? []).flat();

  test('no act of a tick reads a whole table of items, tasks, leases, effects or sessions', () => {
    expect(plans.size).toBe(21);
    // Whole are read: the few rows of control and counters, what came in as JSON or VALUES, what an index of live leases lists, and
    // the audit from its end, of which one row is taken.
    const allowed =
      /^SCAN (?:c|c2|head|s|s USING INDEX sqlite_autoindex_service.*|x|q|v|(?:j|json_each) VIRTUAL.*|meta|sqlite_schema|service|stage_count|stage_control|stage_control USING INDEX sqlite_autoindex.*|quota_window|audit|CONSTANT ROW|\d+ CONSTANT ROWS?|\(subquery.*|l?(?:ease)? USING INDEX lease_(?:live|writing).*)$/;
    for (const what of plans.keys()) {
      if (RARE.includes(what)) continue;
      expect(
        planOf(what).filter((line) => line.startsWith('SCAN') && !allowed.test(line)),
        what,
      ).toEqual([]);
    }
  });

  test.each<[string, string]>([
    ['claim', 'SEARCH task USING INDEX task_ready (stage=? AND prio=? AND due_ms<?)'],
    ['claim', 'SEARCH task USING PRIMARY KEY (stage=? AND item_id=?)'],
    ['claim', 'SEARCH task USING INDEX task_leased (lease_id=?)'],
    ['claim', 'SEARCH i USING INTEGER PRIMARY KEY (rowid=?)'],
    ['claim of the whole', 'SEARCH task USING INDEX task_ready (stage=? AND prio=? AND due_ms<?)'],
    ['snapshot', 'SEARCH task USING INDEX task_ready (stage=? AND prio=?)'],
    ['snapshot', 'SEARCH lease USING INDEX lease_live'],
    ['idle tick', 'SEARCH task USING INDEX task_ready (stage=? AND prio=?)'],
    ['leases', 'SCAN lease USING INDEX lease_live'],
    ['reclaim', 'SEARCH task USING INDEX task_leased (lease_id=?)'],
    ['reclaim', 'SEARCH lease USING INDEX lease_live (expires_ms<?)'],
    ['reclaim', 'SCAN lease USING INDEX lease_writing'],
    ['break', 'SEARCH task USING INDEX task_leased (lease_id=?)'],
    ['abandon', 'SEARCH task USING INDEX task_leased (lease_id=?)'],
    ['standing', 'SEARCH task USING INDEX task_leased (lease_id=?)'],
    ['commit', 'SEARCH lease USING INTEGER PRIMARY KEY (rowid=?)'],
    ['commit', 'SEARCH i USING INDEX item_key (kind=? AND key=?)'],
    ['enter', 'SEARCH i USING INDEX item_key (kind=? AND key=?)'],
    ['heartbeat', 'SEARCH lease USING INTEGER PRIMARY KEY (rowid=?)'],
    ['effect', 'SEARCH effect USING INDEX sqlite_autoindex_effect_1 (key=?)'],
    ['effect', 'SEARCH l USING INTEGER PRIMARY KEY (rowid=?)'],
    ['effect', 'SEARCH t USING PRIMARY KEY (stage=? AND item_id=?)'],
  ])('%s: %s', (what, line) => {
    expect(planOf(what)).toContain(line);
  });

  test('due tasks are found in their order, without sorting the others', () => {
    const sorts = (what: string) =>
      (plans.get(what) ?? []).filter(
        (lines) =>
          lines.some((line) => line.includes('task_ready')) && lines.some((line) => line.includes('TEMP B-TREE')),
      );
    for (const what of ['claim', 'claim of the whole', 'snapshot', 'reclaim', 'idle tick'])
      expect(sorts(what), what).toEqual([]);
  });
});

test('every host finds everything in the same way', () => {
  const [first, ...others] = HOSTS.map((name) => shown[name]);
  expect(Object.keys(first ?? {})).toHaveLength(21);
  for (const other of others) expect(other).toEqual(first);
});
