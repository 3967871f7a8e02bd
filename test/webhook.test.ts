import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@libsql/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  act,
  claim,
  type Database,
  DatabaseError,
  definePipeline,
  enterStatements,
  registerPipeline,
  tick,
} from '../core/engine/index.ts';
import { ConfigError, describeSettings, readConfig } from '../space/config.ts';
import { createWebhook, WEBHOOK_CURSOR, type Webhook } from '../space/webhook.ts';
import { type EngineHost, openHost } from './support/engine/host.ts';
import { newItem } from './support/engine/ledger.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { eachOf } from './support/engine/walk.ts';
import { live } from './support/kills.ts';
import { type Receiver, startReceiver } from './support/webhook-receiver.ts';

const SECRET = 'a secret of the tests';
const work = eachOf('work', (item) => {
  if (item.key === 'bad') return { kind: 'dead', reason: 'no good', errorClass: 'permanent' };
  return { kind: 'done', outputHash: item.key };
});
const pipeline = definePipeline('told', [work]);

let host: EngineHost;
let receiver: Receiver;
let warnings: string[];
let clockMs: number;
const silent = () => undefined;

const webhook = (
  over: { readonly db?: Database; readonly timeoutMs?: number; readonly secret?: string } = {},
): Webhook =>
  createWebhook({
    db: host.db,
    url: receiver.url,
    secret: undefined,
    log: { debug: silent, info: silent, error: silent, warn: ({ message }) => void warnings.push(message) },
    nowMs: () => clockMs,
    ...over,
  });
const enter = (...keys: string[]) =>
  host.db.write(
    enterStatements(
      work,
      keys.map((key) => newItem(key)),
    ),
  );
const runTick = () => tick(host.db, pipeline, fakeRuntime(), { budgetMs: 60_000 });
const auditIds = async () =>
  (await host.client.execute('SELECT id FROM audit ORDER BY id')).rows.map(({ id }) => Number(id));
const cursor = async () => {
  const found = await host.client.execute({ sql: 'SELECT value FROM meta WHERE key = ?', args: [WEBHOOK_CURSOR] });
  return Number(found.rows[0]?.value);
};
const idsOf = (receiver: Receiver) => receiver.posts.flatMap(({ events }) => events.map(({ id }) => id));

beforeAll(async () => {
  host = await openHost('an embedded file');
});
afterAll(() => host.close());
beforeEach(async () => {
  await host.fresh();
  await registerPipeline(host.db, pipeline);
  receiver = await startReceiver();
  warnings = [];
  clockMs = 0;
});
afterEach(() => receiver.close());

describe('what is told', () => {
  test('every row of the audit, in order, once, with keys instead of numbers of the database', async () => {
    const hook = webhook();
    await hook.open();
    const before = await auditIds();
    await enter('a', 'bad');
    await runTick();
    await act(host.db, pipeline, { kind: 'pause', stage: 'work' }, { actor: 'cli', reason: 'a rest' });
    await hook.deliver();
    await hook.deliver();
    const events = receiver.posts.flatMap((post) => post.events);
    expect(events.map(({ id }) => id)).toEqual((await auditIds()).slice(before.length));
    expect(events.map(({ act, stage }) => `${act} ${stage}`)).toEqual(
      ['enter', 'claim', 'commit', 'pause'].map((act) => `${act} work`),
    );
    expect(events[2]).toMatchObject({
      actor: 'test-host',
      open: 0,
      detail: { done: ['a'], others: [{ key: 'bad', outcome: 'dead', error_class: 'permanent' }] },
    });
    expect(events[3]).toMatchObject({ actor: 'cli', detail: { reason: 'a rest' } });
    expect(await cursor()).toBe(events.at(-1)?.id);
  });

  test('of a worker that died: which items it held', async () => {
    const hook = webhook();
    await hook.open();
    await enter('a');
    await claim(host.db, work, 'died/1');
    await host.client.execute('UPDATE lease SET expires_ms = 1');
    await runTick();
    await hook.deliver();
    expect(receiver.posts.flatMap((post) => post.events).find(({ act }) => act === 'lose')).toMatchObject({
      detail: { items: [{ stage: 'work', key: 'a' }] },
    });
  });

  test('a new listener begins with what happens from then on; one that was here before goes on where it was', async () => {
    await enter('a');
    await webhook().open();
    await enter('b');
    // Another process: it must not skip what the first one left.
    const later = webhook();
    await later.open();
    await later.deliver();
    expect(receiver.posts.flatMap(({ events }) => events.map(({ detail }) => detail))).toEqual([{ items: ['b'] }]);
  });

  test('more than fits into one post comes in several, in order', async () => {
    const hook = webhook();
    await hook.open();
    const before = (await auditIds()).length;
    for (let i = 0; i < 420; i++) await enter(`k${i}`);
    expect(await hook.deliver()).toBe(420);
    expect(receiver.posts.length).toBeGreaterThan(1);
    expect(idsOf(receiver)).toEqual((await auditIds()).slice(before));
  });

  test('with a secret the body is signed; without one it is not', async () => {
    const signed = webhook({ secret: SECRET });
    await signed.open();
    await enter('a');
    await signed.deliver();
    await enter('b');
    await webhook().deliver();
    const [first, second] = receiver.posts;
    const expected = createHmac('sha256', SECRET)
      .update(first?.body ?? '')
      .digest('hex');
    expect(first?.headers['x-anamnesis-signature']).toBe(`sha256=${expected}`);
    expect(second?.headers['x-anamnesis-signature']).toBeUndefined();
  });
});

