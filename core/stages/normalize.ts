import type { ExtractedCase } from '../cases/case.ts';
import { EXTRACTOR_VERSION, extractCase } from '../cases/extract.ts';
import { splitPatients } from '../cases/patients.ts';
import { screenDocument } from '../cases/screen.ts';
import { caseWrites, heldCases, type NormalizedCase, type ReplacedCase, readDocuments } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { PermanentError } from '../engine/errors.ts';
import type { Outcome } from '../engine/outcome.ts';
import { defineStage, type Item, type Retry, type Stage, type StageResult } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';
import { type DocumentRecord, readDocument } from '../sources/record.ts';
import { each } from './each.ts';

const retry: Retry = { attemptsMax: 3, delayMsFirst: 1_000, delayMsMax: 60_000 };

/** The id of the nth (from 1) of `count` patients of a document. */
export const caseIdOf = (documentKey: string, ordinal: number, count: number): string =>
  count === 1 ? documentKey : `${documentKey}-${ordinal}`;

/** Prose to cases: one per patient, each with its facets and findings. What is no English case report is set aside with the reason. */
export const defineNormalize = (deps: { readonly db: Database; readonly random: () => number }): Stage =>
  defineStage({
    name: 'normalize',
    itemKind: 'document',
    // Documents of up to 4 MB are held at once.
    batchMax: 128,
    leaseMs: 120_000,
    retry,
    settles: 'each',
    fingerprint: EXTRACTOR_VERSION,
    async process(batch, context) {
      const keys = batch.map((item) => item.key);
      const documents = await readDocuments(deps.db, keys);
      const { outcomes, products } = await each(batch, context, retry, deps.random, async (item) => {
        const document = documents.get(item.key);
        if (!document) throw new PermanentError(`document ${item.key} has no stored bytes: ingest it again`);
        const reading = readDocument(document.format, document.raw, document.key);
        if (reading.kind === 'refused') throw new PermanentError(`${reading.reason}: ${reading.detail}`);
        return readCasesOf(item, reading.record);
      });
      return settle(deps.db, batch, outcomes, products);
    },
  });

/** The patients of one document; none where it was set aside, and then its earlier cases are withdrawn. */
type ReadDocument = {
  readonly item: Item;
  readonly cases: readonly { readonly caseId: string; readonly extracted: ExtractedCase }[];
};

/** The hash of a done document is known only with what the corpus holds already: `settle` fills it in. */
const UNSETTLED: Outcome = { kind: 'done', outputHash: '' };

async function readCasesOf(
  item: Item,
  { text, setAside }: DocumentRecord,
): Promise<{ readonly outcome: Outcome; readonly product: ReadDocument }> {
  if (setAside !== undefined) {
    const reason = `${setAside.reason}: ${setAside.detail}`;
    return { outcome: { kind: 'skipped', errorClass: setAside.reason, reason }, product: { item, cases: [] } };
  }
  const screening = screenDocument(text);
  if (screening.kind === 'set_aside') {
    const reason = `${screening.reason}: ${screening.detail}`;
    return { outcome: { kind: 'skipped', errorClass: screening.reason, reason }, product: { item, cases: [] } };
  }
  const patients = splitPatients(text);
  const cases = patients.map((patient, i) => ({
    caseId: caseIdOf(item.key, i + 1, patients.length),
    extracted: extractCase(patient.text),
  }));
  return { outcome: UNSETTLED, product: { item, cases } };
}

/** Holds what was read against the corpus: ids that another document has are refused, cases that are gone are withdrawn. */
async function settle(
  db: Database,
  batch: readonly Item[],
  outcomes: readonly Outcome[],
  products: readonly ReadDocument[],
): Promise<StageResult> {
  const held = await heldCases(
    db,
    products.flatMap(({ cases }) => cases.map(({ caseId }) => caseId)),
    products.map(({ item }) => item.key),
  );
  const settled = new Map<number, Outcome>();
  const claimedBy = new Map([...held.cases].map(([caseId, { documentKey }]) => [caseId, documentKey]));
  const cases: NormalizedCase[] = [];
  const replaced: ReplacedCase[] = [];
  for (const { item, cases: own } of products) {
    const stranger = own.find(({ caseId }) => (claimedBy.get(caseId) ?? item.key) !== item.key);
    if (stranger) {
      const reason = `the case id ${stranger.caseId} belongs to document ${claimedBy.get(stranger.caseId)}: give this document another id`;
      settled.set(item.id, { kind: 'dead', errorClass: 'permanent', reason });
      continue;
    }
    for (const { caseId } of own) claimedBy.set(caseId, item.key);
    const normalized = own.map(({ caseId, extracted }, i): NormalizedCase => {
      const before = held.cases.get(caseId);
      const returns = (before?.returns ?? 0) + (before?.withdrawn ? 1 : 0);
      return { itemId: item.id, caseId, documentKey: item.key, ordinal: i + 1, extracted, returns };
    });
    cases.push(...normalized);
    for (const caseId of held.liveCasesOf.get(item.key) ?? [])
      replaced.push({ itemId: item.id, caseId, withdrawn: !own.some((one) => one.caseId === caseId) });
    if (own.length > 0) settled.set(item.id, await doneWith(item, normalized));
  }
  return {
    outcomes: outcomes.map((outcome, i) => settled.get(batch[i]?.id ?? -1) ?? outcome),
    writes: caseWrites(replaced, cases, EXTRACTOR_VERSION),
  };
}

/** The case items that a document becomes; a case that came back after a withdrawal is hashed as new, so that it is worked again. */
async function doneWith(item: Item, cases: readonly NormalizedCase[]): Promise<Outcome> {
  const makes = await Promise.all(
    cases.map(async ({ caseId, extracted, returns }) => ({
      kind: 'case',
      key: caseId,
      source: item.source,
      contentHash: await sha256Hex(JSON.stringify([EXTRACTOR_VERSION, returns, extracted])),
    })),
  );
  const outputHash = await sha256Hex(makes.map((made) => made.contentHash).join());
  return { kind: 'done', outputHash, makes };
}
