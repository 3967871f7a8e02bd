import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));

/** The made-up cases of the first run, in the shape of `ingest --file`. */
export const sampleFile = join(folder, 'cases.jsonl');

/** Queries that the search page offers; none names its diagnosis. */
export const exampleQueries: readonly string[] = readFileSync(join(folder, 'queries.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => (JSON.parse(line) as { readonly query: string }).query);
