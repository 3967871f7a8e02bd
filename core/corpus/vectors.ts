import { VIEWS, type View } from '../../schema/vocabulary.ts';
import { type Database, json, statement } from '../engine/database.ts';
import { againStatements } from '../engine/enter.ts';
import { NOW, quoted } from '../engine/sql.ts';
import type { Rows } from '../engine/stage.ts';
import { DIMENSION, type FittedModel } from '../models/ports.ts';
import { bytes, text } from './columns.ts';
import { groupsWithin, sizesOf } from './sizes.ts';

/**
 * True while a document is being worked on or due: a model fitted now would miss its cases, and which ones would depend on
 * timing. Documents in backoff are not waited for.
 */
export async function casesStillCome(db: Database): Promise<boolean> {
  const stages = `('scrape','normalize')`;
  const [found] = await db.read([
    statement(
      `SELECT EXISTS (SELECT 1 FROM stage_count WHERE stage IN ${stages} AND state = 'leased' AND n > 0)
         OR EXISTS (SELECT 1 FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage IN ${stages}
           AND prio IN (-1, 0, 1) AND due_ms <= ${NOW}) AS come`,
    ),
  ]);
  return Number(found?.rows[0]?.come) === 1;
}

/** True while an older lease of the embed stage runs: its holder fits, and a second fit of the same cases would be wasted. */
export async function anotherFits(db: Database, leaseId: number): Promise<boolean> {
  const [found] = await db.read([
    statement(
      `SELECT EXISTS (SELECT 1 FROM lease INDEXED BY lease_live WHERE state = 'live' AND expires_ms > ${NOW}
         AND stage = 'embed' AND id < ?) AS fits`,
      [leaseId],
    ),
  ]);
  return Number(found?.rows[0]?.fits) === 1;
}

/** Cases that have passed `distill` and were not withdrawn: those that a model fitted now would learn from. */
export async function casesReady(db: Database): Promise<number> {
  const [found] = await db.read([
    statement(
      `SELECT coalesce((SELECT n FROM stage_count WHERE stage = 'distill' AND state = 'done'), 0)
         - (SELECT count(*) FROM patient_case INDEXED BY patient_case_withdrawn WHERE withdrawn = 1) AS n`,
    ),
  ]);
  return Number(found?.rows[0]?.n ?? 0);
}

/**
 * Cases that an earlier generation has embedded and this one has not: a release of this one would drop them. Those whose
 * embedding is a dead letter are not waited for.
 */
export async function casesWithoutVectors(db: Database, generation: string): Promise<number> {
  const [found] = await db.read([
    statement(
      `SELECT count(DISTINCT old.case_id) AS n FROM vector old
       JOIN patient_case c ON c.case_id = old.case_id AND c.withdrawn = 0
       JOIN item i ON i.kind = 'case' AND i.key = old.case_id
       JOIN task t ON t.stage = 'embed' AND t.item_id = i.id AND +t.state <> 'dead'
       WHERE old.generation <> ?1
         AND NOT EXISTS (SELECT 1 FROM vector own WHERE own.case_id = old.case_id AND own.generation = ?1)`,
      [generation],
    ),
  ]);
  return Number(found?.rows[0]?.n ?? 0);
}

/** Texts of the cases that a model is fitted on: the first `limit` by case id, so that equal corpora give equal models. */
export async function fittingTexts(db: Database, limit: number): Promise<readonly string[]> {
  const sizes = statement(
    `SELECT case_id AS key, length(text) * 2 AS bytes FROM patient_case WHERE withdrawn = 0 ORDER BY case_id LIMIT ?`,
    [limit],
  );
  const texts: string[] = [];
  for (const group of groupsWithin(await sizesOf(db, sizes))) {
    const [found] = await db.read([
      statement(`SELECT text FROM patient_case WHERE case_id IN (SELECT value FROM json_each(?)) ORDER BY case_id`, [
        json(group),
      ]),
    ]);
    texts.push(...(found?.rows ?? []).map((row) => text(row.text)));
  }
  return texts;
}

const NEWEST_FIRST = 'ORDER BY created_at_ms DESC, fingerprint LIMIT 1';

/** The newest generation of an embedder; null before the first. */
export async function newestGeneration(
  db: Database,
  embedder: string,
): Promise<{ readonly fingerprint: string; readonly bytes: number; readonly fittedOn: number } | null> {
  const [found] = await db.read([
    statement(
      `SELECT fingerprint, bytes, fitted_on FROM generation WHERE embedder = ?
       ${NEWEST_FIRST}`,
      [embedder],
    ),
  ]);
  const row = found?.rows[0];
  return row ? { fingerprint: text(row.fingerprint), bytes: Number(row.bytes), fittedOn: Number(row.fitted_on) } : null;
}

/** The embedder that a generation is of; null where the database has no such generation. */
export async function embedderOfGeneration(db: Database, fingerprint: string): Promise<string | null> {
  const [found] = await db.read([statement(`SELECT embedder FROM generation WHERE fingerprint = ?`, [fingerprint])]);
  return found?.rows[0] ? text(found.rows[0].embedder) : null;
}

const EMBEDDED_ANEW = { states: ['done', 'leased'], cause: 'fingerprint', actor: 'embedder' } as const;
const PART_BYTES = 512 * 1024;
/** Parts in one answer of the database: 4 MB. */
const PARTS_READ = 8;

/**
 * Stores a frozen model as the newest generation, unless `replaces` no longer is: then another host was first, and nothing
 * changes. The row that names it comes last. Cases embedded by the replaced one are embedded anew, except those that the
 * caller holds under `leaseId`. Sent twice, nothing changes.
 */
