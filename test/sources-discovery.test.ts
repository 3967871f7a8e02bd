import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addSource,
  allowShrink,
  pauseSource,
  readSources,
  removeSource,
  requestRun,
  type SourceDefinition,
  type SourceStanding,
} from '../core/corpus.ts';
import {
  type Database,
  OutageError,
  PermanentError,
  type Pipeline,
  RetryableError,
  readSnapshot,
  registerPipeline,
  statement,
  verifyAudit,
} from '../core/engine/index.ts';
import { builtinGenerations } from '../core/models/generation.ts';
import { rulesDistiller } from '../core/models/rules.ts';
import { clinicalPipeline } from '../core/pipeline.ts';
import { type DiscoveryOptions, stepDiscovery } from '../core/sources/discovery.ts';
import { readDocument } from '../core/sources/record.ts';
import type { Found, Page, Source, SourceKind, TooMany, Window } from '../core/sources/source.ts';
import { openDatabase } from '../space/database.ts';

let folder: string;
const closers: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-discovery-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

type Article = { readonly id: number; readonly entered: string; readonly changed: string };
const key = ({ id }: Pick<Article, 'id'>): string => `PMID_${id}`;
const within = (day: string, { days }: Window): boolean => day >= days.from && day <= days.to;

/** A service of some articles that answers as a port should; `fail` may throw in its place. */
class Service implements Source {
  readonly kind = 'pubmed';
  readonly service = 'test';
  readonly changes = 'range';
  readonly retrieveMax = 10;
  ceiling: number | null = null;
  perPage = 3;
  articles: Article[] = [];
  readonly asked: string[] = [];
  fail: (asked: number) => Error | null = () => null;
  /** Ids that the listing forgets, though it counts them. */
  readonly forgotten = new Set<number>();

  list(window: Window, cursor: string | null): Promise<Page | TooMany> {
    this.asked.push(`${window.by} ${window.days.from}..${window.days.to} ${cursor ?? 'first'}`);
    const failure = this.fail(this.asked.length);
    if (failure) return Promise.reject(failure);
    const hits = this.articles.filter(({ entered, changed }) =>
      within(window.by === 'entry' ? entered : changed, window),
    );
    if (this.ceiling !== null && hits.length > this.ceiling)
      return Promise.resolve({ kind: 'too_many', stated: hits.length, ceiling: this.ceiling });
    const from = Number(cursor ?? 0);
    const found = hits
      .slice(from, from + this.perPage)
      .filter(({ id }) => !this.forgotten.has(id))
      .map((article): Found => ({ key: key(article), revision: article.changed }));
    const next = from + this.perPage < hits.length ? String(from + this.perPage) : null;
    return Promise.resolve({ kind: 'page', found, stated: hits.length, next, remarks: [] });
  }
  retrieve(): Promise<never> {
    throw new Error('discovery retrieves nothing');
  }
}

const DEFINITION: SourceDefinition = {
  name: 'hearts',
  kind: 'pubmed',
  query: 'cardiomyopathy',
  since: '2026-01-01',
  documentsMax: null,
  everyMs: 86_400_000,
};

type World = { readonly db: Database; readonly pipeline: Pipeline; readonly service: Service };
async function openWorld(definition: Partial<SourceDefinition> = {}): Promise<World> {
  const { db, close } = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 60_000 });
  closers.push(close);
  const generations = builtinGenerations(db, () => undefined);
  const pipeline = clinicalPipeline({
    db,
    random: () => 0.5,
    outside: null,
    read: readDocument,
    distiller: rulesDistiller,
    embedderName: generations.embedderName,
    embedder: generations.forEmbedding,
    generation: generations.newest,
    build: null,
  });
  await registerPipeline(db, pipeline);
  await addSource(db, { ...DEFINITION, ...definition }, { runNow: true });
  return { db, pipeline, service: new Service() };
}

const days = (from: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => new Date(Date.parse(from) + i * 86_400_000).toISOString().slice(0, 10));
const articles = (count: number, from = '2026-02-01'): Article[] =>
  days(from, count).map((day, i) => ({ id: i + 1, entered: day, changed: day }));