describe('a receiver in trouble', () => {
  test.each([500, 404, 302])(
    'one that answers %i hears the same again, later and later, until it takes it',
    async (status) => {
      const hook = webhook();
      await hook.open();
      const start = await cursor();
      await enter('a');
      receiver.answer = (response) => response.writeHead(status, { location: '/elsewhere' }).end();
      expect(await hook.deliver()).toBe(0);
      // Not at once again, however often a tick asks.
      await hook.deliver();
      expect(receiver.posts).toHaveLength(1);
      expect(await cursor()).toBe(start);
      expect(warnings).toEqual([expect.stringContaining(String(status))]);
      receiver.answer = (response) => response.end();
      clockMs = 3_600_000;
      expect(await hook.deliver()).toBe(1);
      expect(receiver.posts[1]?.body).toBe(receiver.posts[0]?.body);
    },
  );

  test('one that hangs holds no tick, and is left after its time', async () => {
    const hook = webhook({ timeoutMs: 300 });
    await hook.open();
    const start = await cursor();
    await enter('a');
    const came = new Promise<void>((resolve) => {
      receiver.answer = () => resolve();
    });
    let left = false;
    const delivering = hook.deliver().then(() => {
      left = true;
    });
    await came;
    const report = await runTick();
    expect(report.counts.done).toBe(1);
    await delivering;
    expect(left).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('in time')]);
    expect(await cursor()).toBe(start);
  });

  test('one that is not there is no failure of the pipeline', async () => {
    const hook = webhook();
    await hook.open();
    await enter('a');
    await receiver.close();
    expect(await hook.deliver()).toBe(0);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain('/hook');
    expect((await runTick()).counts.done).toBe(1);
    receiver = await startReceiver();
  });

  test('a host that is stopping does not wait for it', async () => {
    const hook = webhook({ timeoutMs: 3_600_000 });
    await hook.open();
    await enter('a');
    const stop = new AbortController();
    receiver.answer = () => stop.abort();
    expect(await hook.deliver(stop.signal)).toBe(0);
    expect(warnings).toEqual([]);
  });
});

