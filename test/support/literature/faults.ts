import { seededRandom } from '../engine/runtime.ts';
import { type Answer, type Asked, answer, JSON_TYPE, type Quirk, type Route, XML_TYPE } from './answer.ts';
import { rateLimitBody } from './eutils.ts';

/** What may go wrong with one answer. None lies: bytes that come whole and can be read say what is so. */
export const FAULTS = [
  /** 429 as the service gives it: NCBI without Retry-After, the caller named in the body. */
  '429',
  '429-seconds',
  '429-date',
  '429-huge',
  '429-negative',
  '429-junk',
  /** The same body under a 200. */
  '200-limit',
  '503',
  '500-html',
  '500-json',
  '200-html',
  /** An error in words, in the service's own form, under a 200. */
  '200-error',
  '200-empty',
  '204',
  '302-loop',
  /** Taken, and never answered. */
  'hang',
  /** Head, then nothing. */
  'silence',
  /** Head, then a byte now and then. */
  'slow',
  /** Half of the body, then a reset. */
  'reset',
  /** Half of the announced length, then the end. */
  'short',
  /** Half of the chunks, then the end without the last one. */
  'chunks-cut',
  /** A whole answer that holds half a document. */
  'truncated',
  'gzip',
  'gzip-cut',
  /** A page with half of what was asked for, while the count stands. */
  'clamped',
  /** An id twice on a page. */
  'doubled',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Answers that come all the same. */
const HARMLESS: ReadonlySet<Fault> = new Set(['gzip', 'clamped', 'doubled']);
const LISTINGS: ReadonlySet<Route> = new Set(['esearch', 'epmc-search']);
/** What a storm is made of: as often as it stands here. */
const STORM: readonly Fault[] = [
  '429',
  '429-seconds',
  '429-date',
  '429-negative',
  '429-junk',
  '200-limit',
  '503',
  '503',
  '500-html',
  '500-json',
  '200-html',
  '200-error',
  '200-empty',
  'hang',
  'silence',
  'slow',
  'reset',
  'reset',
  'short',
  'short',
  'chunks-cut',
  'truncated',
  'truncated',
  'gzip',
  'gzip-cut',
  'clamped',
  'clamped',
  'doubled',
];

export type FaultRule = {
  /** Any route without it. */
  readonly route?: Route | readonly Route[];
  readonly when?: (asked: Asked) => boolean;
  readonly fault: Fault;
  /** So often; always without it. */
  readonly times?: number;
};

export type FaultSettings = {
  readonly seed: number;
  /** Share of requests, in [0, 1], to which a fault of `storm` is done. */
  readonly share?: number;
  readonly storm?: readonly Fault[];
  /** The same request is not harmed more often than this in a row, so that what is asked again does come. */
  readonly inARowMax?: number;
  /** Said in Retry-After where a storm asks for patience. */
  readonly retryAfterS?: number;
  /** Before any rule of `share`, in this order. */
  readonly rules?: readonly FaultRule[];
};

export type Faults = {
  /** What is done to this request; null for nothing. */
  readonly next: (asked: Asked) => Fault | null;
  readonly set: (settings: FaultSettings) => void;
  readonly retryAfterS: () => number;
};

export function makeFaults(first: FaultSettings): Faults {
  let settings = first;
  let random = seededRandom(first.seed);
  let left = new Map<FaultRule, number>();
  const inARow = new Map<string, number>();
  const drawn = (asked: Asked): Fault | null => {
    for (const rule of settings.rules ?? []) {
      const routes = rule.route === undefined ? [asked.route] : [rule.route].flat();
      const remaining = left.get(rule) ?? rule.times ?? Number.POSITIVE_INFINITY;
      if (remaining <= 0 || !routes.includes(asked.route) || rule.when?.(asked) === false) continue;
      left.set(rule, remaining - 1);
      return rule.fault;
    }
    if (random() >= (settings.share ?? 0)) return null;
    const key = `${asked.route} ${[...asked.params].sort().join('&')} ${asked.path.split('?')[0]}`;
    const row = inARow.get(key) ?? 0;
    const storm = (settings.storm ?? STORM).filter((fault) => fits(fault, asked.route));
    const fault = row >= (settings.inARowMax ?? 3) ? null : (storm[Math.floor(random() * storm.length)] ?? null);
    inARow.set(key, fault === null || HARMLESS.has(fault) ? 0 : row + 1);
    return fault;
  };
  return {
    next: drawn,
    set: (next) => {
      settings = next;
      random = seededRandom(next.seed);
      left = new Map();
    },
    retryAfterS: () => settings.retryAfterS ?? 1,
  };
}

const fits = (fault: Fault, route: Route): boolean =>
  (fault !== 'clamped' && fault !== 'doubled') || LISTINGS.has(route);

export const quirkOf = (fault: Fault | null): Quirk => (fault === 'clamped' || fault === 'doubled' ? fault : null);

const HTML_500 =
  '<head> <title>NCBI/eutils202 - WWW Error 500 Diagnostic</title></head> <body> <h1>Server Error</h1> <p>Your request could not be processed due to a problem on our Web server.</p> <div class="diags">Error: 500</div></body>';
const HTML_200 =
  '<!DOCTYPE html>\n<html><head><title>Service notice</title></head><body><h1>We will be back soon</h1><p>The service is being maintained.</p></body></html>';

/** The answer that is given in place of the true one; null where the true one is sent, in whatever way. */
export function standIn(fault: Fault, asked: Asked, retryAfterS: number, nowMs: number): Answer | null {
  const after = (value: string | null): Answer => {
    const limit = answer(429, JSON_TYPE, rateLimitBody(asked.params.get('api_key') ?? '127.0.0.1', 4, 3));
    return value === null ? limit : { ...limit, headers: { ...limit.headers, 'retry-after': value } };
  };
  switch (fault) {
    case '429':
      return after(null);
    case '429-seconds':
      return after(String(retryAfterS));
    case '429-date':
      return after(new Date(nowMs + retryAfterS * 1_000).toUTCString());
    case '429-huge':
      return after('1000000000');
    case '429-negative':
      return after('-5');
    case '429-junk':
      return after('soon');
    case '200-limit':
      return { ...after(null), status: 200 };
    case '503':
      return answer(503, 'text/plain', 'This API is temporarily unavailable due to maintenance.\n');
    case '500-html':
      return answer(500, 'text/html', HTML_500);
    case '500-json':
      return answer(
        500,
        JSON_TYPE,
        '{"error":"error forwarding request","api-key":"127.0.0.1","type":"ip",\n"status":"ok"}',
      );
    case '200-html':
      return answer(200, 'text/html', HTML_200);
    case '200-error':
      return errorInside(asked);
    case '200-empty':
      return answer(200, asked.route === 'epmc-search' ? JSON_TYPE : XML_TYPE, '');
    case '204':
      return answer(204, '', '');
    case '302-loop':
      return { ...answer(302, '', ''), headers: { location: asked.path } };
    default:
      return null;
  }
}

function errorInside({ route, params }: Asked): Answer {
  const message = 'Search Backend failed: Database is not supported: pubmed';
  if (route === 'esearch' && params.get('retmode') === 'json')
    return answer(
      200,
      JSON_TYPE,
      `{"header":{"type":"esearch","version":"0.3"},"esearchresult":{"ERROR":"${message}"}}`,
    );
  if (route === 'epmc-search')
    return answer(200, JSON_TYPE, '{"errCode":500,"errMsg":"The search could not be run at this time"}');
  const root = route === 'esearch' ? 'eSearchResult' : 'eFetchResult';
  return answer(
    200,
    XML_TYPE,
    `<?xml version="1.0" encoding="UTF-8" ?>\n<${root}>\n\t<ERROR>${message}</ERROR>\n</${root}>\n`,
  );
}