function step({ db, pipeline, service }: World, options: Partial<DiscoveryOptions> = {}, owner = 'one') {
  const [first] = pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  const outside = {
    sources: new Map<SourceKind, Source>([[service.kind, service]]),
    http: () => Promise.reject(new Error('no network')),
  };
  let ms = 0;
  const deps = { db, outside, first, owner, random: () => 0.5, monotonicMs: () => ms++ };
  return stepDiscovery(deps, { budgetMs: 500, stopping: () => false, ...options });
}
async function standing({ db }: World): Promise<SourceStanding> {
  const [source] = await readSources(db);
  if (!source) throw new Error('the source is gone');
  return source;
}
const tasks = async ({ db, pipeline }: World): Promise<number> =>
  (await readSnapshot(db, pipeline)).stages.get('scrape')?.counts.ready ?? -1;
const later = ({ db }: World): Promise<unknown> =>
  db.write([statement(`UPDATE source SET due_ms = 0, lease_until_ms = 0`)]);

describe('a run', () => {
  test('lists everything once, page by page, and says what it found', async () => {
    const world = await openWorld();
    world.service.articles = articles(10);
    const report = await step(world);
    expect(report).toMatchObject({ pages: 4, found: 10, fresh: 10, changed: 0, waiting: null });
    expect(await tasks(world)).toBe(10);
    const now = await standing(world);
    expect(now).toMatchObject({
      running: false,
      run: 1,
      found: 10,
      fresh: 10,
      listed: 10,
      windowsOpen: 0,
      failures: 0,
    });
    expect(now.dueMs).toBe((now.startedMs ?? 0) + 86_400_000);
    expect((await verifyAudit(world.db)).problems).toEqual([]);
  });

  test('that is cut off after any page goes on behind it and ends as an undisturbed one', async () => {
    const world = await openWorld();
    world.service.articles = articles(10);
    let turns = 0;
    for (; turns < 20 && (await standing(world)).finishedMs === null; turns++) {
      let pages = 0;
      await step(world, { stopping: () => pages > 0, onPage: () => pages++ });
    }
    expect(turns).toBeGreaterThan(3);
    expect(world.service.asked.filter((one) => one.endsWith('first'))).toHaveLength(1);
    expect(await standing(world)).toMatchObject({ found: 10, fresh: 10, listed: 10, running: false });
    expect(await tasks(world)).toBe(10);
  });

  test('that a dying worker left is taken over when its time is over, and the page in between counts once', async () => {
    const world = await openWorld();
    world.service.articles = articles(7);
    world.service.fail = (asked) => (asked === 2 ? new Error('killed') : null);
    await expect(step(world)).rejects.toThrow('killed');
    // As after a SIGKILL: nobody let go.
    await world.db.write([statement(`UPDATE source SET lease_until_ms = unixepoch('subsec') * 1000 + 60000`)]);
    expect((await step(world, {}, 'two')).pages).toBe(0);
    await later(world);
    await step(world, {}, 'two');
    expect(await standing(world)).toMatchObject({ found: 7, fresh: 7, listed: 7, running: false });
  });

  test('with two workers at once is stepped by one, and a page that both read counts once', async () => {
    const world = await openWorld();
    world.service.articles = articles(9);
    await Promise.all([step(world, {}, 'one'), step(world, {}, 'two')]);
    expect(await standing(world)).toMatchObject({ found: 9, fresh: 9, listed: 9, running: false });

    // A worker that slept past its time commits nothing that counts.
    const today = new Date().toISOString().slice(0, 10);
    world.service.articles = [
      ...world.service.articles,
      ...[10, 11, 12].map((id) => ({ id, entered: today, changed: today })),
    ];
    await later(world);
    const slept: { wake?: () => void } = {};
    const list = world.service.list.bind(world.service);
    world.service.list = async (window, cursor) => {
      const page = await list(window, cursor);
      if (slept.wake === undefined)
        await new Promise<void>((resolve) => {
          slept.wake = resolve;
        });
      return page;
    };
    const sleeper = step(world, {}, 'sleeper');
    while (slept.wake === undefined) await new Promise(setImmediate);
    await later(world);
    await step(world, {}, 'awake');
    const before = await standing(world);
    expect(before).toMatchObject({ fresh: 3, listed: 12, running: false });
    slept.wake();
    await sleeper;
    expect(await standing(world)).toEqual(before);
  });

  test('splits windows below the ceiling of the service and loses nothing', async () => {
    const world = await openWorld();
    world.service.articles = articles(40);
    world.service.ceiling = 6;
    await step(world);
    expect(await standing(world)).toMatchObject({ found: 40, listed: 40, running: false, error: null });
    expect(await tasks(world)).toBe(40);
  });

  test('parks with words when one day alone has more than the service gives out', async () => {
    const world = await openWorld();
    world.service.articles = Array.from({ length: 9 }, (_, i) => ({
      id: i,
      entered: '2026-03-03',
      changed: '2026-03-03',
    }));
    world.service.ceiling = 6;
    const { waiting } = await step(world);
    expect(waiting).toContain('2026-03-03 alone has 9 hits by entry, and pubmed gives out 6: narrow the query');
    expect(await standing(world)).toMatchObject({ state: 'parked', running: true });
  });

  test('lists a window again that gave fewer than it stated, and then says what is missing', async () => {
    const world = await openWorld();
    world.service.articles = articles(5);
    world.service.forgotten.add(4);
    await step(world);
    expect(world.service.asked.filter((one) => one.endsWith('first'))).toHaveLength(3);
    const now = await standing(world);
    expect(now).toMatchObject({ listed: 4, running: false });
    expect(now.remarks.filter((remark) => remark.includes('4 of 5 came'))).toHaveLength(3);
  });

  test('ends at the limit of the definition, and later runs add nothing above it', async () => {
    const world = await openWorld({ documentsMax: 4 });
    world.service.articles = articles(10);
    await step(world);
    expect(await standing(world)).toMatchObject({ listed: 4, fresh: 4, running: false });
    world.service.articles = articles(20);
    await later(world);
    await step(world);
    expect(await standing(world)).toMatchObject({ listed: 4, fresh: 0, running: false });
  });
});

