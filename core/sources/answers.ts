import {
  OutageError,
  PermanentError,
  QuotaError,
  RetryableError,
  type StageError,
  ValidationError,
} from '../engine/errors.ts';
import { RETRY_AFTER_MS_MAX, retryAfterMs } from '../engine/outcome.ts';
import type { HttpAnswer } from './http/http.ts';

/**
 * What is to become of work whose answer is an error: `retry` it later; wait out a `quota` or an `outage`; `split` the window, which
 * is too large; `park` it until the operator has acted (a bad query, a bad key); `refuse` what was asked for, and nothing else.
 */
export const ANSWER_CLASSES = ['retry', 'quota', 'outage', 'split', 'park', 'refuse'] as const;
export type AnswerClass = (typeof ANSWER_CLASSES)[number];

/** What was wrong, by what the services are known to answer. */
export type AnswerProblemCode =
  | 'rate_limit'
  | 'bad_key'
  | 'forbidden'
  | 'unavailable'
  | 'server_error'
  | 'backend_error'
  | 'past_ceiling'
  | 'bad_request'
  | 'no_ids'
  | 'not_found'
  | 'not_open_access'
  | 'html_page'
  | 'empty_body'
  | 'unreadable'
  | 'truncated';
export type AnswerProblem = {
  readonly class: AnswerClass;
  readonly code: AnswerProblemCode;
  /** With its remedy; without keys, addresses and e-mail. */
  readonly message: string;
  /** What the service asked for; null where it did not. */
  readonly retryAfterMs: number | null;
};

export type Reading =
  | { readonly kind: 'json'; readonly value: unknown }
  /** Whole as far as its end tells; `root` is its first element. */
  | { readonly kind: 'xml'; readonly root: string; readonly text: string }
  | { readonly kind: 'problem'; readonly problem: AnswerProblem };

/** What was asked for decides what a refusal means: a listing that is refused is the operator's, a document its own. */
export type Asked = 'listing' | 'documents';

type Known = {
  readonly says: RegExp;
  readonly class: AnswerClass;
  readonly code: AnswerProblemCode;
  readonly remedy: string;
};

/**
 * What the services say in words, wherever they say it: the same words come with several statuses and content types. The first that
 * fits counts.
 */
const KNOWN: readonly Known[] = [
  {
    says: /API rate limit exceeded|too many requests/i,
    class: 'quota',
    code: 'rate_limit',
    remedy: 'too many requests; it is asked again later, and an NCBI_API_KEY allows more',
  },
  {
    says: /API key (?:is )?(?:invalid|not valid|wrong|unknown)/i,
    class: 'park',
    code: 'bad_key',
    remedy: 'the service refuses the key: set NCBI_API_KEY as the account page of NCBI shows it, or leave it out',
  },
  {
    says: /'?retstart'? cannot be larger|can only retrieve the first [\d,]{1,12} records/i,
    class: 'split',
    code: 'past_ceiling',
    remedy: 'more hits than the service gives out; the window is to be split by date',
  },
  {
    says: /ID list is empty|Empty ID list|Neither query_key nor id|must be PubMed IDs|invalid_pmids|Invalid uid|ID parameter/i,
    class: 'refuse',
    code: 'no_ids',
    remedy: 'the service knows none of the ids',
  },
  {
    says: /is not Open Access|idIsNotOpenAccess|cannotDisseminateFormat/i,
    class: 'refuse',
    code: 'not_open_access',
    remedy: 'not open access: its full text may not be had',
  },
  {
    says: /No result can be found|idDoesNotExist|cannot get document|No items found|UID=\d{1,20}: cannot/i,
    class: 'refuse',
    code: 'not_found',
    remedy: 'the service has no such document',
  },
  {
    says: /temporarily unavailable|due to maintenance|under maintenance|scheduled maintenance|service unavailable/i,
    class: 'outage',
    code: 'unavailable',
    remedy: 'the service is down; it is asked again later',
  },
  {
    says: /Search Backend failed|Database is not supported|Unable to open connection|Unable to obtain quer|Can't run executor/i,
    class: 'retry',
    code: 'backend_error',
    remedy: 'a passing fault of the service; it is asked again',
  },
  {
    says: /error forwarding request|problem on our Web server|internal server error/i,
    class: 'retry',
    code: 'server_error',
    remedy: 'a passing fault of the service; it is asked again',
  },
  {
    says: /Invalid page size|Empty term|Invalid db name|Wrong DB name|syntax error|invalid query|Unsupported search|badArgument|badVerb|Invalid cursor/i,
    class: 'park',
    code: 'bad_request',
    remedy: 'the service does not take the request: correct the query of the source',
  },
];

