import { type Database, statement } from '../engine/database.ts';
import { text, textOrNull } from './columns.ts';

/** How one outside service was asked so far, and until when nobody asks it. Times are the database's, in ms. */
export type ServicePace = {
  readonly service: string;
  readonly closedUntilMs: number;
  readonly closedReason: string | null;
  /** Requests that were sent since the database was made. */
  readonly requests: number;
};

/** Every service that was ever called, by name. */
export async function readServicePaces(db: Database): Promise<readonly ServicePace[]> {
  const [found] = await db.read([
    statement(`SELECT service, closed_until_ms, closed_reason, requests FROM service_pace ORDER BY service`),
  ]);
  return (found?.rows ?? []).map((row) => ({
    service: text(row.service),
    closedUntilMs: Number(row.closed_until_ms),
    closedReason: textOrNull(row.closed_reason),
    requests: Number(row.requests),
  }));
}
