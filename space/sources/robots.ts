import robotsParser from 'robots-parser';
import { PermanentError, RetryableError } from '../../core/engine/errors.ts';
import type { Http, HttpAnswer } from '../../core/sources/http/http.ts';

// The module is CommonJS that exports the function itself; its types call that `default`.
const parseRobots = robotsParser as unknown as typeof robotsParser.default;

/** What a host allows robots, after RFC 9309. */
export type Robots = {
  /** Null where the page may be asked for; else why not. */
  readonly refusal: (url: URL) => string | null;
  /** Seconds that the host wants between two requests, 0 where it does not say. */
  readonly delayMs: number;
};

/** The name by which a host may speak to us: the product token of our User-Agent. */
export const ROBOT = 'Anamnesis';
/** RFC 9309, 2.5: at least 500 KiB are read. */
const RULES_BYTES = 500 * 1024;
const FILE_BYTES_MAX = 2 * 1024 * 1024;
/** RFC 9309, 2.4: a copy is used for a day at most. */
export const ROBOTS_MS_MAX = 86_400_000;
const DELAY_MS_MAX = 600_000;

/**
 * Asks a host for its rules. 401 and 403 stop us, stricter than the RFC asks; any other 4xx means that there are none (2.3.1.3); a host
 * that cannot be reached or answers 5xx allows nothing until it answers (2.3.1.4), and so does one whose redirects lead nowhere.
 * @throws StageError as the client does
 */
export async function askRobots(origin: string, service: string, http: Http): Promise<Robots> {
  const answer = await http({ service, url: new URL('/robots.txt', origin), bytesMax: FILE_BYTES_MAX });
  return robotsOf(origin, answer);
}

export function robotsOf(origin: string, { status, bytes }: Pick<HttpAnswer, 'status' | 'bytes'>): Robots {
  if (status === 401 || status === 403)
    return { refusal: () => `its robots.txt is refused with ${status}`, delayMs: 0 };
  if (status >= 400 && status < 500) return { refusal: () => null, delayMs: 0 };
  if (status < 200 || status >= 300) throw new RetryableError(`robots.txt was answered with ${status}`);
  const text = new TextDecoder().decode(bytes.subarray(0, RULES_BYTES));
  const rules = parseRobots(`${origin}/robots.txt`, text);
  const delayMs = Math.min(DELAY_MS_MAX, Math.max(0, Number(rules.getCrawlDelay(ROBOT) ?? 0) * 1_000));
  return {
    refusal: (url) => {
      if (url.origin !== origin) throw new PermanentError('these rules are of another host');
      return rules.isAllowed(url.href, ROBOT) === false ? 'its robots.txt does not allow it' : null;
    },
    delayMs,
  };
}
