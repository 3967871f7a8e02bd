import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import type { CaseFinding } from '../core/search/case-contract.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { ASSERTIONS, FACETS, OUTCOME_STATUSES, PRESETS, RARITY_CRITERIA } from '../schema/vocabulary.ts';
import { ago, viewStatus } from '../space/client/status-view.js';
import * as words from '../space/client/words.js';
import { casePage } from '../space/pages/case-page.ts';
import { ageWords, besideValue, courseWords, durationWords, valueWords } from '../space/pages/case-words.ts';
import { type Mark, segmentsOf } from '../space/pages/highlight.ts';
import { caseAnswer, HOSTILE, stage, statusAnswer } from './support/space-stub.ts';

const mark = (key: number, start: number, end: number, over: Partial<Mark> = {}): Mark => ({
  key,
  facet: 'symptoms',
  assertion: 'present',
  term: 'fever',
  span: [start, end],
  ...over,
});

/** Segments as `text` or `text{keys of the marks}`. */
const shape = (text: string, marks: readonly Mark[]) =>
  segmentsOf(text, marks).map((s) =>
    s.marks.length === 0 ? s.text : `${s.text}{${s.marks.map((m) => m.key).join()}}`,
  );

describe('highlights', () => {
  test('a text without findings is one segment', () => {
    expect(shape('no fever', [])).toEqual(['no fever']);
  });

  test('marks that touch do not melt together', () => {
    expect(shape('abcdef', [mark(1, 1, 3), mark(2, 3, 5)])).toEqual(['a', 'bc{1}', 'de{2}', 'f']);
  });

  test('marks of two facets that overlap both show where they do', () => {
    expect(shape('abcdef', [mark(1, 0, 4), mark(2, 2, 6, { facet: 'ecg' })])).toEqual(['ab{1}', 'cd{1,2}', 'ef{2}']);
  });

  test('of two marks of one facet the one that began last shows, and the first again behind it', () => {
    expect(shape('abcdef', [mark(1, 0, 6), mark(2, 2, 4)])).toEqual(['ab{1}', 'cd{2}', 'ef{1}']);
  });

  test.each([
    [-1, 2],
    [2, 2],
    [4, 3],
    [3, 99],
    [Number.NaN, 3],
    [0.5, 3],
  ])('a span from %d to %d is no range of the text and marks nothing', (start, end) => {
    expect(shape('abcdef', [mark(1, start, end)])).toEqual(['abcdef']);
  });

  test('half an emoji is never cut off', () => {
    expect(shape('a💊b', [mark(1, 2, 4)])).toEqual(['a', '💊b{1}']);
    expect(shape('a💊b', [mark(1, 0, 2)])).toEqual(['a💊{1}', 'b']);
  });

  test('whatever the spans are, the segments give the text again and each usable mark begins once', () => {
    const anyMark = fc.record({
      facet: fc.constantFrom(...FACETS),
      assertion: fc.constantFrom(...ASSERTIONS),
      span: fc.tuple(fc.integer({ min: -2, max: 40 }), fc.integer({ min: -2, max: 40 })),
    });
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        fc.array(anyMark, { maxLength: 12 }),
        (text, drawn) => {
          const marks = drawn.map((one, key) => ({ ...one, key, term: 'x' }));
          const segments = segmentsOf(text, marks);
          expect(segments.map((s) => s.text).join('')).toBe(text);
          const usable = marks.filter(({ span: [start, end] }) => start >= 0 && start < end && end <= text.length);
          expect(segments.flatMap((s) => s.starts).sort((a, b) => a - b)).toEqual(usable.map((m) => m.key));
          for (const s of segments) expect(new Set(s.marks.map((m) => m.facet)).size).toBe(s.marks.length);
        },
      ),
    );
  });
});

