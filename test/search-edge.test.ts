import { afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { DatabaseError } from '../core/engine/index.ts';
import type { SearchAnswer } from '../core/search/contract.ts';
import { KeywordsUnavailableError } from '../core/search/keyword-hits.ts';
import { CaseGoneError, CaseUnknownError, GenerationMismatchError } from '../core/search/search.ts';
import { createApp } from '../functions/app.ts';
import type { Env } from '../functions/config.ts';
import { edgeHost, type Host, type LogFields } from '../functions/connect.ts';
import { factsOf } from '../functions/problems.ts';
import { NotReadyError } from '../functions/search/releases.ts';
import { createApp as createSpaceApp } from '../space/http/app.ts';
import { BY_NAME, factsOf as factsOnSpace } from '../space/http/problems.ts';
import { searchKernel } from '../space/kernel.ts';
import { asked, QUERIES, searchSpace } from './support/search.ts';
import { stubDeps } from './support/space-stub.ts';
import type { StoreFault } from './support/store-server.ts';
import { walkSpace } from './support/walk.ts';

const CANARY = 'purplezebra';
const TEXT = { text: `A man with fever and syncope while running, ${CANARY}.` };
/** Nobody listens on the discard port of the loopback. */
const NOWHERE = 'http://127.0.0.1:9';

const space = searchSpace(inject('walkSpaceUrl'));
let logged: LogFields[] = [];
let database = '';
beforeAll(async () => {
  database = (await space.facts()).database;
}, 120_000);
beforeEach(() => {
  logged = [];
});
afterEach(() => {
  expect(JSON.stringify(logged)).not.toContain(CANARY);
});

/** An isolate of its own: what one test opened is not there in the next. */
function isolate(change: (host: Host) => Host = (host) => host) {
  vi.spyOn(console, 'log').mockImplementation((line: string) => logged.push(JSON.parse(line) as LogFields));
  const app = createApp(change(edgeHost('test', searchKernel)));
  return async (env: Env, path: string, init?: RequestInit) => app.request(path, init, env);
}

const envOf = (name: string, over: Env = {}): Env => ({
  DATABASE_URL: database,
  RELEASE_URL: space.storeUrl(name),
  RELEASE_CHECK_MS: '0',
  ...over,
});

type Ask = ReturnType<typeof isolate>;
async function answerOf(ask: Ask, env: Env, body: unknown = TEXT): Promise<SearchAnswer> {
  const response = await ask(env, '/api/search', asked(body));
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as SearchAnswer;
}
const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({ type: 'about:blank', status: response.status });
  expect(problem.instance).toBe(response.headers.get('x-request-id'));
  return problem;
};
const idsOf = ({ results }: SearchAnswer) => results.map(({ case_id }) => case_id);

/** Asks until the answer comes from `version`: the next release is opened behind the answers of the one before. */
const movesTo = (ask: Ask, env: Env, version: number) =>
  vi.waitFor(async () => expect((await answerOf(ask, env)).release.version).toBe(version), 20_000);

