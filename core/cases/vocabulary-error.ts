/** A file of vocabulary that cannot be read; `line` counts from 1. */
export class VocabularyFileError extends Error {
  override readonly name = 'VocabularyFileError';
  readonly line: number;
  readonly remedy: string;
  constructor(line: number, problem: string, remedy: string) {
    super(`Line ${line} of the vocabulary file cannot be read: ${problem}. ${remedy}`);
    this.line = line;
    this.remedy = remedy;
  }
}
