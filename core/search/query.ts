import { FACETS, type Facet, VIEWS, type View } from '../../schema/vocabulary.ts';
import type { ExtractedCase, Finding } from '../cases/case.ts';
import { extractCase } from '../cases/extract.ts';
import { DIMENSION, type Embedder, EmbedderAwayError } from '../models/ports.ts';
import { viewTexts } from '../models/views.ts';
import type { SearchRequest } from './contract.ts';
import type { Release } from './release.ts';

/** The request names a case that this release does not have (never had, or no longer has). */
export class CaseUnknownError extends Error {
  override readonly name = 'CaseUnknownError';
  readonly caseId: string;

  constructor(caseId: string) {
    super(`case ${caseId} is not in this release`);
    this.caseId = caseId;
  }
}

/** The case may not be shown any more; says why. */
export class CaseGoneError extends Error {
  override readonly name = 'CaseGoneError';
  readonly caseId: string;
  /** For everybody: `retracted: Retraction in: J Test 2026`. */
  readonly reason: string;

  constructor(caseId: string, reason: string) {
    super(`case ${caseId} was taken out of the corpus (${reason})`);
    this.caseId = caseId;
    this.reason = reason;
  }
}

/** The embedder at hand made other vectors than the release holds; comparing them would mean nothing. */
export class GenerationMismatchError extends Error {
  override readonly name = 'GenerationMismatchError';
  readonly expected: string;
  readonly found: string;

  constructor(expected: string, found: string) {
    super(`the release holds vectors of ${expected}, the query would be embedded by ${found}`);
    this.expected = expected;
    this.found = found;
  }
}

/** A query as it is searched for. `sourceOf` gives the text that the spans of a facet's findings point into. */
export type Query = {
  readonly text: string;
  readonly extracted: Pick<ExtractedCase, 'facets' | 'patient'>;
  readonly vectors: Readonly<Partial<Record<View, Float32Array>>>;
  /** Why it has no vectors although it has text: the embedder is away. For everybody. */
  readonly embedderAway?: string;
  readonly sourceOf: (facet: Facet) => string;
  /** The case that the query is, where it is one. */
  readonly ordinal: number | null;
  /** A person has said what belongs to which facet. */
  readonly isByFacet: boolean;
};

/** Words of a finding as the query says them. */
export function quoteOf(text: string, finding: Finding): string {
  return text.slice(finding.span[0], finding.span[1]);
}

const isZero = (vector: Float32Array): boolean => vector.every((value) => value === 0);

async function embedViews(
  texts: Readonly<Partial<Record<View, string>>>,
  embedder: Embedder,
): Promise<Pick<Query, 'vectors' | 'embedderAway'>> {
  const views = VIEWS.filter((view) => texts[view] !== undefined && texts[view] !== '');
  if (views.length === 0) return { vectors: {} };
  let embedded: readonly Float32Array[];
  try {
    embedded = await embedder.embed(views.map((view) => texts[view] ?? ''));
  } catch (error) {
    if (error instanceof EmbedderAwayError) return { vectors: {}, embedderAway: error.message };
    throw error;
  }
  const vectors: Partial<Record<View, Float32Array>> = {};
  for (const [i, view] of views.entries()) {
    const vector = embedded[i];
    if (vector?.length !== DIMENSION) throw new Error(`${embedder.name}: expected ${DIMENSION} numbers for ${view}`);
    if (!isZero(vector)) vectors[view] = vector;
  }
  return { vectors };
}

async function queryOfText(text: string, embedder: Embedder): Promise<Query> {
  const extracted = extractCase(text);
  const embedded = await embedViews(viewTexts(extracted), embedder);
  const sourceOf = () => extracted.text;
  return { text: extracted.text, extracted, ...embedded, sourceOf, ordinal: null, isByFacet: false };
}

/** Each facet's text is read on its own, and only for that facet: the person has said what belongs where. */
async function queryOfFacets(given: Readonly<Partial<Record<Facet, string>>>, embedder: Embedder): Promise<Query> {
  const facets: Partial<Record<Facet, ExtractedCase['facets'][Facet]>> = {};
  const sources: Partial<Record<Facet, string>> = {};
  let patient: ExtractedCase['patient'] = { ageYears: null, sex: null };
  for (const facet of FACETS) {
    const text = given[facet];
    if (text === undefined) continue;
    const extracted = extractCase(text);
    sources[facet] = extracted.text;
    facets[facet] = { text, findings: extracted.facets[facet]?.findings ?? [] };
    if (facet === 'demographics') patient = extracted.patient;
  }
  const whole = FACETS.flatMap((facet) => given[facet] ?? []).join('\n');
  const embedded = await embedViews({ ...given, whole }, embedder);
  const extracted = { facets: facets as ExtractedCase['facets'], patient };
  const sourceOf = (facet: Facet) => sources[facet] ?? '';
  return { text: whole, extracted, ...embedded, sourceOf, ordinal: null, isByFacet: true };
}

async function queryOfCase(asked: string, release: Release): Promise<Query> {
  const caseId = release.cards.idOf(asked);
  const stored = await release.case(caseId);
  const ordinal = release.cards.ordinalOf(caseId);
  if (!stored || ordinal === undefined) throw new CaseUnknownError(asked);
  const vectors: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const row = release.views[view].rowOf[ordinal] ?? -1;
    if (row >= 0) vectors[view] = await release.vectors(view, [row]);
  }
  const { extracted } = stored;
  return { text: extracted.text, extracted, vectors, sourceOf: () => extracted.text, ordinal, isByFacet: false };
}

/** Reads and embeds what is asked for. Rejects with `CaseUnknownError` or `GenerationMismatchError`. */
export async function readQuery(request: SearchRequest, release: Release, embedder: Embedder): Promise<Query> {
  if (embedder.fingerprint !== release.manifest.generation) {
    throw new GenerationMismatchError(release.manifest.generation, embedder.fingerprint);
  }
  if (request.case_id !== undefined) return queryOfCase(request.case_id, release);
  if (request.facets !== undefined) return queryOfFacets(request.facets, embedder);
  return queryOfText(request.text ?? '', embedder);
}

/** What was understood of the query, in its own canonical words. */
export function understoodOf(query: Query): Partial<Record<Facet, readonly string[]>> {
  const understood: Partial<Record<Facet, readonly string[]>> = {};
  for (const facet of FACETS) {
    const findings = query.extracted.facets[facet]?.findings;
    if (findings && findings.length > 0) understood[facet] = [...new Set(findings.map(describe))];
  }
  return understood;
}

const ASSERTION_WORDS: Readonly<Record<Finding['assertion'], string>> = {
  present: '',
  absent: 'no ',
  possible: 'possible ',
  historical: 'history of ',
  family: 'family history of ',
  hypothetical: 'hypothetical ',
};

function describe(finding: Finding): string {
  const { term, assertion, value, unit, comparator, flag, severity, onset, trend, durationDays, qualifiers } = finding;
  const amount = value === undefined ? '' : ` ${comparator ?? ''}${value}${unit === undefined ? '' : ` ${unit}`}`;
  const lasting = durationDays === undefined ? [] : [durationDays === 1 ? 'for 1 day' : `for ${durationDays} days`];
  const told = [severity, onset, trend, ...lasting, ...(qualifiers ?? [])].filter((word) => word !== undefined);
  const words = told.length > 0 ? ` (${told.join(', ')})` : '';
  return `${ASSERTION_WORDS[assertion]}${term}${amount}${flag === undefined ? '' : ` [${flag}]`}${words}`;
}