describe('words', () => {
  test('every closed list has a label for each of its members', () => {
    expect([...words.FACETS]).toEqual([...FACETS]);
    expect(Object.keys(words.FACET_LABELS)).toEqual(expect.arrayContaining([...FACETS]));
    expect(Object.keys(words.ASSERTION_LABELS)).toEqual([...ASSERTIONS]);
    expect(Object.keys(words.PRESETS)).toEqual([...PRESETS]);
    expect(Object.keys(words.RARITY_LABELS)).toEqual([...RARITY_CRITERIA]);
    expect(Object.keys(words.OUTCOME_LABELS)).toEqual([...OUTCOME_STATUSES]);
  });

  test.each(PRESETS)('the sliders of preset %s stand where the search weighs', (preset) => {
    const shares = FACETS.map((facet) => Math.round(SETTINGS.presets[preset][facet] * 100));
    expect([...words.PRESETS[preset].weights]).toEqual(shares);
  });

  test.each([
    [100, '100.0 %'],
    [99.97, '99.9 %'],
    [99.2, '99.2 %'],
    [0, '0.0 %'],
    [-3, '0.0 %'],
  ])('percentile %d reads %s: cut, never rounded up', (value, expected) => {
    expect(words.percentile(value)).toBe(expected);
  });

  test.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [60, '1 min'],
    [3_600, '1 h'],
    [12_000, '3 h 20 min'],
    [86_400, '1 d'],
    [187_200, '2 d 4 h'],
  ])('%d seconds read %s', (seconds, expected) => {
    expect(words.duration(seconds)).toBe(expected);
  });

  test.each([
    ['https://example.org/a', 'https://example.org/a'],
    ['http://example.org/', 'http://example.org/'],
    ['javascript:alert(1)', null],
    ['JaVaScRiPt:alert(1)', null],
    [' javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['//example.org', null],
    ['/cases/1', null],
    ['', null],
    [null, null],
  ])('%j may be linked to as %j', (url, expected) => {
    expect(words.safeHref(url)).toBe(expected);
  });

  test.each([
    ['st elevation', 'ST elevation'],
    ['troponin i', 'troponin I'],
    ['t wave inversion', 'T wave inversion'],
    ['lvef', 'LVEF'],
    ['hba1c', 'HbA1c'],
    ['chest pain', 'chest pain'],
    ['type i', 'type i'],
    ['constructor', 'constructor'],
  ])('the term %s is written %s', (term, expected) => {
    expect(words.termWords(term)).toBe(expected);
  });

  test.each([
    [null, 'not stated'],
    [41, '41 years'],
    [2, '2 years'],
    [1.5, '18 months'],
    [1 / 12, '1 month'],
    [21 / 365.25, '21 days'],
    [1 / 365.25, '1 day'],
    [0, 'newborn'],
  ])('an age of %d years reads %s', (age, expected) => {
    expect(ageWords(age)).toBe(expected);
  });
});

describe('a case page', () => {
  const text = 'Fever of 39 °C. Again fever of 39 °C, and no cough.';
  const fever = { term: 'fever', assertion: 'present', value: 39, unit: 'Cel' } as const;
  const page = (over: Parameters<typeof caseAnswer>[0]): string => String(casePage(caseAnswer({ text, ...over })));

  test('tells what the text says twice in one row, with a way to each place', () => {
    const findings = [
      { ...fever, span: [0, 14] as const },
      { ...fever, span: [22, 36] as const },
      { term: 'cough', assertion: 'absent', span: [45, 50] as const } as const,
    ];
    const shown = page({ facets: { symptoms: { text, findings } } });
    expect(shown).toContain('2 findings');
    expect(shown.match(/<th scope="row"><bdi>fever/g)).toHaveLength(1);
    for (const key of [0, 1, 2]) {
      expect(shown).toContain(`href="#finding-${key}"`);
      expect(shown).toContain(`id="finding-${key}"`);
    }
  });

  test('names other documents of the article by the ids that are not named already', () => {
    const { provenance } = caseAnswer();
    const own = { ...provenance, pmid: '1', pmcid: 'PMC2', doi: '10.1/x' };
    const link = { key: 'PMID_1', pmid: '1', pmcid: 'PMC2', doi: '10.1/x', url: null };
    expect(page({ provenance: { ...own, also: [link] } })).not.toContain('Also');
    const other = { ...link, key: 'PMID_3', pmid: '3' };
    expect(page({ provenance: { ...own, also: [link, other] } })).toMatch(/Also<\/dt>\s*<dd[^>]*>(?:<[^>]+>)*PMID 3</);
    const nameless = { key: 'file-9', pmid: null, pmcid: null, doi: null, url: null };
    expect(page({ provenance: { ...own, also: [nameless] } })).toContain('file-9');
  });
});

