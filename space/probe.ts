import { type Database, statement } from '../core/engine/index.ts';

const DEADLINE_MS = 2_000;
const KEPT_MS = 1_000;

/**
 * Tells whether the database answers within two seconds. An answer is kept for one second, and no second question is sent
 * while one is open: probes, however many, add at most one call at a time.
 */
export function databaseProbe(db: Database, nowMs: () => number): () => Promise<boolean> {
  let known: { readonly reached: boolean; readonly atMs: number } | null = null;
  let asked: Promise<boolean> | null = null;

  const ask = (): Promise<boolean> =>
    db.read([statement('SELECT 1')]).then(
      () => true,
      () => false,
    );

  return async () => {
    if (known && nowMs() - known.atMs < KEPT_MS) return known.reached;
    asked ??= ask().finally(() => {
      asked = null;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), DEADLINE_MS);
    });
    const reached = await Promise.race([asked, late]);
    clearTimeout(timer);
    known = { reached, atMs: nowMs() };
    return reached;
  };
}
