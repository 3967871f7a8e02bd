import { DatabaseError } from '../core/engine/index.ts';
import { ReleaseFormatError } from '../core/search/release.ts';
import { FaissFileError, FaissProcessError, FaissUnavailableError } from './faiss/errors.ts';
import { ReleaseFileError, ReleaseManifestError, StoreIoError } from './store/releases.ts';

/** Their messages name files of a release by their names alone. */
const SHOWN_AS_THEY_ARE = [ReleaseManifestError, ReleaseFileError, ReleaseFormatError, StoreIoError];

/**
 * Why something failed, for answers that anybody can read: no path of this machine, no address, no text of another program.
 * What is not known to be fit for that stays in the log, which has `detailOf` the same error.
 */
export function publicReason(error: unknown): string {
  if (SHOWN_AS_THEY_ARE.some((known) => error instanceof known)) return (error as Error).message;
  if (error instanceof FaissUnavailableError) return 'it does not run here now';
  if (error instanceof FaissFileError) return 'an index file is missing or not what its manifest says';
  if (error instanceof FaissProcessError) return 'its process failed or is overloaded';
  if (error instanceof DatabaseError) return 'the database did not answer';
  return 'an unexpected error, which the log has';
}

/** All that is known about an error, for the log. */
export function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const where = error instanceof StoreIoError ? ` at ${error.path}` : '';
  const cause = error.cause === undefined ? '' : ` (${detailOf(error.cause)})`;
  return `${error.name}: ${error.message}${where}${cause}`;
}