describe('an incremental run', () => {
  test('enters what is new and what changed, and nothing again', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const world = await openWorld();
    world.service.articles = articles(10);
    await step(world);
    await world.db.write([statement(`UPDATE task SET state = 'done'`)]);
    await later(world);
    await step(world);
    expect(await standing(world)).toMatchObject({ run: 2, fresh: 0, changed: 0, running: false });
    expect(await tasks(world)).toBe(0);

    world.service.articles = [
      ...world.service.articles.map((one) => (one.id <= 2 ? { ...one, changed: today } : one)),
      { id: 50, entered: today, changed: today },
    ];
    await later(world);
    await step(world);
    expect(await standing(world)).toMatchObject({ run: 3, fresh: 1, changed: 2, listed: 11 });
    expect(await tasks(world)).toBe(3);
    await later(world);
    await step(world);
    expect(await standing(world)).toMatchObject({ run: 4, fresh: 0, changed: 0, listed: 11 });
    expect(await tasks(world)).toBe(3);
  });

  test('that sweeps asks again for what is listed no more, and only once', async () => {
    const world = await openWorld();
    world.service.articles = articles(100, '2026-02-01');
    await step(world);
    await world.db.write([statement(`UPDATE task SET state = 'done'`)]);
    world.service.articles = world.service.articles.slice(0, 97);
    await requestRun(world.db, 'hearts', { sweep: true });
    await step(world);
    expect(await standing(world)).toMatchObject({ missing: 3, listed: 100, state: 'active' });
    expect(await tasks(world)).toBe(3);
    await world.db.write([statement(`UPDATE task SET state = 'done'`)]);
    await requestRun(world.db, 'hearts', { sweep: true });
    await step(world);
    expect(await tasks(world)).toBe(0);
  });

  test('whose listing shrinks from 100 to 3 withdraws nothing, says so, and waits for the operator', async () => {
    const world = await openWorld();
    const all = articles(100);
    world.service.articles = all;
    await step(world);
    await world.db.write([statement(`UPDATE task SET state = 'done'`)]);
    world.service.articles = all.slice(0, 3);
    await requestRun(world.db, 'hearts', { sweep: true });
    await step(world);
    const parked = await standing(world);
    expect(parked).toMatchObject({ state: 'parked', missing: 0 });
    expect(parked.reason).toContain('97');
    expect(parked.reason).toContain('anamnesis sources allow-shrink hearts');
    expect(await tasks(world)).toBe(0);

    await allowShrink(world.db, 'hearts', Date.now() + 60_000);
    await step(world);
    expect(await standing(world)).toMatchObject({ state: 'active', missing: 97, running: false });
    expect(await tasks(world)).toBe(97);
  });
});

