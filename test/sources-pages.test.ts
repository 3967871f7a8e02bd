import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SourceStanding } from '../core/corpus.ts';
import type { StatusAnswer } from '../core/search/contract.ts';
import { serviceAnswers, sourceAnswer } from '../core/status-sources.ts';
import { formatSources } from '../space/cli/source-table.ts';
import { formatStatus } from '../space/cli/status.ts';
import { viewSources } from '../space/client/sources-view.js';
import { createApp } from '../space/http/app.ts';
import { HOSTILE, source, statusAnswer, stubDeps } from './support/space-stub.ts';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const viewOf = (over: Parameters<typeof source>[1]) => {
  const [view] = viewSources(statusAnswer({ sources: [source('one', over)] }), NOW_MS).sources;
  if (!view) throw new Error('no source');
  return view;
};

describe('a source in words', () => {
  test.each([
    ['Needs a decision', { state: 'parked', waiting: { reason: 'x', until: null } }],
    ['Paused', { state: 'paused', waiting: { reason: 'paused', until: null } }],
    ['Waiting', { running: true, waiting: { reason: 'x', until: '2026-11-22T12:05:00Z' } }],
    ['Running', { running: true }],
    ['Not run yet', { last_run: null }],
    ['Up to date', {}],
  ] as const)('%s', (label, over) => {
    expect(viewOf(over).stateLabel).toBe(label);
  });

  test('what was received is shown against what the service states, cut, so that 100 % is all of it', () => {
    const window = { by: 'entry', from: '2026-11-01', to: '2026-11-02', state: 'open', remark: null } as const;
    const view = viewOf({ running: true, last_window: { ...window, stated: 1_000, received: 999 }, windows_open: 2 });
    expect(view.share).toBe(99);
    expect(view.window).toBe('2026-11-01 to 2026-11-02 by entry: 999 of 1,000 listed; 99 %; 2 windows left');
    expect(viewOf({ running: true, last_window: { ...window, stated: null, received: 5 } }).share).toBeNull();
    expect(viewOf({ last_window: null }).window).toBe('no window read yet');
  });

  test('when it runs next, and that it does not where it does not', () => {
    expect(viewOf({}).next).toBe('last run ended 8 h 59 min ago; next in 15 h');
    expect(viewOf({ next_run: '2026-11-22T11:00:00Z' }).next).toContain('next is due now');
    expect(viewOf({ next_run: null, every_s: null })).toMatchObject({
      plan: 'since 2015-01-01, runs only when told to',
      next: expect.stringContaining('no next run is planned'),
    });
  });

  test('what it waits for is said once, with the time; an error beside it is not repeated', () => {
    const waiting = { reason: 'ncbi: HTTP 429', until: '2026-11-22T12:05:00Z' };
    const view = viewOf({ running: true, waiting, error: 'HTTP 429', remarks: ['same', 'same', 'other'] });
    expect(view.waits).toBe('ncbi: HTTP 429; until 2026-11-22 12:05 UTC');
    expect(view.notes).toEqual(['same', 'other']);
  });

  test('an answer of a server that knows no sources yet reads as none', () => {
    const { sources, services, ...older } = statusAnswer();
    expect(viewSources(older as unknown as StatusAnswer, NOW_MS)).toEqual({ sources: [], services: [] }); // what an older build sends
    expect(viewSources(null, NOW_MS).sources).toEqual([]);
  });
});

const standing: SourceStanding = {
  name: 'one',
  kind: 'pubmed',
  query: 'x',
  since: '2020-01-01',
  documentsMax: null,
  everyMs: 86_400_000,
  state: 'active',
  reason: null,
  running: true,
  run: 1,
  dueMs: NOW_MS - 1,
  startedMs: 1,
  finishedMs: null,
  entryThrough: null,
  changeThrough: null,
  sweptDay: null,
  found: 0,
  fresh: 0,
  changed: 0,
  listed: 0,
  retracted: 0,
  missing: 0,
  failures: 0,
  error: null,
  remarks: [],
  windowsOpen: 1,
  lastWindow: null,
};
const pace = { service: 'ncbi', closedUntilMs: 0, closedReason: null, requests: 7 };
const breaker = {
  ...{
    name: 'ncbi',
    downReason: null,
    open: true,
    openUntilMs: NOW_MS + 60_000,
    openReason: 'no answer',
    probing: false,
  },
  ...{ failures: 3, successesAll: 1, failuresAll: 3, opensAll: 1 },
};

