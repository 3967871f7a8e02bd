import type { IdentityKind } from '../../schema/vocabulary.ts';
import { sketchOf, wordsHash } from '../cases/similar.ts';
import { type Database, json, type Row, statement, type Value } from '../engine/database.ts';
import { type Again, againWrites } from '../engine/enter.ts';
import { quoted } from '../engine/sql.ts';
import type { Fenced, Write } from '../engine/stage.ts';
import type { DocumentRecord, Publication } from '../sources/record.ts';
import { text } from './columns.ts';
import { publicationRows } from './documents.ts';
import type { Identity } from './fold.ts';

export type { Identity } from './fold.ts';

/** A title in fewer words, these left out, is that of many articles. */
const TITLE_WORDS_MIN = 5;
const TITLE_CHARS_MIN = 32;
const GENERIC =
  /^(?:an?|and|as|at|author|authors|by|case|cases|clinical|comment|correction|corrigendum|editor|editorial|erratum|for|from|images?|in|its|letter|literature|medicine|of|on|or|patients?|presentation|quiz|rare|re|reply|reports?|response|review|series|study|the|to|unusual|with)$/;
const DOI = /^10\.\d{4,9}\/\S{1,200}$/;

const digitsOf = (value: string | null, pattern: RegExp): string | null => {
  const digits = pattern.exec(value?.trim() ?? '')?.[1];
  return digits === undefined ? null : digits.replace(/^0+(?=\d)/, '');
};

