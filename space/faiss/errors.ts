/** FAISS is not to be had now: not installed, given up after a restart storm, or closed. Search falls back to the scan. */
export class FaissUnavailableError extends Error {
  override readonly name = 'FaissUnavailableError';
  readonly reason: string;
  readonly remedy: string;
  constructor(reason: string, remedy: string) {
    super(`FAISS is not available: ${reason}. ${remedy}`);
    this.reason = reason;
    this.remedy = remedy;
  }
}

/** An index file is missing, short, altered or of another shape. FAISS has not read it. */
export class FaissFileError extends Error {
  override readonly name = 'FaissFileError';
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}. The file was not read; rebuild the release from its vectors.`);
    this.path = path;
  }
}

/** The call itself is wrong (k, dimension, NaN, a release that is not open). Nothing reached FAISS. */
export class FaissRequestError extends Error {
  override readonly name = 'FaissRequestError';
}

/** The process died or went silent on this request twice, or too much is waiting. Other requests go on. */
export class FaissProcessError extends Error {
  override readonly name = 'FaissProcessError';
}

/** An index could not be written, or what was written is not what was asked for. No file is left at its path. */
export class FaissBuildError extends Error {
  override readonly name = 'FaissBuildError';
}
