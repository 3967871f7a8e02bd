import type { Job } from './corpus.ts';
import { readJobs } from './corpus.ts';
import type { Database } from './engine/database.ts';
import { isStuck } from './models/batch/pace.ts';

/** Jobs of a model service in words, for the gate that they are. */

const CLOSED_SHOWN = 0;
const WINDOW_MS = 48 * 3_600_000;

const iso = (ms: number): string => new Date(ms).toISOString();
export const shortKey = ({ key }: Pick<Job, 'key'>): string => key.slice(0, 12);

/** How an open job stands, in one line; `windowMs` is the longest time that its service states. */
export function jobInWords(job: Job, nowMs: number, windowMs: number = WINDOW_MS): string {
  const asked = job.dueMs === null ? '' : `, asked again at ${iso(job.dueMs)}`;
  const why = job.reason === null ? '' : ` (${job.reason})`;
  const stuck = isStuck(job.submittedMs, nowMs, windowMs)
    ? `; stuck: its service promises an end within ${windowMs / 3_600_000} h. Give it up: anamnesis batches abandon ${shortKey(job)} --yes`
    : '';
  switch (job.state) {
    case 'intent':
      return `batch job ${shortKey(job)} of ${job.service} with ${job.items} cases is being submitted since ${iso(job.intendedMs)}${why}${asked}`;
    case 'submitted':
      return `batch job ${shortKey(job)} of ${job.service} with ${job.items} cases, submitted at ${iso(job.submittedMs ?? job.intendedMs)}${asked}${why}${stuck}`;
    case 'ended':
      return `batch job ${shortKey(job)} of ${job.service} has ended, its ${job.items} answers are being fetched${why}${asked}`;
    case 'applied':
    case 'abandoned':
      return `batch job ${shortKey(job)} of ${job.service} is over${why}`;
  }
}

/** The gates of a stage with what is known of the jobs that it waits for. Reads only where a stage waits for one. */
export async function gatesWithJobs<G extends { readonly kind: string; readonly reason: string }>(
  db: Database,
  gates: readonly G[],
): Promise<readonly G[]> {
  if (!gates.some(({ kind }) => kind === 'submitted')) return gates;
  const { jobs, nowMs } = await readJobs(db, CLOSED_SHOWN);
  const [first] = jobs;
  if (!first) return gates;
  const others = jobs.length > 1 ? `, and ${jobs.length - 1} more (anamnesis batches)` : '';
  return gates.map((gate) =>
    gate.kind === 'submitted' ? { ...gate, reason: `${gate.reason}: ${jobInWords(first, nowMs)}${others}` } : gate,
  );
}
