import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { seededRandom } from '../engine/runtime.ts';
import { type Answer, type Asked, answer, type Route, type Service } from './answer.ts';
import type { ArticleKind } from './article.ts';
import { fullText, search as searchEuropePmc } from './europe-pmc.ts';
import { efetch, esearch, makeRateLimit } from './eutils.ts';
import { type Fault, type FaultSettings, type Faults, makeFaults, quirkOf, standIn } from './faults.ts';
import { type Ledger, type LedgerEntry, makeLedger } from './ledger.ts';
import { bioc, oai } from './oai.ts';
import { addRecorded } from './recorded.ts';
import { makeWorld, type World } from './world.ts';

export type LiteratureOptions = {
  readonly seed: number;
  readonly articles: number;
  /** Last day of the world; the real one without it. */
  readonly today?: string;
  readonly days?: number;
  /** What every article is; a mixture without it. */
  readonly kind?: ArticleKind;
  readonly faults?: Omit<FaultSettings, 'seed'>;
  /** Recorded answers of real services join the world where they are at hand. */
  readonly recorded?: boolean;
  readonly port?: number;
  /** Hits of one query that PubMed gives out. */
  readonly ceiling?: number;
  /** Requests of one caller in a second that the E-utilities take; null for any number. */
  readonly limitPerSecond?: { readonly without: number; readonly withKey: number } | null;
  /** How long an answer takes at most; uniform below it. */
  readonly latencyMs?: number;
  /** Between two bytes of a slow answer. */
  readonly slowEveryMs?: number;
};

export type Literature = {
  readonly url: string;
  /** What the adapters are told: bases as the real ones are, up to the last folder. */
  readonly environment: Readonly<Record<'NCBI_URL' | 'PMC_OAI_URL' | 'EUROPE_PMC_URL' | 'CONTACT_EMAIL', string>>;
  readonly world: World;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly stop: () => Promise<void>;
};

const PUBMED_CEILING = 9_999;
const NCBI_LIMITS = { without: 3, withKey: 10 } as const;
const FORM_BYTES_MAX = 4 * 1024 * 1024;

