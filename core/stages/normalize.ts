import type { SetAsideReason } from '../../schema/vocabulary.ts';
import type { ExtractedCase } from '../cases/case.ts';
import { lacksOf } from '../cases/completeness.ts';
import { extractCase, extractorVersion } from '../cases/extract.ts';
import { splitPatients } from '../cases/patients.ts';
import { screenDocument } from '../cases/screen.ts';
import {
  caseWrites,
  foldOf,
  foldWrites,
  heldCases,
  liftWrites,
  type Member,
  type NormalizedCase,
  type ReplacedCase,
  readDocuments,
  readGroups,
  type Standing,
  standings,
  tombstonesOf,
  withdrawWrites,
} from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { PermanentError } from '../engine/errors.ts';
import type { Outcome } from '../engine/outcome.ts';
import { defineStage, type Item, type Retry, type Stage, type StageResult, type Write } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';
import type { DocumentRead, DocumentRecord } from '../sources/record.ts';
import { each } from './each.ts';

const retry: Retry = { attemptsMax: 3, delayMsFirst: 1_000, delayMsMax: 60_000 };

/** The id of the nth (from 1) of `count` patients of a document. */
export const caseIdOf = (documentKey: string, ordinal: number, count: number): string =>
  count === 1 ? documentKey : `${documentKey}-${ordinal}`;

/** Prose to cases: one per patient, each with its facets and findings. What is no English case report is set aside with the reason. */
export const defineNormalize = (deps: {
  readonly db: Database;
  readonly random: () => number;
  readonly read: DocumentRead;
  /** Least completeness of a case that is taken in; 0 takes in every one. */
  readonly completenessMin?: number;
}): Stage =>
  defineStage({
    name: 'normalize',
    itemKind: 'document',
    // Documents of up to 4 MB are held at once.
    batchMax: 128,
    leaseMs: 120_000,
    retry,
    settles: 'each',
    fingerprint: deps.completenessMin ? `${extractorVersion()}/${deps.completenessMin}` : extractorVersion(),
    async process(batch, context) {
      const keys = batch.map((item) => item.key);
      const documents = await readDocuments(deps.db, keys);
      const readings = new Map([...documents].map(([key, { format, raw }]) => [key, deps.read(format, raw, key)]));
      const records = new Map(
        [...readings].flatMap(([key, reading]) => (reading.kind === 'record' ? [[key, reading.record] as const] : [])),
      );
      const standing = await standings(deps.db, keys);
      const groups = await readGroups(deps.db, keys, records, deps.read);
      const { outcomes, products } = await each(batch, context, retry, deps.random, async (item) => {
        const reading = readings.get(item.key);
        if (!reading) throw new PermanentError(`document ${item.key} has no stored bytes: ingest it again`);
        if (reading.kind === 'refused') throw new PermanentError(`${reading.reason}: ${reading.detail}`);
        const group = groups.get(item.key) ?? [];
        return readCasesOf(item, reading.record, standing.get(item.key), group, deps.completenessMin ?? 0);
      });
      return settle(deps.db, batch, outcomes, products);
    },
  });

/** The patients of one document; none where it was set aside or folded, and then its earlier cases are withdrawn. */
type ReadDocument = {
  readonly item: Item;
  readonly cases: readonly { readonly caseId: string; readonly extracted: ExtractedCase }[];
  /** Why it has no case, for everybody; null where it has. */
  readonly none: string | null;
  /** The document that yields its cases. */
  readonly foldedInto: string | null;
  readonly wasFoldedInto: string | null;
};

/** The hash of a done document is known only with what the corpus holds already: `settle` fills it in. */
const UNSETTLED: Outcome = { kind: 'done', outputHash: '' };

async function readCasesOf(
  item: Item,
  record: DocumentRecord,
  standing: Standing | undefined,
  group: readonly Member[],
  completenessMin: number,
): Promise<{ readonly outcome: Outcome; readonly product: ReadDocument }> {
  const wasFoldedInto = standing?.foldedInto ?? null;
  const without = (kind: SetAsideReason, detail: string, foldedInto: string | null = null) => {
    const reason = `${kind}: ${detail}`;
    return {
      outcome: { kind: 'skipped', errorClass: kind, reason } as const,
      product: { item, cases: [], none: kind === 'not_current' ? detail : reason, foldedInto, wasFoldedInto },
    };
  };
  if (standing && standing.state !== 'current') return without('not_current', endInWords(standing));
  const own = group.find(({ key }) => key === item.key);
  const fold = own ? foldOf(own, group) : { kind: 'own' as const };
  if (fold.kind === 'not_current') return without('not_current', fold.reason);
  if (record.setAside) return without(record.setAside.reason, record.setAside.detail);
  const screening = screenDocument(record.text);
  if (screening.kind === 'set_aside') return without(screening.reason, screening.detail);
  if (fold.kind === 'folded') return without('duplicate', fold.reason, fold.into);
  const patients = splitPatients(record.text);
  const all = patients.map((patient, i) => ({
    caseId: caseIdOf(item.key, i + 1, patients.length),
    extracted: extractCase(patient.text),
  }));
  const cases = all.filter(({ extracted }) => extracted.completeness >= completenessMin);
  if (cases.length === 0) return without('incomplete', tooLittle(all, completenessMin));
  return { outcome: UNSETTLED, product: { item, cases, none: null, foldedInto: null, wasFoldedInto } };
}