export async function saveGeneration(
  db: Database,
  embedder: string,
  model: FittedModel,
  replaces: string | null,
  leaseId: number,
): Promise<void> {
  for (let part = 0; part * PART_BYTES < model.bytes.byteLength; part++) {
    const data = model.bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES);
    await db.write([
      statement(`INSERT INTO generation_part(fingerprint, part, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, [
        model.fingerprint,
        part,
        data,
      ]),
    ]);
  }
  const newest = (name: string) => `(SELECT fingerprint FROM generation WHERE embedder = ${name} ${NEWEST_FIRST})`;
  const redo =
    replaces === null
      ? []
      : againStatements(
          'embed',
          { ...EMBEDDED_ANEW, reason: 'a newer generation embeds it anew', exceptLeaseId: leaseId },
          `${newest(quoted(embedder))} = ${quoted(replaces)}`,
        );
  await db.write([
    // Before the generation is named: afterwards the condition no longer holds, nor in a second sending.
    ...redo,
    statement(
      `INSERT INTO generation(fingerprint, embedder, dimension, bytes, fitted_on, created_at_ms)
       SELECT ?1, ?2, ?3, ?4, ?5, ${NOW} WHERE ${newest('?2')} IS ?6
       ON CONFLICT(fingerprint) DO UPDATE SET created_at_ms = excluded.created_at_ms`,
      [model.fingerprint, embedder, DIMENSION, model.bytes.byteLength, model.fittedOn, replaces],
    ),
  ]);
}

/**
 * Names the embedder of this corpus. A change of it makes every embedded case work again, so that no release mixes two; the
 * newest release is served meanwhile.
 */
export async function adoptEmbedder(db: Database, embedder: string): Promise<void> {
  const another = `(SELECT value FROM meta WHERE key = 'embedder') <> ${quoted(embedder)}`;
  await db.write([
    ...againStatements('embed', { ...EMBEDDED_ANEW, reason: `embedded anew by ${embedder}` }, another),
    statement(
      `INSERT INTO meta(key, value) VALUES ('embedder', ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value
       WHERE value <> excluded.value`,
      [embedder],
    ),
  ]);
}

/** The embedder that this corpus was given; null before any host named one. */
export async function adoptedEmbedder(db: Database): Promise<string | null> {
  const [found] = await db.read([statement(`SELECT value FROM meta WHERE key = 'embedder'`)]);
  return found?.rows[0] ? text(found.rows[0].value) : null;
}

export async function loadGeneration(db: Database, fingerprint: string): Promise<FittedModel> {
  const [named] = await db.read([
    statement(`SELECT bytes, fitted_on FROM generation WHERE fingerprint = ?`, [fingerprint]),
  ]);
  const row = named?.rows[0];
  if (!row) throw new Error(`generation ${fingerprint} is not in the database`);
  const model = new Uint8Array(Number(row.bytes));
  let filled = 0;
  for (let first = 0; filled < model.byteLength; first += PARTS_READ) {
    const [parts] = await db.read([
      statement(`SELECT data FROM generation_part WHERE fingerprint = ? AND part >= ? AND part < ? ORDER BY part`, [
        fingerprint,
        first,
        first + PARTS_READ,
      ]),
    ]);
    if (!parts || parts.rows.length === 0) break;
    for (const part of parts.rows) {
      const data = bytes(part.data);
      model.set(data.subarray(0, model.byteLength - filled), filled);
      filled += data.byteLength;
    }
  }
  if (filled !== model.byteLength)
    throw new Error(`generation ${fingerprint} has ${filled} of ${model.byteLength} bytes: rebuild the embeddings`);
  return { fingerprint, bytes: model, fittedOn: Number(row.fitted_on) };
}

export type CaseVectors = Readonly<Partial<Record<View, Float32Array>>>;

export const vectorRows = (
  all: readonly { readonly itemId: number; readonly caseId: string; readonly vectors: CaseVectors }[],
  generation: string,
): Rows => ({
  kind: 'rows',
  table: 'vector',
  columns: ['case_id', 'generation', 'views', 'data'],
  key: ['case_id', 'generation'],
  rows: all.map(({ itemId, caseId, vectors }) => {
    const { views, data } = packVectors(vectors);
    return { itemId, values: [caseId, generation, views, data] };
  }),
});

/**
 * Bit i of `views` says that view i of `VIEWS` is there; `data` holds those in order as f32 in the host's byte order, which is
 * little-endian wherever Node, workerd and Deno run.
 */
export function packVectors(vectors: CaseVectors): { readonly views: number; readonly data: Uint8Array } {
  const present = VIEWS.flatMap((view) => vectors[view] ?? []);
  const data = new Float32Array(present.length * DIMENSION);
  present.forEach((vector, i) => {
    data.set(vector, i * DIMENSION);
  });
  return {
    views: VIEWS.reduce((mask, view, bit) => (vectors[view] ? mask | (1 << bit) : mask), 0),
    data: new Uint8Array(data.buffer),
  };
}

export function unpackVectors(views: number, packed: Uint8Array): CaseVectors {
  // A copy, because a Float32Array must begin at a multiple of four.
  const data = new Float32Array(packed.slice().buffer);
  const present = VIEWS.filter((_, bit) => views & (1 << bit));
  return Object.fromEntries(present.map((view, i) => [view, data.subarray(i * DIMENSION, (i + 1) * DIMENSION)]));
}