/** Plays the literature services on loopback over a world of invented articles. */
export async function startLiterature(options: LiteratureOptions): Promise<Literature> {
  const today = options.today ?? new Date().toISOString().slice(0, 10);
  const world = makeWorld({
    seed: options.seed,
    articles: options.articles,
    today,
    ...(options.days && { days: options.days }),
    ...(options.kind && { kind: options.kind }),
  });
  if (options.recorded) addRecorded(world, today);
  const ledger = makeLedger();
  const faults = makeFaults({ seed: options.seed, ...options.faults });
  const limits = options.limitPerSecond === undefined ? NCBI_LIMITS : options.limitPerSecond;
  const limit = limits === null ? null : makeRateLimit(limits);
  const random = seededRandom(options.seed ^ 0x1a7e);
  const settings = { ceiling: options.ceiling ?? PUBMED_CEILING };
  const startedMs = performance.now();
  const timers = new Set<NodeJS.Timeout>();
  let inFlight = 0;

  const later = (ms: number, run: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  };

  const truth = (asked: Asked, fault: Fault | null): Answer => {
    const quirk = quirkOf(fault);
    switch (asked.route) {
      case 'esearch':
        return esearch(world, asked, settings, quirk);
      case 'efetch':
        return efetch(world, asked);
      case 'epmc-search':
        return searchEuropePmc(world, asked, quirk);
      case 'epmc-fulltext':
        return fullText(world, asked);
      case 'oai':
        return oai(world, asked);
      case 'bioc':
        return bioc(world, asked);
      case 'robots':
        return answer(200, 'text/plain', 'User-agent: *\nDisallow: /private/\n');
      case 'unknown':
        return answer(404, 'text/plain', 'no such place');
    }
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await readRequest(request);
    const nowMs = performance.now() - startedMs;
    inFlight += 1;
    const limited = asked.service === 'ncbi' ? (limit?.(asked, nowMs) ?? null) : null;
    const fault = limited ? null : faults.next(asked);
    const instead = limited ?? (fault ? standIn(fault, asked, faults.retryAfterS(), Date.now()) : null);
    const true_ = instead ?? truth(asked, fault);
    const entry: LedgerEntry = {
      tMs: nowMs,
      route: asked.route,
      service: asked.service,
      method: asked.method,
      path: asked.path.replace(/api_key=[^&]*/, 'api_key=…'),
      ids: true_.ids,
      outcome: 'pending',
      status: true_.status,
      bytes: 0,
      ms: 0,
      inFlight,
      tool: asked.params.get('tool'),
      email: asked.params.get('email'),
      userAgent: typeof asked.headers['user-agent'] === 'string' ? asked.headers['user-agent'] : null,
    };
    ledger.record(entry);
    response.once('close', () => {
      inFlight -= 1;
      entry.ms = performance.now() - startedMs - nowMs;
      if (limited) entry.outcome = 'limit';
      else if (fault && !quirkOf(fault) && fault !== 'gzip') entry.outcome = fault;
      else entry.outcome = response.writableFinished ? 'whole' : 'gone';
    });
    const send = (): void => {
      if (response.destroyed) return;
      entry.bytes = sendAnswer(response, true_, instead ? null : fault, later, options.slowEveryMs ?? 1_000);
    };
    const waitMs = random() * (options.latencyMs ?? 0);
    if (waitMs >= 1) later(waitMs, send);
    else send();
  };

  const server = createServer((request, response) => {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    serve(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(`the literature server failed: ${error instanceof Error ? error.message : 'unknown error'}`);
    });
  });
  server.keepAliveTimeout = 30_000;
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address.port);
    });
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    environment: {
      NCBI_URL: `${url}/entrez/eutils`,
      PMC_OAI_URL: `${url}/api/oai/v1/mh/`,
      EUROPE_PMC_URL: `${url}/europepmc/webservices/rest`,
      CONTACT_EMAIL: 'operator@example.org',
    },
    world,
    ledger,
    faults,
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Which service and route a path means, whatever folder it stands in. */
function routeOf(path: string): { readonly route: Route; readonly service: Service } {
  if (/\/esearch\.fcgi$/.test(path)) return { route: 'esearch', service: 'ncbi' };
  if (/\/efetch\.fcgi$/.test(path)) return { route: 'efetch', service: 'ncbi' };
  if (/\/oai(?:\.cgi|\/v1\/mh\/?)$/.test(path)) return { route: 'oai', service: 'ncbi' };
  if (/\/BioC_json\//.test(path)) return { route: 'bioc', service: 'ncbi' };
  if (/\/(?:search|searchPOST)$/.test(path)) return { route: 'epmc-search', service: 'europe-pmc' };
  if (/\/fullTextXML$/.test(path)) return { route: 'epmc-fulltext', service: 'europe-pmc' };
  return { route: path === '/robots.txt' ? 'robots' : 'unknown', service: 'other' };
}

async function readRequest(request: IncomingMessage): Promise<Asked> {
  const path = request.url ?? '/';
  const { pathname, searchParams } = new URL(path, 'http://127.0.0.1');
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > FORM_BYTES_MAX) throw new Error('the form is too large');
    parts.push(part);
  }
  const form = new URLSearchParams(Buffer.concat(parts).toString('utf8'));
  for (const [name, value] of form) searchParams.append(name, value);
  return {
    ...routeOf(pathname),
    method: request.method ?? 'GET',
    path,
    params: searchParams,
    headers: request.headers,
  };
}

/** Sends it as the fault has it; says how many bytes of the body went out. */
function sendAnswer(
  response: ServerResponse,
  { status, headers, body }: Answer,
  fault: Fault | null,
  later: (ms: number, run: () => void) => void,
  slowEveryMs: number,
): number {
  const half = body.subarray(0, Math.floor(body.length / 2));
  const whole = (bytes: Buffer, more: Readonly<Record<string, string>> = {}): number => {
    response.writeHead(status, { ...headers, ...more, 'content-length': bytes.length });
    response.end(bytes);
    return bytes.length;
  };
  const head = (): void => {
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.flushHeaders();
  };
  switch (fault) {
    case 'hang':
      return 0;
    case 'silence':
      head();
      return 0;
    case 'slow': {
      head();
      let sent = 0;
      const drip = (): void => {
        if (response.destroyed) return;
        response.write(body.subarray(sent, ++sent));
        if (sent >= body.length) response.end();
        else later(slowEveryMs, drip);
      };
      drip();
      return 1;
    }
    case 'reset':
      head();
      response.write(half, () => response.socket?.resetAndDestroy());
      return half.length;
    case 'short':
      head();
      response.write(half, () => response.socket?.end());
      return half.length;
    case 'chunks-cut':
      response.writeHead(status, headers);
      response.write(half, () => response.socket?.end());
      return half.length;
    case 'truncated':
      return whole(half);
    case 'gzip':
      return whole(gzipSync(body), { 'content-encoding': 'gzip' });
    case 'gzip-cut': {
      const packed = gzipSync(body);
      return whole(packed.subarray(0, Math.floor(packed.length / 2)), { 'content-encoding': 'gzip' });
    }
    default:
      return whole(body);
  }
}
