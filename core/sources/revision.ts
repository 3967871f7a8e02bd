/** Listed by the day of its entry: it is there, and nothing is said of its changes. */
export const ENTRY_REVISION = 'entry';

const HOUR_MS = 3_600_000;
/** A day is over everywhere once it is over twelve hours west of Greenwich. */
const LAST_ZONE_MS = 12 * HOUR_MS;

/**
 * Revision of a document that a service lists as changed on `day` (ISO 8601), asked at `askedMs`. While the day goes on anywhere the hour
 * of the question belongs to it, as the document may change once more on the same day: what is listed later is another revision.
 */
export function changeRevision(day: string, askedMs: number): string {
  const overMs = Date.parse(`${day}T00:00:00Z`) + 24 * HOUR_MS + LAST_ZONE_MS;
  if (askedMs >= overMs) return `changed:${day}`;
  return `changed:${day}@${new Date(askedMs).toISOString().slice(0, 13)}`;
}

/** Day and hour of a revision by change; the hour of a day that was over comes after every other. */
function partsOf(revision: string): { readonly day: string; readonly hour: string } | null {
  const [, day, hour] = /^changed:(\d{4}-\d\d-\d\d)(?:@(\d{4}-\d\d-\d\dT\d\d))?$/.exec(revision) ?? [];
  return day === undefined ? null : { day, hour: hour ?? '~' };
}

/**
 * Whether a document is to be retrieved, of which a definition has kept the revision `before` (null: never seen) and now sees `now`.
 * - A listing by entry says nothing new of a document that is known.
 * - One known by its entry alone may have changed since.
 * - Of two listings under one day the one that was asked later counts, and nothing can follow a day that was over.
 * - Another day is another change, also an earlier one: a service does not date back what it did not touch.
 * - Every other kind of revision (Europe PMC: what the record says) is compared as it stands.
 */
export function revisionChanges(before: string | null, now: string): boolean {
  if (before === null) return true;
  if (before === now || now === ENTRY_REVISION) return false;
  const was = partsOf(before);
  const is = partsOf(now);
  return was === null || is === null || was.day !== is.day || is.hour > was.hour;
}

/** The revision to keep after a listing: what brought no change does not hide when the document changed last. */
export const revisionKept = (before: string | null, now: string): string =>
  before !== null && !revisionChanges(before, now) ? before : now;
