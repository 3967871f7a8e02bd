import { SaxesParser } from 'saxes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasFullText } from './support/literature/article.ts';
import { FAULTS, type Fault } from './support/literature/faults.ts';
import { type Literature, startLiterature } from './support/literature/server.ts';
import { addDays, makeWorld } from './support/literature/world.ts';

const TODAY = '2026-11-22';
let literature: Literature;

beforeAll(async () => {
  literature = await startLiterature({ seed: 7, articles: 60, today: TODAY, ceiling: 40, limitPerSecond: null });
});
afterAll(() => literature.stop());

const get = async (path: string): Promise<Response> => fetch(`${literature.url}${path}`);
const textOf = async (path: string): Promise<string> => (await get(path)).text();
const idsIn = (xml: string): string[] => [...xml.matchAll(/<Id>(\d+)<\/Id>/g)].map(([, id]) => id ?? '');

/** Names of the elements of a well-formed document, with how often each begins; throws where it is not well-formed. */
function elementsOf(xml: string): Map<string, number> {
  const counts = new Map<string, number>();
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name }) => counts.set(name, (counts.get(name) ?? 0) + 1));
  parser.write(xml).close();
  return counts;
}

test('the same seed makes the same world, and another seed another one', () => {
  const options = { articles: 40, today: TODAY };
  expect(makeWorld({ seed: 3, ...options }).articles()).toEqual(makeWorld({ seed: 3, ...options }).articles());
  expect(makeWorld({ seed: 4, ...options }).articles()).not.toEqual(makeWorld({ seed: 3, ...options }).articles());
});

test('PubMed lists what it has by entry date, newest first, and no page goes beyond the ceiling', async () => {
  const withPmid = literature.world.articles().filter(({ pmid }) => pmid !== null);
  const query = '/entrez/eutils/esearch.fcgi?db=pubmed&term=all%5Bsb%5D&retmax=30';
  const first = await textOf(query);
  const second = await textOf(`${query}&retstart=30`);
  expect(first).toContain(`<Count>${withPmid.length}</Count>`);
  expect(withPmid.length).toBeGreaterThan(40);
  expect(idsIn(first)).toHaveLength(30);
  expect(idsIn(second)).toHaveLength(10);
  const beyond = await (await get(`${query}&retstart=40&retmode=json`)).text();
  expect(() => JSON.parse(beyond)).toThrow();
  expect(beyond).toContain("'retstart' cannot be larger than 39");
});

test('windows by entry, change and publication date hold the articles of those days alone', async () => {
  const { world } = literature;
  const [article] = world.articles().filter(({ pmid }) => pmid !== null);
  if (!article) throw new Error('an empty world');
  const base = '/entrez/eutils/esearch.fcgi?db=pubmed&term=case+reports%5Bpt%5D&retmax=100';
  for (const [type, day] of [
    ['edat', article.entryDay],
    ['mdat', article.changeDay],
    ['pdat', article.publishedDay],
  ] as const) {
    const slashed = day.replaceAll('-', '/');
    const byParameter = idsIn(await textOf(`${base}&datetype=${type}&mindate=${slashed}&maxdate=${slashed}`));
    const term = encodeURIComponent(
      `"case reports"[Publication Type] AND ("${slashed}"[${type}] : "${slashed}"[${type}])`,
    );
    const byTerm = idsIn(await textOf(`/entrez/eutils/esearch.fcgi?db=pubmed&term=${term}&retmax=100`));
    expect(byParameter).toContain(article.pmid);
    expect(byTerm).toEqual(byParameter);
  }
  const never = addDays(world.since, -100).replaceAll('-', '/');
  expect(await textOf(`${base}&datetype=edat&mindate=${never}&maxdate=${never}`)).toContain('<Count>0</Count>');
});

test('efetch gives known ids, leaves unknown ones out, gives the other one for a merged one, and refuses an empty list', async () => {
  const world = makeWorld({ seed: 7, articles: 60, today: TODAY });
  const [one, two, three] = world.articles().filter(({ pmid, pmcid }) => pmid && pmcid);
  if (!one || !two || !three) throw new Error('too small a world');
  literature.world.merge(two.number, one.number);
  literature.world.remove(three.number);
  try {
    const set = await (
      await fetch(`${literature.url}/entrez/eutils/efetch.fcgi`, {
        method: 'POST',
        body: new URLSearchParams({ db: 'pubmed', retmode: 'xml', id: `${two.pmid},${three.pmid},99999999` }),
      })
    ).text();
    expect(elementsOf(set).get('PubmedArticle')).toBe(1);
    expect(set).toContain(`<PMID Version="1">${one.pmid}</PMID>`);
    const pmc = await textOf(`/entrez/eutils/efetch.fcgi?db=pmc&id=${one.pmcid},${three.pmcid}`);
    expect(elementsOf(pmc).get('article')).toBe(1);
    expect(pmc).toContain(`The following PMCID is not available: ${three.pmcid}`);
    const empty = await get('/entrez/eutils/efetch.fcgi?db=pubmed&id=');
    expect([empty.status, await empty.text()]).toEqual([400, expect.stringContaining('ID list is empty!')]);
  } finally {
    literature.world.restore(two.number);
    literature.world.restore(three.number);
  }
});

test('full texts of every dialect are well-formed, and are given only where they are open', async () => {
  const { world } = literature;
  const dialects = new Set<string>();
  for (const article of world.articles()) {
    if (!article.pmcid) continue;
    const answer = await get(`/europepmc/webservices/rest/PMC${article.pmcid}/fullTextXML`);
    const text = await answer.text();
    expect(answer.status).toBe(hasFullText(article) ? 200 : 404);
    if (!hasFullText(article)) expect(text).toBe('');
    else {
      expect(elementsOf(text).get('body')).toBe(1);
      dialects.add(article.dialect);
    }
  }
  expect(dialects.size).toBeGreaterThan(3);
});