describe('what a source waits for', () => {
  test('a service is left alone until the later of what it asked for and what its breaker says', () => {
    const asked = { ...pace, closedUntilMs: NOW_MS + 300_000, closedReason: 'too many requests' };
    const until = (ms: number) => new Date(NOW_MS + ms).toISOString();
    expect(serviceAnswers([pace], [breaker], NOW_MS)).toEqual([
      { name: 'ncbi', open_until: until(60_000), reason: 'no answer', requests: 7 },
    ]);
    expect(serviceAnswers([asked], [breaker], NOW_MS)[0]).toMatchObject({
      open_until: until(300_000),
      reason: 'too many requests',
    });
    expect(serviceAnswers([asked], [breaker], NOW_MS + 300_001)[0]).toMatchObject({ open_until: null, reason: null });
  });

  test('a source waits for its own service and for no other, and only when it is due', () => {
    const services = serviceAnswers([pace], [breaker], NOW_MS);
    const waitsFor = (over: Partial<SourceStanding>) =>
      sourceAnswer({ ...standing, ...over }, services, NOW_MS).waiting;
    expect(waitsFor({})).toEqual({ reason: 'ncbi: no answer', until: new Date(NOW_MS + 60_000).toISOString() });
    expect(waitsFor({ kind: 'europe-pmc' })).toBeNull();
    expect(waitsFor({ running: false, dueMs: NOW_MS + 1 })).toBeNull();
    expect(waitsFor({ kind: 'europe-pmc', failures: 1, error: 'cut', dueMs: NOW_MS + 5_000 })).toMatchObject({
      reason: 'cut',
    });
    const site = serviceAnswers([], [{ ...breaker, name: 'web:example.org' }], NOW_MS);
    const web = (query: string) => sourceAnswer({ ...standing, kind: 'web', query }, site, NOW_MS).waiting?.reason;
    expect(web('https://example.org/a https://other.test/')).toBe('web:example.org: no answer');
    expect(web('https://other.test/')).toBeUndefined();
    expect(waitsFor({ state: 'parked', reason: 'a bad query' })).toEqual({ reason: 'a bad query', until: null });
  });

  test('of a folder the public answer has the name alone; a web address and a query stand whole', () => {
    const queryOf = (kind: 'file' | 'web' | 'pubmed', query: string) =>
      sourceAnswer({ ...standing, kind, query }, [], NOW_MS).query;
    expect(queryOf('file', '/srv/clinic/case-letters/')).toBe('case-letters');
    expect(queryOf('file', 'C:\\clinic\\letters')).toBe('letters');
    expect(queryOf('pubmed', 'a/b')).toBe('a/b');
    expect(queryOf('web', 'https://example.org/a')).toBe('https://example.org/a');
  });

  test('the terminal says the same', () => {
    const { sources, services } = statusAnswer();
    const table = formatSources(sources);
    expect(table).toContain('waits: ncbi: too many requests, until 2026-11-22T12:05:00Z');
    expect(table).toContain(
      'waits: 61 of 64 documents are no longer listed; nothing was withdrawn, until somebody acts',
    );
    expect(table).toContain('entry 2019-07-01..2021-03-31 3400/8912');
    const status = formatStatus(statusAnswer({ sources, services }));
    expect(status).toContain('service ncbi is left alone until 2026-11-22T12:05:00Z: too many requests');
  });
});

const CHROMIUM = '/usr/bin/chromium';
const found = existsSync(CHROMIUM);

