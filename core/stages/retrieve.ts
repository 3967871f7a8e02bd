import type { StoredDocument } from '../corpus.ts';
import { StageError, WaitError } from '../engine/errors.ts';
import { type Outcome, outcomeOfError, postponed, retryDelayMs } from '../engine/outcome.ts';
import type { Item, Retry, StageContext } from '../engine/stage.ts';
import type { Outside } from '../sources/discovery.ts';
import type { Retrieved, Source, SourceKind } from '../sources/source.ts';

/** What a service said about one item, or what becomes of it because nothing was said. */
export type Gotten = Retrieved | { readonly kind: 'outcome'; readonly outcome: Outcome };

/** Bytes of one batch that are held and committed at once. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/**
 * Failed calls that an item may share in without an attempt being counted: more than any outage of a day gives, since the breaker lets
 * fewer and fewer calls through. An item with which every call fails stands alone after some of them, and is buried by its attempts.
 */
const WAITS_MAX = 40;

/** Asks the services for `items`, each service by itself; one that fails holds back its own items and nobody else's. */
export async function retrieveAll(
  items: readonly Item[],
  held: ReadonlyMap<string, StoredDocument>,
  outside: Outside | null,
  context: StageContext,
  retry: Retry,
  random: () => number,
): Promise<ReadonlyMap<number, Gotten>> {
  const gotten = new Map<number, Gotten>();
  let bytes = 0;
  for (const [kind, own] of byKind(items)) {
    const source = outside?.sources.get(kind);
    if (!outside || !source) {
      for (const item of own) gotten.set(item.id, { kind: 'outcome', outcome: elsewhere(kind) });
      continue;
    }
    let blocked: WaitError | null = null;
    for (const chunk of chunksOf(own, source)) {
      if (context.stopping() || bytes > BATCH_BYTES_MAX) {
        for (const item of chunk) gotten.set(item.id, { kind: 'outcome', outcome: postponed() });
        continue;
      }
      if (blocked) {
        for (const item of chunk) gotten.set(item.id, { kind: 'outcome', outcome: waitFor(blocked, retry, random()) });
        continue;
      }
      try {
        const wanted = chunk.map(({ key }) => ({ key, ...validatorsOf(held.get(key)) }));
        const answers = new Map((await source.retrieve(wanted, outside.http)).map((answer) => [answer.key, answer]));
        for (const item of chunk) {
          const answer = answers.get(item.key);
          if (answer?.kind === 'document') bytes += answer.document.bytes.byteLength;
          gotten.set(item.id, answer ?? { kind: 'outcome', outcome: unanswered(item, retry, random()) });
        }
      } catch (error) {
        if (error instanceof WaitError) blocked = error;
        for (const item of chunk)
          gotten.set(item.id, { kind: 'outcome', outcome: afterCall(error, item, chunk.length, retry, random()) });
      }
    }
  }
  return gotten;
}

function byKind(items: readonly Item[]): ReadonlyMap<SourceKind, readonly Item[]> {
  const kinds = new Map<SourceKind, Item[]>();
  for (const item of items) {
    const kind = item.source as SourceKind; // what is no kind of source is asked of nobody
    kinds.set(kind, [...(kinds.get(kind) ?? []), item]);
  }
  return kinds;
}

/** Calls of at most `retrieveMax` keys; items that shared in failed calls come in halves of that, until each stands alone. */
function chunksOf(items: readonly Item[], source: Source): readonly (readonly Item[])[] {
  const chunks: Item[][] = [];
  let size = 0;
  for (const item of [...items].sort((a, b) => a.waits - b.waits)) {
    const most = Math.max(1, source.retrieveMax >> Math.min(item.waits, 30));
    const last = chunks.at(-1);
    if (last === undefined || last.length >= Math.min(size, most)) {
      chunks.push([item]);
      size = most;
    } else last.push(item);
  }
  return chunks;
}

const validatorsOf = (document: StoredDocument | undefined) =>
  document && Object.keys(document.validators).length > 0 ? { validators: document.validators } : {};

const elsewhere = (kind: string): Outcome => ({
  kind: 'wait',
  delayMs: 60_000,
  reason: `this host does not ask ${kind}: it waits for one that does`,
  errorClass: 'not_yet',
  stageWaits: false,
});

/** An answer that says nothing of an id that it was asked for: the service was cut short, or knows it under no name. */
const unanswered = (item: Item, retry: Retry, random: number): Outcome =>
  outcomeOfError(new UnansweredError(item.key), item, retry, random);

class UnansweredError extends StageError {
  override readonly name = 'UnansweredError';
  readonly disposition = 'retry';
  readonly errorClass = 'validation';
  constructor(key: string) {
    super(`the answer says nothing of ${key}`);
  }
}

/** A call that failed as a whole says little about any one of its items. */
function afterCall(error: unknown, item: Item, calledWith: number, retry: Retry, random: number): Outcome {
  if (error instanceof WaitError) return waitFor(error, retry, random);
  const own = outcomeOfError(error, item, retry, random);
  const shared = own.kind === 'retry' || (own.kind === 'dead' && calledWith > 1) || isOfService(error);
  if (!shared || item.waits >= WAITS_MAX) return own;
  return {
    kind: 'wait',
    delayMs: retryDelayMs(item.waits + 1, retry, random),
    reason: 'reason' in own ? own.reason : String(error),
    errorClass: error instanceof StageError ? error.errorClass : 'unknown',
    stageWaits: false,
    ...(error instanceof StageError && error.service !== undefined ? { service: error.service } : {}),
  };
}

const isOfService = (error: unknown): boolean =>
  error instanceof StageError && error.service !== undefined && error.disposition === 'retry';

/** Nobody calls the service for a while: its items wait for that, a little spread, and the stage goes on with others. */
const waitFor = (error: WaitError, retry: Retry, random: number): Outcome => {
  const outcome = outcomeOfError(error, NOBODY, retry, random);
  if (outcome.kind !== 'wait') throw new Error('an error that waits made no outcome that waits');
  return { ...outcome, delayMs: outcome.delayMs + Math.floor(random * 1_000), stageWaits: false };
};
const NOBODY: Item = {
  id: 0,
  kind: 'document',
  key: '',
  parentId: null,
  source: '',
  inputHash: null,
  attempt: 1,
  waits: 0,
  lost: 0,
};