test('Europe PMC pages by cursor to the end, where the cursor repeats, and says its errors under a 200', async () => {
  const { world } = literature;
  const base = '/europepmc/webservices/rest/search?format=json&resultType=core&pageSize=25';
  const query = `${base}&query=${encodeURIComponent(`FIRST_IDATE:[${world.since} TO ${world.today}]`)}`;
  const seen: string[] = [];
  let mark = '*';
  for (let page = 0; page < 10; page++) {
    const answer = JSON.parse(await textOf(`${query}&cursorMark=${encodeURIComponent(mark)}`));
    expect(answer.hitCount).toBe(world.articles().length);
    seen.push(...answer.resultList.result.map(({ id }: { id: string }) => id));
    if (answer.nextCursorMark === mark) break;
    mark = answer.nextCursorMark;
  }
  expect(new Set(seen).size).toBe(world.articles().length);
  expect(seen).toHaveLength(world.articles().length);
  const tooLarge = await get(`${query}&pageSize=1001`.replace('&pageSize=25', ''));
  expect([tooLarge.status, await tooLarge.json()]).toEqual([200, expect.objectContaining({ errCode: 404 })]);
});

test('a retraction shows in the type, in the notices and in the day of change', async () => {
  const world = makeWorld({ seed: 1, articles: 10, today: addDays(TODAY, -3) });
  const before = world.get(0);
  const after = world.retract(0, TODAY);
  expect(after.changeDay).toBe(TODAY);
  expect(after.notices).toEqual([expect.objectContaining({ kind: 'retraction' })]);
  expect(after.abstract).toEqual(before.abstract);
  const changed = world.changeText(1, TODAY);
  expect(changed.pmid).toBe(world.get(1).pmid);
  expect(changed.abstract).not.toEqual(makeWorld({ seed: 1, articles: 10, today: addDays(TODAY, -3) }).get(1).abstract);
});

/** What a plain client sees of each fault within its patience; `whole` for an answer with all that was asked for. */
const SEEN: Readonly<Record<Fault, string>> = {
  '429': '429',
  '429-seconds': '429',
  '429-date': '429',
  '429-huge': '429',
  '429-negative': '429',
  '429-junk': '429',
  '200-limit': 'not a set',
  '503': '503',
  '500-html': '500',
  '500-json': '500',
  '200-html': 'not a set',
  '200-error': 'not a set',
  '200-empty': 'not a set',
  '204': '204',
  '302-loop': '302',
  hang: 'no answer',
  silence: 'no answer',
  slow: 'no answer',
  reset: 'no answer',
  short: 'no answer',
  'chunks-cut': 'no answer',
  truncated: 'not a set',
  gzip: 'whole',
  // Node's own client gives out what it could inflate and says nothing.
  'gzip-cut': 'not a set',
  clamped: 'whole',
  doubled: 'whole',
};

test.each(FAULTS)('the fault %s is seen as itself once, and then the answer comes whole', async (fault) => {
  const [article] = literature.world.articles().filter(({ pmid }) => pmid !== null);
  literature.faults.set({ seed: 1, rules: [{ route: 'efetch', fault, times: 1 }] });
  const ask = async (): Promise<string> => {
    try {
      const answer = await fetch(`${literature.url}/entrez/eutils/efetch.fcgi?db=pubmed&id=${article?.pmid}`, {
        redirect: 'manual',
        signal: AbortSignal.timeout(250),
      });
      const text = await answer.text();
      if (answer.status !== 200) return String(answer.status);
      return text.includes('</PubmedArticleSet>') && elementsOf(text).get('PubmedArticle') === 1
        ? 'whole'
        : 'not a set';
    } catch {
      return 'no answer';
    }
  };
  expect(await ask()).toBe(SEEN[fault]);
  expect(await ask()).toBe('whole');
  const [harmed, whole] = literature.ledger.entries.slice(-2);
  expect(whole?.outcome).toBe('whole');
  expect(harmed?.outcome).toBe(SEEN[fault] === 'whole' ? 'whole' : fault);
});

test('beyond three requests in a second NCBI answers 429 and names the caller', async () => {
  const strict = await startLiterature({ seed: 1, articles: 5, today: TODAY });
  try {
    const ask = () => fetch(`${strict.url}/entrez/eutils/esearch.fcgi?db=pubmed&term=qux&api_key=secret-key`);
    const answers = await Promise.all(Array.from({ length: 12 }, ask));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
    const body = await answers.find(({ status }) => status === 429)?.json();
    expect(body).toMatchObject({ error: 'API rate limit exceeded', 'api-key': 'secret-key', limit: '10' });
    expect(strict.ledger.summary('ncbi')).toMatchObject({ requests: 12, byOutcome: { limit: 2, whole: 10 } });
    expect(JSON.stringify(strict.ledger.entries)).not.toContain('secret-key');
  } finally {
    await strict.stop();
  }
});

test('a storm harms the same request three times in a row at most', async () => {
  literature.faults.set({ seed: 5, share: 1, storm: ['503'] });
  try {
    const statuses: number[] = [];
    for (let i = 0; i < 8; i++) statuses.push((await get('/entrez/eutils/esearch.fcgi?db=pubmed&term=qux')).status);
    expect(statuses).toEqual([503, 503, 503, 200, 503, 503, 503, 200]);
  } finally {
    literature.faults.set({ seed: 5 });
  }
});
