import type { Database, Row } from '../../core/engine/index.ts';
import { statement } from '../../core/engine/index.ts';
import { sha256Hex } from '../../core/hash.ts';

/**
 * What of the state must be equal wherever and however a walk ran: no times, no ids that were handed out in the order of work,
 * no leases, no run reports, no waits that are over (they cost nothing). Items are named by kind and key.
 */
const TABLES: Readonly<Record<string, string>> = {
  meta: `SELECT key, value FROM meta ORDER BY key`,
  item: `SELECT i.kind, i.key, p.key AS parent, i.source, i.content_hash FROM item i LEFT JOIN item p ON p.id = i.parent_id
    ORDER BY i.kind, i.key`,
  task: `SELECT t.stage, i.kind, i.key, t.state, t.prio, t.attempt - t.waits AS attempt, t.lost, t.input_hash, t.output_hash,
      t.fingerprint, t.error_class, t.reason
    FROM task t JOIN item i ON i.id = t.item_id ORDER BY t.stage, i.kind, i.key`,
  lease: `SELECT stage, count(*) AS live FROM lease WHERE state = 'live' GROUP BY stage ORDER BY stage`,
  stage_control: `SELECT stage, position, paused, pause_reason, requested, lost_max, fingerprint
    FROM stage_control ORDER BY stage`,
  stage_count: `SELECT stage, state, n FROM stage_count WHERE n <> 0 ORDER BY stage, state`,
  error_log: `SELECT e.stage, i.key, e.attempt, e.error_class, e.message FROM error_log e JOIN item i ON i.id = e.item_id
    ORDER BY e.stage, i.key, e.attempt`,
  refusal: `SELECT source, line, byte_offset, bytes, reason, detail, sha256, raw FROM refusal ORDER BY line, sha256`,
  document: `SELECT key, source, format, raw, sha256, locator FROM document ORDER BY key`,
  publication: `SELECT * FROM publication ORDER BY document_key`,
  patient_case: `SELECT * FROM patient_case ORDER BY case_id`,
  facet: `SELECT * FROM facet ORDER BY case_id, facet`,
  distillate: `SELECT * FROM distillate ORDER BY case_id`,
  generation: `SELECT fingerprint, embedder, dimension, bytes, fitted_on FROM generation ORDER BY fingerprint`,
  generation_part: `SELECT * FROM generation_part ORDER BY fingerprint, part`,
  vector: `SELECT * FROM vector ORDER BY case_id, generation`,
  release: `SELECT version, state, generation, case_count, content_hash FROM release ORDER BY version`,
};

export type State = Readonly<Record<string, readonly Row[]>>;

/** The final state as plain data; blobs stand as their sha256. */
export async function dumpState(db: Database): Promise<State> {
  const names = Object.keys(TABLES);
  const results = await db.read(Object.values(TABLES).map((sql) => statement(sql)));
  const tables = await Promise.all(results.map(({ rows }) => Promise.all(rows.map(plain))));
  return Object.fromEntries(names.map((name, i) => [name, tables[i] ?? []]));
}

async function plain(row: Row): Promise<Row> {
  const columns = await Promise.all(
    Object.entries(row).map(async ([name, value]) => [name, name === 'locator' ? place(value) : await hashed(value)]),
  );
  return Object.fromEntries(columns);
}

const hashed = async (value: unknown): Promise<unknown> =>
  value instanceof ArrayBuffer ? `sha256:${await sha256Hex(new Uint8Array(value))}` : value;

/** A locator without its folder: the file lies elsewhere on every host. */
const place = (locator: unknown): string => String(locator).split('/').at(-1) ?? '';
