import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Article } from './article.ts';
import type { World } from './world.ts';

const folder = fileURLToPath(new URL('../../../../shared/data/adapters/', import.meta.url));
export const hasRecorded = existsSync(folder);

const NOTHING = {
  kind: 'case',
  marker: '',
  pmid: null,
  pmcid: null,
  ppr: null,
  doi: null,
  journal: '',
  authors: [],
  abstract: [],
  body: null,
  patients: 0,
  keywords: [],
  licence: null,
  openAccess: false,
  dialect: 'jats-1.4',
  version: 1,
  notices: [],
  duplicateOf: null,
} as const satisfies Partial<Article>;

/** Puts what real services once sent into the world: it is then listed with the rest and given out to the byte. Says how many. */
export function addRecorded(world: World, day: string): number {
  if (!hasRecorded) return 0;
  const days = { entryDay: day, changeDay: day, publishedDay: day };
  const ids = new Set<string>();
  let added = 0;
  const add = (id: string, article: Partial<Article> & { readonly title: string }): void => {
    if (ids.has(id)) return;
    ids.add(id);
    world.add({ ...NOTHING, ...days, ...article });
    added += 1;
  };
  for (const { pmid, medline } of citations())
    add(`MED${pmid}`, { title: 'recorded citation', pmid, recorded: { medline } });
  for (const name of readdirSync(`${folder}jats`)) {
    const jats = readFileSync(`${folder}jats/${name}`, 'utf8');
    const pmcid = /<article-id pub-id-type="(?:pmc|pmcid|pmc-uid)">(?:PMC)?(\d+)</.exec(jats)?.[1];
    if (pmcid) add(`PMC${pmcid}`, { title: 'recorded article', pmcid, openAccess: true, recorded: { jats } });
  }
  const found: unknown = JSON.parse(readFileSync(`${folder}europepmc/search_cancer_core.json`, 'utf8'));
  for (const result of resultsOf(found)) {
    const pmid = 'pmid' in result && typeof result.pmid === 'string' ? result.pmid : null;
    if (pmid) add(`MED${pmid}`, { title: 'recorded result', pmid, recorded: { europePmc: result } });
  }
  return added;
}

function* citations(): Generator<{ readonly pmid: string; readonly medline: string }> {
  const whole = readFileSync(`${folder}medline/medline16n0902.xml`, 'utf8');
  for (const [citation] of whole.matchAll(/<MedlineCitation [\s\S]*?<\/MedlineCitation>/g)) {
    const pmid = /<PMID[^>]*>(\d+)</.exec(citation)?.[1];
    if (pmid) yield { pmid, medline: `<PubmedArticle>${citation}</PubmedArticle>` };
  }
}

function resultsOf(answer: unknown): readonly object[] {
  if (typeof answer !== 'object' || answer === null || !('resultList' in answer)) return [];
  const list = answer.resultList;
  if (typeof list !== 'object' || list === null || !('result' in list) || !Array.isArray(list.result)) return [];
  return list.result.filter((one): one is object => typeof one === 'object' && one !== null);
}
