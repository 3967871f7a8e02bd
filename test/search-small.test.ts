import { expect, test } from 'vitest';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import { search } from '../core/search/search.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { releaseInMemory } from './support/release-in-memory.ts';

const QUERY = 'Young man with syncope during a fever, no chest pain, coved ST elevation in V1 and V2, troponin 8 ng/L';

/** Everything that the scale of a score comes from may be degenerate in these. */
const smallCorpora: readonly (readonly [string, readonly string[]])[] = [
  ['one case', [QUERY]],
  ['two identical cases', [QUERY, QUERY]],
  ['many identical cases', Array.from({ length: 9 }, () => QUERY)],
  ['two pairs of copies', [QUERY, QUERY, 'A girl of 7 years with a rash.', 'A girl of 7 years with a rash.']],
  ['two cases of one facet', ['Fever.', 'Fever and cough.']],
  ['cases of numbers alone', ['1 2 3', '1 2 3', '4']],
];

test.each(smallCorpora)('a corpus of %s gives finite numbers in range', async (_name, corpus) => {
  const own = loadBuiltin(fitBuiltin(corpus));
  const small = await releaseInMemory(
    corpus.map((text, i) => ({ id: `made-up-${i}`, text })),
    own,
  );
  for (const text of [...new Set(corpus), QUERY, 'Fever in a man of 60 years', '2']) {
    for (const legs of [SETTINGS.legs, ['dense'], ['lexical'], ['findings']] as const) {
      const answer = await search(small, { text, legs, k: 10, explain: true }, { embedder: own, nowMs: () => 0 });
      for (const { score, percentile, facets, whole, lexical } of answer.results) {
        const unit = [score, whole.score, whole.contribution, lexical.score, lexical.contribution, percentile / 100];
        for (const facet of Object.values(facets)) unit.push(facet.score ?? 0, facet.contribution);
        for (const number of unit) {
          expect(number).toBeGreaterThanOrEqual(0);
          expect(number).toBeLessThanOrEqual(1 + 1e-9);
        }
        expect(percentile).toBeLessThan(100);
      }
    }
  }
});
