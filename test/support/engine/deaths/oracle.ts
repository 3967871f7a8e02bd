import { createHash } from 'node:crypto';
import type { Client } from '@libsql/client';
import { verifyAudit } from '../../../../core/engine/index.ts';
import { counters, type PlainRow, recount, rowsOf } from '../ledger.ts';
import { canBeAsked, isReadable, isSetAside, pagesOf } from './pipeline.ts';
import type { World } from './world.ts';

/** What must hold when the faults have stopped and the work is done; every violation is a sentence. */

const SETTLED = new Set(['done', 'skipped', 'dead']);

/** Everything that must be the same however a run was disturbed: no times, no leases, no counts of attempts. */
export async function goldenDump(client: Client): Promise<string> {
  const parts = await Promise.all(
    [
      `SELECT i.kind, i.key, i.source, i.content_hash, p.key AS parent FROM item i LEFT JOIN item p ON p.id = i.parent_id
       ORDER BY i.kind, i.key`,
      `SELECT t.stage, i.key, t.state, t.input_hash, t.output_hash, t.error_class, t.reason, t.fingerprint
       FROM task t JOIN item i ON i.id = t.item_id ORDER BY t.stage, i.key`,
      'SELECT stage, key, input FROM made ORDER BY stage, key, input',
      `SELECT p.key, i.key AS document, p.text FROM page p JOIN item i ON i.id = p.document ORDER BY p.key`,
      'SELECT pages, hash FROM bound ORDER BY lease DESC LIMIT 1',
      'SELECT stage, state, n FROM stage_count WHERE n <> 0 ORDER BY stage, state',
    ].map((sql) => rowsOf(client, sql)),
  );
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Progress as a look between two lives sees it. */
export type Progress = {
  readonly settled: ReadonlySet<string>;
  readonly fence: number;
  readonly attempts: ReadonlyMap<string, number>;
};

export async function progressOf(client: Client): Promise<Progress> {
  const [tasks, fences] = await Promise.all([
    rowsOf(client, `SELECT stage || ' ' || item_id AS id, state, attempt FROM task`),
    rowsOf(client, 'SELECT max(id) AS fence FROM lease'),
  ]);
  return {
    settled: new Set(tasks.filter(({ state }) => SETTLED.has(String(state))).map(({ id }) => String(id))),
    fence: Number(fences[0]?.fence ?? 0),
    attempts: new Map(tasks.map(({ id, attempt }) => [String(id), Number(attempt)])),
  };
}

/** I3: without an act of an operator nothing that is settled opens again, and neither fences nor attempts go back. */
export function wentBack(before: Progress, after: Progress): string[] {
  const found: string[] = [];
  for (const id of before.settled)
    if (!after.settled.has(id)) found.push(`I3: task ${id} was settled and is open again`);
  if (after.fence < before.fence) found.push(`I3: the fence went from ${before.fence} back to ${after.fence}`);
  for (const [id, attempt] of before.attempts)
    if ((after.attempts.get(id) ?? -1) < attempt)
      found.push(`I3: the attempts of task ${id} went back from ${attempt}`);
  return found;
}

export type Expected = {
  /** Lives that were ended by force. */
  readonly deaths: number;
  /** Lives that stood still beyond their lease and went on. */
  readonly zombies?: number;
  readonly golden: string | null;
  /** The document that ends its worker: it must be buried, with the reason. */
  readonly poison?: string;
};

/** Violations of a world of the pipeline `walk` whose work is done. */
export async function violations(world: World, { deaths, zombies = 0, golden, poison }: Expected): Promise<string[]> {
  const { client, witness } = world;
  const documents = world.entered.map(({ key }) => key);
  const whole = documents.filter((key) => key !== poison);
  return [
    ...(await lostItems(client, whole, documents)),
    ...(await doubleEffects(client)),
    ...paidTooOften(world, whole, deaths, zombies),
    ...(await ledgerFaults(world)),
    ...witness.doubleClaims.map((what) => `double claim: ${what}`),
    ...(golden === null || (await goldenDump(client)) === golden ? [] : ['I7: the state differs from the golden run']),
  ];
}

/** I1: every item that was brought in, and every page that must come of it, stands in each of its stages, settled. */
async function lostItems(client: Client, whole: readonly string[], documents: readonly string[]): Promise<string[]> {
  const rows = await rowsOf(client, 'SELECT t.stage, i.key, t.state FROM task t JOIN item i ON i.id = t.item_id');
  const found = new Map(rows.map(({ stage, key, state }) => [`${stage} ${key}`, String(state)]));
  const expected = new Map<string, string>();
  for (const key of documents) expected.set(`cut ${key}`, 'dead');
  for (const key of whole) {
    expected.set(`cut ${key}`, isReadable(key) ? 'done' : isSetAside(key) ? 'skipped' : 'dead');
    for (const page of pagesOf(key)) for (const stage of ['pay', 'bind']) expected.set(`${stage} ${page}`, 'done');
  }
  return [
    ...[...expected].flatMap(([task, state]) =>
      found.get(task) === state ? [] : [`I1: ${task} should be ${state} and is ${found.get(task) ?? 'nowhere'}`],
    ),
    ...[...found.keys()].flatMap((task) => (expected.has(task) ? [] : [`I1: ${task} came from nowhere`])),
  ];
}

/** I2 inside: each item is committed once in each stage, and only by a lease that was let go in good order. */
export async function doubleEffects(client: Client): Promise<string[]> {
  const twice = await rowsOf(client, 'SELECT stage, key, count(*) AS n FROM made GROUP BY 1, 2 HAVING n > 1');
  const zombies = await rowsOf(
    client,
    `SELECT m.stage, m.key, l.state FROM made m LEFT JOIN lease l ON l.id = m.lease WHERE l.state IS NOT 'released'`,
  );
  return [
    ...twice.map(({ stage, key, n }) => `I2: ${stage} ${key} was committed ${n} times`),
    ...zombies.map(({ stage, key, state }) => `zombie commit: ${stage} ${key} under a lease that is ${state}`),
  ];
}

/**
 * I2 outside: a call that can be asked about is made once. One that cannot is made once more for every life that died
 * between the call and its result: at most once a life, so at most `deaths` times in all. Nothing but the key can keep a
 * process from a call that it was about to make when it fell asleep: it goes to the service twice, under the same key.
 */
function paidTooOften({ witness }: World, whole: readonly string[], deaths: number, zombies: number): string[] {
  const found: string[] = [];
  const calls = new Map<string, number[]>();
  for (const { item, life } of witness.calls) calls.set(item, [...(calls.get(item) ?? []), life]);
  for (const [item, lives] of calls) {
    if (new Set(lives).size < lives.length) found.push(`I2: ${item} was paid for twice by one process`);
    if (canBeAsked(item) && lives.length > 1 + zombies)
      found.push(`I2: ${item} was paid for ${lives.length} times, though the service could be asked`);
    if (lives.length > 1 + deaths + zombies)
      found.push(`I2: ${item} was paid for ${lives.length} times over ${deaths} deaths`);
  }
  const extra = extraCalls(witness.calls.length, calls.size);
  if (extra > deaths + zombies) found.push(`I2: ${extra} calls too many for ${deaths} deaths`);
  const keys = new Map<string, string>();
  for (const { key, item } of witness.calls) {
    if ((keys.get(item) ?? key) !== key) found.push(`I2: ${item} was paid for under two keys`);
    keys.set(item, key);
  }
  for (const page of whole.flatMap(pagesOf)) if (!calls.has(page)) found.push(`I1: ${page} was never paid for`);
  return found;
}
const extraCalls = (all: number, items: number): number => all - items;

/** Calls beyond one for each page. */
export const extraPaidCalls = ({ witness }: World): number =>
  extraCalls(witness.calls.length, new Set(witness.calls.map(({ item }) => item)).size);

/** I4, I6, I8: counters, audit chain and file agree with what they describe; nothing is held by the dead. */
export async function ledgerFaults({ client, db }: Pick<World, 'client' | 'db' | 'url'>): Promise<string[]> {
  const found: string[] = [];
  const [kept, counted] = [await counters(client), await recount(client)];
  if (JSON.stringify(kept) !== JSON.stringify(counted))
    found.push(`I4: counters ${JSON.stringify(kept)}, recount ${JSON.stringify(counted)}`);
  const held = await rowsOf(client, `SELECT id, stage FROM lease WHERE state = 'live'`);
  found.push(...held.map(({ id, stage }) => `lease ${id} of ${stage} is still live`));
  const orphans = await rowsOf(client, `SELECT count(*) AS n FROM task WHERE item_id NOT IN (SELECT id FROM item)`);
  if (Number(orphans[0]?.n) > 0) found.push(`I4: ${orphans[0]?.n} tasks without an item`);
  found.push(...(await verifyAudit(db)).problems.map((problem) => `I6: ${problem}`));
  const integrity: PlainRow[] = await rowsOf(client, 'PRAGMA integrity_check');
  for (const row of integrity)
    if (Object.values(row)[0] !== 'ok') found.push(`I8: integrity_check says ${Object.values(row)[0]}`);
  return found;
}