/** Lower case, without resolver or prefix (DOI Handbook, 2.4: names are compared without case); null where it is none. */
export function normalDoi(doi: string | null): string | null {
  const name = (doi ?? '')
    .trim()
    .toLowerCase()
    .replace(/^(?:https?:\/\/)?(?:dx\.)?doi\.org\//, '')
    .replace(/^doi:\s{0,4}/, '')
    .replace(/[.,;]$/, '');
  return DOI.test(name) ? name : null;
}

/** The hash of a title that says enough to tell an article by; else null. */
export function titleHash(title: string | null): string | null {
  const words = (title ?? '').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const telling = words.filter((word) => !GENERIC.test(word));
  if (telling.length < TITLE_WORDS_MIN || telling.join('').length < TITLE_CHARS_MIN) return null;
  return wordsHash(words.join(' '));
}

/** What a document may have in common with another of the same article. Pure; linear in its text. */
export function identitiesOf(record: Pick<DocumentRecord, 'key' | 'text' | 'publication'>): readonly Identity[] {
  const { pmid, pmcid, doi, title } = record.publication;
  const identities: Identity[] = [];
  const add = (kind: IdentityKind, value: string | null) => {
    if (value !== null && !identities.some((one) => one.kind === kind && one.value === value))
      identities.push({ kind, value });
  };
  add('pmid', digitsOf(pmid, /^(?:PMID[:_ ]?)?(\d{1,9})$/i));
  add('pmid', digitsOf(record.key, /^PMID_(\d{1,9})$/));
  add('pmcid', digitsOf(pmcid, /^(?:PMC)?(\d{1,9})(?:\.\d{1,3})?$/i));
  add('pmcid', digitsOf(record.key, /^PMC_(\d{1,9})$/));
  add('doi', normalDoi(doi));
  add('title', titleHash(title));
  for (const value of sketchOf(record.text)) identities.push({ kind: 'shingle', value });
  return identities;
}

// What a change of one document means for the others ---------------------------------------------------------------

/** What `scrape` is about to write of a document. */
export type Identified = {
  readonly itemId: number;
  readonly key: string;
  readonly publication: Publication;
  /** What is held of it; undefined before the first time. */
  readonly before: Publication | undefined;
  /** Null where nothing was read of it, and its identities stay. */
  readonly record: DocumentRecord | null;
};

/** The identities that are held of some documents. */
export async function heldIdentities(
  db: Database,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly Identity[]>> {
  const [found] = await db.read([
    statement(
      `SELECT d.document_key, d.kind, d.value FROM json_each(?) j CROSS JOIN document_identity d INDEXED BY document_identity_document
         ON d.document_key = j.value`,
      [json(keys)],
    ),
  ]);
  const held = new Map<string, Identity[]>();
  for (const row of found?.rows ?? []) {
    const own = held.get(text(row.document_key)) ?? [];
    held.set(text(row.document_key), own);
    own.push(identityOf(row));
  }
  return held;
}

export const identityOf = (row: Row): Identity => ({
  kind: text(row.kind) as IdentityKind, // written by identityWrites from that union
  value: text(row.value),
});

/** What a publication row would hold, whatever the order of the fields in memory. */
const saidIn = (key: string, publication: Publication | undefined): string | undefined =>
  publication && JSON.stringify(publicationRows([{ itemId: 0, key, publication }]).rows[0]?.values);

const nameOf = ({ kind, value }: Identity): string => `${kind} ${value}`;

/**
 * Rows of what documents have in common with others, written by `scrape` in the commit that stores what they say about
 * themselves. Where that differs from what is held, the documents of the same article are normalized again, in whatever state they
 * are; a changed publication also brings its cases into the next release, without working them anew.
 */
export function identityWrites(
  items: readonly Identified[],
  held: ReadonlyMap<string, readonly Identity[]>,
): readonly Write[] {
  const lost: Fenced[] = [];
  const rows: { readonly itemId: number; readonly values: readonly Value[] }[] = [];
  const changed: string[] = [];
  const republished: string[] = [];
  for (const { itemId, key, publication, before, record } of items) {
    const old = held.get(key) ?? [];
    const now = record === null ? old : identitiesOf(record);
    const nowNames = new Set(now.map(nameOf));
    const oldNames = new Set(old.map(nameOf));
    const gone = old.filter((identity) => !nowNames.has(nameOf(identity)));
    const fresh = now.filter((identity) => !oldNames.has(nameOf(identity)));
    if (gone.length > 0)
      lost.push({
        kind: 'fenced',
        itemId,
        sql: `DELETE FROM document_identity WHERE document_key = ?1 AND :held
                AND (kind, value) IN (SELECT value->>0, value->>1 FROM json_each(?2))`,
        args: [key, json(gone.map(({ kind, value }) => [kind, value]))],
      });
    rows.push(...fresh.map(({ kind, value }) => ({ itemId, values: [kind, value, key] })));
    const other = saidIn(key, before) !== saidIn(key, publication);
    if (gone.length > 0 || fresh.length > 0 || other) changed.push(key);
    if (before && other) republished.push(key);
  }
  return [
    ...(lost.length > 0 ? normalizedAgain(changed) : []),
    ...lost,
    {
      kind: 'rows',
      table: 'document_identity',
      columns: ['kind', 'value', 'document_key'],
      key: ['kind', 'value', 'document_key'],
      rows,
    },
    ...normalizedAgain(changed),
    ...releasedAgain(republished),
  ];
}

/** More documents than this with one title or one sequence of words are not one article. */
const COMMON_MAX = 20;
const rareValue = (row: string): string =>
  `(SELECT count(*) FROM (SELECT 1 FROM document_identity x WHERE x.kind = ${row}.kind AND x.value = ${row}.value LIMIT ${COMMON_MAX + 1})) <= ${COMMON_MAX}`;
const ofDocument = (row: string, key: string): string =>
  `document_identity ${row} INDEXED BY document_identity_document ON ${row}.document_key = ${key}`;
const withValueOf = (row: string, of: string): string =>
  `document_identity ${row} ON ${row}.kind = ${of}.kind AND ${row}.value = ${of}.value`;

/** An SQL query of the documents that share a text with those of `seeds`, a query of their keys as `value`. */
const textNeighbours = (seeds: string): string =>
  `SELECT t.document_key FROM (${seeds}) s CROSS JOIN ${ofDocument('d', 's.value')} AND d.kind = 'shingle' AND ${rareValue('d')}
     CROSS JOIN ${withValueOf('t', 'd')} AND t.document_key <> d.document_key
   GROUP BY s.value, t.document_key HAVING count(*) >= 2`;

/**
 * An SQL query of the items of all documents that may be of one article with those of `keys`, these included: over ids and titles
 * in any number of steps, over texts in one, because whatever shares a text with the second shares it with the first.
 */
const groupItems = (keys: readonly string[]): string => {
  const seeds = `SELECT value FROM json_each(${quoted(json(keys))})`;
  return `WITH RECURSIVE reached(document_key) AS (
      ${seeds} UNION SELECT document_key FROM (${textNeighbours(seeds)})
      UNION SELECT o.document_key FROM reached r CROSS JOIN ${ofDocument('d', 'r.document_key')} AND d.kind <> 'shingle' AND ${rareValue('d')}
        CROSS JOIN ${withValueOf('o', 'd')})
    SELECT i.id FROM reached r CROSS JOIN item i ON i.kind = 'document' AND i.key = r.document_key`;
};

const AGAIN = { cause: 'input', actor: 'scrape' } as const satisfies Partial<Again>;

/** Writes of a stage that make the documents of an article be normalized again, and whoever works on one of them be fenced out. */
const normalizedAgain = (keys: readonly string[]): readonly Fenced[] =>
  keys.length === 0
    ? []
    : unbound(
        againWrites(0, 'normalize', {
          ...AGAIN,
          items: groupItems(keys),
          states: ['done', 'skipped', 'dead', 'leased'],
          reason: 'a document of the same article came or changed',
        }),
      );

/** Writes of a stage that bring the cases of documents, and of those that they are folded into, into the next release. */
const releasedAgain = (keys: readonly string[]): readonly Fenced[] => {
  if (keys.length === 0) return [];
  const documents = `SELECT value FROM json_each(${quoted(json(keys))})`;
  return unbound(
    againWrites(0, 'index', {
      ...AGAIN,
      items: `SELECT i.id FROM (${documents} UNION SELECT folded_into FROM publication WHERE folded_into IS NOT NULL AND document_key IN (${documents})) k
        CROSS JOIN patient_case c INDEXED BY patient_case_document ON c.document_key = k.value AND c.withdrawn = 0
        CROSS JOIN item i ON i.kind = 'case' AND i.key = c.case_id`,
      states: ['done', 'leased'],
      reason: 'what is said of its publication changed',
    }),
  );
};

/** A document is folded into another one, or no longer: both of them have other links in the next release. */
export const foldWrites = (itemId: number, key: string, into: string | null): readonly Fenced[] => [
  ...releasedAgain([key]),
  {
    kind: 'fenced',
    itemId,
    sql: `UPDATE publication SET folded_into = ?1 WHERE document_key = ?2 AND :held`,
    args: [into, key],
  },
  ...(into === null ? [] : releasedAgain([into])),
];

/** Of the batch as a whole: an item that was taken away meanwhile is worked again, and the others are looked at once more. */
const unbound = (writes: readonly Fenced[]): readonly Fenced[] => writes.map((write) => ({ ...write, itemId: null }));

/** Pairs of documents with something in common, of which one is in `keys`: by an id or a title once, by text twice or more. */
export async function neighbours(
  db: Database,
  keys: readonly string[],
): Promise<readonly (readonly [key: string, other: string])[]> {
  const seeds = `SELECT value FROM json_each(?1)`;
  const [byName, byText] = await db.read([
    statement(
      `SELECT DISTINCT d.document_key AS a, o.document_key AS b FROM (${seeds}) s
         CROSS JOIN ${ofDocument('d', 's.value')} AND d.kind <> 'shingle' AND ${rareValue('d')}
         CROSS JOIN ${withValueOf('o', 'd')} AND o.document_key <> d.document_key`,
      [json(keys)],
    ),
    statement(
      `SELECT s.value AS a, t.document_key AS b FROM (${seeds}) s CROSS JOIN ${ofDocument('d', 's.value')} AND d.kind = 'shingle'
         AND ${rareValue('d')} CROSS JOIN ${withValueOf('t', 'd')} AND t.document_key <> d.document_key
       GROUP BY s.value, t.document_key HAVING count(*) >= 2`,
      [json(keys)],
    ),
  ]);
  return [...(byName?.rows ?? []), ...(byText?.rows ?? [])].map((row) => [text(row.a), text(row.b)] as const);
}
