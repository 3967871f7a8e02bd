import type { IdentityKind, PublicationState } from '../../schema/vocabulary.ts';
import { isSameText, mayBeOnePatient } from '../cases/similar.ts';
import { isFromFile } from './licence.ts';

/** Which of several documents of one article yields its cases: decided from what they say about themselves, in no order. */

export type Identity = { readonly kind: IdentityKind; readonly value: string };

/** A document as the decision sees it. */
export type Member = {
  readonly key: string;
  readonly source: string;
  readonly state: PublicationState;
  readonly fullText: boolean;
  readonly authors: readonly string[];
  /** Null where it is not stated. */
  readonly year: number | null;
  readonly identities: readonly Identity[];
  /** Empty where its bytes cannot be read. */
  readonly text: string;
  /** False where no case can be made of it: set aside, or not readable. */
  readonly yields: boolean;
};

export type Fold =
  | { readonly kind: 'own' }
  | { readonly kind: 'folded'; readonly into: string; readonly reason: string }
  /** Another document of the same article says that it was retracted or withdrawn. */
  | { readonly kind: 'not_current'; readonly reason: string };

/** Shingles that two documents must share before their texts are compared: one may be a phrase that many articles use. */
const SHINGLES_SHARED_MIN = 2;
/** Ids of an article, the finest first. */
const ARTICLE_IDS = ['pmid', 'pmcid', 'doi'] as const;
const KIND_WORDS: Readonly<Record<IdentityKind, string>> = {
  pmid: 'PMID',
  pmcid: 'PMCID',
  doi: 'DOI',
  title: 'title',
  shingle: 'text',
};
/** What an operator brought himself comes before what a network source says in short. */
const SOURCE_ORDER = ['pmc', 'europe-pmc', 'pubmed', 'web'];
const YEARS_APART_MAX = 1;

const valuesOf = (member: Member, kind: IdentityKind): readonly string[] =>
  member.identities.filter((identity) => identity.kind === kind).map(({ value }) => value);

function sharedBetween(one: Member, other: Member, kind: IdentityKind): number {
  const held = new Set(valuesOf(one, kind));
  return valuesOf(other, kind).filter((value) => held.has(value)).length;
}

/** Both have an id of this kind, and not the same. */
function differIn(one: Member, other: Member, kind: IdentityKind): boolean {
  return valuesOf(one, kind).length > 0 && valuesOf(other, kind).length > 0 && sharedBetween(one, other, kind) === 0;
}

/**
 * The article id that two documents share; null where a finer one differs: the abstracts of a congress stand under one DOI, and
 * those of one PMC page have a PMID each.
 */
function sharedArticleId(one: Member, other: Member): (typeof ARTICLE_IDS)[number] | null {
  for (const kind of ARTICLE_IDS) {
    if (sharedBetween(one, other, kind) > 0) return kind;
    if (differIn(one, other, kind)) return null;
  }
  return null;
}

const bothFromFiles = (one: Member, other: Member): boolean => isFromFile(one.source) && isFromFile(other.source);

/** What only a third document links is kept apart where it is known to be two articles, or may be two patients of one. */
const keptApart = (one: Member, other: Member): boolean =>
  bothFromFiles(one, other) ||
  (sharedArticleId(one, other) === null && (differIn(one, other, 'pmid') || differIn(one, other, 'pmcid')));

/** Family names stand first or last, in full: one word of three letters or more in common is enough. */
function sameFirstAuthor(one: Member, other: Member): boolean {
  const words = (member: Member) => (member.authors[0] ?? '').toLowerCase().match(/\p{L}{3,}/gu) ?? [];
  const held = new Set(words(one));
  return words(other).some((word) => held.has(word));
}

/** By what two documents are told to be one article; null where they are not. Does not depend on their order. */
function sameArticle(one: Member, other: Member): IdentityKind | null {
  const id = sharedArticleId(one, other);
  // A file may hold one record for each patient of an article.
  if (id !== null && !bothFromFiles(one, other)) return id;
  const alike =
    id !== null ||
    sharedBetween(one, other, 'title') > 0 ||
    sharedBetween(one, other, 'shingle') >= SHINGLES_SHARED_MIN;
  if (!alike) return null;
  if (isSameText(one.text, other.text)) return id ?? 'shingle';
  const sameTitle =
    sharedBetween(one, other, 'title') > 0 &&
    !ARTICLE_IDS.some((kind) => differIn(one, other, kind)) &&
    sameFirstAuthor(one, other) &&
    one.year !== null &&
    other.year !== null &&
    Math.abs(one.year - other.year) <= YEARS_APART_MAX &&
    !bothFromFiles(one, other) &&
    mayBeOnePatient(one.text, other.text);
  return sameTitle ? 'title' : null;
}

/** Full text before abstract, then by source, then by key. */
function byRank(a: Member, b: Member): number {
  if (a.fullText !== b.fullText) return a.fullText ? -1 : 1;
  const order = SOURCE_ORDER.indexOf(a.source) - SOURCE_ORDER.indexOf(b.source);
  return order !== 0 ? order : a.key < b.key ? -1 : 1;
}

/** Members that `start` is linked to over any number of steps, itself included. */
function reached(start: Member, members: readonly Member[], linked: (a: Member, b: Member) => boolean): Set<Member> {
  const seen = new Set([start]);
  for (const at of seen) for (const other of members) if (!seen.has(other) && linked(at, other)) seen.add(other);
  return seen;
}

/**
 * What becomes of a document among all others that have an identity in common with it or with each other. One retraction holds
 * for all documents of an article; a document that is gone or yields no case leaves the article to the others.
 */
export function foldOf(document: Member, others: readonly Member[]): Fold {
  const members = [document, ...others.filter(({ key }) => key !== document.key)];
  const articleOf = (member: Member) => reached(member, members, (a, b) => sharedArticleId(a, b) !== null);
  const endOf = (member: Member): Member | undefined =>
    [...articleOf(member)]
      .filter(({ state }) => state === 'retracted' || state === 'withdrawn')
      .filter((ended) => sharedArticleId(member, ended) !== null || !keptApart(member, ended))
      .sort(byRank)[0];
  const end = document.state === 'current' ? endOf(document) : undefined;
  if (end) return { kind: 'not_current', reason: `${end.state}, as ${end.key} says of the same article` };

  const current = members.filter((member) => member.yields && member.state === 'current' && !endOf(member));
  if (!current.includes(document)) return { kind: 'own' };
  const kinds = new Map<string, IdentityKind | null>();
  const kindOf = (a: Member, b: Member): IdentityKind | null => {
    const pair = a.key < b.key ? `${a.key} ${b.key}` : `${b.key} ${a.key}`;
    const known = kinds.get(pair);
    if (known !== undefined) return known;
    const kind = sameArticle(a, b);
    kinds.set(pair, kind);
    return kind;
  };
  const group = [...reached(document, current, (a, b) => kindOf(a, b) !== null)].sort(byRank);
  const keepers: Member[] = [];
  for (const member of group) {
    const into = keepers.find((keeper) => kindOf(member, keeper) !== null || !keptApart(member, keeper));
    if (into === undefined) keepers.push(member);
    if (member !== document) continue;
    if (into === undefined) return { kind: 'own' };
    const kind = kindOf(document, into);
    const why = kind === null ? 'by what others say of it' : KIND_WORDS[kind];
    return { kind: 'folded', into: into.key, reason: `same article as ${into.key} (${why})` };
  }
  return { kind: 'own' };
}