describe('a sender in trouble', () => {
  test('a place that was not stored means that the same events come again, with the same ids', async () => {
    let broken = true;
    const db: Database = {
      read: host.db.read,
      write: (statements) =>
        broken && statements.some(({ args }) => args.includes(WEBHOOK_CURSOR))
          ? Promise.reject(new DatabaseError('gone'))
          : host.db.write(statements),
    };
    await webhook().open();
    await enter('a');
    const hook = webhook({ db });
    await hook.deliver();
    broken = false;
    clockMs = 3_600_000;
    await hook.deliver();
    expect(receiver.posts).toHaveLength(2);
    expect(receiver.posts[1]?.body).toBe(receiver.posts[0]?.body);
  });

  test('a place never goes back when two hosts deliver at once', async () => {
    const one = webhook();
    await one.open();
    await enter('a');
    // The other host delivers the same and more while this one waits for its answer.
    let once = true;
    receiver.answer = async (response) => {
      if (once) {
        once = false;
        await enter('b');
        await webhook().deliver();
      }
      response.end();
    };
    await one.deliver();
    expect(await cursor()).toBe((await auditIds()).at(-1));
    // Had its place gone back, what the other had delivered would have come once more.
    expect(receiver.posts.map(({ events }) => events.length)).toEqual([1, 2]);
  });

  test('killed between a post and its answer, life after life: nothing is missed, all in order, only the killed posts twice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'anamnesis-webhook-'));
    try {
      const file = join(folder, 'few.jsonl');
      const root = fileURLToPath(new URL('..', import.meta.url));
      writeFileSync(
        file,
        readFileSync(join(root, 'space/sample/cases.jsonl'), 'utf8').split('\n').slice(0, 8).join('\n'),
      );
      const data = join(folder, 'data');
      expect((await live(data, ['ingest', '--file', file], null)).exitCode).toBe(0);
      const client = createClient({ url: `file:${join(data, 'state.db')}` });
      const start = Number((await client.execute('SELECT max(id) AS id FROM audit')).rows[0]?.id);
      let child: ChildProcess | null = null;
      let kills = 0;
      receiver.answer = (response) => {
        if (kills === 3) return response.end();
        kills += 1;
        child?.kill('SIGKILL');
      };
      for (let life = 0; life < 5 && kills < 3; life++) {
        child = spawn(process.execPath, [join(root, 'space/anamnesis.mjs'), 'run'], {
          env: {
            ...process.env,
            DATA_DIR: data,
            STORE_DIR: '',
            DATABASE_URL: '',
            WEBHOOK_URL: receiver.url,
            LOG_LEVEL: 'error',
          },
          stdio: 'ignore',
        });
        await new Promise((resolve) => child?.once('close', resolve));
      }
      child = spawn(process.execPath, [join(root, 'space/anamnesis.mjs'), 'run'], {
        env: {
          ...process.env,
          DATA_DIR: data,
          STORE_DIR: '',
          DATABASE_URL: '',
          WEBHOOK_URL: receiver.url,
          LOG_LEVEL: 'error',
        },
        stdio: 'ignore',
      });
      await new Promise((resolve) => child?.once('close', resolve));
      const wanted = (await client.execute(`SELECT id FROM audit WHERE id > ${start} ORDER BY id`)).rows.map(({ id }) =>
        Number(id),
      );
      client.close();
      const heard = idsOf(receiver);
      expect(kills).toBe(3);
      // Whoever drops what it has heard hears each row once and in order.
      expect(heard.filter((id, i) => heard.indexOf(id) === i)).toEqual(wanted);
      const posts = receiver.posts.length;
      console.info(
        `webhook: ${kills} kills between post and place, ${wanted.length} audit rows, 0 missed, 0 out of order, ${heard.length - wanted.length} heard again in ${posts} posts`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('settings', () => {
  test.each([
    ['WEBHOOK_URL', 'hooks.example/x'],
    ['WEBHOOK_URL', 'ftp://hooks.example/x'],
    ['WEBHOOK_URL', 'https://someone:word@hooks.example/x'],
    ['WEBHOOK_SECRET', 'short'],
  ])('%s=%s is refused at start, by name', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => readConfig({ [name]: value })).toThrow(name);
  });

  test('what follows the host of the address is never shown', () => {
    const described = describeSettings({
      WEBHOOK_URL: 'https://hooks.example/T0/hidden?x=hidden',
      WEBHOOK_SECRET: 'hidden-hidden-hidden',
    });
    expect(JSON.stringify(described)).not.toContain('hidden');
    expect(JSON.stringify(described)).toContain('https://hooks.example');
  });
});
