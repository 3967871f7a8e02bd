import type { PublicationState } from '../../schema/vocabulary.ts';
import { screenDocument } from '../cases/screen.ts';
import { type Database, json, type Row, statement } from '../engine/database.ts';
import type { DocumentRead, DocumentRecord, Notice } from '../sources/record.ts';
import { text, textOrNull } from './columns.ts';
import { readDocuments } from './documents.ts';
import type { Identity, Member } from './fold.ts';
import { identityOf, neighbours } from './identity.ts';

/** A group with more documents than this is no article; who stands in it stays for itself. */
const GROUP_MAX = 64;

/** How a document stands, as `scrape` and its neighbours left it. */
export type Standing = {
  readonly key: string;
  readonly source: string;
  readonly state: PublicationState;
  readonly notices: readonly Notice[];
  readonly fullText: boolean;
  readonly authors: readonly string[];
  readonly year: number | null;
  readonly foldedInto: string | null;
};

export async function standings(db: Database, keys: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
  const [found] = await db.read([
    statement(
      `SELECT document_key, source, state, notices, full_text, authors, publication_date, folded_into FROM publication
       WHERE document_key IN (SELECT value FROM json_each(?))`,
      [json(keys)],
    ),
  ]);
  return new Map((found?.rows ?? []).map((row) => [text(row.document_key), standingOf(row)]));
}

const standingOf = (row: Row): Standing => ({
  key: text(row.document_key),
  source: text(row.source),
  state: text(row.state) as PublicationState, // written by scrape from that union
  notices: JSON.parse(text(row.notices)) as Notice[],
  fullText: Number(row.full_text) === 1,
  authors: JSON.parse(text(row.authors)) as string[],
  year: Number(/^\d{4}/.exec(textOrNull(row.publication_date) ?? '')?.[0] ?? Number.NaN) || null,
  foldedInto: textOrNull(row.folded_into),
});

/**
 * Of each key that has anything in common with other documents: itself and all that may be of its article, with what decides.
 * `records` holds those that are read already; the others are read here.
 */
export async function readGroups(
  db: Database,
  keys: readonly string[],
  records: ReadonlyMap<string, DocumentRecord>,
  read: DocumentRead,
): Promise<ReadonlyMap<string, readonly Member[]>> {
  const linked = new Map<string, Set<string>>();
  let asked: readonly string[] = keys;
  const known = new Set(keys);
  while (asked.length > 0) {
    const fresh = new Set<string>();
    for (const [a, b] of await neighbours(db, asked)) {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const)
        linked.set(from, (linked.get(from) ?? new Set()).add(to));
      if (!known.has(b)) fresh.add(b);
    }
    for (const key of fresh) known.add(key);
    asked = [...fresh];
  }
  if (linked.size === 0) return new Map();
  const members = await readMembers(db, [...linked.keys()], records, read);
  const groups = new Map<string, readonly Member[]>();
  for (const key of keys) {
    if (!linked.has(key)) continue;
    const reached = new Set([key]);
    for (const at of reached) for (const other of linked.get(at) ?? []) reached.add(other);
    if (reached.size > GROUP_MAX) continue;
    groups.set(
      key,
      [...reached].flatMap((one) => members.get(one) ?? []),
    );
  }
  return groups;
}

async function readMembers(
  db: Database,
  keys: readonly string[],
  records: ReadonlyMap<string, DocumentRecord>,
  read: DocumentRead,
): Promise<ReadonlyMap<string, Member>> {
  const standing = await standings(db, keys);
  const [rows] = await db.read([
    statement(
      `SELECT document_key, kind, value FROM document_identity WHERE document_key IN (SELECT value FROM json_each(?))`,
      [json(keys)],
    ),
  ]);
  const identities = new Map<string, Identity[]>();
  for (const row of rows?.rows ?? []) {
    const own = identities.get(text(row.document_key)) ?? [];
    identities.set(text(row.document_key), own);
    own.push(identityOf(row));
  }
  const documents = await readDocuments(
    db,
    keys.filter((key) => !records.has(key)),
  );
  const members = new Map<string, Member>();
  for (const [key, said] of standing) {
    const document = documents.get(key);
    const reading = document && read(document.format, document.raw, key);
    const record = records.get(key) ?? (reading?.kind === 'record' ? reading.record : null);
    const yields = record !== null && !record.setAside && screenDocument(record.text).kind === 'accepted';
    members.set(key, { ...said, identities: identities.get(key) ?? [], text: record?.text ?? '', yields });
  }
  return members;
}