describe('what goes wrong', () => {
  test('an outage waits as long as the service asks, and counts as no failure', async () => {
    const world = await openWorld();
    world.service.articles = articles(3);
    world.service.fail = () => new OutageError('the service is away', { retryAfterMs: 45_000, service: 'test' });
    const report = await step(world);
    expect(report.waiting).toBe('hearts: the service is away');
    const now = await standing(world);
    expect(now).toMatchObject({ state: 'active', failures: 0, error: 'the service is away' });
    expect((report.wakeAtMs ?? 0) - (now.startedMs ?? 0)).toBeGreaterThanOrEqual(45_000);
  });

  test('errors that come again and again are tried ever more seldom, and nobody is needed when they end', async () => {
    const world = await openWorld();
    world.service.articles = articles(3);
    world.service.fail = () => new RetryableError('500 of the service', { service: 'test' });
    for (let failures = 1; failures <= 12; failures++) {
      await later(world);
      await step(world);
      const now = await standing(world);
      expect(now).toMatchObject({ state: 'active', error: '500 of the service', failures });
      // Half of the backoff, since chance is a half here: 2.5 s doubled, at most half an hour.
      const aheadMs = (now.dueMs ?? 0) - Date.now();
      expect(Math.abs(aheadMs - Math.min(1_800_000, 2_500 * 2 ** (failures - 1)))).toBeLessThan(60_000);
    }
    world.service.fail = () => null;
    await later(world);
    await step(world);
    expect(await standing(world)).toMatchObject({ state: 'active', listed: 3, failures: 0, error: null, reason: null });
  });

  test('a refused query parks at once', async () => {
    const world = await openWorld();
    world.service.fail = () => new PermanentError('the service does not understand the query');
    await step(world);
    expect(await standing(world)).toMatchObject({
      state: 'parked',
      reason: 'the service does not understand the query',
    });
  });

  test('a source that is paused in the midst of a run stops there, and what it had found stays', async () => {
    const world = await openWorld();
    world.service.articles = articles(9);
    let pausing: Promise<void> | undefined;
    await step(world, {
      onPage: () => {
        pausing ??= pauseSource(world.db, 'hearts', 'holidays');
      },
    });
    await pausing;
    const asked = world.service.asked.length;
    expect(asked).toBeLessThan(4);
    await later(world);
    expect((await step(world)).pages).toBe(0);
    expect(world.service.asked).toHaveLength(asked);
    expect(await standing(world)).toMatchObject({ state: 'paused', reason: 'holidays', running: true });
  });

  test('a definition with a taken name is refused with both; the same again is the same; unknown names are told', async () => {
    const world = await openWorld();
    expect(await addSource(world.db, DEFINITION, { runNow: false })).toBe('same');
    await expect(addSource(world.db, { ...DEFINITION, query: 'else' }, { runNow: false })).rejects.toThrow(
      'a source hearts stands already: pubmed "cardiomyopathy" since 2026-01-01',
    );
    await expect(pauseSource(world.db, 'lungs', '')).rejects.toThrow('there is no source lungs; there are hearts');
    expect(await removeSource(world.db, 'hearts')).toEqual({ removed: true });
    expect(await removeSource(world.db, 'hearts')).toEqual({ removed: false });
  });
});