describe('what an edge host answers', () => {
  test('is what the Space answers, with vectors and cases read in parts', async () => {
    const ask = isolate();
    for (const query of QUERIES) {
      const { took_ms: _, ...answer } = await answerOf(ask, envOf('same'), query);
      expect(answer).toEqual(await space.answer(query));
      expect(answer.exact).toBe(true);
    }
    expect((await space.traffic('same')).parts).toBeGreaterThan(0);
  });

  test('a case is that of the Space, and one that is not there a problem', async () => {
    const ask = isolate();
    const [id = ''] = idsOf(await answerOf(ask, envOf('case')));
    const found = await ask(envOf('case'), `/api/cases/${encodeURIComponent(id)}`);
    expect(await found.json()).toEqual(await space.caseById(id));
    for (const path of ['/api/cases/nobody', `/api/cases/${'x'.repeat(301)}`])
      expect(await problemOf(await ask(envOf('case'), path))).toMatchObject({ status: 404, code: 'unknown_case' });
    expect(await problemOf(await ask(envOf('case'), '/api/search', asked({ case_id: 'nobody' })))).toMatchObject({
      status: 404,
      code: 'unknown_case',
      errors: [{ field: 'case_id', message: 'no such case' }],
    });
  });

  test('many who ask a cold isolate at once open the release once', async () => {
    const ask = isolate();
    const rarely = { RELEASE_CHECK_MS: '60000' };
    const alone = await answerOf(isolate(), envOf('alone', rarely), { ...TEXT, legs: ['lexical'], k: 1 });
    const once = (await space.traffic('alone')).whole;
    const env = envOf('crowd', rarely);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => answerOf(ask, env, { ...TEXT, legs: ['lexical'], k: 1 })),
    );
    expect(new Set(answers.flatMap(idsOf))).toEqual(new Set(idsOf(alone)));
    expect((await space.traffic('crowd')).whole).toBe(once);
  });

  test('a case that is retracted is gone within a second, from answers and by its id', async () => {
    const ask = isolate();
    const [id = ''] = idsOf(await answerOf(ask, envOf('gone')));
    await space.retract(id, 'retracted: of this test');
    try {
      await vi.waitFor(async () => expect(idsOf(await answerOf(ask, envOf('gone')))).not.toContain(id), 5_000);
      expect(await problemOf(await ask(envOf('gone'), `/api/cases/${id}`))).toMatchObject({
        status: 410,
        code: 'case_gone',
        detail: 'This case was taken out of the corpus (retracted: of this test).',
      });
    } finally {
      await space.restore(id);
    }
    await vi.waitFor(async () => expect(idsOf(await answerOf(ask, envOf('gone')))).toContain(id), 5_000);
  });
});

describe('a bad release', () => {
  const HELD = ['cards.bin', 'whole.i8', 'labs.rows', 'cases.idx'];
  const faults: readonly (readonly [StoreFault, RegExp])[] = [
    ...HELD.map((file) => [{ kind: 'altered', file }, new RegExp(`${file}: its content is not what`)] as const),
    [{ kind: 'short', file: 'lexical.bin' }, /lexical\.bin: \d+ bytes where the manifest says \d+/],
    [{ kind: 'missing', file: 'cards.bin' }, /cards\.bin: missing/],
    [{ kind: 'missing', file: 'manifest.json' }, /was never published/],
    [{ kind: 'altered', file: 'manifest.json' }, /manifest\.json is (?:altered|not readable)/],
  ];

  test.each(faults.map(([fault, reason]) => [JSON.stringify(fault), fault, reason] as const))(
    '%s: it is refused with the reason, and the last good one stays until a good one comes',
    async (label, fault, reason) => {
      const name = `bad-${label.replace(/[^a-z0-9]+/g, '-')}`;
      const env = envOf(name);
      const ask = isolate();
      await space.setStore(name, { newest: 1, fault: { kind: 'none' } });
      const good = await answerOf(ask, env);
      await space.setStore(name, { newest: 7, fault });
      const told = await vi.waitFor(async () => {
        const answer = await answerOf(ask, env);
        expect(answer.degraded.join()).toMatch(/release 7 cannot be served/);
        return answer;
      }, 20_000);
      expect(told.release.version).toBe(1);
      expect(told.results).toEqual(good.results);
      expect(told.degraded.join()).toMatch(reason);
      await space.setStore(name, { newest: 8, fault: { kind: 'none' } });
      await movesTo(ask, env, 8);
      expect((await answerOf(ask, env)).degraded).toEqual([]);
    },
  );

  test('met first by a cold isolate: an older good one answers and says so; with none, it is not ready, and why', async () => {
    await space.setStore('cold', { newest: 3, fault: { kind: 'altered', file: 'cards.bin' } });
    const answer = await answerOf(isolate(), envOf('cold'));
    expect(answer.release.version).toBe(2);
    expect(answer.degraded.join()).toContain('release 3 cannot be served');
    await space.setStore('cold-alone', { newest: 1, fault: { kind: 'altered', file: 'cards.bin' } });
    const response = await isolate()(envOf('cold-alone'), '/api/search', asked(TEXT));
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 503, code: 'not_ready' });
    expect(problem.detail).toContain('cards.bin');
  });

  test('a store that goes down is said to be, a search that needs it is a problem, and all is well when it comes back', async () => {
    const ask = isolate();
    const env = envOf('down');
    await space.setStore('down', { newest: 1, fault: { kind: 'none' } });
    const good = await answerOf(ask, env);
    await space.setStore('down', { newest: 1, fault: { kind: 'down' } });
    await answerOf(ask, env);
    const told = await answerOf(ask, env);
    expect(told).toMatchObject({ exact: false, release: { version: 1 } });
    expect(told.degraded.join()).toContain('the store of releases cannot be read');
    expect(idsOf(told)).toEqual(idsOf(good));
    await space.setStore('down', { newest: 1, fault: { kind: 'none' } });
    await vi.waitFor(async () => expect((await answerOf(ask, env)).degraded).toEqual([]), 20_000);
  });
});