/** Of a body, as much as words of an error are looked for in. */
const SAID_CHARS = 4_096;
const QUOTED_CHARS = 160;

/**
 * `text` without secrets: those that are given, as they stand or percent-encoded, and whatever has the shape of a key, an e-mail or
 * a network address, as the services send back the caller's.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  const byValue = secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
  return byValue
    .replace(/(["']?\b(?:api[-_]key|email|token)["']?\s?[:=]\s?["']?)[^"'&\s,;}<]{1,200}/gi, '$1***')
    .replace(/\b[0-9a-f]{32,64}\b/gi, '***')
    .replace(/(?<![\w.+-])[\w.+-]{1,254}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/g, '***')
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '***')
    .replace(/(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi, '***');
}

/** One line of what the service said, short and redacted. */
const quoted = (said: string, secrets: readonly string[]): string =>
  redact(
    said
      .slice(0, SAID_CHARS)
      .replace(/<[^<>]{0,400}>/g, ' ')
      .replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ')
      .replace(/ {2,}/g, ' ')
      .trim(),
    secrets,
  ).slice(0, QUOTED_CHARS);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON; where it is none, once more with the raw line breaks that E-utilities leave inside of strings as spaces. */
function parseJson(text: string): { readonly value: unknown } | null {
  for (const candidate of [text, text.replace(/\p{Cc}/gu, ' ')])
    try {
      return { value: JSON.parse(candidate) };
    } catch {
      // tried differently, or told by the caller
    }
  return null;
}

/** What a JSON answer says of an error of its own; null where it says nothing. */
function errorInJson(value: unknown): { readonly said: string; readonly status: number | null } | null {
  if (!isRecord(value)) return null;
  const text = (held: unknown): string => (typeof held === 'string' ? held : (JSON.stringify(held) ?? ''));
  if (value.errCode !== undefined) return { said: text(value.errMsg ?? ''), status: Number(value.errCode) || null };
  if (value.error !== undefined) return { said: text(value.error), status: null };
  if (value.status === 'error') return { said: text(value.errors ?? value), status: Number(value.http_status) || null };
  const { esearchresult } = value;
  if (isRecord(esearchresult) && esearchresult.ERROR !== undefined)
    return { said: text(esearchresult.ERROR), status: null };
  return null;
}

/** First element of an XML text, behind declaration, DOCTYPE, comments and instructions. */
function rootOf(text: string): string | null {
  let at = 0;
  for (let passed = 0; passed < 64; passed += 1) {
    at = text.indexOf('<', at);
    if (at < 0) return null;
    const end = text.startsWith('<!--', at)
      ? text.indexOf('-->', at)
      : /^<[?!]/.test(text.slice(at, at + 2))
        ? text.indexOf('>', at)
        : -1;
    if (end < 0) return /^<([A-Za-z_][\w.:-]{0,100})/.exec(text.slice(at, at + 104))?.[1] ?? null;
    at = end + 1;
  }
  return null;
}

const HTML_ROOTS = new Set(['html', 'head', 'body', 'center', 'title', 'h1', 'br', 'hr', 'p', 'div', 'pre', 'b']);

