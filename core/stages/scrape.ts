import {
  documentWrites,
  heldIdentities,
  type Identity,
  identityWrites,
  isToRetrieve,
  knownItems,
  type NewDocument,
  publicationRows,
  readDocuments,
  readPublications,
  type StoredDocument,
  shrinkStanding,
  tombstoneWrites,
  toRetrieve,
} from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { enterStatements } from '../engine/enter.ts';
import { PermanentError, ValidationError } from '../engine/errors.ts';
import type { Outcome } from '../engine/outcome.ts';
import { defineStage, type Item, type Retry, type Stage, type Write } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';
import type { Outside } from '../sources/discovery.ts';
import type { DocumentRead, DocumentRecord, Notice, Publication } from '../sources/record.ts';
import type { Retrieved } from '../sources/source.ts';
import { mayWithdraw } from '../sources/windows.ts';
import { each } from './each.ts';
import { type Gotten, retrieveAll } from './retrieve.ts';

const retry: Retry = { attemptsMax: 5, delayMsFirst: 1_000, delayMsMax: 600_000 };

export type ScrapeDeps = {
  readonly db: Database;
  readonly random: () => number;
  /** Null on a host that asks no service: what is to be retrieved waits for another. */
  readonly outside: Outside | null;
  readonly read: DocumentRead;
};

/**
 * Makes sure that the whole bytes of a document are held, and reads what the document says about itself. Bytes that came with the
 * discovery, as those of a file do, are verified; others are retrieved. A document that is retracted, withdrawn or gone leaves the
 * answers with the commit that learns of it.
 */
export function defineScrape(deps: ScrapeDeps): Stage {
  const stage: Stage = defineStage({
    name: 'scrape',
    itemKind: 'document',
    batchMax: 256,
    leaseMs: 180_000,
    retry,
    settles: 'each',
    fingerprint: 'scrape-2',
    async process(batch, context) {
      const keys = batch.map((item) => item.key);
      const [held, publications] = await Promise.all([readDocuments(deps.db, keys), readPublications(deps.db, keys)]);
      const away = batch.filter((item) => isToRetrieve(item.inputHash));
      const gotten = await retrieveAll(away, held, context, { ...deps, retry });
      await enterMerged(deps.db, stage, batch, gotten);
      const withdrawals = await withdrawalsOf(deps.db, away, gotten, publications);
      const { outcomes, products } = await each(batch, context, retry, deps.random, async (item) => {
        const answer = gotten.get(item.id);
        const known = { item, document: held.get(item.key), publication: publications.get(item.key) };
        if (answer === undefined) return takeHeld(known, deps.read);
        if (answer.kind === 'outcome') return { outcome: answer.outcome };
        return takeAnswer(known, answer, withdrawals, deps.read);
      });
      return { outcomes, writes: await writesOf(products, await heldIdentities(deps.db, keys)) };
    },
  });
  return stage;
}

/** A document that lives on under another key is retrieved under that one. Before the commit, as it harms nothing if that fails. */
async function enterMerged(
  db: Database,
  scrape: Stage,
  batch: readonly Item[],
  gotten: ReadonlyMap<number, Gotten>,
): Promise<void> {
  const merged = batch.flatMap(({ id, source }) => {
    const answer = gotten.get(id);
    return answer?.kind === 'merged' ? [{ key: answer.into, source }] : [];
  });
  if (merged.length === 0) return;
  const known = await knownItems(
    db,
    merged.map(({ key }) => key),
  );
  const entering = merged.filter(({ key }) => !known.has(key));
  if (entering.length === 0) return;
  const contentHash = toRetrieve('merged');
  await db.write(
    enterStatements(
      scrape,
      entering.map((one) => ({ kind: 'document', ...one, contentHash })),
    ),
  );
}

/** What is known of an item before its attempt. */
type Known = {
  readonly item: Item;
  readonly document: StoredDocument | undefined;
  readonly publication: Publication | undefined;
};
/** What is to be written for one item. */
type Product = {
  readonly item: Item;
  /** Null where the bytes that are held are the right ones. */
  readonly document: NewDocument | null;
  readonly publication: Publication;
  readonly before: Publication | undefined;
  /** Null where nothing new was read: what is held is gone from its source. */
  readonly record: DocumentRecord | null;
  /** Why its cases leave the answers now; null where they stay. */
  readonly leaves: string | null;
};
type Taken = { readonly outcome: Outcome; readonly product?: Product };

/** Bytes that came with the discovery are verified. */
async function takeHeld(
  { item, document, publication }: Known,
  read: DocumentRead,
  notices: readonly Notice[] = [],
): Promise<Taken> {
  if (!document) throw new PermanentError(`document ${item.key} has no stored bytes: ingest it again`);
  const sha256 = await sha256Hex(document.raw);
  if (sha256 !== document.sha256)
    throw new PermanentError(
      `the stored bytes of ${item.key} changed (sha256 ${sha256.slice(0, 12)}…, was ${document.sha256.slice(0, 12)}…): ingest it again`,
    );
  const reading = read(document.format, document.raw, document.key);
  if (reading.kind === 'refused') throw new PermanentError(`${reading.reason}: ${reading.detail}`);
  const { record } = reading;
  return taken({ item, document: null, before: publication, ...said(record, notices) }, sha256);
}