describe('what a finding says beyond its term', () => {
  const finding = (over: Partial<CaseFinding>): CaseFinding => ({
    term: 'prolactin',
    assertion: 'present',
    span: [0, 9],
    ...over,
  });

  test.each<[Partial<CaseFinding>, string]>([
    [{}, ''],
    [{ value: 588, unit: 'ng/mL' }, '588 ng/mL'],
    [{ value: 40, unit: 'ng/mL', comparator: '>=' }, '≥ 40 ng/mL'],
    [{ value: 40, comparator: '<' }, '< 40'],
    [{ value: 7.4, unit: '1' }, '7.4'],
    [{ term: 'age', value: 1.167, unit: 'a' }, '14 months'],
    [{ term: 'smoking', value: 20, unit: 'a' }, '20 years'],
  ])('%j has the value %j', (over, expected) => {
    expect(valueWords(finding(over))).toBe(expected);
  });

  test.each<[Partial<CaseFinding>, readonly string[]]>([
    [{}, []],
    [{ unit: 'ng/mL', range: [2.8, 26] }, ['reference 2.8 to 26 ng/mL']],
    [{ unit: 'ng/L', range: [null, 26] }, ['reference up to 26 ng/L']],
    [{ range: [0, null] }, ['reference from 0']],
    [{ canonical: { value: 76.923_076_9, unit: 'nmol/L' } }, ['= 76.92 nmol/L']],
    [{ canonical: { value: 1_234_567, unit: '/uL' } }, ['= 1235000 /uL']],
  ])('beside the value of %j stands %j', (over, expected) => {
    expect(besideValue(finding(over))).toEqual(expected);
  });

  test.each([
    [1 / 24, '1 hour'],
    [1 / 48, '30 minutes'],
    [1, '1 day'],
    [13, '13 days'],
    [21, '3 weeks'],
    [30, '4 weeks'],
    [60, '2 months'],
    [91.3, '3 months'],
    [365, '12 months'],
    [730, '2 years'],
    [7_305, '20 years'],
  ])('%d days read %s', (days, expected) => {
    expect(durationWords(days)).toBe(expected);
  });

  test('how bad, since when and when it was found stand under the term', () => {
    const told = finding({ severity: 'severe', onset: 'acute', duration_days: 2, at: 'on admission' });
    expect(courseWords(told)).toEqual(['severe', 'acute', 'for 2 days', 'on admission']);
  });
});