describe.skipIf(!found)(`the page in Chromium${found ? '' : ` (skipped: no ${CHROMIUM})`}`, { timeout: 30_000 }, () => {
  let browser: Browser;
  let server: ServerType;
  let base = '';
  let answer = statusAnswer();
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    const { fetch } = createApp(stubDeps({ status: async () => answer }));
    server = await new Promise<ServerType>((resolve) => {
      const started = serve({ fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started));
    });
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }, 30_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  const drawn = (html: string): string => html.replace(/<ul class="sources"[^>]*>|<ul class="services"[^>]*>/g, '');

  test('a refresh draws every source and service as the server did, and takes up what changed', async () => {
    answer = statusAnswer();
    const context = await browser.newContext();
    const page = await context.newPage();
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const first = await plain.newPage();
    await first.goto(`${base}/status`);
    await page.goto(`${base}/status`);
    await page.getByText('Live: refreshed').waitFor();
    for (const id of ['sources', 'services']) {
      const [byServer, byBrowser] = await Promise.all(
        [first, page].map((one) => one.locator(`#${id}`).evaluate((node) => node.innerHTML)),
      );
      expect(drawn(byBrowser ?? '')).toBe(drawn(byServer ?? ''));
    }
    answer = statusAnswer({ sources: [source('only-one', { found: 77 })], services: [] });
    await page.getByRole('heading', { name: 'only-one' }).waitFor();
    expect(await page.locator('.source').count()).toBe(1);
    expect(await page.getByText('Services that were asked').isVisible()).toBe(false);
    answer = statusAnswer({ sources: [], services: [] });
    await page.getByText('None is defined').waitFor();
    await context.close();
    await plain.close();
  });

  test.each([
    [1_280, 'light'],
    [1_280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)(
    'at %i px, %s: nothing wider than the page, and every word has contrast enough',
    async (width, colorScheme) => {
      answer = statusAnswer();
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
      const page = await context.newPage();
      await page.goto(`${base}/status`);
      await page.getByText('Live: refreshed').waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      const contrasts = await page
        .locator('.source p, .source h3, .source .badge, .source dd, .services li')
        .evaluateAll((nodes) => {
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          if (!canvas) throw new Error('no canvas');
          const mixed = (colours: readonly string[]) => {
            for (const colour of colours) {
              canvas.fillStyle = colour;
              canvas.fillRect(0, 0, 1, 1);
            }
            return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
          };
          // WCAG 2.2, relative luminance.
          const luminance = (rgb: readonly number[]) =>
            [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
              const c = (rgb[i] ?? 0) / 255;
              return sum + weight * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            }, 0);
          return nodes.map((node) => {
            const behind: string[] = [];
            for (let at: Element | null = node; at !== null; at = at.parentElement)
              behind.unshift(getComputedStyle(at).backgroundColor);
            const [a = 0, b = 0] = [mixed(behind), mixed([...behind, getComputedStyle(node).color])].map(luminance);
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          });
        });
      expect(contrasts.length).toBeGreaterThan(30);
      expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
      await context.close();
    },
  );

  test('no text of an operator or a service becomes a script, whoever draws it', async () => {
    answer = statusAnswer({
      sources: HOSTILE.map((text, i) =>
        source(`s${i}`, {
          query: text,
          state: 'parked',
          error: text,
          remarks: [text],
          waiting: { reason: text, until: text },
        }),
      ),
      services: HOSTILE.map((text) => ({ name: text, open_until: text, reason: text, requests: 1 })),
    });
    const context = await browser.newContext({ viewport: { width: 390, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${base}/status`);
    await page.getByText('Live: refreshed').waitFor();
    expect(await page.evaluate(() => Reflect.get(window, 'hits'))).toBeUndefined();
    expect(await page.locator('.source').count()).toBe(HOSTILE.length);
    expect(await page.locator('.source img, .source svg, .source script').count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await context.close();
  });
});
