import type { EffectState } from '../../schema/states.ts';
import { type Database, json, type Row, statement } from './database.ts';
import { LeaseLostError, PermanentError, StageError } from './errors.ts';
import { resend } from './resend.ts';
import type { Runtime } from './runtime.ts';
import { int, NOW, textOrNull } from './sql.ts';
import type { Item, Stage } from './stage.ts';

/**
 * The effect ledger: calls that cost money or change the outside. The intent is stored before the call and the result
 * after it, under a key that the same work always has, so that what was paid for once is adopted by whoever comes next.
 */

/** What a call answered; `result` must be JSON. */
export type Answer<T> = { readonly result: T; readonly externalId?: string; readonly cost?: number };

export type EffectCall<T> = {
  /** Tells several calls for one item apart. */
  readonly name?: string;
  /** `key` goes to the service as its idempotency key, where it takes one. */
  readonly call: (key: string) => Promise<Answer<T>>;
  /**
   * Asks the service what became of a call whose answer was never stored; null when it never arrived there. Throws when
   * the service cannot say now.
   */
  readonly ask?: (key: string) => Promise<Answer<T> | null>;
  /**
   * Without `ask`, what to do after a crash between call and answer: pay again (default: each crash costs at most one
   * call), or hold the item as a dead letter until an operator decides.
   */
  readonly onUnknown?: 'redo' | 'hold';
};

export type Effects = {
  /** Runs a call at most once for this item, its input and the stage's fingerprint, crashes apart. */
  readonly run: <T>(item: Item, effect: EffectCall<T>) => Promise<T>;
};

/** What the ledger knows of an effect when somebody wants it. */
export type EffectRecord = {
  readonly state: EffectState;
  readonly leaseId: number;
  readonly result: string | null;
  /** An operator let its item go on, after an answer that never came. */
  readonly released: boolean;
};

/** What to do about an effect: take the stored answer, call, ask the service first, or leave it to an operator. */
export function effectDecision(
  record: EffectRecord | null,
  can: { readonly ask: boolean; readonly onUnknown: 'redo' | 'hold' },
): 'adopt' | 'call' | 'ask' | 'hold' {
  if (record === null || record.state === 'refused') return 'call';
  if (record.state === 'done') return 'adopt';
  if (can.ask) return 'ask';
  return can.onUnknown === 'hold' && !record.released ? 'hold' : 'call';
}

/** SHA-256 (FIPS 180-4) over what decides the outcome of the call, as lower-case hex. */
export async function effectKey(stage: Stage, item: Item, name: string): Promise<string> {
  const parts = json([stage.name, item.kind, item.key, item.inputHash, stage.fingerprint, name]);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(parts));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The effects of one held claim. */
export function effectsOf(db: Database, stage: Stage, leaseId: number, runtime: Runtime): Effects {
  const reach: NonNullable<Runtime['reach']> = (point) => runtime.reach?.(point);
  const store = async <T>(key: string, answer: Answer<T>): Promise<T> => {
    reach('effect.call.after');
    const stored = await resend(runtime, () => settle(db, key, answer));
    reach('effect.result.after');
    return stored;
  };
  const run = async <T>(item: Item, effect: EffectCall<T>): Promise<T> => {
    const name = effect.name ?? 'call';
    const key = await effectKey(stage, item, name);
    reach('effect.intent.before');
    let sent = 0;
    const record = await resend(runtime, () => {
      sent += 1;
      return intend(db, stage, item, name, key, leaseId, sent > 1);
    });
    reach('effect.intent.after');
    const decision = effectDecision(record, { ask: effect.ask !== undefined, onUnknown: effect.onUnknown ?? 'redo' });
    switch (decision) {
      case 'adopt':
        return JSON.parse(record?.result ?? 'null') as T;
      case 'hold':
        throw new PermanentError(
          `a worker died between a call that costs money and its answer, and the service cannot be asked (effect ${key.slice(0, 12)}): ` +
            'look there, then retry the dead letter',
        );
      case 'ask': {
        const found = await effect.ask?.(key);
        if (found) return store(key, found);
      }
    }
    return store(key, await called(db, key, effect));
  };
  return { run };
}

