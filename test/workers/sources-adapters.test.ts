import { expect, test } from 'vitest';
import { createSources } from '../../core/sources/sources.ts';
import {
  hits,
  openResult,
  playing,
  pmcArticle,
  pmcSet,
  pubmedArticle,
  pubmedSet,
  results,
} from '../fixtures/sources/services.ts';

const settings = {
  CONTACT_EMAIL: 'somebody@clinic.example',
  NCBI_URL: 'http://127.0.0.1:1/',
  EUROPE_PMC_URL: 'http://127.0.0.1:1/',
};

test.each([
  ['europe-pmc', 'PMC_1', results([openResult(1)]), pmcArticle(1)],
  ['pubmed', 'PMID_1', hits([1]), pubmedSet(pubmedArticle(1))],
  ['pmc', 'PMC_1', hits([1]), pmcSet(pmcArticle(1))],
] as const)('%s lists and retrieves in workerd', async (kind, key, listing, document) => {
  const source = createSources(settings, { nowMs: () => 0 }).get(kind);
  if (!source) throw new Error('no source');
  const { http } = playing(({ url }) => (/search/.test(url.pathname) ? listing : document));
  const window = { query: 'heart', by: 'change', days: { from: '2026-11-22', to: '2026-11-22' } } as const;
  expect(await source.list(window, null, http)).toMatchObject({
    kind: 'page',
    found: [{ key }],
    stated: 1,
    next: null,
  });
  expect(await source.retrieve([{ key }], http)).toMatchObject([{ kind: 'document', key }]);
});
