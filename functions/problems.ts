import { DatabaseError, SchemaError } from '../core/engine/index.ts';
import { BodyError } from '../core/json-body.ts';
import { KeywordsUnavailableError } from '../core/search/keyword-hits.ts';
import { ReleaseFormatError } from '../core/search/release.ts';
import type { RequestProblem } from '../core/search/request.ts';
import { CaseGoneError, CaseUnknownError, GenerationMismatchError } from '../core/search/search.ts';
import { ConfigError } from './config.ts';
import { NotReadyError, SearchOffError } from './search/releases.ts';
import { NoEmbedderError } from './search/serving.ts';
import { ReleaseSourceError } from './search/source.ts';

/** What a problem says. Everything in it may be shown to the caller. */
export type ProblemFacts = {
  readonly status: 400 | 401 | 404 | 405 | 410 | 413 | 415 | 422 | 500 | 503;
  /** The stable name that a program may switch on. */
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly RequestProblem[];
  readonly headers?: Readonly<Record<string, string>>;
};

/** Thrown by a route to answer with a problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly facts: ProblemFacts;
  constructor(facts: ProblemFacts) {
    super(facts.detail);
    this.facts = facts;
  }
}

const TITLES: Readonly<Record<ProblemFacts['status'], string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const RETRY_AFTER_S = '30';
/** A release is loaded within seconds. */
const LOADING_RETRY_AFTER_S = '5';

export const UNKNOWN_CASE = 'The release being served has no case with this id.';

/** What the caller may know of an error; the rest stands in the log under the request id. */
export function factsOf(error: unknown): ProblemFacts {
  if (error instanceof ProblemError) return error.facts;
  const ofSearch = searchFacts(error);
  if (ofSearch !== null) return ofSearch;
  if (error instanceof ConfigError) return { status: 503, code: 'not_configured', detail: error.message };
  if (error instanceof SchemaError) return { status: 503, code: 'schema_mismatch', detail: error.message };
  if (error instanceof DatabaseError)
    return {
      status: 503,
      code: 'database_unavailable',
      detail: 'The database refused or did not answer in time. The next tick goes on where this one stopped.',
      headers: { 'Retry-After': RETRY_AFTER_S },
    };
  return {
    status: 500,
    code: 'internal_error',
    detail: 'Something went wrong on our side. The request id finds it in the log.',
  };
}

/** The same codes as on the Space. */
function searchFacts(error: unknown): ProblemFacts | null {
  if (error instanceof BodyError) return { status: error.status, code: error.code, detail: error.message };
  if (error instanceof CaseUnknownError) {
    const errors = [{ field: 'case_id', message: 'no such case' }];
    return { status: 404, code: 'unknown_case', detail: UNKNOWN_CASE, errors };
  }
  if (error instanceof CaseGoneError) {
    const detail = `This case was taken out of the corpus (${error.reason}).`;
    const errors = [{ field: 'case_id', message: `taken out of the corpus (${error.reason})` }];
    return { status: 410, code: 'case_gone', detail, errors };
  }
  if (error instanceof KeywordsUnavailableError) {
    const detail = 'Phrases, prefixes and very common words need the keyword index, which this host has not.';
    const errors = [{ field: error.field, message: 'ask for plain words, AND, OR and NOT' }];
    return { status: 422, code: 'keywords_unavailable', detail, errors };
  }
  if (error instanceof GenerationMismatchError) {
    const detail = `The query embedder does not match the release: ${error.message}.`;
    return { status: 503, code: 'generation_mismatch', detail, headers: { 'Retry-After': RETRY_AFTER_S } };
  }
  if (error instanceof NoEmbedderError) {
    const detail = `Vectors alone were asked for, and the query can get none (${error.message}): add the legs lexical or findings.`;
    return { status: 503, code: 'embedder_missing', detail, headers: { 'Retry-After': RETRY_AFTER_S } };
  }
  if (error instanceof NotReadyError) {
    const headers = { 'Retry-After': LOADING_RETRY_AFTER_S };
    return { status: 503, code: 'not_ready', detail: error.message, headers };
  }
  if (error instanceof ReleaseSourceError || error instanceof ReleaseFormatError) {
    const detail = `A part of the release cannot be read: ${error.message}.`;
    return { status: 503, code: 'release_unreadable', detail, headers: { 'Retry-After': RETRY_AFTER_S } };
  }
  if (error instanceof SearchOffError) {
    const detail = `Search is off on this host: ${error.message}. The Space answers searches.`;
    return { status: 503, code: 'search_disabled', detail };
  }
  return null;
}

/** RFC 9457: `type` stays `about:blank`; `instance` is the request id. */
export function problemResponse(facts: ProblemFacts, requestId: string): Response {
  const { status, code, detail, errors, headers } = facts;
  return new Response(
    JSON.stringify({ type: 'about:blank', title: TITLES[status], status, code, detail, instance: requestId, errors }),
    { status, headers: { ...headers, 'Content-Type': 'application/problem+json' } },
  );
}