describe('what was made of a case as a whole', () => {
  const documentOf = (over: Parameters<typeof caseAnswer>[0] = {}) =>
    parseHTML(String(casePage(caseAnswer(over)))).document;
  const INLINE = new Set('A BDI CODE MARK SPAN STRONG'.split(' '));
  const textOf = (node: Node): string => {
    if (node.nodeType === 3) return node.textContent ?? '';
    const inner = [...node.childNodes].map(textOf).join('');
    return INLINE.has(node.nodeName) ? inner : ` ${inner} `;
  };
  /** As a person sees them: what stands in different blocks is apart. */
  const wordsOf = (node: Node | null | undefined) => (node ? textOf(node) : '').replace(/\s+/g, ' ').trim();

  test('stands on its page with a way to the words that say it', () => {
    const shown = documentOf();
    const side = wordsOf(shown.querySelector('.case-side'));
    for (const words of [
      'Further diagnoses throat infection',
      'Rare disease (under 1 in 2,000) "Brugada syndrome" affects fewer than 1 in 2,000 people.',
      'Rare ECG pattern A type 1 Brugada pattern is rare. spontaneous type 1 pattern',
      'Recovered, followed for 14 months After 14 months he is well',
      'By rules, without a language model.',
    ])
      expect(side).toContain(words);
    const tables = wordsOf(shown.querySelector('.findings'));
    for (const words of [
      'Treatment 2 findings',
      'quinidine medication twice daily',
      '300 mg',
      'Complications 1 finding',
    ])
      expect(tables).toContain(words);
    const links = [...shown.querySelectorAll('a[href^="#finding-"]')];
    expect(links.length).toBeGreaterThan(25);
    for (const link of links) {
      const target = shown.getElementById((link.getAttribute('href') ?? '').slice(1));
      expect(target, link.outerHTML).not.toBeNull();
      // The link quotes what stands behind its target.
      if (wordsOf(link) !== 'again') expect(wordsOf(target?.parentElement)).toContain(wordsOf(link));
    }
    expect(shown.querySelectorAll('.case-text mark[data-facet="course"]').length).toBeGreaterThan(4);
  });

  test('leads each link to the first word of what it quotes', () => {
    const shown = documentOf();
    for (const [group, words] of [
      ['.said a', 'Brugada syndrome'],
      ['.findings a', 'fainted'],
    ] as const) {
      const link = [...shown.querySelectorAll(group)].find((node) => wordsOf(node) === words);
      const target = shown.getElementById((link?.getAttribute('href') ?? '').slice(1));
      const after = [...(target?.parentElement?.childNodes ?? [])];
      const behind = after.slice(after.indexOf(target as never)).map((node) => node.textContent);
      expect(behind.join('').startsWith(words)).toBe(true);
    }
  });

  test('says that a model made it, what of it was left out, and what speaks against it', () => {
    const review = { by: 'acme/reader-8B', claims: 14, dropped: 2, repairs: 1, truncated: true, suspicious: true };
    const side = wordsOf(documentOf({ review }).querySelector('.case-side'));
    for (const words of [
      'by the model acme/reader-8B: 14 claims, 2 left out because their words are not in the text. It was asked 1 more time',
      'The model read only the beginning of the text.',
      'words that read like orders to a model',
    ])
      expect(side).toContain(words);
    const plain = wordsOf(documentOf().querySelector('.case-side'));
    expect(plain).not.toMatch(/only the beginning|orders to a model|left out/);
  });

  test('says why it is not rare, and that nothing is known of the end', () => {
    const side = wordsOf(
      documentOf({
        rare: false,
        rare_reason: null,
        rarity_criteria: [],
        rarity_evidence: [],
        rejection_reason: 'The report states no rarity.',
        outcome: { status: 'unknown', follow_up_months: null, quote: null, span: null },
      }).querySelector('.case-side'),
    );
    expect(side).toContain('Not marked as rare. The report states no rarity.');
    expect(side).toContain('Outcome Not stated');
  });

  test('of a withheld text shows what was read, and no words or links to them', () => {
    const { facets, treatments } = caseAnswer();
    const nowhere = [0, 0] as const;
    const shown = documentOf({
      text: '',
      text_withheld: 'its licence allows no copies',
      facets: {
        labs: { text: '', findings: (facets.labs?.findings ?? []).map((one) => ({ ...one, span: nowhere })) },
      },
      diagnosis_span: null,
      secondary_diagnoses: [{ text: 'throat infection', span: nowhere }],
      rarity_evidence: [{ criterion: 'prevalence', reason: 'prevalence', quote: null, span: null }],
      treatments: treatments.map((one) => ({ ...one, span: nowhere })),
      complications: [],
      outcome: { status: 'recovered', follow_up_months: 14, quote: null, span: null },
    });
    expect(wordsOf(shown.querySelector('.narrative'))).toContain('its licence allows no copies');
    expect(wordsOf(shown.querySelector('.findings'))).toContain('reference up to 26 ng/L not shown');
    expect(wordsOf(shown.querySelector('.case-side'))).toContain('throat infection');
    expect(shown.querySelectorAll('a[href^="#finding-"]')).toHaveLength(0);
    expect(shown.querySelectorAll('blockquote')).toHaveLength(0);
  });

  test('can be taken along in every format, whatever the id is', () => {
    const shown = documentOf({ case_id: 'PMC 1/2?x#y' });
    const links = [...shown.querySelectorAll('.exports a')].map((link) => link.getAttribute('href'));
    expect(links).toEqual(
      ['phenopacket', 'fhir', 'markdown', 'ris'].map((part) => `/api/cases/PMC%201%2F2%3Fx%23y/${part}`),
    );
  });

  // What a model may answer with, besides what a hostile source may hold.
  const OF_MODELS = [
    ...HOSTILE,
    '![x](https://evil.example/beacon.png)',
    '[here](javascript:window.hits=1)',
    'https://evil.example/?q=secret',
    '=HYPERLINK("https://evil.example")',
    '../../../etc/passwd',
    "'; DROP TABLE cases; --",
  ];
  test.each(OF_MODELS)('words of a model are text and never a link: %j', (poison) => {
    const finding = { term: poison, assertion: 'present', span: [0, 4], unit: poison, value: 1 } as const;
    const told = { ...finding, at: poison, code: poison, qualifiers: [poison], canonical: { value: 1, unit: poison } };
    const shown = documentOf({
      diagnosis: poison,
      secondary_diagnoses: [{ text: poison, span: [0, 4] }],
      rare_reason: poison,
      rarity_evidence: [{ criterion: 'prevalence', reason: poison, quote: poison, span: [0, 4] }],
      key_symptoms: [poison],
      key_labs: [poison],
      key_ecg: poison,
      treatments: [told],
      complications: [told],
      outcome: { status: 'recovered', follow_up_months: 1, quote: poison, span: [0, 4] },
      review: { by: poison, claims: 1, dropped: 1, repairs: 0, truncated: false, suspicious: false },
    });
    const plain = documentOf();
    const tags = (page: typeof shown) => new Set([...page.querySelectorAll('*')].map((node) => node.tagName));
    expect([...tags(shown)].filter((tag) => !tags(plain).has(tag))).toEqual([]);
    for (const node of shown.querySelectorAll('*'))
      for (const { name } of node.attributes) expect(name).not.toMatch(/^on/);
    const hrefs = [...shown.querySelectorAll('a')].map((link) => link.getAttribute('href') ?? '');
    for (const href of hrefs) expect(href).toMatch(/^(?:#|\/|https:\/\/example\.org\/cases\/sample-001$)/);
    expect(wordsOf(shown.querySelector('.diagnosis-name'))).toBe(poison.replace(/\s+/g, ' ').trim());
  });
});

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');

describe('status', () => {
  test('100 % is said only when all is settled', () => {
    const almost = statusAnswer({
      stages: [stage('scrape', { done: 9_999, ready: 1 }), stage('normalize', { done: 9, dead: 1 })],
    });
    const [scrape, normalize] = viewStatus(almost, NOW_MS).stages;
    expect([scrape?.share, normalize?.share]).toEqual([99, 100]);
  });

  test('the five stages are shown in order, whatever the answer holds', () => {
    const odd = statusAnswer({ stages: [stage('index'), stage('scrape'), stage('surprise')] });
    const names = viewStatus(odd, NOW_MS).stages.map((one) => one.name);
    expect(names).toEqual(['scrape', 'normalize', 'distill', 'embed', 'index']);
  });

  test('the current stage is the one that the answer names, and none while serving', () => {
    const current = (name: string) =>
      viewStatus(statusAnswer({ stage: name }), NOW_MS)
        .stages.filter((one) => one.current)
        .map((one) => one.name);
    expect(current('distill')).toEqual(['distill']);
    expect(current('SERVING')).toEqual([]);
  });

  test('a gate says why and when it opens', () => {
    const gate = { reason: 'paused by an operator', opens_at: null };
    const timed = { reason: 'quota is spent', opens_at: '2026-11-23T00:00:00Z' };
    const stages = [stage('scrape', { gate }), stage('normalize', { gate: timed })];
    const view = viewStatus(statusAnswer({ stages }), NOW_MS).stages;
    expect(view[0]?.gate).toBe('paused by an operator');
    expect(view[1]?.gate).toBe('quota is spent; opens at 2026-11-23 00:00 UTC');
  });

  test('a state that cannot be read is said, not shown as idle and well', () => {
    const view = viewStatus(null, NOW_MS);
    expect([view.tone, view.headline, view.facts.cases]).toEqual(['bad', 'The state cannot be read', 'unknown']);
  });

  test.each([
    ['2026-11-22T11:59:58Z', 'just now'],
    ['2026-11-22T11:48:00Z', '12 min ago'],
    ['2026-11-23T00:00:00Z', '2026-11-23 00:00 UTC'],
    ['yesterday', 'yesterday'],
  ])('%s at noon of the 22nd reads %s', (iso, expected) => {
    expect(ago(iso, NOW_MS)).toBe(expected);
  });
});
