import type { Client, InStatement } from '@libsql/client';
import { oneOf, type PlainRow, recount, rowsOf } from '../ledger.ts';

/**
 * An observer inside the database: triggers that write down every change of a task's state or holder. The engine neither
 * reads nor writes them, and the rows that a trigger changes count in no `changes()`.
 */
const LIVE = (lease: string) => `(SELECT state FROM lease WHERE id = ${lease})`;
const WATCH: readonly InStatement[] = [
  `CREATE TABLE watch(seq INTEGER PRIMARY KEY AUTOINCREMENT, stage TEXT, item_id INTEGER, was TEXT, became TEXT,
     lease_was INTEGER, lease_is INTEGER, input TEXT, lease_state TEXT, paused INTEGER)`,
  'CREATE INDEX watch_task ON watch(stage, item_id)',
  `CREATE TRIGGER watch_update AFTER UPDATE ON task
     WHEN OLD.state IS NOT NEW.state OR OLD.lease_id IS NOT NEW.lease_id BEGIN
     INSERT INTO watch(stage, item_id, was, became, lease_was, lease_is, input, lease_state, paused) VALUES
       (NEW.stage, NEW.item_id, OLD.state, NEW.state, OLD.lease_id, NEW.lease_id, NEW.input_hash, ${LIVE('OLD.lease_id')},
        (SELECT paused FROM stage_control c WHERE c.stage = NEW.stage));
   END`,
  `CREATE TRIGGER watch_insert AFTER INSERT ON task BEGIN
     INSERT INTO watch(stage, item_id, became, lease_is, input)
     VALUES (NEW.stage, NEW.item_id, NEW.state, NEW.lease_id, NEW.input_hash);
   END`,
];

/** Begins with nothing seen. The triggers are made once: a schema that changes under many connections is a fault of its own. */
export async function startWatch(client: Client): Promise<void> {
  const made = await oneOf(client, `SELECT 1 FROM sqlite_schema WHERE name = 'watch'`);
  await client.batch(made === undefined ? [...WATCH] : ['DELETE FROM watch'], 'write');
}

/** What must never happen while nobody asks for work to be done again. */
const ONCE: Readonly<Record<string, string>> = {
  'committed twice for one input': `SELECT stage, item_id, input, count(*) AS times FROM watch
     WHERE became = 'done' GROUP BY stage, item_id, input HAVING times > 1`,
  'an output written twice': `SELECT stage, key, input, count(*) AS times FROM made GROUP BY 1, 2, 3 HAVING times > 1`,
  'an output of an item that is not done': `SELECT m.stage, m.key FROM made m JOIN item i ON i.kind = 'document' AND i.key = m.key
     JOIN task t ON t.stage = m.stage AND t.item_id = i.id WHERE t.state <> 'done' AND t.input_hash IS m.input`,
};

/** What must never happen, by name, as the rows that show it. */
const VIOLATIONS: Readonly<Record<string, string>> = {
  'claimed while somebody held it': `SELECT * FROM watch WHERE became = 'leased' AND lease_was IS NOT NULL`,
  'settled by nobody who held it': `SELECT * FROM watch WHERE became = 'done' AND was IS NOT 'leased'`,
  'committed under a lease that was over': `SELECT * FROM watch WHERE became = 'done' AND lease_state IS NOT 'live'`,
  'a fencing token went back': `SELECT * FROM watch w WHERE lease_is <= (SELECT max(lease_is) FROM watch o
     WHERE o.stage = w.stage AND o.item_id = w.item_id AND o.seq < w.seq AND o.lease_is IS NOT NULL AND o.lease_is <> w.lease_is)`,
  'claimed while its stage was paused': `SELECT * FROM watch WHERE became = 'leased' AND paused = 1`,
  'an output for more or less than each settling': `SELECT w.stage, i.key, count(*) AS settled, (SELECT count(*) FROM made m
       WHERE m.stage = w.stage AND m.key = i.key) AS outputs
     FROM watch w JOIN item i ON i.id = w.item_id WHERE w.was = 'leased' AND w.became IN ('done', 'skipped', 'dead')
       AND NOT EXISTS (SELECT 1 FROM error_log e WHERE e.item_id = w.item_id AND e.error_class = 'lost')
     GROUP BY w.stage, i.key HAVING settled <> outputs`,
  'done without an output': `SELECT t.stage, i.key FROM task t JOIN item i ON i.id = t.item_id WHERE t.state = 'done'
     AND NOT EXISTS (SELECT 1 FROM made m WHERE m.stage = t.stage AND m.key = i.key AND m.input IS t.input_hash)`,
  'a fingerprint that did not make the output': `SELECT stage, fingerprint, output_hash FROM task
     WHERE state = 'done' AND output_hash NOT LIKE '%#' || fingerprint`,
};

/** Everything that went wrong, in words; empty when nothing did. `again` where somebody asks for work to be done again. */
export async function violations(client: Client, again?: 'again'): Promise<readonly string[]> {
  const wrong = again ? VIOLATIONS : { ...VIOLATIONS, ...ONCE };
  const names = Object.keys(wrong);
  const results = await client.batch(Object.values(wrong), 'read');
  const found = results.flatMap(({ rows }, i) =>
    rows.slice(0, 5).map((row) => `${names[i]} (${rows.length}): ${JSON.stringify(row)}`),
  );
  const counted = await rowsOf(client, `SELECT stage, state, n FROM stage_count WHERE n <> 0 ORDER BY stage, state`);
  const recounted = await recount(client);
  if (JSON.stringify(counted) !== JSON.stringify(recounted))
    found.push(`counters that disagree: ${JSON.stringify(counted)} for ${JSON.stringify(recounted)}`);
  return found;
}

/** Claims that the observer saw, and leases that ended without their holder's word, both counted in items. */
export async function claimsSeen(client: Client): Promise<{ readonly claims: number; readonly expiries: number }> {
  const claims = await oneOf(client, `SELECT count(*) FROM watch WHERE became = 'leased'`);
  const expiries = await oneOf(client, `SELECT sum(lost) FROM task`);
  return { claims: Number(claims), expiries: Number(expiries) };
}

/** The state without times, ids and counters of tries: equal for runs that ended alike. */
export const canonical = (client: Client): Promise<PlainRow[]> =>
  rowsOf(
    client,
    `SELECT t.stage, i.kind, i.key, t.state, t.input_hash, t.output_hash, t.fingerprint,
       (SELECT count(*) FROM made m WHERE m.stage = t.stage AND m.key = i.key) AS made
     FROM task t JOIN item i ON i.id = t.item_id ORDER BY t.stage, i.kind, i.key`,
  );

/** For zero violations in `trials` the rate is below this with 95 % confidence (rule of three). */
export const bound95 = (trials: number): string => `${((3 / trials) * 100).toPrecision(2)} %`;
