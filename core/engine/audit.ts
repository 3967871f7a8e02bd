import type { Act, TaskState } from '../../schema/states.ts';
import { type Database, type Row, statement } from './database.ts';
import { AUDIT_COLUMNS, auditHash, int, intOrNull, textOrNull } from './sql.ts';

/**
 * The audit: every transition of a task, written in the transaction that makes it, chained by hash. Replayed from the first
 * row, it gives the state of every task; what differs was changed behind the engine's back.
 */

export type AuditRow = {
  readonly id: number;
  readonly atMs: number;
  readonly act: Act;
  readonly stage: string | null;
  readonly leaseId: number | null;
  readonly actor: string;
  readonly detail: Readonly<Record<string, unknown>>;
};

/** What a replay knows of a task. */
export type ReplayedTask = {
  state: TaskState;
  attempt: number;
  waits: number;
  lost: number;
  leaseId: number | null;
  inputHash: string | null;
  outputHash: string | null;
};

export type AuditReport = {
  readonly rows: number;
  /** Hash of the last row: kept elsewhere, it shows later that nothing before it was rewritten. */
  readonly head: string | null;
  readonly tasks: number;
  /** What is wrong, at most a hundred of it. */
  readonly problems: readonly string[];
};

const PROBLEMS_MAX = 100;
/** Rows read at once: those of large batches hold some ten kilobytes each. */
const ROWS_READ = 200;

/** Reads the chain from its first row, checks every hash, replays it, and compares the result with the tasks. */
export async function verifyAudit(db: Database): Promise<AuditReport> {
  const problems: string[] = [];
  const problem = (text: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push(text);
  };
  const tasks = new Map<string, ReplayedTask>();
  let lossesMax: ReadonlyMap<string, number> = new Map();
  let rows = 0;
  let head: string | null = null;
  for (let after = 0; ; ) {
    const page = await auditPage(db, after);
    for (const row of page) {
      if (row.id !== after + 1) problem(`rows ${after + 1} to ${row.id - 1} are missing`);
      if (row.hash !== row.expected)
        problem(`row ${row.id} (${row.audit.act}) does not fit its hash or the row before it`);
      if (row.audit.act === 'register') lossesMax = lossesOf(row.audit);
      replay(tasks, row.audit, lossesMax);
      after = row.id;
      head = row.hash;
      rows += 1;
    }
    if (page.length < ROWS_READ) break;
  }
  const compared = await compare(db, tasks, problem);
  return { rows, head, tasks: compared, problems };
}

type ChainedRow = { readonly id: number; readonly hash: string; readonly expected: string; readonly audit: AuditRow };

async function auditPage(db: Database, after: number): Promise<readonly ChainedRow[]> {
  const [found] = await db.read([
    statement(
      `SELECT a.*, ${auditHash('(SELECT hash FROM audit p WHERE p.id < a.id ORDER BY p.id DESC LIMIT 1)', AUDIT_COLUMNS.map((c) => `a.${c}`).join(', '))}
         AS expected FROM audit a WHERE a.id > ? ORDER BY a.id LIMIT ${ROWS_READ}`,
      [after],
    ),
  ]);
  return (found?.rows ?? []).map((row) => ({
    id: int(row.id),
    hash: String(row.hash),
    expected: String(row.expected),
    audit: auditRowOf(row),
  }));
}

export const auditRowOf = (row: Row): AuditRow => ({
  id: int(row.id),
  atMs: int(row.at_ms),
  act: String(row.act) as Act,
  stage: textOrNull(row.stage),
  leaseId: intOrNull(row.lease_id),
  actor: String(row.actor),
  detail: JSON.parse(String(row.detail)) as Record<string, unknown>,
});

const lossesOf = (row: AuditRow): ReadonlyMap<string, number> =>
  new Map((row.detail.stages as [string, string, number][]).map(([name, , losses]) => [name, losses]));

const keyOf = (stage: unknown, itemId: unknown): string => `${String(stage)}/${Number(itemId)}`;

