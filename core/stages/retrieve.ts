import type { StoredDocument } from '../corpus.ts';
import { StageError, WaitError } from '../engine/errors.ts';
import { type Outcome, outcomeOfError, postponed, retryDelayMs } from '../engine/outcome.ts';
import type { Item, Retry, StageContext } from '../engine/stage.ts';
import type { Outside } from '../sources/discovery.ts';
import type { Retrieved, SourceKind } from '../sources/source.ts';

/** What a service said about one item, or what becomes of it because nothing was said. */
export type Gotten = Retrieved | { readonly kind: 'outcome'; readonly outcome: Outcome };

/** Bytes of one batch that are held and committed at once. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** Failed calls of a service without one that succeeds: it is the service and not a document. */
const FAILURES_MAX = 3;
/**
 * Failed calls that an item may share in without an attempt being counted, where nothing shows that the service works: more than any
 * outage of a day gives, since the breaker lets fewer and fewer calls through.
 */
const WAITS_MAX = 40;

export type RetrieveDeps = {
  readonly outside: Outside | null;
  readonly retry: Retry;
  /** Uniform in [0, 1). */
  readonly random: () => number;
};

/** Asks the services for `items`, each service by itself; one that fails holds back its own items and nobody else's. */
export async function retrieveAll(
  items: readonly Item[],
  held: ReadonlyMap<string, StoredDocument>,
  context: StageContext,
  deps: RetrieveDeps,
): Promise<ReadonlyMap<number, Gotten>> {
  const gotten = new Map<number, Gotten>();
  let bytes = 0;
  const isFull = () => context.stopping() || bytes > BATCH_BYTES_MAX;
  for (const [kind, own] of byKind(items)) {
    const source = deps.outside?.sources.get(kind);
    if (!deps.outside || !source) {
      for (const item of own) gotten.set(item.id, { kind: 'outcome', outcome: elsewhere(kind) });
      continue;
    }
    const { http } = deps.outside;
    const ask = async (chunk: readonly Item[]) => {
      const wanted = chunk.map(({ key }) => ({ key, ...validatorsOf(held.get(key)) }));
      const answers = await source.retrieve(wanted, http);
      for (const answer of answers) if (answer.kind === 'document') bytes += answer.document.bytes.byteLength;
      return answers;
    };
    for (const [id, answer] of await retrieveOf(own, source.retrieveMax, ask, isFull, deps)) gotten.set(id, answer);
  }
  return gotten;
}

/**
 * Asks one service for `items` in calls of at most `callMax`. A call that fails as a whole is asked again in halves behind the others,
 * so that a document with which every call fails soon stands alone; unless nothing succeeds, and then all wait.
 */
async function retrieveOf(
  items: readonly Item[],
  callMax: number,
  ask: (chunk: readonly Item[]) => Promise<readonly Retrieved[]>,
  isFull: () => boolean,
  { retry, random }: RetrieveDeps,
): Promise<ReadonlyMap<number, Gotten>> {
  const gotten = new Map<number, Gotten>();
  const settle = (chunk: readonly Item[], outcomeOf: (item: Item) => Outcome) => {
    for (const item of chunk) gotten.set(item.id, { kind: 'outcome', outcome: outcomeOf(item) });
  };
  const calls = chunksOf(items, callMax);
  let successes = 0;
  let failures = 0;
  for (let chunk = calls.shift(); chunk !== undefined; chunk = calls.shift()) {
    if (isFull()) {
      settle(chunk, postponed);
      continue;
    }
    try {
      const answers = new Map((await ask(chunk)).map((answer) => [answer.key, answer]));
      successes += 1;
      for (const item of chunk)
        gotten.set(item.id, answers.get(item.key) ?? { kind: 'outcome', outcome: unanswered(item, retry, random()) });
    } catch (error) {
      if (error instanceof WaitError) {
        settle([chunk, ...calls].flat(), () => waitFor(error, retry, random()));
        break;
      }
      failures += 1;
      const [item] = chunk;
      if (chunk.length > 1 && (successes > 0 || failures < FAILURES_MAX)) calls.push(...halvesOf(chunk));
      else if (item !== undefined && chunk.length === 1)
        settle(chunk, () => afterCall(error, item, successes > 0 || isRefusal(error), retry, random()));
      else {
        settle([chunk, ...calls].flat(), (one) => afterCall(error, one, false, retry, random()));
        break;
      }
    }
  }
  return gotten;
}

function chunksOf(items: readonly Item[], size: number): (readonly Item[])[] {
  const chunks: (readonly Item[])[] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}

const halvesOf = (chunk: readonly Item[]): (readonly Item[])[] => chunksOf(chunk, Math.ceil(chunk.length / 2));

function byKind(items: readonly Item[]): ReadonlyMap<SourceKind, readonly Item[]> {
  const kinds = new Map<SourceKind, Item[]>();
  for (const item of items) {
    const kind = item.source as SourceKind; // what is no kind of source is asked of nobody
    kinds.set(kind, [...(kinds.get(kind) ?? []), item]);
  }
  return kinds;
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

/** What a call that failed as a whole means for one of its items. `isToBlame`: it stood alone, and the service works, or refused it. */
function afterCall(error: unknown, item: Item, isToBlame: boolean, retry: Retry, random: number): Outcome {
  const own = outcomeOfError(error, item, retry, random);
  if (isToBlame || item.waits >= WAITS_MAX) return own;
  return {
    kind: 'wait',
    delayMs: retryDelayMs(item.waits + 1, retry, random),
    reason: 'reason' in own ? own.reason : String(error),
    errorClass: error instanceof StageError ? error.errorClass : 'unknown',
    stageWaits: false,
    ...(error instanceof StageError && error.service !== undefined ? { service: error.service } : {}),
  };
}

const isRefusal = (error: unknown): boolean => error instanceof StageError && error.disposition !== 'retry';

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
