import { createClient } from '@libsql/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addSource, readSources, type SourceDefinition } from '../core/corpus.ts';
import { QuotaError, statement } from '../core/engine/index.ts';
import type { Source } from '../core/sources/source.ts';
import { createApp } from '../functions/app.ts';
import { edgeHost, type LogFields } from '../functions/connect.ts';
import type { Space } from '../space/space.ts';
import { discover } from '../space/ticking/discovering.ts';
import { tickUntilIdle } from '../space/ticking/loop.ts';
import { runUntilIdle } from '../space/ticking/run.ts';
import { type Literature, startLiterature } from './support/literature/server.ts';
import type { Sqld } from './support/sqld.ts';
import { freshSqld, inSpace } from './support/walk-space.ts';

const SECRET = 'tick-secret-of-this-test';
const KEY = 'k3y0f0perat0r0123456789abcdefabcdef';
const definition = (name: string, over: Partial<SourceDefinition> = {}): SourceDefinition => ({
  name,
  kind: 'europe-pmc',
  query: 'PUB_TYPE:"Case Reports"',
  since: '2015-01-01',
  documentsMax: null,
  everyMs: 86_400_000,
  ...over,
});
let literature: Literature;
beforeAll(async () => {
  literature = await startLiterature({ seed: 3, articles: 20, limitPerSecond: null });
});
afterAll(() => literature?.stop());

describe('an edge host', () => {
  let sqld: Sqld;
  beforeAll(async () => {
    sqld = await freshSqld('migrated');
  }, 60_000);
  afterAll(() => sqld?.stop());

  test('lists before it works; a source that is refused waits alone; nothing it says or stores holds the key', async () => {
    const written = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const app = createApp(edgeHost('test'));
    const { CONTACT_EMAIL, ...urls } = literature.environment;
    const env = {
      DATABASE_URL: sqld.url,
      TICK_SECRET: SECRET,
      TICK_STAGES: 'scrape,normalize',
      NCBI_API_KEY: KEY,
      ...urls,
    };
    const tick = async () => {
      const headers = { authorization: `Bearer ${SECRET}` };
      const response = await app.request(
        '/api/ticks',
        { method: 'POST', headers },
        { ...env, TICK_BUDGET_MS: '20000', TICK_ITEMS_MAX: '256' },
      );
      expect(response.status).toBe(200);
    };
    // The first tick registers the pipeline.
    await tick();
    const client = createClient({ url: sqld.url });
    await client.execute({
      sql: `INSERT INTO source(name, kind, query, since_day, every_ms, created_ms, due_ms)
        VALUES ('lit', 'europe-pmc', ?, '2015-01-01', 86400000, 0, 0), ('refused', 'pubmed', 'x', '2015-01-01', 86400000, 0, 0)`,
      args: [definition('lit').query],
    });
    await tick();
    const status = (await (await app.request('/api/status', {}, env)).json()) as {
      readonly documents: number;
      readonly sources: readonly {
        readonly name: string;
        readonly state: string;
        readonly new: number;
        readonly reason: string;
      }[];
    };
    client.close();
    const [lit, refused] = status.sources;
    expect(lit?.new).toBeGreaterThan(5);
    expect(status.documents).toBe(lit?.new);
    expect(refused).toMatchObject({ state: 'parked', reason: expect.stringContaining('CONTACT_EMAIL') });
    const logged: readonly LogFields[] = written.mock.calls.map(([line]) => JSON.parse(line));
    written.mockRestore();
    expect(logged).toContainEqual(expect.objectContaining({ message: 'sources listed', fresh: lit?.new }));
    expect(JSON.stringify([logged, status])).not.toContain(KEY);
    expect(CONTACT_EMAIL).toContain('@');
  }, 60_000);
});

describe('the Space', () => {
  const withSource = (space: Space, list: Source['list']): Space => {
    const source = {
      kind: 'web',
      service: 'web',
      changes: 'none',
      ceiling: null,
      retrieveMax: 1,
      list,
      retrieve: async () => [],
    } as const;
    return { ...space, outside: { ...space.outside, sources: new Map([[source.kind, source]]) } };
  };
  const listing = { tickBudgetMs: 60_000, stopping: () => false };

  test('a bug of a source stops no tick: it is logged without the key, and the pipeline is worked', () =>
    inSpace(null, async (space) => {
      vi.stubEnv('NCBI_API_KEY', KEY);
      const errors: string[] = [];
      const log = { ...space.log, error: ({ message }: { message: string }) => errors.push(message) };
      await addSource(space.db, definition('odd', { kind: 'web', query: 'x' }), { runNow: true });
      const odd = withSource({ ...space, log }, async () => {
        throw new TypeError(`no method of undefined at ?api_key=${KEY}`);
      });
      expect(await discover(odd, listing)).toMatchObject({ pages: 0, goesOn: false });
      vi.unstubAllEnvs();
      expect(errors).toEqual(['discovery failed: TypeError: no method of undefined at ?api_key=***']);
      const { end } = await runUntilIdle(odd, { stopping: () => false, onProgress: () => undefined, waitMsMax: 0 });
      expect(end).not.toBe('stopped');
    }));

  test('one that reads pages all day gets a quarter of the budget', () =>
    inSpace(null, async (space) => {
      await addSource(space.db, definition('long', { kind: 'web', query: 'x' }), { runNow: true });
      let nowMs = 0;
      const runtime = { ...space.runtime, monotonicMs: () => nowMs };
      const long = withSource({ ...space, runtime }, async (_, cursor) => {
        nowMs += 1_000;
        const next = String(Number(cursor ?? 0) + 1);
        return { kind: 'page', found: [], stated: 1_000, next, remarks: [] };
      });
      const { pages, goesOn } = await discover(long, { ...listing, tickBudgetMs: 20_000 });
      expect(pages).toBe(5);
      expect(goesOn).toBe(true);
    }));

  test('a loop without sources ends as before; one whose source waits longer than it may says so and until when', () =>
    inSpace(null, async (space) => {
      const idle = await tickUntilIdle(
        { ...space, tickBudgetMs: 1_000 },
        { stopping: () => false, onBatch: () => undefined, waitMsMax: 0, itemsMax: 1 },
      );
      expect(idle.end).toBe('idle');
      await addSource(space.db, definition('lit'), { runNow: true });
      const list: Source['list'] = async () => {
        throw new QuotaError('the service asked for an hour', { service: 'web', retryAfterMs: 3_600_000 });
      };
      await space.db.write([statement(`UPDATE source SET kind = 'web'`)]);
      const report = await runUntilIdle(withSource(space, list), {
        stopping: () => false,
        onProgress: () => undefined,
        waitMsMax: 0,
      });
      expect(report.end).toBe('blocked');
      expect(report.gate).toMatch(/^source lit: the service asked for an hour, until 20/);
      expect((await readSources(space.db))[0]).toMatchObject({ running: true, error: 'the service asked for an hour' });
    }));
});
