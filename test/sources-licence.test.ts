import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFromFile, showingOf } from '../core/corpus/licence.ts';
import type { CaseAnswer, SearchAnswer } from '../core/search/contract.ts';
import { withoutText } from '../core/search/withhold.ts';
import { formatAnswer } from '../space/cli/search.ts';
import { type FaissService, startFaiss } from '../space/faiss/service.ts';
import { releaseCase } from './support/release-in-memory.ts';
import { openSourcesSpace, type SourcesSpace } from './support/sources-space.ts';

describe('what may be shown of a document', () => {
  test.each([
    ['pmc', 'CC0'],
    ['pmc', 'CC0-1.0'],
    ['pmc', 'CC BY'],
    ['pubmed', 'CC BY-NC-ND 4.0'],
    ['europe-pmc', 'cc by-nc-sa'],
    ['europe-pmc', 'cc-by'],
    ['web', 'https://creativecommons.org/licenses/by-nc/4.0/'],
    ['web', 'http://creativecommons.org/publicdomain/zero/1.0/'],
    ['pmc', 'This article is distributed under the terms of the Creative Commons Attribution License (CC\u00a0BY).'],
    ['pmc', 'Public domain'],
    ['file', null],
    ['E3C-Corpus', ''],
    ['MedRBench', 'PMC OA article; benchmark CC BY-SA'],
  ])('the text of %s under %s', (source, licence) => {
    expect(showingOf({ source, licence }).kind).toBe('full');
  });

  test.each([
    ['pubmed', null],
    ['pmc', ''],
    ['europe-pmc', null],
    ['web', null],
    ['pmc', '© 2024 Elsevier. All rights reserved.'],
    ['pmc', 'NO-CC CODE'],
    ['pubmed', 'Copyright © 2024 American College of Cardiology'],
    ['file', 'All rights reserved'],
    ['pmc', 'ccby'],
    ['pmc', 'https://creativecommons.org/'],
  ])('of %s under %s only what was read out of it', (source, licence) => {
    const showing = showingOf({ source, licence });
    expect(showing.kind).toBe('facts');
    expect(showing.kind === 'facts' && showing.reason).toMatch(/read it at the source$/);
  });

  test('every name that is not one of a network source is that of a file', () => {
    expect(['pmc', 'pubmed', 'europe-pmc', 'web'].filter(isFromFile)).toEqual([]);
    expect(isFromFile('file')).toBe(true);
  });
});

/** Sentences that nobody may read of a case whose text is withheld; each holds findings, a diagnosis and what makes it rare. */
const CANARY = [
  'The canaryword patient reported crushing chest pain and dyspnea while feeding zebrafinch.',
  'Her troponin I was 3.4 ng/mL and potassium 2.9 mmol/L by canaryword assay.',
  'The ECG showed ST elevation in V1 to V3 with canaryword notching.',
  'Echocardiography showed an LVEF of 35% and canaryword apical akinesia.',
  'To our knowledge this is the first reported case of takotsubo cardiomyopathy after zebrafinch exposure, an extremely rare event.',
  'She was diagnosed with takotsubo cardiomyopathy, and canaryword rest was ordered.',
];
const TEXT = `A 61-year-old woman was admitted. ${CANARY.join(' ')}`;
const SHOWN =
  'A 62-year-old man came because of chest pain, fever and then dyspnea. His ECG: ST elevation, lead V2, shownword.';