/** `<ERROR>`, or the `<error>` of PMC and OAI-PMH with its code, near the beginning; null without one. */
function errorInXml(text: string): string | null {
  const head = text.slice(0, 16_384);
  const found = /<error(?:\s([^<>]{0,300}))?>([^<]{0,2000})<\/error>/i.exec(head);
  if (!found) return null;
  const said = `${/code="([^"]{1,80})"/.exec(found[1] ?? '')?.[1] ?? ''} ${found[2] ?? ''}`.trim();
  return said === '' ? null : said;
}

/** True where an element of that name is closed, or was empty, at the end of the text. */
function isWhole(text: string, root: string): boolean {
  const tail = text
    .slice(-4_096)
    .replace(/<!--[^<>]{0,2000}-->/g, '')
    .trimEnd();
  if (tail.endsWith(`</${root}>`)) return true;
  const last = tail.slice(Math.max(0, tail.lastIndexOf('<')));
  return (
    last.indexOf('>') === last.length - 1 &&
    last.endsWith('/>') &&
    /^<([A-Za-z_][\w.:-]{0,100})/.exec(last)?.[1] === root
  );
}

/**
 * Reads what a service answered: its JSON or XML, or what is wrong with it. Content types are not believed, as errors come under any of
 * them, and neither is status 200. Never throws.
 */
export function readAnswer(answer: HttpAnswer, asked: Asked, secrets: readonly string[] = [], nowMs = 0): Reading {
  const text = new TextDecoder().decode(answer.bytes).replace(/^\ufeff/, '');
  const { status, headers } = answer;
  const problem = (
    answerClass: AnswerClass,
    code: AnswerProblemCode,
    remedy: string,
    said: string,
    saidStatus = status,
  ): Reading => {
    const words = quoted(said, secrets);
    const message = `${remedy} (${saidStatus === status ? status : `${status}, inside ${saidStatus}`}${words === '' ? '' : `: ${words}`})`;
    const dateMs = Date.parse(headers.date ?? '');
    const asksMs = retryAfterMs(headers['retry-after'] ?? null, Number.isNaN(dateMs) ? nowMs : dateMs);
    const waitMs = asksMs === null ? null : Math.min(asksMs, RETRY_AFTER_MS_MAX);
    return { kind: 'problem', problem: { class: answerClass, code, message, retryAfterMs: waitMs } };
  };
  /** By its words; `quote` is what of them is shown. */
  const known = (said: string, quote = said, saidStatus = status): Reading | null => {
    const found = KNOWN.find(({ says }) => says.test(said));
    if (!found) return null;
    // A document that the service does not want to hear of is no matter of the query.
    const own = found.code === 'bad_request' && asked === 'documents';
    return problem(own ? 'refuse' : found.class, found.code, found.remedy, quote, saidStatus);
  };
  /** By status alone. */
  const byStatus = (said: string, code: number): Reading => {
    if (code === 429) return problem('quota', 'rate_limit', 'too many requests; it is asked again later', said, code);
    if (code === 401 || code === 403)
      return problem(
        'park',
        'forbidden',
        'the service lets us not in: look at the key and at its terms of use',
        said,
        code,
      );
    if (code === 404 || code === 410)
      return asked === 'documents'
        ? problem('refuse', 'not_found', 'the service does not have it, or not for everybody', said, code)
        : problem(
            'retry',
            'server_error',
            'the service has no such page: look at its address in the settings',
            said,
            code,
          );
    if (code === 408 || code === 425 || code < 400)
      return problem('retry', 'server_error', 'an answer without what was asked for; it is asked again', said, code);
    if (code === 502 || code === 503 || code === 504)
      return problem('outage', 'unavailable', 'the service is down; it is asked again later', said, code);
    if (code >= 500) return problem('retry', 'server_error', 'a fault of the service; it is asked again', said, code);
    return asked === 'documents'
      ? problem('refuse', 'bad_request', 'the service does not take these ids', said, code)
      : problem(
          'park',
          'bad_request',
          'the service does not take the request: correct the query of the source',
          said,
          code,
        );
  };
  const isGood = status >= 200 && status < 300 && status !== 204;
  const trimmed = text.trimStart();
  const starts = trimmed[0];

  if (starts === '{' || starts === '[') {
    const parsed = parseJson(text);
    if (parsed === null) {
      const said = text.slice(0, SAID_CHARS);
      const cut = () => problem('retry', 'unreadable', 'no readable JSON, perhaps cut; it is asked again', '');
      return known(said) ?? (isGood ? cut() : byStatus('', status));
    }
    const error = errorInJson(parsed.value);
    if (error === null) return isGood ? { kind: 'json', value: parsed.value } : byStatus('', status);
    const inner = error.status ?? status;
    const fits = known(error.said, error.said, inner);
    if (fits !== null) return fits;
    // Errors inside 200 that nobody has described may pass.
    return inner >= 400
      ? byStatus(error.said, inner)
      : problem('retry', 'backend_error', 'the service reports an error; it is asked again', error.said);
  }
  if (starts === undefined)
    return isGood || status === 204
      ? problem('retry', 'empty_body', 'an empty answer; it is asked again', '')
      : byStatus('', status);
  const root = starts === '<' ? rootOf(trimmed) : null;
  if (root === null || HTML_ROOTS.has(root.toLowerCase())) {
    const said = trimmed.slice(0, SAID_CHARS);
    const title = /<title>([^<]{1,200})/i.exec(said)?.[1];
    const fits = known(said, title ?? said);
    if (fits !== null) return fits;
    if (!isGood) return byStatus(title ?? said, status);
    return problem('retry', 'html_page', 'a page for people instead of data; it is asked again', title ?? '');
  }
  const error = errorInXml(trimmed);
  // In a set of articles an error is one id's, and its adapter's to read.
  if (error !== null && root !== 'pmc-articleset' && !trimmed.includes('<PubmedArticle>')) {
    const fits = known(error);
    if (fits !== null) return fits;
    if (!isGood) return byStatus(error, status);
    return asked === 'documents'
      ? problem('refuse', 'not_found', 'the service reports an error instead of a document', error)
      : problem('retry', 'backend_error', 'the service reports an error; it is asked again', error);
  }
  if (!isGood) return byStatus('', status);
  if (!isWhole(trimmed, root))
    return problem('retry', 'truncated', 'the answer ends inside an element: it was cut; it is asked again', '');
  return { kind: 'xml', root, text: trimmed };
}

