import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Database,
  detailInKeys,
  type JournalPage,
  moveJournal,
  openJournal,
  readJournal,
} from '../core/engine/index.ts';
import { createBackoff } from './backoff.ts';
import type { Log } from './host/log.ts';

/**
 * Tells another system what happens: each row of the audit is posted at least once and in order. The audit is the outbox, so
 * that nothing is told that was not committed and nothing that was committed stays untold; the place in it moves only after an
 * answer of 2xx. Whoever listens drops what it has by `id`. Ticks never wait for it.
 */

/** Where the listener stands: one for all hosts of a database. */
export const WEBHOOK_CURSOR = 'webhook_cursor';
export const SIGNATURE_HEADER = 'X-Anamnesis-Signature';

const TIMEOUT_MS = 10_000;

export type WebhookEvent = {
  /** Of the audit row: grows, and stays the same when an event is sent again. */
  readonly id: number;
  /** ISO 8601. */
  readonly at: string;
  readonly act: string;
  readonly stage: string | null;
  readonly actor: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** In a `commit`: what its stage still had to do when the event was sent. 0 means that the stage is done. */
  readonly open?: number;
};

export type WebhookDeps = {
  readonly db: Database;
  readonly url: string;
  readonly secret: string | undefined;
  readonly log: Log;
  readonly nowMs?: () => number;
  readonly timeoutMs?: number;
};
export type Webhook = {
  /** Takes its place in the audit; without it, it would begin with all that ever happened. */
  readonly open: () => Promise<void>;
  /** Posts what is there until nothing is left or something fails. Returns how many events were taken; never rejects. */
  readonly deliver: (signal?: AbortSignal) => Promise<number>;
  /** Delivers every `everyMs` until the signal aborts. */
  readonly follow: (everyMs: number, signal: AbortSignal) => Promise<void>;
};

/** `sha256=` and the HMAC-SHA256 of the body under the secret, in hex. */
export const signatureOf = (body: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

export function eventsOf({ rows, keys, open }: JournalPage): readonly WebhookEvent[] {
  return rows.map((row) => ({
    id: row.id,
    at: new Date(row.atMs).toISOString(),
    act: row.act,
    stage: row.stage,
    // Process ids and nonces behind the first slash are nobody's business.
    actor: row.actor.split('/', 1)[0] ?? '',
    detail: detailInKeys(row, keys),
    ...(row.act === 'commit' && row.stage !== null ? { open: open.get(row.stage) ?? 0 } : {}),
  }));
}

export function createWebhook(deps: WebhookDeps): Webhook {
  const { db, url, secret, log } = deps;
  const timeoutMs = deps.timeoutMs ?? TIMEOUT_MS;
  const backoff = createBackoff(deps.nowMs ?? (() => performance.now()));
  let turn: Promise<number> = Promise.resolve(0);

  const post = async (events: readonly WebhookEvent[], signal: AbortSignal | undefined): Promise<void> => {
    const body = JSON.stringify(events);
    const late = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'anamnesis-webhook',
        ...(secret === undefined ? {} : { [SIGNATURE_HEADER]: signatureOf(body, secret) }),
      },
      // The address was given by the operator; where it points to next was not.
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the receiver answered ${response.status}`);
  };

  const deliverAll = async (signal: AbortSignal | undefined): Promise<number> => {
    let taken = 0;
    if (!backoff.due()) return taken;
    try {
      while (!signal?.aborted) {
        const page = await readJournal(db, WEBHOOK_CURSOR);
        const last = page.rows.at(-1);
        if (last === undefined) break;
        await post(eventsOf(page), signal);
        await moveJournal(db, WEBHOOK_CURSOR, page.cursor, last.id);
        backoff.reset();
        taken += page.rows.length;
      }
    } catch (error) {
      if (signal?.aborted) return taken;
      backoff.failed();
      log.warn({ message: `webhook: ${reasonOf(error)}; the events are kept and sent again later` });
    }
    return taken;
  };

  const deliver = (signal?: AbortSignal): Promise<number> => {
    // Two at once would send the same events twice.
    turn = turn.then(() => deliverAll(signal));
    return turn;
  };
  return {
    open: () => openJournal(db, WEBHOOK_CURSOR),
    deliver,
    async follow(everyMs, signal) {
      while (!signal.aborted) {
        await deliver(signal);
        await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

/** Why a post failed, without its address: that may hold a secret. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the receiver cannot be reached';
  if (error.name === 'TimeoutError') return 'the receiver did not answer in time';
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  return error.message === 'fetch failed'
    ? `the receiver cannot be reached (${String(code ?? 'no reason given')})`
    : error.message;
}
