import { knownReleases, rollBack } from '../../core/corpus.ts';
import type { By, Database } from '../../core/engine/index.ts';
import { publicReason } from '../reasons.ts';
import type { ReleaseEntry } from './list.ts';
import { type Verifying, verifyRelease } from './verify.ts';

/** Nothing was changed; the message says why not and what to do instead. */
export class RollbackRefusedError extends Error {
  override readonly name = 'RollbackRefusedError';
}

/** The release to go back to where none is named: the newest published one below the current. Throws `RollbackRefusedError`. */
export function rollbackTarget(entries: readonly ReleaseEntry[], asked: number | undefined): ReleaseEntry {
  const current = entries.find((entry) => entry.current);
  const target =
    asked === undefined
      ? entries.find(({ version, state }) => state === 'published' && current && version < current.version)
      : entries.find(({ version }) => version === asked);
  if (!target)
    throw new RollbackRefusedError(
      asked === undefined ? 'there is no older published release to go back to' : `there is no release ${asked}`,
    );
  if (target.state !== 'published' && target.state !== 'rolled_back')
    throw new RollbackRefusedError(
      target.state === 'unknown'
        ? `release ${target.version} was published by another database: what was taken out of the corpus since is not known of it`
        : `release ${target.version} was never published (${target.state})`,
    );
  if (target.current) throw new RollbackRefusedError(`release ${target.version} is the current one already`);
  if (target.problem !== null)
    throw new RollbackRefusedError(`release ${target.version} cannot be served: ${target.problem}`);
  return target;
}

/**
 * Why a release cannot be served by this host; null when it can. Its vectors can only be compared with queries of the embedder that made
 * them, so that one has to be there.
 */
export async function servingProblem(deps: Verifying, { version, generation }: ReleaseEntry): Promise<string | null> {
  try {
    await deps.generations.of(generation ?? '');
  } catch (error) {
    return `its embedding generation ${generation} is not to be had here (${publicReason(error)}): set EMBEDDER and EMBEDDING_MODEL as they were when it was built`;
  }
  return (await verifyRelease(deps, version)).problems[0] ?? null;
}

/** Makes a release that was checked the current one. Returns whether that changed anything. */
export async function goBackTo(db: Database, version: number, by: By): Promise<boolean> {
  const changed = await rollBack(db, version, by);
  if (changed) return true;
  const served = (await knownReleases(db)).find(({ state }) => state === 'published')?.version;
  if (served === version) return false;
  throw new RollbackRefusedError(`release ${version} was swept or changed meanwhile: see "index list"`);
}