describe('vectors and cases that are read in parts', () => {
  test.each([
    ['a store without ranges', { kind: 'no-ranges' } as StoreFault, {}, /the store gives no parts of files/],
    ['altered vectors', { kind: 'altered', file: 'whole.f32' } as StoreFault, {}, null],
    ['vectors that are missing', { kind: 'missing', file: 'whole.f32' } as StoreFault, {}, /whole\.f32/],
    ['no reads allowed', { kind: 'none' } as StoreFault, { SEARCH_READS_MAX: '0' }, /more than 0 parts/],
  ])('%s: scores are estimates near the exact ones, and the answer says so', async (label, fault, over, reason) => {
    const name = `parts-${label.replaceAll(' ', '-')}`;
    await space.setStore(name, { newest: 1, fault });
    const ask = isolate();
    const exact = await answerOf(isolate(), envOf('exact'), { ...TEXT, k: 100 });
    const answer = await answerOf(ask, envOf(name, over), { ...TEXT, k: 100 });
    expect(answer.exact).toBe(false);
    expect(answer.degraded.join()).toContain('scores are estimates');
    expect(answer.degraded.join()).toMatch(reason ?? /whole\.f32: row \d+ is not the one/);
    const scores = new Map(exact.results.map(({ case_id, score }) => [case_id, score]));
    // By estimates another case may stand for those that are folded.
    const common = answer.results.filter(({ case_id }) => scores.has(case_id));
    expect(common.length).toBeGreaterThan(0.9 * exact.results.length);
    const off = common.map(({ case_id, score }) => Math.abs(score - (scores.get(case_id) ?? Number.NaN)));
    console.info(`edge, ${label}: estimates are off by ${Math.max(...off).toExponential(1)} at most`);
    expect(Math.max(...off)).toBeLessThan(0.02);
  });

  test('an altered archive: the case that cannot be read is a problem that names the file', async () => {
    await space.setStore('archive', { newest: 1, fault: { kind: 'altered', file: 'cases.jsonl.gz' } });
    const ask = isolate();
    const problem = await problemOf(await ask(envOf('archive'), '/api/search', asked({ ...TEXT, k: 100 })));
    expect(problem).toMatchObject({ status: 503, code: 'release_unreadable' });
    expect(problem.detail).toContain('cases.jsonl.gz');
  });
});

