import { fittingTexts, loadGeneration, newestGeneration, saveGeneration } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { RetryableError } from '../engine/errors.ts';
import { BUILTIN_NAME, fitBuiltin, loadBuiltin } from './builtin.ts';
import type { Embedder } from './ports.ts';

/** Cases that a fit reads at most: more change the model little and cost memory on a small host. */
const FIT_CASES_MAX = 20_000;

export type Generations = {
  readonly embedderName: string;
  /** The embedder of the newest generation; the first caller ever fits it on the corpus and freezes it. */
  readonly newest: () => Promise<Embedder>;
  /** The embedder that made a release's vectors. */
  readonly of: (fingerprint: string) => Promise<Embedder>;
};

/** The builtin embedder's generations, each loaded once per process. */
export function builtinGenerations(
  db: Database,
  onFit: (event: { readonly cases: number; readonly fingerprint: string; readonly bytes: number }) => void,
): Generations {
  const loaded = new Map<string, Promise<Embedder>>();
  const of = (fingerprint: string): Promise<Embedder> => {
    const known = loaded.get(fingerprint);
    if (known) return known;
    const loading = loadGeneration(db, fingerprint).then(loadBuiltin);
    loaded.set(fingerprint, loading);
    // A failed load must not be remembered as the answer.
    loading.catch(() => loaded.delete(fingerprint));
    return loading;
  };
  const newest = async (): Promise<Embedder> => {
    const known = await newestGeneration(db, BUILTIN_NAME);
    if (known) return of(known.fingerprint);
    const texts = await fittingTexts(db, FIT_CASES_MAX);
    if (texts.length === 0) throw new RetryableError('there is no case yet to fit the builtin embedder on');
    const model = fitBuiltin(texts);
    await saveGeneration(db, BUILTIN_NAME, model);
    onFit({ cases: texts.length, fingerprint: model.fingerprint, bytes: model.bytes.byteLength });
    // Another host may have been first: whatever the database names is the generation.
    const named = await newestGeneration(db, BUILTIN_NAME);
    if (!named) throw new RetryableError('the fitted generation is not in the database yet');
    return of(named.fingerprint);
  };
  return { embedderName: BUILTIN_NAME, newest, of };
}
