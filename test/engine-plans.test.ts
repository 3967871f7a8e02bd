import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  breakLeases,
  claim,
  commit,
  type Database,
  definePipeline,
  enterStatements,
  heartbeat,
  liveLeases,
  type Outcome,
  readSnapshot,
  reclaim,
  registerPipeline,
  type Statement,
} from '../core/engine/index.ts';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { newItem } from './support/engine/ledger.ts';
import { madeWrites, passing } from './support/engine/walk.ts';

const one = passing('one', { batchMax: 20 });
const two = passing('two');
const pipeline = definePipeline('plans', [one, two]);
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
  let act = '';
  const note = (statements: readonly Statement[]) => {
    sent[act] = [...(sent[act] ?? []), ...statements];
    return statements;
  };
  const db: Database = {
    read: (statements) => host.db.read(note(statements)),
    write: (statements) => host.db.write(note(statements)),
  };
  const during = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    act = name;
    return run();
  };
  await registerPipeline(host.db, pipeline);
  await during('enter', () =>
    db.write(
      enterStatements(
        one,
        OUTCOMES.map((_, i) => newItem(`k${i}`)),
      ),
    ),
  );
  const claimed = await during('claim', () => claim(db, one, 'worker'));
  if (claimed?.items.length !== OUTCOMES.length) throw new Error('the claim must take every item');
  await during('heartbeat', () => heartbeat(db, claimed.leaseId, 60_000));
  const settled = claimed.items.map((item, i) => ({ item, outcome: OUTCOMES[i] ?? { kind: 'done', outputHash: 'o' } }));
  await during('commit', () =>
    commit(db, pipeline, {
      stage: one,
      next: two,
      leaseId: claimed.leaseId,
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
  await during('reclaim', () => reclaim(db));
  await during('snapshot', () => readSnapshot(db, pipeline));
  await during('leases', () => liveLeases(db));
  await during('break', () => breakLeases(db, [1, 2, 3]));
  return sent;
}

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  /** Of each act, the plan of each of its statements, line by line. */
  const plans = new Map<string, string[][]>();

  beforeAll(async () => {
    host = await openHost(name);
    await host.fresh();
    for (const [act, statements] of Object.entries(await statementsSent(host))) {
      const all: string[][] = [];
      for (const { sql, args } of statements) {
        const { rows } = await host.client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args: [...args] as string[] });
        // Whether an index covers the query is no matter here.
        all.push(rows.map((row) => String(row.detail).replace('COVERING INDEX', 'INDEX')));
      }
      plans.set(act, all);
    }
  });
  afterAll(() => host?.close());

  const planOf = (act: string): string[] => (plans.get(act) ?? []).flat();

  test('no act of the engine reads a whole table of items, tasks or leases', () => {
    expect(plans.size).toBe(8);
    // Whole are read: the few rows of control and counters, what came in as JSON or VALUES, what an index of live leases lists, and
    // the audit from its end, of which one row is taken.
    const allowed =
      /^SCAN (c$|c2$|s$|x$|head$|j VIRTUAL|stage_count|stage_control|audit$|CONSTANT ROW|v$|\d+ CONSTANT ROWS?$|\(subquery|l?(ease)? USING INDEX lease_(live|writing))/;
    for (const act of plans.keys()) {
      expect(planOf(act).length, act).toBeGreaterThan(0);
      expect(
        planOf(act).filter((line) => line.startsWith('SCAN') && !allowed.test(line)),
        act,
      ).toEqual([]);
    }
  });

  test.each<[string, string]>([
    ['claim', 'SEARCH task USING INDEX task_ready (stage=? AND prio=? AND due_ms<?)'],
    ['claim', 'SEARCH task USING PRIMARY KEY (stage=? AND item_id=?)'],
    ['claim', 'SEARCH task USING INDEX task_leased (lease_id=?)'],
    ['claim', 'SEARCH i USING INTEGER PRIMARY KEY (rowid=?)'],
    ['snapshot', 'SEARCH task USING INDEX task_ready (stage=? AND prio=?)'],
    ['snapshot', 'SEARCH lease USING INDEX lease_live'],
    ['leases', 'SCAN lease USING INDEX lease_live'],
    ['reclaim', 'SEARCH task USING INDEX task_leased (lease_id=?)'],
    ['reclaim', 'SEARCH lease USING INDEX lease_live (expires_ms<?)'],
    ['reclaim', 'SCAN lease USING INDEX lease_writing'],
    ['break', 'SEARCH task USING INDEX task_leased (lease_id=?)'],
    ['commit', 'SEARCH lease USING INTEGER PRIMARY KEY (rowid=?)'],
    ['commit', 'SEARCH i USING INDEX item_key (kind=? AND key=?)'],
    ['enter', 'SEARCH i USING INDEX item_key (kind=? AND key=?)'],
    ['heartbeat', 'SEARCH lease USING INTEGER PRIMARY KEY (rowid=?)'],
  ])('%s: %s', (act, line) => {
    expect(planOf(act)).toContain(line);
  });

  test('due tasks are found in their order, without sorting the others', () => {
    const sorts = (act: string) =>
      (plans.get(act) ?? []).filter(
        (lines) =>
          lines.some((line) => line.includes('task_ready')) && lines.some((line) => line.includes('TEMP B-TREE')),
      );
    for (const act of ['claim', 'snapshot', 'reclaim']) expect(sorts(act), act).toEqual([]);
  });
});