describe('memory', () => {
  test('a release with no room for it is refused with what it takes', async () => {
    const problem = await problemOf(
      await isolate()(envOf('tiny', { SEARCH_MEMORY_MB: '0.1' }), '/api/search', asked(TEXT)),
    );
    expect(problem).toMatchObject({ status: 503, code: 'not_ready' });
    expect(problem.detail).toMatch(/it takes \d+ MB of memory where SEARCH_MEMORY_MB gives/);
  });

  test('with room for one alone, the next is read whole and found good before the last is given up', async () => {
    const ask = isolate();
    const env = envOf('one', { SEARCH_MEMORY_MB: '2.5' });
    await space.setStore('one', { newest: 1, fault: { kind: 'none' } });
    await answerOf(ask, env);
    await space.setStore('one', { newest: 2, fault: { kind: 'altered', file: 'whole.i8' } });
    const told = await vi.waitFor(async () => {
      const answer = await answerOf(ask, env);
      expect(answer.degraded.join()).toContain('release 2 cannot be served');
      return answer;
    }, 20_000);
    expect(told.release.version).toBe(1);
    await space.setStore('one', { newest: 3, fault: { kind: 'none' } });
    await movesTo(ask, env, 3);
  });
});

describe('the embedder', () => {
  test('missing: words and findings answer and say so, vectors alone are refused, and a case needs none', async () => {
    const env = envOf('no-embedder', { DATABASE_URL: await walkSpace(inject('walkSpaceUrl')).freshDatabase() });
    const ask = isolate();
    const answer = await answerOf(ask, env);
    expect(answer.legs).toEqual(['lexical', 'findings']);
    expect(answer.results.length).toBeGreaterThan(0);
    expect(answer.degraded.join()).toContain('no embedder of');
    const problem = await problemOf(await ask(env, '/api/search', asked({ ...TEXT, legs: ['dense'] })));
    expect(problem).toMatchObject({ status: 503, code: 'embedder_missing' });
    const { took_ms: _, ...ofCase } = await answerOf(ask, env, { case_id: idsOf(answer)[0] });
    expect(ofCase).toEqual(await space.answer({ case_id: idsOf(answer)[0] }));
  });

  test('of another generation: the search is refused with both names', async () => {
    const other = { name: 'other', fingerprint: 'other-1', embed: () => Promise.resolve([]) };
    const ask = isolate((host) => ({
      ...host,
      connect: (env) => {
        const edge = host.connect(env);
        return { ...edge, generations: { ...edge.generations, of: () => Promise.resolve(other) } };
      },
    }));
    const problem = await problemOf(await ask(envOf('mismatch'), '/api/search', asked(TEXT)));
    expect(problem).toMatchObject({ status: 503, code: 'generation_mismatch' });
    expect(problem.detail).toContain('other-1');
  });
});

