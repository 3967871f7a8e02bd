/** Quotas count by days of the calendar, UTC. */
export const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of an instant in ms. */
export const dayOf = (nowMs: number): number => Math.floor(nowMs / DAY_MS);