/** Where a service names no time: a window of its rate is a second, of a block some minutes. */
const QUOTA_WAIT_MS = 60_000;
const OUTAGE_WAIT_MS = 300_000;
/** Until an operator has acted nothing changes; asked again now and then, as they may have. */
const PARK_WAIT_MS = 3_600_000;

/**
 * The error to throw for a problem. What the operator must see to ends a listing, and lets retrievals wait: a wrong key is no fault
 * of the documents that were asked for.
 */
export function errorOf(problem: AnswerProblem, service: string, asked: Asked): StageError {
  const { message } = problem;
  switch (problem.class) {
    case 'quota':
      return new QuotaError(message, { service, retryAfterMs: problem.retryAfterMs ?? QUOTA_WAIT_MS });
    case 'outage':
      return new OutageError(message, { service, retryAfterMs: problem.retryAfterMs ?? OUTAGE_WAIT_MS });
    case 'retry':
      return ['unreadable', 'truncated', 'html_page', 'empty_body'].includes(problem.code)
        ? new ValidationError(message, { service })
        : new RetryableError(message, { service });
    case 'park':
      return asked === 'listing'
        ? new PermanentError(message, { service })
        : new OutageError(message, { service, retryAfterMs: PARK_WAIT_MS });
    default:
      return new PermanentError(message, { service });
  }
}
