import { publicationRows, readDocuments } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { PermanentError } from '../engine/errors.ts';
import { defineStage, type Retry, type Stage } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';
import { readDocument } from '../sources/record.ts';
import { each } from './each.ts';

const retry: Retry = { attemptsMax: 5, delayMsFirst: 1_000, delayMsMax: 600_000 };

/**
 * Makes sure that the whole, unchanged bytes of a document are held, and reads what the document says about itself. The
 * bytes of a file came with its discovery, so there is nothing to fetch and everything to verify.
 */
export const defineScrape = (deps: { readonly db: Database; readonly random: () => number }): Stage =>
  defineStage({
    name: 'scrape',
    itemKind: 'document',
    batchMax: 256,
    leaseMs: 60_000,
    retry,
    settles: 'each',
    fingerprint: 'scrape-1',
    async process(batch, context) {
      const documents = await readDocuments(
        deps.db,
        batch.map((item) => item.key),
      );
      const { outcomes, products } = await each(batch, context, retry, deps.random, async (item) => {
        const document = documents.get(item.key);
        if (!document) throw new PermanentError(`document ${item.key} has no stored bytes: ingest it again`);
        const sha256 = await sha256Hex(document.raw);
        if (sha256 !== document.sha256)
          throw new PermanentError(
            `the stored bytes of ${item.key} changed (sha256 ${sha256.slice(0, 12)}…, was ${document.sha256.slice(0, 12)}…): ingest it again`,
          );
        const reading = readDocument(document.format, document.raw, document.key);
        if (reading.kind === 'refused') throw new PermanentError(`${reading.reason}: ${reading.detail}`);
        return {
          outcome: { kind: 'done', outputHash: sha256 },
          product: { itemId: item.id, key: item.key, publication: reading.record.publication },
        };
      });
      return { outcomes, writes: [publicationRows(products)] };
    },
  });
