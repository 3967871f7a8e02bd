import type { Days, Source } from './source.ts';

export { revisionChanges, revisionKept } from './revision.ts';

/** A window of a run. A sweep lists by entry since the first day, to be compared with what is held. */
export type PlannedWindow = { readonly by: 'entry' | 'change' | 'sweep'; readonly days: Days };
/** What of a definition and its standing decides on its windows; days are ISO 8601. */
export type Plannable = { readonly since: string; readonly changes: Source['changes'] };
export type Standing = {
  readonly entryThrough: string | null;
  readonly changeThrough: string | null;
  readonly sweptDay: string | null;
};

/**
 * Days that are asked again: a service indexes a record up to a day after the date it gives it, and the last day of a run was not
 * over. A day is over everywhere 36 hours after it began in Greenwich, so that two days always ask it once more when it is.
 */
export const OVERLAP_DAYS = 2;
export const SWEEP_EVERY_DAYS = 7;

const DAY_MS = 86_400_000;
const dayNumber = (day: string): number => {
  const atMs = Date.parse(`${day}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(atMs))
    throw new RangeError(`${JSON.stringify(day)} is no ISO day`);
  return atMs / DAY_MS;
};
const dayOf = (number: number): string => new Date(number * DAY_MS).toISOString().slice(0, 10);
const spanned = (from: number, to: number): Days => ({ from: dayOf(from), to: dayOf(to) });

/**
 * The windows of a run that begins on `today`, in the order in which they are asked. Changes come first: a document that is new is
 * then kept with the day of its change, and need not be retrieved again for it.
 * @throws RangeError for what is no ISO day
 */
export function planRun(definition: Plannable, standing: Standing, today: string): readonly PlannedWindow[] {
  const since = dayNumber(definition.since);
  const last = dayNumber(today);
  if (last < since) return [];
  const { entryThrough, changeThrough, sweptDay } = standing;
  // What was asked up to a day yet to come (a clock that went back) is asked up to today.
  const backTo = (through: string): number => Math.max(since, Math.min(dayNumber(through), last) - OVERLAP_DAYS);
  if (entryThrough === null) return [{ by: 'entry', days: spanned(since, last) }];

  const windows: PlannedWindow[] = [];
  if (definition.changes !== 'none') {
    // Not yet asked for changes: since the first listing, which had everything that had changed before.
    const first = backTo(changeThrough ?? entryThrough);
    if (definition.changes === 'range') windows.push({ by: 'change', days: spanned(first, last) });
    else for (let day = first; day <= last; day += 1) windows.push({ by: 'change', days: spanned(day, day) });
  }
  windows.push({ by: 'entry', days: spanned(backTo(entryThrough), last) });
  const isSweepDue = sweptDay === null || last - dayNumber(sweptDay) >= SWEEP_EVERY_DAYS;
  if (isSweepDue) windows.push({ by: 'sweep', days: spanned(since, last) });
  return windows;
}

/** Two halves of a window, the earlier first; null for one day. */
export function splitWindow(days: Days): readonly [Days, Days] | null {
  const from = dayNumber(days.from);
  const to = dayNumber(days.to);
  if (to <= from) return null;
  const middle = Math.floor((from + to) / 2);
  return [spanned(from, middle), spanned(middle + 1, to)];
}

export type Withdrawal =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: string; readonly missing: number; readonly most: number };
/** Of what is held, this many documents or this share may go at once; more looks like a fault of the listing. */
const WITHDRAWN_AT_ONCE = 3;
const WITHDRAWN_SHARE = 0.1;

/** Whether documents that a whole listing no longer has may leave. `allowedUntilMs`: until when an operator lets any number go. */
export function mayWithdraw(look: {
  readonly held: number;
  readonly missing: number;
  readonly allowedUntilMs: number;
  readonly nowMs: number;
}): Withdrawal {
  const { held, missing, allowedUntilMs, nowMs } = look;
  const most = Math.max(WITHDRAWN_AT_ONCE, Math.floor(held * WITHDRAWN_SHARE));
  if (missing <= most || nowMs < allowedUntilMs) return { allowed: true };
  return {
    allowed: false,
    missing,
    most,
    reason:
      `${missing} of ${held} documents are no longer listed, and at most ${most} leave at once: look whether the query or the ` +
      'service changed, then allow it',
  };
}
