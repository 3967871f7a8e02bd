import { type Database, verifyAudit } from '../../../../core/engine/index.ts';
import type { Memory } from './memory.ts';
import { taskKey } from './mirror.ts';
import type { Oracle } from './oracle.ts';
import type { Load } from './pipeline.ts';
import type { Witness } from './witness.ts';
import type { World } from './world.ts';

/** What must hold once everything has come to rest. */

/** The state that a world comes to, without times, numbers and names of workers; sorted lines. */
export function canonicalDump(memory: Memory, load: Load): readonly string[] {
  const lines = [
    ...memory.rows(
      `SELECT 'item', i.kind, i.key, p.key AS parent, i.content_hash FROM item i LEFT JOIN item p ON p.id = i.parent_id`,
    ),
    ...memory.rows(
      `SELECT 'task', i.key, t.stage, t.state, t.input_hash, t.output_hash FROM task t JOIN item i ON i.id = t.item_id`,
    ),
    ...memory.rows(`SELECT 'output', i.key AS k, o.key, o.text FROM output o JOIN item i ON i.id = o.item_id`),
  ].map((row) => Object.values(row).map(String));
  const poisoned = (key: string): boolean =>
    load.poison !== null && (key === load.poison || key.startsWith(`${load.poison}/`));
  return lines
    .filter(([what, first, second]) => !poisoned(String(what === 'item' ? second : first)))
    .map((values) => values.join(' '))
    .sort();
}

export async function judgeRest(options: {
  readonly world: World;
  readonly memory: Memory;
  readonly oracle: Oracle;
  readonly witness: Witness;
  readonly db: Database;
  readonly load: Load;
  readonly golden: readonly string[] | null;
}): Promise<void> {
  const { world, memory, oracle, witness, db, load, golden } = options;
  judgeMirror(world, memory, oracle);
  judgeCounters(world, memory);
  judgeResults(world, memory, oracle);
  judgeQuota(world, memory, witness);
  judgeControls(world, memory);
  const audit = await verifyAudit(db);
  if (audit.problems.length > 0) world.violate('I6', `verifyAudit: ${audit.problems.slice(0, 3).join('; ')}`);
  if (audit.tasks !== oracle.mirror.tasks.size) world.violate('I6', `the audit knows ${audit.tasks} tasks`);
  if (golden) judgeDump(world, canonicalDump(memory, load), golden);
}

function judgeMirror(world: World, memory: Memory, oracle: Oracle): void {
  const rows = memory.rows(`SELECT stage, item_id, state, attempt, waits, lost, input_hash FROM task`);
  if (rows.length !== oracle.mirror.tasks.size)
    world.violate('I1', `${rows.length} tasks, ${oracle.mirror.tasks.size} were seen`);
  for (const row of rows) {
    const seen = oracle.mirror.tasks.get(taskKey(row.stage, row.item_id));
    const is = [row.state, row.attempt, row.waits, row.lost, row.input_hash].join(' ');
    const was = [seen?.state, seen?.attempt, seen?.waits, seen?.lost, seen?.inputHash].join(' ');
    if (is !== was) world.violate('I1', `task ${taskKey(row.stage, row.item_id)} is ${is}, seen was ${was}`);
  }
}

function judgeCounters(world: World, memory: Memory): void {
  const [wrong] = memory.rows(
    `SELECT coalesce(a.stage, b.stage) AS stage, coalesce(a.state, b.state) AS state, a.n AS counted, b.n AS real
     FROM (SELECT * FROM stage_count WHERE n <> 0) a
     FULL JOIN (SELECT stage, state, count(*) AS n FROM task GROUP BY stage, state) b
       ON a.stage = b.stage AND a.state = b.state WHERE a.n IS NOT b.n`,
  );
  if (wrong)
    world.violate('I4', `the counter says ${wrong.counted} ${wrong.stage} ${wrong.state}, there are ${wrong.real}`);
}