/** Of the most complete patient of a document. */
function tooLittle(all: ReadDocument['cases'], completenessMin: number): string {
  const most = all.reduce<ExtractedCase | null>(
    (best, { extracted }) => (best && best.completeness >= extracted.completeness ? best : extracted),
    null,
  );
  const lacks = most ? lacksOf(most) : [];
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return (
    `${percent(most?.completeness ?? 0)} of a complete report where COMPLETENESS_MIN asks for ${percent(completenessMin)}` +
    (lacks.length > 0 ? `: no ${lacks.join(', no ')}` : '')
  );
}

/** `retracted: J Test 2026;1:2`, as far as the source says. */
function endInWords({ state, notices }: Standing): string {
  if (state === 'gone') return 'gone: its source no longer has it, or has it under another id';
  const reference = notices.find(({ kind }) => kind === 'retraction')?.reference;
  return reference ? `${state}: ${reference}` : state;
}

/** Holds what was read against the corpus: ids that another document has are refused, cases that are gone are withdrawn. */
async function settle(
  db: Database,
  batch: readonly Item[],
  outcomes: readonly Outcome[],
  products: readonly ReadDocument[],
): Promise<StageResult> {
  const keys = products.map(({ item }) => item.key);
  const held = await heldCases(
    db,
    products.flatMap(({ cases }) => cases.map(({ caseId }) => caseId)),
    keys,
  );
  const tombstones = await tombstonesOf(db, keys);
  const settled = new Map<number, Outcome>();
  const claimedBy = new Map([...held.cases].map(([caseId, { documentKey }]) => [caseId, documentKey]));
  const cases: NormalizedCase[] = [];
  const replaced: ReplacedCase[] = [];
  const leaving: Write[] = [];
  for (const product of products) {
    const { item, cases: own } = product;
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
    const live = held.liveCasesOf.get(item.key) ?? [];
    const isOwn = (caseId: string) => own.some((one) => one.caseId === caseId);
    replaced.push(...live.filter(isOwn).map((caseId) => ({ itemId: item.id, caseId })));
    leaving.push(
      ...leavingWrites(
        product,
        live.filter((caseId) => !isOwn(caseId)),
        (tombstones.get(item.key) ?? []).filter((caseId) => product.foldedInto !== null || isOwn(caseId)),
      ),
    );
    if (own.length > 0) settled.set(item.id, await doneWith(item, normalized));
  }
  return {
    outcomes: outcomes.map((outcome, i) => settled.get(batch[i]?.id ?? -1) ?? outcome),
    writes: [...leaving, ...caseWrites(replaced, cases, extractorVersion())],
  };
}

/** What changes for cases that a document holds no longer, for those that are shown again, and for its place in its article. */
function leavingWrites(
  { item, none, foldedInto, wasFoldedInto }: ReadDocument,
  gone: readonly string[],
  back: readonly string[],
): readonly Write[] {
  const reason = none ?? `changed: ${item.key} holds this patient no longer`;
  return [
    ...(gone.length === 0
      ? []
      : withdrawWrites({ itemId: item.id, caseIds: gone, reason, atOnce: foldedInto === null })),
    ...liftWrites(item.id, back),
    ...(foldedInto === wasFoldedInto ? [] : foldWrites(item.id, item.key, foldedInto)),
  ];
}

/** The case items that a document becomes; a case that came back after a withdrawal is hashed as new, so that it is worked again. */
async function doneWith(item: Item, cases: readonly NormalizedCase[]): Promise<Outcome> {
  const makes = await Promise.all(
    cases.map(async ({ caseId, extracted, returns }) => ({
      kind: 'case',
      key: caseId,
      source: item.source,
      contentHash: await sha256Hex(JSON.stringify([extractorVersion(), returns, extracted])),
    })),
  );
  const outputHash = await sha256Hex(makes.map((made) => made.contentHash).join());
  return { kind: 'done', outputHash, makes };
}
