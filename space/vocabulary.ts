import { readFile } from 'node:fs/promises';
import { registerVocabulary } from '../core/cases/vocabulary.ts';
import { readVocabulary } from '../core/cases/vocabulary-file.ts';
import { sha256Hex } from '../core/hash.ts';
import { ConfigError } from './config.ts';

/** Registers the operator's own words, before any text is read. @throws ConfigError where the file cannot be read or used */
export async function useVocabulary(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    const text = await readFile(path, 'utf8');
    registerVocabulary(readVocabulary(text, await sha256Hex(text)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`VOCABULARY_FILE ${path}: ${why}`, { cause: error });
  }
}