/** One result per commit that finished an item, and no other. */
function judgeResults(world: World, memory: Memory, oracle: Oracle): void {
  const rows = memory.rows(`SELECT stage, item_id, input, count(*) AS n FROM made GROUP BY stage, item_id, input`);
  const made = new Map(rows.map((row) => [`${taskKey(row.stage, row.item_id)}/${String(row.input)}`, Number(row.n)]));
  for (const [key, n] of oracle.finished) {
    if (made.get(key) !== n)
      world.violate('I2', `${made.get(key) ?? 0} results of ${key}, which was finished ${n} times`);
    made.delete(key);
  }
  for (const [key, n] of made) world.violate('I2', `${n} results of ${key}, which was never finished`);
}

function judgeQuota(world: World, memory: Memory, witness: Witness): void {
  const [over] = memory.rows(
    `SELECT s.quota, s.day, sum(s.used) AS used, q.per_day FROM inference_session s JOIN quota_window q ON q.name = s.quota
     GROUP BY s.quota, s.day HAVING sum(s.used) > q.per_day`,
  );
  if (over) world.violate('I9', `${over.used} units of ${over.quota} in a day, of ${over.per_day}`);
  const reserved = new Map(
    memory
      .rows(`SELECT lease_id, reserved FROM inference_session`)
      .map((row) => [Number(row.lease_id), Number(row.reserved)]),
  );
  const paid = new Map<number, number>();
  for (const call of [...witness.calls.values()].flat()) paid.set(call.leaseId, (paid.get(call.leaseId) ?? 0) + 1);
  for (const [leaseId, calls] of paid)
    if (calls > (reserved.get(leaseId) ?? 0))
      world.violate('I9', `lease #${leaseId} paid ${calls} calls and reserved ${reserved.get(leaseId) ?? 0}`);
}

/** Rows of control that would stand in somebody's way later. */
function judgeControls(world: World, memory: Memory): void {
  const [control] = memory.rows(
    `SELECT stage, batch_limit, retry_tokens FROM stage_control
     WHERE coalesce(batch_limit, 1) < 1 OR coalesce(batch_limit, 1) > 100 OR batch_limit <> CAST(batch_limit AS INTEGER)
       OR retry_tokens NOT BETWEEN 0 AND 100`,
  );
  if (control)
    world.violate('I9', `stage ${control.stage} has limit ${control.batch_limit} and ${control.retry_tokens} retries`);
  const [session] = memory.rows(`SELECT lease_id FROM inference_session WHERE state = 'running' OR used > reserved`);
  if (session) world.violate('I9', `the session of lease #${session.lease_id} runs on, or used more than it had`);
  const [window] = memory.rows(
    `SELECT q.used, (SELECT sum(s.used) FROM inference_session s WHERE s.quota = q.name AND s.day = q.day) AS spent
     FROM quota_window q WHERE q.used <> coalesce(spent, 0)`,
  );
  if (window) world.violate('I4', `the quota says ${window.used} were used, the sessions say ${window.spent}`);
  const [effect] = memory.rows(
    `SELECT e.stage, e.item_id, e.state FROM effect e JOIN task t ON t.stage = e.stage AND t.item_id = e.item_id
     WHERE t.state = 'done' AND e.input_hash = t.input_hash AND e.state <> 'done'`,
  );
  if (effect) world.violate('I2', `${effect.stage}/${effect.item_id} is done, its effect is ${effect.state}`);
}

function judgeDump(world: World, dump: readonly string[], golden: readonly string[]): void {
  const missing = golden.filter((line) => !dump.includes(line));
  const extra = dump.filter((line) => !golden.includes(line));
  if (missing.length + extra.length > 0)
    world.violate(
      'I7',
      `not the state of a run without faults; missing: ${missing.slice(0, 4).join(' | ')}; extra: ${extra.slice(0, 4).join(' | ')}`,
    );
}
