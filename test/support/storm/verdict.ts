import type { SearchAnswer } from '../../../core/search/contract.ts';
import { sameTold, toldBy } from './alone.ts';
import type { Heard } from './server.ts';

export type Told = ReturnType<typeof toldBy>;
export type Verdict = {
  readonly answers: number;
  readonly releases: readonly number[];
  /** Answers that are not, case for case and score for score, what the release that they name answers alone. */
  readonly mixed: readonly string[];
  /** Answers that name a release which was damaged when their server started, or which was never published. */
  readonly bad: readonly string[];
  /** Anything but an answer, of a question that the server had to answer. */
  readonly errors: readonly string[];
  /** Questions that a server turned away because it was told to stop. */
  readonly stopping: number;
  /** Questions that found nobody, or were under way when the process was killed. */
  readonly unheard: number;
};

/** Judges every answer by the release that it names. */
export function judge(heard: readonly Heard[], expected: ReadonlyMap<number, readonly Told[]>): Verdict {
  const releases = new Set<number>();
  const mixed: string[] = [];
  const bad: string[] = [];
  const errors: string[] = [];
  let [answers, stopping, unheard] = [0, 0, 0];
  for (const { answers: given, refused, ended } of heard)
    for (const { query, beganMs, tookMs, status, body } of given) {
      if (status === 200) {
        answers += 1;
        const told = toldBy(JSON.parse(body) as SearchAnswer);
        releases.add(told.version);
        const alone = expected.get(told.version);
        const named = `release ${told.version}, question ${query}`;
        if (alone === undefined || refused.has(told.version)) bad.push(named);
        else if (!sameTold(told, alone[query] ?? told)) mixed.push(`${named}: ${JSON.stringify(told.results)}`);
      } else if (status === 503 && ended !== null && beganMs >= ended.atMs - SIGNAL_MS && body.includes('"stopping"'))
        stopping += 1;
      else if (status === 0 && ended !== null && excused(ended, beganMs, tookMs)) unheard += 1;
      else errors.push(`${status} ${body}`);
    }
  return { answers, releases: [...releases].sort((a, b) => a - b), mixed, bad, errors, stopping, unheard };
}

/** Between the request and the signal, on their ways to the server, one may overtake the other. */
const SIGNAL_MS = 1_000;

/** A server that is told to stop answers what it has taken; one that is killed answers nothing more. */
function excused(ended: NonNullable<Heard['ended']>, beganMs: number, tookMs: number): boolean {
  return ended.by === 'SIGKILL' ? beganMs + tookMs >= ended.atMs : beganMs >= ended.atMs;
}
