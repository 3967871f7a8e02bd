import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FindingMatch, SearchRequest } from '../core/search/contract.ts';
import { ASSERTIONS, FACETS } from '../schema/vocabulary.ts';
import { type AppDeps, createApp } from '../space/http/app.ts';
import { caseAnswer, HOSTILE, QUERY_TEXT, result, searchAnswer, statusAnswer, stubDeps } from './support/space-stub.ts';

const CHROMIUM = '/usr/bin/chromium';
const QUERY = 'A zebra-striped man of 39 collapsed during a fever';
const STEP_MS = 30_000;

const found = existsSync(CHROMIUM);

describe.skipIf(!found)(`pages in Chromium${found ? '' : ` (skipped: no ${CHROMIUM})`}`, { timeout: STEP_MS }, () => {
  let browser: Browser;
  const open: { server: ServerType; context: BrowserContext }[] = [];

  beforeAll(async () => {
    const args = ['--no-sandbox', '--disable-dev-shm-usage'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
  }, STEP_MS);
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const { server, context } of open.splice(0)) {
      await context.close();
      server.close();
    }
  });

  /** A page on a fresh server. `violations` collects what the policy refused, `urls` every address that was asked for. */
  async function visit(over: Partial<AppDeps>, path: string, options: Parameters<Browser['newContext']>[0] = {}) {
    const deps = stubDeps(over);
    const server = await new Promise<ServerType>((resolve) => {
      const started = serve({ fetch: createApp(deps).fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started));
    });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const context = await browser.newContext(options);
    open.push({ server, context });
    const urls: string[] = [];
    const violations: string[] = [];
    context.on('request', (request) => urls.push(request.url()));
    context.on('console', (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) violations.push(message.text());
    });
    context.on('weberror', (error) => violations.push(error.error().message));
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(base + path);
    return { page, base, urls, violations, context, deps };
  }

  const search = async (page: Page) => {
    await page.getByLabel('Describe the case').fill(QUERY);
    await page.keyboard.press('Control+Enter');
  };

  test('the keyboard alone leads from the address to a query, its results and the first case', async () => {
    const { page, context } = await visit({}, '/');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('text');
    await page.keyboard.type(QUERY);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: '3 similar cases' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('results-heading');
    expect(await page.getByRole('status').textContent()).toBe('3 similar cases found.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    const opened = context.waitForEvent('page');
    await page.keyboard.press('Enter');
    const casePage = await opened;
    await casePage.getByRole('heading', { level: 1, name: /Fever, fainting/ }).waitFor();
  });

  test('a query is sent in a body: no address, and no other host, ever sees it', async () => {
    const { page, base, urls, deps } = await visit({}, '/');
    await search(page);
    await page.getByRole('heading', { name: '3 similar cases' }).waitFor();
    expect(page.url()).toBe(`${base}/`);
    expect(urls.filter((url) => !url.startsWith(`${base}/`))).toEqual([]);
    expect(urls.filter((url) => /zebra/.test(url))).toEqual([]);
    expect(JSON.stringify(deps.lines)).not.toContain('zebra');
  });

  test('without script a submitted form still puts nothing into the address', async () => {
    const { page, urls } = await visit({}, '/', { javaScriptEnabled: false });
    await page.getByLabel('Describe the case').fill(QUERY);
    await page.getByRole('button', { name: 'Search' }).click();
    expect(urls.filter((url) => /zebra/.test(url))).toEqual([]);
  });

  test('weights, filters and comparisons go out as the API names them', async () => {
    const asked: SearchRequest[] = [];
    const remember = async (request: SearchRequest) => {
      asked.push(request);
      return searchAnswer();
    };
    const { page } = await visit({ search: remember }, '/');
    await page.getByText('Weights and filters', { exact: true }).click();
    await page.getByLabel('ECG', { exact: true }).fill('60');
    await page.getByLabel('Age from').fill('30');
    await page.getByLabel('Sex').selectOption('male');
    await page.getByLabel('Rare cases only').check();
    await page.getByLabel('Has Labs').check();
    await page.getByLabel('Has ECG').check();
    await page.getByLabel('Must contain').fill('syncope AND fever');
    await page.getByLabel('Words', { exact: false }).uncheck();
    await page.getByLabel('Results', { exact: true }).fill('5');
    await search(page);
    await page.getByRole('heading', { name: '3 similar cases' }).waitFor();
    expect(asked).toEqual([
      {
        text: QUERY,
        k: 5,
        weights: { symptoms: 0.3, ecg: 0.6, labs: 0.25, demographics: 0.1, imaging: 0.1 },
        keywords: 'syncope AND fever',
        filters: { age_min: 30, sex: 'male', rare: true, has: ['ecg', 'labs'] },
        legs: ['dense', 'findings'],
        explain: true,
      },
    ]);
  });

  test('an address with a case id searches for its like at once, and text can be pasted instead', async () => {
    const asked: SearchRequest[] = [];
    const remember = async (request: SearchRequest) => {
      asked.push(request);
      return searchAnswer();
    };
    const { page, base } = await visit({ search: remember }, '/?case=sample-001');
    await page.getByRole('heading', { name: '3 similar cases' }).waitFor();
    expect(asked[0]?.case_id).toBe('sample-001');
    await page.getByRole('button', { name: 'Paste text instead' }).click();
    await search(page);
    await expect.poll(() => asked.length).toBe(2);
    expect([asked[1]?.text, asked[1]?.case_id, page.url()]).toEqual([QUERY, undefined, `${base}/`]);
  });

  test('keywords alone are a search, and a problem of theirs is shown at their field', async () => {
    const asked: SearchRequest[] = [];
    const { page } = await visit(
      {
        search: async (request) => {
          asked.push(request);
          return searchAnswer();
        },
      },
      '/',
    );
    await page.getByLabel('Must contain').fill('"long QT"');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: '3 similar cases' }).waitFor();
    expect(asked[0]).toMatchObject({ keywords: '"long QT"' });
    expect(asked[0]).not.toHaveProperty('text');
    await page.route('**/api/search', (route) =>
      route.fulfill({ status: 400, json: { errors: [{ field: 'keywords', message: 'a quotation mark is open' }] } }),
    );
    await page.keyboard.press('Control+Enter');
    await page.locator('#keywords-error', { hasText: 'a quotation mark is open' }).waitFor();
    expect(await page.getByLabel('Must contain').getAttribute('aria-invalid')).toBe('true');
  });

  test('a match shows the words of both sides, and leads to both places', async () => {
    const { page, base } = await visit({}, '/');
    await page.getByLabel('Describe the case').fill(`  ${QUERY_TEXT}`);
    await page.keyboard.press('Control+Enter');
    const row = page
      .locator('.result')
      .first()
      .getByRole('row', { name: /syncope/ });
    await row.waitFor();
    expect(await row.getByRole('cell').allTextContents()).toEqual([
      'collapsed',
      'fainted (its place in the case, opens in a new tab)',
    ]);
    await row.getByRole('button', { name: 'collapsed' }).click();
    const selected = await page.getByLabel('Describe the case').evaluate((field) => {
      const { value, selectionStart, selectionEnd } = field as HTMLTextAreaElement;
      return value.slice(selectionStart, selectionEnd);
    });
    expect(selected).toBe('collapsed');
    const href = await row.getByRole('link').getAttribute('href');
    const { text } = caseAnswer();
    expect(href).toBe(`/cases/sample-001#at-${text.indexOf('fainted')}-${text.indexOf('fainted') + 7}`);
    await page.goto(base + href);
    expect(await placeShown(page)).toBe('fainted');
  });

  /** The words that the page of a case shows as the place its address names. */
  const placeShown = (page: Page) =>
    page.evaluate(() => {
      const highlights = (CSS as unknown as { highlights: Map<string, Iterable<Range>> }).highlights;
      return [...(highlights.get('place') ?? [])].map(String).join('|');
    });

  test('a place runs through all marks in it, is in view, and moves with the address', async () => {
    const text = caseAnswer().text;
    const quote = 'coved ST elevation of 3 mm in V1 and V2 running into an inverted T wave';
    const start = text.indexOf(quote);
    const viewport = { width: 390, height: 500 };
    const { page, base } = await visit({}, `/cases/sample-001#at-${start}-${start + quote.length}`, { viewport });
    expect(await placeShown(page)).toBe(quote);
    expect(await page.evaluate(() => scrollY)).toBeGreaterThan(0);
    await page.evaluate(() => {
      location.hash = '#at-2-13';
    });
    await expect.poll(() => placeShown(page)).toBe('41-year-old');
    for (const nowhere of ['#at-13-2', '#at-5-999999', '#at-x-y', '#finding-3']) {
      await page.goto(`${base}/cases/sample-001${nowhere}`);
      expect(await placeShown(page)).toBe('');
    }
  });

  test('without script the place of a finding is an anchor of the page', async () => {
    const { page } = await visit({}, '/cases/sample-001#at-2-13', { javaScriptEnabled: false });
    const anchor = page.locator('#at-2-13');
    await anchor.waitFor({ state: 'attached' });
    expect(await anchor.evaluate((node) => node.matches(':target'))).toBe(true);
  });

  test('what an answer says as a whole stands above its results', async () => {
    const first = result({
      confidence: { value: 0.72, factors: [{ name: 'three strong facets', change: 0.05, reason: 'three are strong' }] },
      folded: ['sample-001-2', 'sample-001-3'],
    });
    const answer = searchAnswer({
      results: [first],
      exact: false,
      adjustments: [
        { rule: 'detailed_ecg', reason: 'detailed ECG: ECG +.10', applied: true },
        { rule: 'child', reason: 'under 18: patient +.10', applied: false },
      ],
      rollup: {
        of: 50,
        entries: Array.from({ length: 7 }, (_, i) => ({
          diagnosis: `diagnosis ${i}`,
          cases: 10 - i,
          share: 0.3 / (i + 1),
          best_case_id: `best-${i}`,
          best_score: 0.7,
        })),
      },
    });
    const { page } = await visit({ search: async () => answer }, '/');
    await search(page);
    await page.getByText('chosen by an estimate first').waitFor();
    expect(await page.locator('.adjusted').textContent()).toBe('Weights moved for this query: detailed ECG: ECG +.10.');
    const rollup = page.getByRole('region', { name: 'Diagnoses of the nearest 50 cases' });
    expect(await rollup.textContent()).toContain('never a diagnosis of your patient');
    expect(await rollup.getByRole('listitem').first().textContent()).toBe('Diagnosis 010 cases30 %');
    expect(await rollup.getByRole('link', { name: 'Diagnosis 0' }).getAttribute('href')).toBe('/cases/best-0');
    await rollup.getByText('2 more').click();
    await rollup.getByRole('link', { name: 'Diagnosis 6' }).waitFor();
    await page.getByText('Confidence 72 %').click();
    await page.getByText('+5 three are strong').waitFor();
    expect(await page.locator('.folded a').allTextContents()).toEqual(['sample-001-2', 'sample-001-3']);
  });

  test('results are chosen to be compared by keyboard, four at most, and no query is in the address', async () => {
    const results = Array.from({ length: 5 }, (_, i) => result({ case_id: `case,${i}` }));
    const { page, context, urls } = await visit({ search: async () => searchAnswer({ results }) }, '/');
    await search(page);
    const boxes = page.getByLabel('Compare');
    await boxes.first().focus();
    await page.keyboard.press('Space');
    await page.getByText('1 case chosen: choose one more to compare').waitFor();
    for (const at of [1, 2, 3]) await boxes.nth(at).check();
    expect(await boxes.nth(4).isDisabled()).toBe(true);
    const link = page.getByRole('link', { name: 'Compare', exact: true });
    const opened = context.waitForEvent('page');
    await link.click();
    const url = new URL((await opened).url());
    expect(url.searchParams.getAll('ids')).toEqual([0, 1, 2, 3].map((i) => `case,${i}`));
    expect(urls.filter((one) => one.includes('zebra'))).toEqual([]);
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await boxes.nth(4).isDisabled()).toBe(false);
    expect(await page.locator('#comparison').isHidden()).toBe(true);
  });

  test('beside a case that was asked for, it is the reference', async () => {
    const { page } = await visit({}, '/?case=sample-009');
    await page.getByLabel('Compare').first().check();
    const href = await page.getByRole('link', { name: 'Compare', exact: true }).getAttribute('href');
    expect(href).toBe('/compare?ids=sample-009&ids=sample-001');
  });

  test('the page of a case shows the cases most like it, and leads to a comparison', async () => {
    const asked: SearchRequest[] = [];
    const { page } = await visit(
      {
        search: async (request) => {
          asked.push(request);
          return searchAnswer();
        },
      },
      '/cases/sample-001',
    );
    const neighbours = page.getByRole('region', { name: 'Most like this case' });
    await neighbours.waitFor();
    expect(asked).toMatchObject([{ case_id: 'sample-001', k: 5 }]);
    expect(await neighbours.getByRole('listitem').count()).toBe(3);
    expect(await neighbours.getByRole('link', { name: 'Compare with the first 3' }).getAttribute('href')).toBe(
      '/compare?ids=sample-001&ids=sample-001&ids=sample-003&ids=sample-031',
    );
  });

  const compared: Partial<AppDeps> = {
    caseById: async (id) => {
      const own = caseAnswer({ case_id: id });
      if (id !== 'B') return own;
      const labs = own.facets.labs;
      const findings = (labs?.findings ?? []).map(({ canonical, ...one }) => ({
        ...one,
        ...(canonical ? { canonical: { ...canonical, value: 90 } } : {}),
        value: 900,
        flag: 'high' as const,
      }));
      return { ...own, facets: { labs: { text: labs?.text ?? '', findings } }, treatments: [], complications: [] };
    },
  };

  test.each([1280, 390])('a comparison is readable and marked at %i px, in dark as in light', async (width) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, violations } = await visit(compared, '/compare?ids=A,B,C,D', {
        viewport: { width, height: 800 },
        colorScheme,
      });
      const labs = page.getByRole('region', { name: /^Labs/ });
      const troponin = labs.getByRole('row', { name: /troponin I differs/ });
      expect((await troponin.getByRole('cell').nth(1).textContent())?.replace(/\s+/g, ' ')).toContain('900 ng/L high');
      expect(await labs.getByRole('row', { name: /C-reactive protein differs|CRP differs/i }).count()).toBe(1);
      const symptoms = page.getByRole('region', { name: /^Symptoms/ });
      const silent = symptoms.getByRole('row', { name: /syncope/ }).getByText('not mentioned');
      expect(await silent.count()).toBe(1);
      await page.getByLabel('Only what differs').check();
      expect(await symptoms.isHidden()).toBe(true);
      expect(await labs.isVisible()).toBe(true);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
      expect(violations).toEqual([]);
    }
  });

  test('a case becomes the reference, and one is left out, by a link', async () => {
    const { page } = await visit(compared, '/compare?ids=A,B,C');
    await page.getByRole('link', { name: 'Make it the reference' }).last().click();
    await page.waitForURL(/ids=C&ids=A&ids=B/);
    await page.getByRole('link', { name: 'Leave it out' }).first().click();
    await page.waitForURL(/ids=A&ids=B$/);
    expect(await page.getByRole('link', { name: 'Leave it out' }).count()).toBe(0);
  });

  test('a wrong field is named, marked, reached and explained', async () => {
    const { page } = await visit({}, '/');
    await page.getByText('Weights and filters', { exact: true }).click();
    await page.getByLabel('Results', { exact: true }).fill('500');
    await page.getByText('Weights and filters', { exact: true }).click();
    await search(page);
    const alert = page.getByRole('alert');
    await alert.getByText('Results:').waitFor();
    const field = page.getByLabel('Results', { exact: true });
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await field.evaluate((node) => node === document.activeElement)).toBe(true);
    expect(await page.locator('#k-error').textContent()).toContain('100');
  });

  test('an empty query is asked for before anything is sent', async () => {
    const { page, urls } = await visit({}, '/');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('alert').getByText('Nothing to search for').waitFor();
    expect(urls.filter((url) => url.endsWith('/api/search'))).toEqual([]);
  });

  test('while nothing is ready the page says so and when to try again', async () => {
    const notReady = Object.assign(new Error('no release'), { name: 'NotReadyError' });
    const { page } = await visit({ search: () => Promise.reject(notReady) }, '/');
    await search(page);
    await page.getByRole('alert').getByText('Try again in 5 s.').waitFor();
  });

  test('a search that takes long shows its state and can be cancelled', async () => {
    const { page } = await visit({ search: () => new Promise(() => {}) }, '/');
    const shown = async () => [
      await page.getByText('Comparing with every case…').isVisible(),
      await page.getByRole('button', { name: 'Cancel' }).isVisible(),
    ];
    expect(await shown()).toEqual([false, false]);
    await search(page);
    await page.getByText('Comparing with every case…').waitFor();
    expect(await shown()).toEqual([true, true]);
    await page.keyboard.press('Escape');
    expect(await shown()).toEqual([false, false]);
    expect(await page.getByRole('status').textContent()).toBe('Search cancelled.');
  });

  test('no result says why and what to try', async () => {
    const { page } = await visit(
      { search: async () => searchAnswer({ results: [], reason: 'no case passes the filters' }) },
      '/',
    );
    await search(page);
    await page.getByRole('heading', { name: 'No similar case' }).waitFor();
    await page.getByText('No case passes the filters. The release holds 232 cases.').waitFor();
    await page.getByText('widen or reset the filters').waitFor();
  });

  test('what one side denies is said beside its words', async () => {
    const { page } = await visit({}, '/');
    await search(page);
    const row = page.locator('.result').first().locator('[data-kind="contradicted"] tr', { hasText: 'palpitations' });
    expect(await row.locator('td').allInnerTexts()).toEqual([
      expect.stringMatching(/^present .*palpitations/),
      expect.stringMatching(/^absent .*denied chest pain and palpitations/),
    ]);
    const agreeing = page.locator('.result').first().locator('[data-kind="matched"]');
    expect(await agreeing.innerText()).not.toContain('present');
  });

  test('every score on a card stands there as a number too', async () => {
    const { page } = await visit({}, '/');
    await search(page);
    const rows = page.locator('.result').first().locator('.scores tbody tr');
    await rows.first().waitFor();
    const texts = await rows.allInnerTexts();
    expect(texts.map((text) => text.replace(/\s+/g, ' ').trim())).toEqual([
      'Symptoms 0.78 30 % +0.19',
      'ECG 0.92 25 % +0.18',
      'Labs 0.71 25 % +0.14',
      'Patient 0.88 10 % +0.07',
      'Imaging not in query 10 % +0.01',
      'Shared words 0.62 – +0.12',
      'Whole case 0.70 – +0.08',
    ]);
    await page.getByText('Closer than 99.9 % of random pairs').first().waitFor();
  });

  const poison = HOSTILE.join(' ');
  const hostileMatch: FindingMatch = {
    term: poison,
    query: poison,
    case: `${poison}!`,
    case_term: poison,
    query_span: [0, 4],
    case_span: [0, 4],
    query_assertion: 'present',
    case_assertion: 'absent',
    agreement: 0.5,
  };
  const hostileFacet = {
    score: 0.5,
    weight: 0.2,
    contribution: 0.1,
    matched: [hostileMatch],
    missing: [hostileMatch],
    contradicted: [hostileMatch],
  };
  const hostileResult = result({
    case_id: `../${poison}`,
    title: poison,
    diagnosis: poison,
    flag_reason: poison,
    rare_reason: poison,
    citation: poison,
    licence: poison,
    url: 'javascript:window.hits=1',
    facets: Object.fromEntries(FACETS.map((facet) => [facet, hostileFacet])),
    lexical: { score: 0.5, contribution: 0.1, terms: HOSTILE },
    evidence: [{ facet: 'ecg', quote: poison, span: [0, 5] }],
  });
  const hostileAnswer = searchAnswer({
    results: [hostileResult, hostileResult, hostileResult, hostileResult],
    understood: { ecg: HOSTILE },
    degraded: HOSTILE,
    disclaimer: poison,
    thresholds_version: poison,
  });
  const hostileCase = caseAnswer({
    title: poison,
    text: poison,
    citation: poison,
    diagnosis: poison,
    licence: poison,
    rare_reason: poison,
    url: 'javascript:window.hits=1',
    facets: {
      ecg: {
        text: poison,
        findings: [
          { term: poison, assertion: 'present', span: [0, poison.length], unit: poison, value: 1, qualifiers: HOSTILE },
          { term: poison, assertion: 'absent', span: [3, 30] },
        ],
      },
    },
    secondary_diagnoses: [{ text: poison, span: [2, 20] }],
    rarity_evidence: [{ criterion: 'prevalence', reason: poison, quote: poison, span: [4, 40] }],
    key_symptoms: HOSTILE,
    key_ecg: poison,
    treatments: [{ term: poison, assertion: 'present', span: [0, 30], at: poison, code: poison, qualifiers: HOSTILE }],
    complications: [{ term: poison, assertion: 'possible', span: [1, 9] }],
    outcome: { status: 'unknown', follow_up_months: 1e9, quote: poison, span: [5, 50] },
    review: { by: poison, claims: 1, dropped: 1, repairs: 1, truncated: true, suspicious: true },
    provenance: { ...caseAnswer().provenance, authors: HOSTILE, journal: poison, doi: poison },
  });
  const hostileStatus = statusAnswer({
    stage: poison,
    degraded: HOSTILE,
    last_tick: { at: poison, host: poison, stage: poison, counts: { [poison]: 1 } },
    set_aside: [{ key: poison, stage: poison, state: poison, reason: poison, at: poison }],
  });
  const hostileDeps: Partial<AppDeps> = {
    search: async () => hostileAnswer,
    caseById: async (id) => ({ ...hostileCase, case_id: `../${HOSTILE[2]}${id}` }),
    status: async () => hostileStatus,
    exampleQueries: HOSTILE,
  };

  async function expectHarmless(page: Page, violations: readonly string[]) {
    const state = await page.evaluate(() => ({
      hits: (globalThis as { hits?: number }).hits ?? 0,
      unsafeLinks: [...document.querySelectorAll('a')].filter((a) => !/^https?:$/.test(a.protocol)).length,
      overflowPx: document.documentElement.scrollWidth - innerWidth,
      injected: document.querySelectorAll('main img, main script, main svg').length,
      newTabsWithoutNoopener: document.querySelectorAll('a[target]:not([rel~="noopener"])').length,
    }));
    expect(state).toEqual({ hits: 0, unsafeLinks: 0, overflowPx: 0, injected: 0, newTabsWithoutNoopener: 0 });
    expect(violations).toEqual([]);
  }

  test.each([1280, 360])('hostile text runs nothing, breaks no policy and no layout at %i px', async (width) => {
    const viewport = { width, height: 800 };
    const { page, base, violations } = await visit(hostileDeps, '/', { viewport });
    await expectHarmless(page, violations);
    await search(page);
    await page.locator('.result').first().waitFor();
    for (const details of await page.locator('details').all())
      await details.evaluate((node) => node.setAttribute('open', ''));
    expect(await page.locator('.result-title').first().textContent()).toContain(HOSTILE[0]);
    await expectHarmless(page, violations);
    await page.goto(`${base}/cases/x`);
    expect(await page.locator('.case-text').textContent()).toBe(poison);
    await expectHarmless(page, violations);
    await page.locator('#neighbours li').first().waitFor();
    await expectHarmless(page, violations);
    await page.goto(`${base}/compare?ids=x,y`);
    for (const details of await page.locator('details').all())
      await details.evaluate((node) => node.setAttribute('open', ''));
    expect(await page.locator('.compare-title').first().textContent()).toBe(poison);
    await expectHarmless(page, violations);
    await page.goto(`${base}/status`);
    await page.getByText('Live: refreshed').waitFor();
    expect(await page.locator('#set-aside').textContent()).toContain(HOSTILE[0]);
    await expectHarmless(page, violations);
  });

  test('a hostile problem from the server is shown as text', async () => {
    const { page, violations } = await visit({}, '/');
    const errors = [{ field: poison, message: poison }];
    await page.route('**/api/search', (route) =>
      route.fulfill({ status: 503, json: { title: poison, detail: poison, instance: poison, errors } }),
    );
    await search(page);
    await page.getByRole('alert').getByText(HOSTILE[0]).first().waitFor();
    await expectHarmless(page, violations);
  });

  test('the status page refreshes in place, says when it is stale, and recovers', async () => {
    let calls = 0;
    let broken = false;
    const status = async () => {
      calls += 1;
      if (broken) throw new Error('the database is gone');
      return statusAnswer({ documents: 7_000 + calls });
    };
    const { page } = await visit({ status }, '/status');
    await page.getByText('Live: refreshed').waitFor();
    await page.evaluate(() => {
      for (const node of document.querySelectorAll('main *')) (node as { kept?: boolean } & Element).kept = true;
    });
    const documents = page.locator('[data-field="facts.documents"]');
    const before = await documents.textContent();
    await page.clock.runFor(3_100);
    await expect.poll(() => documents.textContent()).not.toBe(before);
    // Rows that say how long ago something was are drawn anew when another minute or second has passed.
    const replaced = await page.evaluate(
      () =>
        [...document.querySelectorAll('main *')].filter(
          (node) => !(node as { kept?: boolean } & Element).kept && node.closest('#set-aside, #sources') === null,
        ).length,
    );
    expect(replaced).toBe(0);

    broken = true;
    await page.clock.runFor(3_100);
    await page.getByText('The newest state cannot be had').waitFor();
    expect(await documents.textContent()).toMatch(/^7,0/);

    broken = false;
    await page.clock.runFor(10_000);
    await page.getByText('Live: refreshed').waitFor();
  });

  test('the status page comes up when the state cannot be read', async () => {
    const { page } = await visit({ status: () => Promise.reject(new Error('gone')) }, '/status');
    await page.getByRole('heading', { name: 'The state cannot be read' }).waitFor();
  });

  test('the current stage is marked for eyes and for screen readers, and its gate is said', async () => {
    const { page } = await visit({}, '/status');
    expect(await page.locator('[aria-current="step"] h3').textContent()).toContain('Distill');
    await page.getByText('Quota of the day is spent; opens at 2026-11-23 00:00 UTC').waitFor();
  });

  test('the legend switches the highlights of one facet and leaves the others', async () => {
    const { page } = await visit({}, '/cases/sample-001');
    const colourOf = (facet: string) =>
      page
        .locator(`mark[data-facet="${facet}"]`)
        .first()
        .evaluate((node) => getComputedStyle(node).backgroundColor);
    const [ecg, labs] = [await colourOf('ecg'), await colourOf('labs')];
    await page.getByRole('checkbox', { name: 'ECG' }).uncheck();
    expect(await colourOf('ecg')).not.toBe(ecg);
    expect(await colourOf('labs')).toBe(labs);
  });

  test('a negated finding is struck through in the text', async () => {
    const { page } = await visit({}, '/cases/sample-001');
    const denied = page.locator('mark[data-assertion="absent"]', { hasText: 'chest pain' });
    expect(await denied.evaluate((node) => getComputedStyle(node).textDecorationLine)).toBe('line-through');
  });

  test.each(['.case-text mark', '.facet-block .status'])(
    '%s: what is absent, possible or of others is told apart without colour',
    async (where) => {
      const base = caseAnswer();
      const findings = ASSERTIONS.map((assertion, i) => ({
        term: 'x',
        assertion,
        span: [i * 10, i * 10 + 5] as const,
      }));
      const { page } = await visit(
        { caseById: async () => ({ ...base, facets: { symptoms: { text: 'x', findings } }, treatments: [] }) },
        '/cases/sample-001',
      );
      const styles = await page.locator(`${where}:not([data-facet="course"])`).evaluateAll((nodes) =>
        nodes.map((node) => {
          const style = getComputedStyle(node);
          const line = [style.borderBottomStyle, style.borderBottomWidth];
          return [...line, style.textDecorationLine, style.textDecorationStyle, style.fontStyle].join(' ');
        }),
      );
      expect(new Set(styles).size).toBe(ASSERTIONS.length);
    },
  );

  test.each([1280, 390])('a case fits %i px, and its tables are not pushed sideways', async (width) => {
    const { page } = await visit({}, '/cases/sample-001', { viewport: { width, height: 800 } });
    const wider = await page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll('.table-scroll')]
        .filter((node) => node.scrollWidth > node.clientWidth + 1)
        .map((node) => node.getAttribute('aria-labelledby') ?? node.tagName),
    );
    expect(wider).toEqual([]);
  });

  test('the legend switches the marks of diagnosis and course as well', async () => {
    const { page } = await visit({}, '/cases/sample-001');
    const mark = page.locator('mark[data-facet="course"]', { hasText: 'After 14 months' });
    const line = () => mark.evaluate((node) => getComputedStyle(node).borderBottomStyle);
    expect(await line()).toBe('solid');
    await page.getByRole('checkbox', { name: 'Diagnosis and course' }).uncheck();
    expect(await line()).toBe('none');
  });

  test.each(['light', 'dark'] as const)(
    'text keeps a contrast of 4.5 or more on paper, card and tint: %s',
    async (colorScheme) => {
      const { page } = await visit({}, '/cases/sample-001', { colorScheme });
      const ratios = await page.evaluate(() => {
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        if (canvas === null) throw new Error('no canvas');
        const luminance = (layers: string[]) => {
          for (const layer of layers) {
            canvas.fillStyle = layer;
            canvas.fillRect(0, 0, 1, 1);
          }
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((byte) => {
            const c = byte / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
        };
        const style = getComputedStyle(document.documentElement);
        const value = (name: string) => style.getPropertyValue(`--${name}`).trim();
        const inks = 'ink ink-soft accent good warn bad symptoms ecg labs demographics imaging lexical whole'.split(
          ' ',
        );
        const pairs = inks.flatMap((ink) => ['paper', 'card'].map((ground) => [ink, [value(ground)], ground] as const));
        const tints = 'symptoms ecg labs demographics imaging whole'
          .split(' ')
          .map(
            (facet) =>
              [
                'ink',
                [value('paper'), `color-mix(in srgb, ${value(facet)} 15%, transparent)`],
                `${facet} tint`,
              ] as const,
          );
        const button = [['on-accent', [value('accent')], 'accent'] as const];
        return [...pairs, ...tints, ...button].map(([ink, grounds, label]) => {
          const [a, b] = [luminance([value(ink)]), luminance([...grounds])];
          return { pair: `${ink} on ${label}`, ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
        });
      });
      expect(ratios.length).toBe(33);
      expect(ratios.filter(({ ratio }) => !(ratio >= 4.5))).toEqual([]);
    },
  );

  test.each(['/', '/status', '/cases/sample-001', '/nothing'])(
    '%s has one h1, landmarks and a label on each control',
    async (path) => {
      const { page } = await visit({}, '/');
      await page.setExtraHTTPHeaders({ Accept: 'text/html' });
      await page.goto(new URL(path, page.url()).href);
      const counts = await page.evaluate(() => ({
        h1: document.querySelectorAll('h1').length,
        landmarks: ['header', 'nav', 'main', 'footer'].map(
          (tag) => document.querySelectorAll(`body > ${tag}, body > header ${tag}`).length,
        ),
        unlabelled: [...document.querySelectorAll('input, select, textarea')].filter(
          (node) => (node as HTMLInputElement).labels?.length === 0,
        ).length,
        lang: document.documentElement.lang,
        doubledIds:
          [...document.querySelectorAll('[id]')].length -
          new Set([...document.querySelectorAll('[id]')].map((node) => node.id)).size,
      }));
      expect(counts).toEqual({ h1: 1, landmarks: [1, 1, 1, 1], unlabelled: 0, lang: 'en', doubledIds: 0 });
    },
  );
});
