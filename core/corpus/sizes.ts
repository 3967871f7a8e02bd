import type { Database, Statement } from '../engine/database.ts';

/**
 * Bytes that one answer of the database should stay under. sqld refuses an answer of more than 10 MB, and blobs travel as
 * base64; it also bounds what one batch holds in memory.
 */
const ANSWER_BYTES = 4 * 1024 * 1024;

export type Sized = { readonly key: string; readonly bytes: number };

/** Runs a statement that gives `key` and `bytes` per row. */
export async function sizesOf(db: Database, sizes: Statement): Promise<readonly Sized[]> {
  const [found] = await db.read([sizes]);
  return (found?.rows ?? []).map((row) => ({ key: String(row.key), bytes: Number(row.bytes) }));
}

/** Keys in their order, in groups that stay under the limit; a row that is larger stands alone. */
export function groupsWithin(rows: readonly Sized[], bytesMax: number = ANSWER_BYTES): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let left = 0;
  for (const { key, bytes } of rows) {
    const group = groups.at(-1);
    if (group === undefined || bytes > left) {
      groups.push([key]);
      left = bytesMax - bytes;
    } else {
      group.push(key);
      left -= bytes;
    }
  }
  return groups;
}