describe('what cannot be answered', () => {
  const json = (body: unknown): RequestInit => asked(body);
  const raw = (
    body: BodyInit,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ): RequestInit => ({
    method: 'POST',
    headers,
    body,
  });
  test.each<readonly [string, RequestInit]>([
    ['no body', raw('')],
    ['no JSON', raw('{"text": "fever')],
    ['no UTF-8', raw(new Uint8Array([0x7b, 0xff, 0x7d]))],
    ['another media type', raw('{}', { 'content-type': 'text/plain' })],
    ['an encoding', raw('{}', { 'content-type': 'application/json', 'content-encoding': 'gzip' })],
    ['1 MB and more', raw(JSON.stringify({ text: 'x'.repeat(1024 * 1024) }))],
    ['JSON as deep as a well', raw('['.repeat(10_000))],
    ['nothing asked', json({})],
    ['two things asked', json({ text: CANARY, case_id: 'a' })],
    ['an empty text', json({ text: ' \u0000 ' })],
    ['a text that is a number', json({ text: 7 })],
    ['a text beyond the limit', json({ text: 'a'.repeat(200_001) })],
    ['an unknown facet', json({ facets: { mood: CANARY } })],
    ['an unknown preset', json({ ...TEXT, preset: 'best' })],
    ['an unknown filter', json({ ...TEXT, filters: { colour: 'red' } })],
    ['an unknown engine', json({ ...TEXT, engine: 'magic' })],
    ['a negative weight', json({ ...TEXT, weights: { ecg: -1 } })],
    ['weights that are all zero', json({ ...TEXT, weights: { ecg: 0 } })],
    ['a weight that is no number', json({ ...TEXT, weights: { ecg: '1' } })],
    ['k of 0', json({ ...TEXT, k: 0 })],
    ['k of 101', json({ ...TEXT, k: 101 })],
    ['a k that is no whole number', json({ ...TEXT, k: 1.5 })],
    ['no leg', json({ ...TEXT, legs: [] })],
    ['keywords that end in an operator', json({ keywords: `${CANARY} AND` })],
    ['keywords with an open quotation', json({ keywords: `"${CANARY}` })],
    ['1,001 characters of keywords', json({ keywords: 'a'.repeat(1_001) })],
  ])('%s: the same problem as on the Space', async (_, init) => {
    const here = await problemOf(await isolate()({ DATABASE_URL: NOWHERE }, '/api/search', init));
    const there = await problemOf(await createSpaceApp(stubDeps()).request('/api/search', init));
    expect({ ...here, instance: '' }).toEqual({ ...there, instance: '' });
    expect(JSON.stringify(here)).not.toContain(CANARY);
  });

  test.each<readonly [string, () => Env, string, string]>([
    ['search is off', () => ({ DATABASE_URL: database }), 'search_disabled', 'RELEASE_URL'],
    ['an address that is none', () => envOf('x', { RELEASE_URL: 'ftp://x' }), 'not_configured', 'RELEASE_URL'],
    ['a bucket that is none', () => envOf('x', { RELEASES: 'bucket' }), 'not_configured', 'RELEASES'],
    ['a database that is down', () => envOf('x', { DATABASE_URL: NOWHERE }), 'database_unavailable', 'database'],
    ['a store that is down', () => envOf('x', { RELEASE_URL: NOWHERE }), 'not_ready', 'the store did not answer'],
  ])('%s: 503 with the reason', async (_, env, code, words) => {
    const problem = await problemOf(await isolate()(env(), '/api/search', asked(TEXT)));
    expect(problem).toMatchObject({ status: 503, code });
    expect(problem.detail).toContain(words);
  });

  test.each([
    ['a phrase', `"${CANARY} fever"`],
    ['a prefix', `${CANARY}*`],
    ['a word with a hyphen', `${CANARY}-like`],
  ])(
    '%s among the keywords: 422 with the field and what can be asked, since no keyword index is here',
    async (_, keywords) => {
      const ask = isolate();
      const problem = await problemOf(await ask(envOf('keywords'), '/api/search', asked({ keywords })));
      expect(problem).toMatchObject({
        status: 422,
        code: 'keywords_unavailable',
        title: 'Unprocessable Content',
        errors: [{ field: 'keywords', message: 'ask for plain words, AND, OR and NOT' }],
      });
      expect(JSON.stringify(problem)).not.toContain(CANARY);
      const answer = await answerOf(ask, envOf('keywords'), { keywords: 'fever AND NOT syncope', k: 1 });
      expect(answer.degraded.join()).toContain('no keyword index');
    },
  );

  test('every error that the Space has a problem for has the same one here, where it can occur', () => {
    const errors = [
      new CaseUnknownError('a'),
      new CaseGoneError('a', 'retracted: of this test'),
      new DatabaseError('down'),
      new GenerationMismatchError('one', 'other'),
      new KeywordsUnavailableError(),
      new NotReadyError('no release yet'),
    ];
    // These are of the thread that the Space searches in.
    const elsewhere = ['SearchBusyError', 'SearchLostError'];
    const known = new Set([...errors.map(({ name }) => name), ...elsewhere]);
    expect(Object.keys(BY_NAME).filter((name) => !known.has(name))).toEqual([]);
    for (const error of errors) {
      const [here, there] = [factsOf(error), factsOnSpace(error)];
      expect([here.status, here.code, here.errors]).toEqual([there.status, there.code, there.errors]);
      expect(here.headers?.['Retry-After'] === undefined).toBe(there.headers?.['Retry-After'] === undefined);
    }
  });

  test('another method: 405 with the one that answers', async () => {
    const response = await isolate()({ DATABASE_URL: NOWHERE }, '/api/search');
    expect(response.headers.get('allow')).toBe('POST');
    expect(await problemOf(response)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });
});