/** What is said of a document: by its bytes, and by its service beside them. */
function said(record: DocumentRecord, beside: readonly Notice[] = []) {
  const own = record.publication.notices;
  const isOwn = (notice: Notice) => own.some((one) => one.kind === notice.kind && one.reference === notice.reference);
  const publication = { ...record.publication, notices: [...own, ...beside.filter((notice) => !isOwn(notice))] };
  return { record, publication, leaves: leavesOf(publication) };
}

/** For everybody who asks for the case. */
function leavesOf({ state, notices }: Publication): string | null {
  if (state === 'current') return null;
  const notice = notices.find(({ kind }) => kind === 'retraction');
  return notice?.reference ? `${state}: ${notice.reference}` : `${state} by its journal`;
}

/** Retrieved bytes are read before they are kept: what cannot be read, or is another document, was not the right answer. */
async function takeAnswer(
  known: Known,
  answer: Retrieved,
  withdrawals: Withdrawals,
  read: DocumentRead,
): Promise<Taken> {
  const { item, document, publication } = known;
  if (answer.kind === 'failed') throw answer.error;
  if (answer.kind === 'unchanged') return takeHeld(known, read, answer.notices);
  if (answer.kind === 'missing' || answer.kind === 'merged') {
    const reason = answer.kind === 'missing' ? `missing: ${answer.reason}` : `merged: it lives on as ${answer.into}`;
    if (!document || !publication) return { outcome: { kind: 'skipped', errorClass: answer.kind, reason } };
    if (!withdrawals.allowed)
      return {
        outcome: {
          kind: 'wait',
          delayMs: HELD_BACK_MS,
          reason: withdrawals.reason,
          errorClass: 'not_yet',
          stageWaits: false,
        },
      };
    // Not retracted: another document of the same article may still stand for it, which `normalize` decides.
    const gone: Publication = { ...publication, state: 'gone' };
    const product = { item, document: null, publication: gone, before: publication, record: null, leaves: null };
    return taken(product, `gone ${document.sha256}`);
  }
  const { format, bytes, locator, validators } = answer.document;
  const reading = read(format, bytes, item.key);
  if (reading.kind === 'refused') throw new ValidationError(`${item.key}: ${reading.reason}: ${reading.detail}`);
  const { record } = reading;
  if (record.key !== item.key) throw new ValidationError(`${item.key} was asked for and ${record.key} came`);
  const sha256 = await sha256Hex(bytes);
  const fresh: NewDocument = { key: item.key, source: item.source, format, raw: bytes, sha256, locator, validators };
  const same = document?.sha256 === sha256;
  return taken({ item, document: same ? null : fresh, before: publication, ...said(record, answer.notices) }, sha256);
}

const taken = (product: Product, outputHash: string): Taken => ({ outcome: { kind: 'done', outputHash }, product });

/** What is gone is asked for again so much later, while the operator has not said that so much may go. */
const HELD_BACK_MS = 3_600_000;
type Withdrawals = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** Whether held documents that their source no longer has may leave: not when it is so many that the source is more likely wrong. */
async function withdrawalsOf(
  db: Database,
  items: readonly Item[],
  gotten: ReadonlyMap<number, Gotten>,
  publications: ReadonlyMap<string, Publication>,
): Promise<Withdrawals> {
  const going = items.filter(({ id, key }) => {
    const kind = gotten.get(id)?.kind;
    return (kind === 'missing' || kind === 'merged') && publications.get(key)?.state === 'current';
  });
  if (going.length === 0) return { allowed: true };
  const { held, goneToday, allowedUntilMs, nowMs } = await shrinkStanding(db);
  return mayWithdraw({ held, missing: goneToday + going.length, allowedUntilMs, nowMs });
}

async function writesOf(
  products: readonly Product[],
  identities: ReadonlyMap<string, readonly Identity[]>,
): Promise<readonly Write[]> {
  const stored = products.flatMap(({ item, document }) => (document ? [{ itemId: item.id, document }] : []));
  return [
    ...(await documentWrites(stored)),
    publicationRows(products.map(({ item, publication }) => ({ itemId: item.id, key: item.key, publication }))),
    ...identityWrites(
      products.map((product) => ({ ...product, itemId: product.item.id, key: product.item.key })),
      identities,
    ),
    // After the identities: other documents of the article are told by them.
    ...products.flatMap(({ item, leaves }) => (leaves === null ? [] : tombstoneWrites(item.id, item.key, leaves))),
  ];
}
