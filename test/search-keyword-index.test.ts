import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NOTHING_DISTILLED } from '../core/cases/distillate.ts';
import { extractCase } from '../core/cases/extract.ts';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import type { ReleaseCase, SearchAnswer, SearchRequest } from '../core/search/contract.ts';
import { type KeywordSearcher, KeywordsUnavailableError } from '../core/search/keyword-hits.ts';
import { parseKeywords } from '../core/search/keywords.ts';
import { search } from '../core/search/search.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { keywordIndexWriter, openKeywordIndex } from '../space/keywords/index.ts';
import { releaseInMemory } from './support/release-in-memory.ts';

const folder = mkdtempSync(join(tmpdir(), 'keywords-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TEXTS = [
  'A woman of 40 had fever, cough and chest pain for three days.',
  'A man of 60 had chest pain. There was no fever. Infarctions were seen.',
  'A boy had a rash and fever; dengue was confirmed.',
  'A girl with oedema of the legs and dyspnoea.',
];
const PROVENANCE = {
  source: 'made up',
  authors: [],
  journal: null,
  publicationDate: null,
  pmid: null,
  pmcid: null,
  doi: null,
  url: null,
  licence: null,
};

function caseOf(text: string, i: number, more: Partial<ReleaseCase> = {}): ReleaseCase {
  const provenance = { ...PROVENANCE, title: `Report ${i}` };
  return {
    caseId: `madeup${i}`,
    provenance,
    extracted: extractCase(text),
    distillate: NOTHING_DISTILLED,
    vectors: {},
    ...more,
  };
}

async function written(file: string, cases: readonly ReleaseCase[]): Promise<string> {
  const path = join(folder, file);
  const writer = keywordIndexWriter(path);
  const all = async function* () {
    yield* cases;
  };
  for await (const _ of writer.through(all()));
  writer.close();
  return path;
}
const placeIn = (cases: readonly ReleaseCase[]) => (id: string) => {
  const place = cases.findIndex(({ caseId }) => caseId === id);
  return place < 0 ? undefined : place;
};
const indexOf = async (file: string, cases: readonly ReleaseCase[]) =>
  openKeywordIndex(await written(file, cases), placeIn(cases));

async function found(index: KeywordSearcher, text: string): Promise<number[]> {
  const parsed = parseKeywords(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return [...(await index.search(parsed.match)).ordinals].sort((a, b) => a - b);
}

test('an index holds titles, texts and diagnoses by the ordinal of the case', async () => {
  const distillate = { ...NOTHING_DISTILLED, diagnosis: 'Nephrotic syndrome' };
  const index = await indexOf(
    'whole.db',
    TEXTS.map((text, i) => caseOf(text, i, i === 3 ? { distillate } : {})),
  );
  expect(await found(index, '"chest pain" NOT cough')).toEqual([1]);
  expect(await found(index, 'edema dyspnea')).toEqual([3]);
  expect(await found(index, '"nephrotic syn"*')).toEqual([3]);
  expect(await found(index, '"report 2"')).toEqual([2]);
  index.close();
});

test('the same cases give the same bytes', async () => {
  const cases = TEXTS.map((text, i) => caseOf(text, i));
  const [one, other] = [await written('one.db', cases), await written('other.db', cases)];
  expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
});

test('an index on from an earlier one finds what one from scratch finds, and holds no word of what is gone', async () => {
  const first = TEXTS.map((text, i) => caseOf(i === 0 ? `${text} Quaking.` : text, i));
  const before = await written('before.db', first);
  const second = [caseOf('Zebra fever in a child', 9), ...first.slice(1), caseOf('Chest pain again', 4)].sort((a, b) =>
    a.caseId < b.caseId ? -1 : 1,
  );
  const path = join(folder, 'after.db');
  const writer = keywordIndexWriter(path, before);
  const stream = async function* () {
    for (const one of second) {
      const taken = first.indexOf(one);
      yield taken < 0 ? one : { taken, caseId: one.caseId, documentKey: one.caseId, provenance: PROVENANCE };
    }
  };
  for await (const _ of writer.through(stream()));
  writer.close();
  const [after, scratch] = [openKeywordIndex(path, placeIn(second)), await indexOf('scratch.db', second)];
  for (const words of ['fever', '"chest pain"', 'zebra', 'cough', 'rash OR oedema', 'chi*', 'pain NOT fever']) {
    expect(await found(after, words), words).toEqual(await found(scratch, words));
  }
  expect(await found(after, 'cough')).toEqual([]);
  // FTS5 leaves out letters that a word shares with the one before it; nothing else here begins with this one's.
  expect(readFileSync(before).includes('quak')).toBe(true);
  expect(readFileSync(path).includes('quak')).toBe(false);
  expect(() => openKeywordIndex(path, placeIn(first))).toThrow('names a case that the release does not have');
  after.close();
  scratch.close();
});

test('a text that may not be shown is found by its words, but their order is not in the file', async () => {
  const secret = caseOf('The zebra stripes crossed over quietly beside harbour walls', 0, { withheld: 'licence' });
  const index = await indexOf('withheld.db', [secret]);
  expect(await found(index, 'zebra harbour')).toEqual([0]);
  expect(await found(index, '"zebra stripes"')).toEqual([]);
  expect(await found(index, 'zeb*')).toEqual([]);
  index.close();
});

const embedder = loadBuiltin(fitBuiltin(TEXTS));
const release = await releaseInMemory(
  TEXTS.map((text, i) => ({ id: `madeup${i}`, text })),
  embedder,
);
const keywords = await indexOf(
  'search.db',
  TEXTS.map((text, i) => caseOf(text, i)),
);
const ask = (
  request: Partial<SearchRequest>,
  searcher: KeywordSearcher | undefined = keywords,
): Promise<SearchAnswer> =>
  search(
    release,
    { k: 10, legs: SETTINGS.legs, explain: true, ...request },
    { embedder, nowMs: () => 0, keywords: searcher },
  );
const idsOf = ({ results }: SearchAnswer) => results.map(({ case_id }) => case_id);

test('keywords alone rank by their own score', async () => {
  const answer = await ask({ keywords: 'fever OR dengue' });
  expect(idsOf(answer)[0]).toBe('madeup2');
  expect(idsOf(answer).sort()).toEqual(['madeup0', 'madeup1', 'madeup2']);
  const [best] = answer.results;
  expect(best?.lexical.contribution).toBeCloseTo(best?.score ?? 0, 9);
  expect(best?.score).toBeLessThan(1);
});

test('beside a text, keywords decide who may answer and not in which order', async () => {
  const text = 'Woman with fever and chest pain';
  const all = idsOf(await ask({ text }));
  const some = idsOf(await ask({ text, keywords: 'fever' }));
  expect(some).toEqual(all.filter((id) => id !== 'madeup3'));
});

test('where the keywords hold for no case the answer says so', async () => {
  expect(await ask({ keywords: 'zebra' })).toMatchObject({ results: [], reason: expect.stringContaining('keywords') });
});

test('skipped words are said', async () => {
  expect((await ask({ keywords: 'fever or dengue' })).degraded.join()).toContain('operators are written in capitals');
});

test.each(['fever', 'fever AND NOT dengue', '(rash OR cough) fever', 'edema OR dengue', 'zebra OR fever'])(
  'without the keyword index plain words find the same cases: %s',
  async (text) => {
    const held = await ask({ keywords: text });
    const plain = await search(
      release,
      { k: 10, legs: SETTINGS.legs, explain: true, keywords: text },
      { embedder, nowMs: () => 0 },
    );
    expect(idsOf(plain).sort()).toEqual(idsOf(held).sort());
    expect(plain.degraded.join()).toContain('no keyword index');
  },
);

test.each(['"chest pain"', 'infarct*', 'hepatitis B'])('without the keyword index %s is refused', async (text) => {
  const asked = search(
    release,
    { k: 10, legs: SETTINGS.legs, explain: true, keywords: text },
    { embedder, nowMs: () => 0 },
  );
  await expect(asked).rejects.toThrow(KeywordsUnavailableError);
});