let faiss: FaissService;
let folder: string;
let space: SourcesSpace;
beforeAll(async () => {
  faiss = await startFaiss({ onEvent: () => undefined });
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-licence-'));
  space = await openSourcesSpace(folder, faiss);
  await space.arrive(
    { key: 'PMID_1', source: 'pubmed', text: TEXT, url: 'https://pubmed.ncbi.nlm.nih.gov/1/' },
    { key: 'PMC_2', source: 'pmc', text: SHOWN, title: 'Shown', licence: 'CC BY 4.0' },
  );
  await space.work();
  await space.serving.refresh();
});
afterAll(async () => {
  space.close();
  await faiss.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Words of the text that are no finding, and every sequence of four words of it. */
const traces = [
  ...['canaryword', 'zebrafinch'],
  ...CANARY.flatMap((sentence) => {
    const words = sentence.split(' ');
    return words.slice(0, -3).map((_, i) => words.slice(i, i + 4).join(' '));
  }),
];
const tracesIn = (text: string): readonly string[] =>
  traces.filter((trace) => text.toLowerCase().includes(trace.toLowerCase()));

describe('of a report whose licence allows no copy', () => {
  const query = 'canaryword zebrafinch takotsubo';

  test('no file of the release holds a sentence or a phrase', () => {
    const files = readdirSync(space.storeFolder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(10);
    const held = files.flatMap((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      const text = (entry.name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
      // The indices of words hold each of them once, in no order; that is what finds the case.
      const allowed = ['lexical.bin', 'keywords.db'].includes(entry.name) ? ['canaryword', 'zebrafinch'] : [];
      return tracesIn(text)
        .filter((trace) => !allowed.includes(trace))
        .map((trace) => `${entry.name}: ${trace}`);
    });
    expect(held).toEqual([]);
  });

  test.each(['fused', 'faiss'])('it is found by its words with %s, and no answer says them', async (engine) => {
    const { body } = await space.search({
      text: 'Takotsubo with chest pain, potassium 2.9 mmol/L and LVEF 35%',
      engine,
    });
    const answer = body as SearchAnswer;
    const [first] = answer.results;
    expect(first?.case_id).toBe('PMID_1');
    expect(first).toMatchObject({ title: 'PMID_1', evidence: [], url: 'https://pubmed.ncbi.nlm.nih.gov/1/' });
    expect(first?.text_withheld).toContain('names no licence');
    const matched = Object.values(first?.facets ?? {}).flatMap((facet) => facet?.matched ?? []);
    expect(matched.map(({ term }) => term)).toContain('chest pain');
    expect(matched.map((match) => match.case)).toEqual(matched.map(() => null));
    expect(tracesIn(JSON.stringify(answer))).toEqual([]);
    expect(tracesIn(formatAnswer(answer))).toEqual([]);
    const second = answer.results.find(({ case_id }) => case_id === 'PMC_2');
    expect(second?.evidence.length).toBeGreaterThan(0);
    expect(second).not.toHaveProperty('text_withheld');
  });

  test('by words that are in no other text it comes first, so the indices are made of the text', async () => {
    const { body } = await space.search({ text: query, legs: ['lexical'] });
    expect((body as SearchAnswer).results[0]?.case_id).toBe('PMID_1');
  });

  test('the case itself has its findings with values, and no words', async () => {
    const answer = (await (await space.get('/api/cases/PMID_1')).json()) as CaseAnswer;
    expect(tracesIn(JSON.stringify(answer))).toEqual([]);
    expect(answer.text).toBe('');
    expect(answer.text_withheld).toContain('names no licence');
    expect(answer.facets.labs?.findings).toContainEqual(expect.objectContaining({ term: 'potassium', value: 2.9 }));
    expect(Object.values(answer.facets).map((facet) => facet?.text)).toEqual(Object.keys(answer.facets).map(() => ''));
    const page = await (await space.get('/cases/PMID_1', 'text/html')).text();
    expect(tracesIn(page)).toEqual([]);
    expect(page).toContain('The text is not shown here');
    expect(page).toContain('https://pubmed.ncbi.nlm.nih.gov/1/');
  });

  test.each(['phenopacket', 'fhir', 'markdown', 'ris'])('its export as %s has none of its words', async (format) => {
    const withheld = await (await space.get(`/api/cases/PMID_1/${format}`)).text();
    expect(tracesIn(withheld)).toEqual([]);
    expect(withheld).toContain('names no licence');
    if (format !== 'ris') expect(withheld).toContain('potassium');
    expect(await (await space.get(`/api/cases/PMC_2/${format}`)).text()).not.toContain(
      'Words of the report are left out',
    );
  });

  test('as a query it gives its findings and none of its words', async () => {
    const { body } = await space.search({ case_id: 'PMID_1' });
    expect((body as SearchAnswer).results.map(({ case_id }) => case_id)).toEqual(['PMC_2']);
    expect(tracesIn(JSON.stringify(body))).toEqual([]);
  });

  test('the text of the other one is shown as ever', async () => {
    const answer = (await (await space.get('/api/cases/PMC_2')).json()) as CaseAnswer;
    expect(answer.text).toBe(SHOWN);
    expect(answer).not.toHaveProperty('text_withheld');
  });
});

test('what makes a case rare is said without the words of its report', async () => {
  const quote = 'To our knowledge this is the first canaryword case';
  const theCase = {
    ...(await releaseCase({ id: 'PMID_3', text: TEXT }, { embed: async () => [] } as never)), // no vector is looked at
    withheld: 'no licence',
  };
  const distillate = {
    ...theCase.distillate,
    diagnosis: `${quote} `.repeat(2),
    diagnosisSpan: [0, 9] as const,
    isRare: true,
    rarityCriteria: ['rare_ecg_pattern'] as const,
    rareReason: `The report says "${quote}".`,
    rejectionReason: `Not enough for rarity: "${quote}".`,
  };
  const shown = withoutText({ ...theCase, distillate });
  expect(JSON.stringify(shown)).not.toContain('canaryword');
  expect(shown.distillate).toMatchObject({ diagnosis: null, isRare: true, rareReason: 'By rare ecg pattern.' });
  const common = withoutText({ ...theCase, distillate: { ...distillate, isRare: false, diagnosis: 'Myocarditis' } });
  expect(JSON.stringify(common)).not.toContain('canaryword');
  expect(common.distillate).toMatchObject({ diagnosis: 'Myocarditis', rareReason: null });
});

test('a licence that is named later frees the text in the next release, without working the case anew', async () => {
  const worked = () =>
    space.rowsOf(
      `SELECT t.stage, t.updated_at_ms FROM task t JOIN item i ON i.id = t.item_id
       WHERE i.key = 'PMID_1' AND t.stage IN ('distill', 'embed') ORDER BY t.stage`,
    );
  const before = await worked();
  await space.arrive({ key: 'PMID_1', source: 'pubmed', text: TEXT, licence: 'CC BY-NC 4.0' });
  await space.work();
  await space.serving.refresh();
  const answer = (await (await space.get('/api/cases/PMID_1')).json()) as CaseAnswer;
  expect(answer.text).toBe(TEXT);
  expect(await worked()).toEqual(before);
});
