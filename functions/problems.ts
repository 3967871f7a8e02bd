import { DatabaseError, SchemaError } from '../core/engine/index.ts';
import { ConfigError } from './config.ts';

/** What a problem says. Everything in it may be shown to the caller. */
export type ProblemFacts = {
  readonly status: 401 | 404 | 405 | 500 | 503;
  /** The stable name that a program may switch on. */
  readonly code: string;
  readonly detail: string;
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
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const RETRY_AFTER_S = '30';

/** What the caller may know of an error; the rest stands in the log under the request id. */
export function factsOf(error: unknown): ProblemFacts {
  if (error instanceof ProblemError) return error.facts;
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

/** RFC 9457: `type` stays `about:blank`; `instance` is the request id. */
export function problemResponse(facts: ProblemFacts, requestId: string): Response {
  const { status, code, detail, headers } = facts;
  return new Response(
    JSON.stringify({ type: 'about:blank', title: TITLES[status], status, code, detail, instance: requestId }),
    { status, headers: { ...headers, 'Content-Type': 'application/problem+json' } },
  );
}