/** Applies one audit row to `tasks`, by the rules that the engine's statements follow. */
export function replay(tasks: Map<string, ReplayedTask>, row: AuditRow, lossesMax: ReadonlyMap<string, number>): void {
  const listed = (row.detail.tasks ?? []) as unknown[];
  const change = (stage: unknown, itemId: unknown, to: (task: ReplayedTask) => Partial<ReplayedTask>) => {
    const task = tasks.get(keyOf(stage, itemId));
    if (task) Object.assign(task, to(task));
  };
  switch (row.act) {
    case 'base':
      for (const [stage, id, state, attempt, waits, lost, leaseId, inputHash, outputHash] of listed as never[][])
        tasks.set(keyOf(stage, id), { state, attempt, waits, lost, leaseId, inputHash, outputHash } as never);
      return;
    case 'enter':
      for (const [id, inputHash] of Object.entries(row.detail.hashes as Record<string, string>)) {
        const task = tasks.get(keyOf(row.stage, id));
        if (task?.inputHash === inputHash) continue;
        tasks.set(keyOf(row.stage, id), { ...FRESH, inputHash, outputHash: task?.outputHash ?? null });
      }
      return;
    case 'claim':
      for (const id of listed)
        change(row.stage, id, (task) => ({ state: 'leased', leaseId: row.leaseId, attempt: task.attempt + 1 }));
      return;
    case 'commit':
      for (const [id, outputHash] of Object.entries(row.detail.done as Record<string, string>))
        change(row.stage, id, () => ({ state: 'done', leaseId: null, outputHash }));
      for (const [id, kind] of row.detail.others as [number, keyof typeof CLOSED][])
        change(row.stage, id, (task) => ({
          state: CLOSED[kind],
          leaseId: null,
          waits: task.waits + (kind === 'wait' || kind === 'submitted' ? 1 : 0),
        }));
      return;
    case 'abandon':
      for (const id of listed)
        change(row.stage, id, (task) => ({ state: 'ready', leaseId: null, attempt: task.attempt - 1 }));
      return;
    case 'lose':
      for (const [stage, id] of listed as [string, number][])
        change(stage, id, ({ lost }) => {
          const most = lossesMax.get(stage) ?? 0;
          return { state: most > 0 && lost + 1 >= most ? 'dead' : 'ready', leaseId: null, lost: lost + 1 };
        });
      return;
    case 'again':
      for (const id of listed) change(row.stage, id, () => RENEWED);
      return;
    case 'return':
      for (const id of listed) change(row.stage, id, () => ({ state: 'ready' }));
  }
}

const CLOSED = { skipped: 'skipped', dead: 'dead', retry: 'ready', wait: 'ready', submitted: 'submitted' } as const;
const RENEWED = { state: 'ready', attempt: 0, waits: 0, lost: 0, leaseId: null } as const;
const FRESH = { ...RENEWED, inputHash: null, outputHash: null } as const;

/** Compares the replayed tasks with those that are there; returns how many those are. */
async function compare(
  db: Database,
  replayed: ReadonlyMap<string, ReplayedTask>,
  problem: (text: string) => void,
): Promise<number> {
  let seen = 0;
  for (let after: readonly [string, number] = ['', 0]; ; ) {
    const [found] = await db.read([
      statement(
        `SELECT stage, item_id, state, attempt, waits, lost, lease_id, input_hash, output_hash FROM task
         WHERE (stage, item_id) > (?, ?) ORDER BY stage, item_id LIMIT 5000`,
        [...after],
      ),
    ]);
    const rows = found?.rows ?? [];
    for (const row of rows) {
      const key = keyOf(row.stage, row.item_id);
      const task = replayed.get(key);
      seen += 1;
      if (!task) problem(`task ${key} is in no audit row`);
      else for (const text of differences(row, task)) problem(`task ${key}: ${text}`);
      after = [String(row.stage), int(row.item_id)];
    }
    if (rows.length === 0) break;
  }
  if (replayed.size > seen) problem(`${replayed.size - seen} tasks of the audit are gone`);
  return seen;
}

function differences(row: Row, task: ReplayedTask): string[] {
  const pairs: [string, unknown, unknown][] = [
    ['state', row.state, task.state],
    ['attempt', int(row.attempt), task.attempt],
    ['waits', int(row.waits), task.waits],
    ['lost', int(row.lost), task.lost],
    ['lease_id', intOrNull(row.lease_id), task.leaseId],
    ['input_hash', textOrNull(row.input_hash), task.inputHash],
    ['output_hash', textOrNull(row.output_hash), task.outputHash],
  ];
  return pairs
    .filter(([, is, said]) => is !== said)
    .map(([name, is, said]) => `${name} is ${String(is)}, the audit says ${String(said)}`);
}
