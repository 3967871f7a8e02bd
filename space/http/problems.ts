import { HTTPException } from 'hono/http-exception';

export type FieldProblem = { readonly field: string; readonly message: string };

/** An RFC 9457 problem. `type` stays `about:blank`; `code` is the stable name that a program may switch on. */
export type Problem = {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** The request id, as found in the log and in `X-Request-Id`. */
  readonly instance: string;
  readonly errors?: readonly FieldProblem[];
};

type Facts = {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
  readonly headers?: Readonly<Record<string, string>>;
};

/** Thrown by a route to answer with a problem; everything in it may be shown to the caller. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly facts: Facts;
  constructor(facts: Facts) {
    super(facts.detail);
    this.facts = facts;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  410: 'Gone',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** How long a caller should wait for a release to load, in seconds. */
const RETRY_AFTER_S = '5';

/** Errors of other modules, known by name so that the HTTP face need not import what throws them. */
export const BY_NAME: Readonly<Record<string, Facts>> = {
  CaseUnknownError: {
    status: 404,
    code: 'unknown_case',
    detail: 'The release being served has no case with this id.',
    errors: [{ field: 'case_id', message: 'no such case' }],
  },
  DatabaseError: {
    status: 503,
    code: 'database_unavailable',
    detail: 'The database does not answer; searches do, from the release that is loaded.',
    headers: { 'Retry-After': RETRY_AFTER_S },
  },
  GenerationMismatchError: {
    status: 503,
    code: 'generation_mismatch',
    detail: 'The query embedder does not match the release being served; search resumes when they agree again.',
    headers: { 'Retry-After': RETRY_AFTER_S },
  },
  KeywordsUnavailableError: {
    status: 422,
    code: 'keywords_unavailable',
    detail: 'Phrases, prefixes and very common words need the keyword index, which this release has not.',
    errors: [{ field: 'keywords', message: 'ask for plain words, AND, OR and NOT' }],
  },
  SearchBusyError: {
    status: 503,
    code: 'busy',
    detail: 'More searches wait than can be answered in good time. Nothing is lost; try again in a few seconds.',
    headers: { 'Retry-After': RETRY_AFTER_S },
  },
  SearchLostError: {
    status: 503,
    code: 'search_lost',
    detail: 'The search ended before it had an answer. Try again; if it happens again, the log has the reason.',
    headers: { 'Retry-After': RETRY_AFTER_S },
  },
  NotReadyError: {
    status: 503,
    code: 'not_ready',
    detail: 'No release is loaded yet. The status page shows how far the pipeline has come.',
    headers: { 'Retry-After': RETRY_AFTER_S },
  },
};

const INTERNAL: Facts = {
  status: 500,
  code: 'internal_error',
  detail: 'Something went wrong on our side. The request id finds it in the log.',
};

export function notReady(reason: string | null): ProblemError {
  const facts = BY_NAME.NotReadyError ?? INTERNAL;
  return new ProblemError(reason === null ? facts : { ...facts, detail: reason });
}

/** A case that was taken out of the corpus; the reason was published, and may be said. */
const goneFacts = (reason: string): Facts => ({
  status: 410,
  code: 'case_gone',
  detail: `This case was taken out of the corpus (${reason}).`,
  errors: [{ field: 'case_id', message: `taken out of the corpus (${reason})` }],
});

export function factsOf(error: unknown): Facts {
  if (error instanceof ProblemError) return error.facts;
  if (error instanceof HTTPException) return factsOfHttpException(error);
  const name = error instanceof Error ? error.name : '';
  if (name === 'CaseGoneError' && error instanceof Error && 'reason' in error) return goneFacts(String(error.reason));
  return Object.hasOwn(BY_NAME, name) ? (BY_NAME[name] ?? INTERNAL) : INTERNAL;
}

export function toProblem(facts: Facts, requestId: string): Problem {
  return {
    type: 'about:blank',
    title: TITLES[facts.status] ?? (facts.status < 500 ? 'Request refused' : 'Server error'),
    status: facts.status,
    code: facts.code,
    detail: facts.detail,
    instance: requestId,
    ...(facts.errors === undefined ? {} : { errors: facts.errors }),
  };
}

function factsOfHttpException(error: HTTPException): Facts {
  const headers: Record<string, string> = {};
  for (const name of ['WWW-Authenticate', 'Retry-After', 'Allow']) {
    const value = error.res?.headers.get(name);
    if (value) headers[name] = value;
  }
  const title = TITLES[error.status];
  return {
    status: error.status,
    code: (title ?? 'http_error').toLowerCase().replaceAll(' ', '_'),
    detail: error.status < 500 && error.message !== '' ? error.message : (title ?? INTERNAL.detail),
    headers,
  };
}