/** What the call answered. An answer that refuses is stored as such: the next try need not ask what became of it. */
async function called<T>(db: Database, key: string, effect: EffectCall<T>): Promise<Answer<T>> {
  try {
    return await effect.call(key);
  } catch (error) {
    // Whatever asks for a retry may have been a lost answer.
    if (error instanceof StageError && error.disposition !== 'retry') await refuse(db, key, error.message);
    throw error;
  }
}

/**
 * Stores the intent to call, unless an answer is already there, and says what stood before. Sent again because no answer came,
 * it may find its own row: that is none of an earlier call, if it is the first.
 * @throws LeaseLostError when the claim is no longer held: then nobody may call.
 */
async function intend(
  db: Database,
  stage: Stage,
  item: Item,
  name: string,
  key: string,
  leaseId: number,
  again: boolean,
): Promise<EffectRecord | null> {
  const [before, , after] = await db.write([
    statement(`SELECT state, lease_id, calls, result, reason FROM effect WHERE key = ?`, [key]),
    statement(
      `INSERT INTO effect(key, stage, item_id, name, input_hash, fingerprint, lease_id, state, intended_ms)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, l.id, 'intent', ${NOW} FROM lease l
       JOIN task t ON t.stage = l.stage AND t.item_id = ?3 AND t.lease_id = l.id
       WHERE l.id = ?7 AND l.state = 'live' AND l.expires_ms > ${NOW}
       ON CONFLICT(key) DO UPDATE SET lease_id = excluded.lease_id, state = 'intent', calls = calls + 1,
         intended_ms = excluded.intended_ms, reason = NULL WHERE effect.state <> 'done'`,
      [key, stage.name, item.id, name, item.inputHash, stage.fingerprint, leaseId],
    ),
    statement(
      // A row of this lease may be there from before it was over: only one that is still held lets a call through.
      `SELECT 1 FROM effect e WHERE e.key = ?1 AND (e.state = 'done' OR (e.lease_id = ?2 AND EXISTS (SELECT 1 FROM lease l
         JOIN task t ON t.stage = l.stage AND t.item_id = e.item_id AND t.lease_id = l.id
         WHERE l.id = ?2 AND l.state = 'live' AND l.expires_ms > ${NOW})))`,
      [key, leaseId],
    ),
  ]);
  if (after?.rows.length !== 1)
    throw new LeaseLostError(`claim ${leaseId} was taken away before a call of stage ${stage.name}: nothing was sent`);
  const row = before?.rows[0];
  if (!row || (again && row.state === 'intent' && int(row.lease_id) === leaseId && int(row.calls) === 1)) return null;
  return recordOf(row);
}

const recordOf = (row: Row): EffectRecord => ({
  state: String(row.state) as EffectState,
  leaseId: int(row.lease_id),
  result: textOrNull(row.result),
  released: row.state === 'intent' && row.reason !== null,
});

/**
 * Stores an answer. Not fenced: it was paid for, and whoever holds the item next adopts it. The first answer stays, and is
 * what every caller gets, so that a zombie and its successor work on the same.
 */
async function settle<T>(db: Database, key: string, answer: Answer<T>): Promise<T> {
  const [, stored] = await db.write([
    statement(
      `UPDATE effect SET state = 'done', result = ?2, external_id = ?3, cost = ?4, settled_ms = ${NOW}
       WHERE key = ?1 AND state <> 'done'`,
      [key, json(answer.result), answer.externalId ?? null, answer.cost ?? null],
    ),
    statement(`SELECT result FROM effect WHERE key = ?`, [key]),
  ]);
  return JSON.parse(String(stored?.rows[0]?.result)) as T;
}

async function refuse(db: Database, key: string, reason: string): Promise<void> {
  await db.write([
    statement(
      `UPDATE effect SET state = 'refused', reason = ?2, settled_ms = ${NOW} WHERE key = ?1 AND state = 'intent'`,
      [key, reason],
    ),
  ]);
}
