import { NOW, type Result, type Statement } from '../../../../core/engine/index.ts';
import type { Actor, World } from './world.ts';

/** Where a statement is sent. */
type Where = { readonly world: World; readonly actor: Actor };

/** A mistake that a port to the database makes, so that the engine behaves as if it had been written that way. */
export type PlantedBug = {
  readonly name: string;
  /** What an engine with this mistake would have forgotten. */
  readonly forgets: string;
  readonly rewrite?: (statement: Statement, where: Where) => Statement;
  readonly clock?: (nowMs: number, actor: Actor) => number;
  readonly answer?: (sent: readonly Statement[], results: readonly Result[]) => readonly Result[];
};

const NOTHING: Statement = { sql: 'SELECT 1 WHERE 0', args: [] };

/** Takes `part` out of every statement in which it stands, whatever its line breaks. */
const without =
  (part: string, instead = '') =>
  ({ sql, args }: Statement): Statement => ({ sql: sql.replace(loose(part), () => instead), args });

const loose = (part: string): RegExp =>
  new RegExp(
    part
      .trim()
      .split(/\s+/)
      .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('\\s+'),
  );

/** How a commit begins. */
export const GATE = 'UPDATE lease SET writing = 1 WHERE id = ?1';
const gate = (change: (statement: Statement) => Statement) => (statement: Statement) =>
  statement.sql.startsWith(GATE) ? change(statement) : statement;

/** The detail of an audit row without the last of the tasks that it lists as done. */
function shortened(arg: string): string {
  if (!arg.startsWith('{')) return arg;
  const detail = JSON.parse(arg) as { readonly done?: Readonly<Record<string, string>> };
  const done = Object.entries(detail.done ?? {});
  return done.length < 2 ? arg : JSON.stringify({ ...detail, done: Object.fromEntries(done.slice(0, -1)) });
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'no-fence',
    forgets: 'that a commit needs a claim that still holds',
    rewrite: gate(({ args }) => ({ sql: GATE, args })),
  },
  {
    name: 'no-expiry-check',
    forgets: 'that a claim is over when its time is, though nobody took it back yet',
    rewrite: gate(without(`AND expires_ms > ${NOW}`)),
  },
  {
    name: 'no-item-fence',
    forgets: 'that an item may have been taken out of a claim that lives',
    rewrite: gate(
      without(`AND ?2 = (SELECT count(*) FROM task INDEXED BY task_leased WHERE state = 'leased' AND lease_id = ?1)`),
    ),
  },
  {
    name: 'no-idempotency-key',
    forgets: 'to look for the answer of an earlier attempt',
    rewrite: without(
      'SELECT state, lease_id, calls, result, reason FROM effect WHERE key = ?',
      'SELECT state, lease_id, calls, result, reason FROM effect WHERE key = ? AND 0',
    ),
  },
  {
    name: 'skipped-audit',
    forgets: 'the audit row of one transition in ten',
    rewrite: (statement, { world }) =>
      statement.sql.startsWith('INSERT INTO audit') && world.chance(0.1) ? NOTHING : statement,
  },
  {
    name: 'short-audit',
    forgets: 'the last task in the audit row of a commit of several',
    rewrite: (statement) => {
      if (!statement.sql.includes("'commit' AS act")) return statement;
      return {
        sql: statement.sql,
        args: statement.args.map((arg) => (typeof arg === 'string' ? shortened(arg) : arg)),
      };
    },
  },
  {
    name: 'unchained-audit',
    forgets: 'the hash of the row before',
    rewrite: without('(SELECT hash FROM audit ORDER BY id DESC LIMIT 1)', 'NULL'),
  },
  {
    name: 'local-clock',
    forgets: 'to ask the database for the time',
    clock: (nowMs, actor) => nowMs + actor.skewMs,
  },
  {
    name: 'no-attempt-count',
    forgets: 'to count an attempt before the work',
    rewrite: without('attempt = attempt + 1', 'attempt = attempt'),
  },
  {
    name: 'no-loss-count',
    forgets: 'to count a worker that was lost',
    rewrite: without('SET lost = lost + 1', 'SET lost = lost'),
  },
  {
    name: 'early-reclaim',
    forgets: 'to wait for the end of a claim',
    rewrite: without(`expires_ms <= ${NOW}`, `expires_ms <= ${NOW} + 1000`),
  },
  {
    name: 'no-pause-gate',
    forgets: 'to look for a pause inside the claim',
    rewrite: without('paused = 0 AND', ''),
  },
  {
    name: 'no-concurrency-gate',
    forgets: 'how many claims may live at once',
    rewrite: (statement) => ({
      sql: statement.sql.replace(/\(SELECT count\(\*\) FROM lease INDEXED BY lease_live[^<]*< \d+/, 'true'),
      args: statement.args,
    }),
  },
  {
    name: 'no-reservation',
    forgets: 'to reserve what a claim may spend',
    rewrite: (statement) => (statement.sql.startsWith('UPDATE quota_window SET day') ? NOTHING : statement),
  },
  {
    name: 'lost-successor',
    forgets: 'the next stage of one commit in twenty',
    rewrite: (statement, { world }) =>
      statement.sql.startsWith('INSERT INTO task(stage, item_id, state, due_ms, input_hash') && world.chance(0.05)
        ? NOTHING
        : statement,
  },
  {
    name: 'no-request-id',
    forgets: 'that a request may come twice',
    rewrite: (statement) => ({
      sql: statement.sql.replace(/NOT EXISTS \(SELECT 1 FROM audit WHERE request_id = '[^']*'\)/g, 'true'),
      args: statement.args,
    }),
  },
];
