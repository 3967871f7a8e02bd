import { EXTRACTOR_VERSION, extractCase } from '../cases/extract.ts';
import { splitPatients } from '../cases/patients.ts';
import { screenDocument } from '../cases/screen.ts';
import { caseWrites, heldCases, type NormalizedCase, readDocuments } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { PermanentError } from '../engine/errors.ts';
import type { Outcome } from '../engine/outcome.ts';
import { defineStage, type Item, type Retry, type Stage } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';
import { readDocument } from '../sources/record.ts';
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
    batchMax: 256,
    leaseMs: 120_000,
    retry,
    settles: 'each',
    fingerprint: EXTRACTOR_VERSION,
    async process(batch, context) {
      const keys = batch.map((item) => item.key);
      const documents = await readDocuments(deps.db, keys);
      const { outcomes, products } = await each<NormalizedDocument>(
        batch,
        context,
        retry,
        deps.random,
        async (item) => {
          const document = documents.get(item.key);
          if (!document) throw new PermanentError(`document ${item.key} has no stored bytes: ingest it again`);
          const reading = readDocument(document.format, document.raw, document.key);
          if (reading.kind === 'refused') throw new PermanentError(`${reading.reason}: ${reading.detail}`);
          return normalized(item, reading.record.text);
        },
      );
      return settle(deps.db, batch, outcomes, products);
    },
  });

type NormalizedDocument = { readonly item: Item; readonly cases: readonly NormalizedCase[] };

async function normalized(
  item: Item,
  text: string,
): Promise<{ readonly outcome: Outcome; readonly product?: NormalizedDocument }> {
  const screening = screenDocument(text);
  if (screening.kind === 'set_aside')
    return {
      outcome: { kind: 'skipped', errorClass: screening.reason, reason: `${screening.reason}: ${screening.detail}` },
      // Earlier cases of this document, if any, are withdrawn with it.
      product: { item, cases: [] },
    };
  const patients = splitPatients(text);
  const cases = patients.map((patient, i): NormalizedCase => {
    const caseId = caseIdOf(item.key, i + 1, patients.length);
    return { itemId: item.id, caseId, documentKey: item.key, ordinal: i + 1, extracted: extractCase(patient.text) };
  });
  const makes = await Promise.all(
    cases.map(async ({ caseId, extracted }) => ({
      kind: 'case',
      key: caseId,
      source: item.source,
      contentHash: await sha256Hex(JSON.stringify([EXTRACTOR_VERSION, extracted])),
    })),
  );
  const outputHash = await sha256Hex(makes.map((made) => made.contentHash).join());
  return { outcome: { kind: 'done', outputHash, makes }, product: { item, cases } };
}

/** Refuses case ids that another document already holds; the rest becomes rows. */
async function settle(
  db: Database,
  batch: readonly Item[],
  outcomes: readonly Outcome[],
  products: readonly NormalizedDocument[],
) {
  const { ownerOf, documents } = await heldCases(
    db,
    products.flatMap(({ cases }) => cases.map(({ caseId }) => caseId)),
    products.map(({ item }) => item.key),
  );
  const claimedBy = new Map(ownerOf);
  const taken = new Map<number, string>();
  for (const { item, cases } of products) {
    for (const { caseId } of cases) {
      const owner = claimedBy.get(caseId);
      if (owner !== undefined && owner !== item.key)
        taken.set(item.id, `the case id ${caseId} belongs to document ${owner}: give this document another id`);
      else claimedBy.set(caseId, item.key);
    }
  }
  const kept = products.filter(({ item }) => !taken.has(item.id));
  return {
    outcomes: outcomes.map((outcome, i): Outcome => {
      const reason = taken.get(batch[i]?.id ?? -1);
      return reason === undefined ? outcome : { kind: 'dead', errorClass: 'permanent', reason };
    }),
    writes: caseWrites(
      kept.filter(({ item }) => documents.has(item.key)).map(({ item }) => ({ itemId: item.id, key: item.key })),
      kept.flatMap(({ cases }) => cases),
      EXTRACTOR_VERSION,
    ),
  };
}
