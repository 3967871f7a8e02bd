import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@libsql/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { VERSION } from '../core/version.ts';
import { command } from './support/command.ts';
import { type Literature, startLiterature } from './support/literature/server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const CASE_REPORTS = 'PUB_TYPE:"Case Reports"';
const KEY = 'k3y0f0perat0r0123456789abcdefabcdef';
let folder: string;
let literature: Literature;

const data = (name: string) => join(folder, name);
/** Every command of this file works in the folder that was named last. */
const useData = (name: string) => vi.stubEnv('DATA_DIR', data(name));
const sampleLines = (from: number, to: number): string =>
  `${readFileSync(join(root, 'space/sample/cases.jsonl'), 'utf8').split('\n').slice(from, to).join('\n')}\n`;
const json = async (...args: string[]) => JSON.parse((await command(...args, '--json')).stdout);
const sourceNamed = async (name: string) =>
  (await json('sources', 'list')).sources.find((source: { name: string }) => source.name === name);
async function rows(name: string, sql: string) {
  const client = createClient({ url: `file:${join(data(name), 'state.db')}` });
  try {
    return (await client.execute(sql)).rows.map((row) => ({ ...row }));
  } finally {
    client.close();
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-sources-'));
  literature = await startLiterature({ seed: 5, articles: 60, limitPerSecond: null });
  const env = { STORE_DIR: '', DATABASE_URL: '', LOG_LEVEL: 'error', ...literature.environment };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  useData('first');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await literature?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('wrong use is answered with what to type', () => {
  const add = (...rest: string[]) => ['sources', 'add', 'x', '--source', 'pubmed', '--query', 'q', ...rest];
  const since = ['--since', '2015-01-01'];
  test.each([
    ['europe-pmc, pubmed, pmc, file, web', ['sources', 'add', 'x', '--source', 'scopus', '--query', 'q', ...since]],
    ['the query is empty', ['sources', 'add', 'x', '--source', 'pubmed', '--query', '  ', ...since]],
    ['one line', ['sources', 'add', 'x', '--source', 'pubmed', '--query', 'a\nb', ...since]],
    ['at most 4000', ['sources', 'add', 'x', '--source', 'pubmed', '--query', 'q'.repeat(4_001), ...since]],
    ['--query', ['sources', 'add', 'x', '--source', 'pubmed', ...since]],
    ['--source', ['sources', 'add', 'x', '--query', 'q', ...since]],
    ['beginning with a letter', ['sources', 'add', 'Rare ECG', '--source', 'pubmed', '--query', 'q', ...since]],
    ['1 to 64', ['sources', 'add', `x${'y'.repeat(64)}`, '--source', 'pubmed', '--query', 'q', ...since]],
    ['--since is missing', add()],
    ['lies in the future', add('--since', new Date(Date.now() + 86_400_000).toISOString().slice(0, 10))],
    ['before 1900-01-01', add('--since', '1899-12-31')],
    ['YYYY-MM-DD', add('--since', '2026-02-30')],
    ['YYYY-MM-DD', add('--since', 'yesterday')],
    ['15 minutes', add(...since, '--every', '10m')],
    ['90m, 12h, 1d, 1w', add(...since, '--every', 'daily')],
    ['once a year', add(...since, '--every', '400d')],
    ['whole number', add(...since, '--limit', '0')],
    ['--count belongs to --dry-run', add(...since, '--count')],
    ['WEB_SOURCE=on', ['sources', 'add', 'x', '--source', 'web', '--query', 'https://example.org/']],
    ['no file or folder', ['sources', 'add', 'x', '--source', 'file', '--query', './not-there']],
    ['there is no source "nobody"', ['sources', 'run', 'nobody']],
    ['there is no source "nobody"', ['sources', 'pause', 'nobody']],
    ['there is no source "nobody"', ['sources', 'resume', 'nobody']],
    ['there is no source "nobody"', ['sources', 'allow-shrink', 'nobody']],
    ["no act 'lst'", ['sources', 'lst']],
    ['--file cases.jsonl', ['ingest']],
    ['not both', ['ingest', '--file', 'a.jsonl', '--source', 'pubmed', '--query', 'q']],
    ['not both', ['ingest', '--file', 'a.jsonl', '--query', 'q']],
    ['belong to --source', ['ingest', '--file', 'a.jsonl', '--limit', '3']],
    ['--query is missing', ['ingest', '--source', 'pubmed']],
    ['--source is missing', ['ingest', '--query', 'q']],
  ])('exit 2, and it says: %s', async (says, args) => {
    const { exitCode, output } = await command(...args);
    expect(output).toContain(says);
    expect(exitCode).toBe(2);
  });
});

test('what is no address is refused for a web source, once those are allowed', async () => {
  vi.stubEnv('WEB_SOURCE', 'on');
  const add = ['sources', 'add', 'pages', '--source', 'web', '--dry-run', '--query'];
  const wrong = await command(...add, 'https://example.org/a ftp://example.org/b');
  const right = await command(...add, 'https://example.org/a');
  vi.stubEnv('WEB_SOURCE', '');
  expect(wrong).toMatchObject({ exitCode: 2, output: expect.stringContaining('"ftp://example.org/b" is no address') });
  expect(right.exitCode).toBe(0);
});

describe('a definition', () => {
  const add = (...rest: string[]) =>
    command('sources', 'add', 'cardio', '--source', 'europe-pmc', '--query', CASE_REPORTS, ...rest);
  const since = ['--since', '2015-01-01'];

  test('a dry run shows what would be sent and how much there is, keeps nothing and shows no secret', async () => {
    vi.stubEnv('NCBI_API_KEY', KEY);
    const { exitCode, output } = await command(
      ...['sources', 'add', 'p', '--source', 'pubmed', '--query', '"case reports"[Publication Type]'],
      ...[...since, '--dry-run', '--count'],
    );
    vi.stubEnv('NCBI_API_KEY', '');
    expect(exitCode).toBe(0);
    expect(output).toContain('window by entry, 2015-01-01 to ');
    expect(output).toMatch(/term +\("case reports"\[Publication Type\]\)/);
    expect(output).toMatch(/pubmed states [1-9]\d* documents/);
    expect(output).not.toContain(KEY);
    expect(output).not.toContain(literature.environment.CONTACT_EMAIL);
    expect((await command('sources')).exitCode).toBe(3);
  });

  test('without --count nobody is asked', async () => {
    const before = literature.ledger.summary().requests;
    expect((await add(...since, '--dry-run')).output).toContain(`(${CASE_REPORTS})`);
    expect(literature.ledger.summary().requests).toBe(before);
  });

  test('is added once; the same again is nothing to do; another schedule is taken; another query is refused with both', async () => {
    expect((await add(...since, '--every', '1d')).exitCode).toBe(0);
    expect((await add(...since, '--every', '1d')).exitCode).toBe(3);
    expect(await add(...since, '--every', '12h')).toMatchObject({ exitCode: 0, output: 'cardio now runs every 12h\n' });
    expect((await sourceNamed('cardio')).every_s).toBe(43_200);
    const other = await add('--since', '2019-05-01');
    expect(other.exitCode).toBe(2);
    expect(other.output).toContain('since 2015-01-01');
  });

  test('a pause holds it and a resume lets it go on; a dry one does neither', async () => {
    expect((await command('sources', 'pause', 'cardio', '--dry-run')).output).toBe('cardio would be paused\n');
    expect((await sourceNamed('cardio')).state).toBe('active');
    await command('sources', 'pause', 'cardio', '--reason', 'a look');
    expect(await sourceNamed('cardio')).toMatchObject({ state: 'paused', reason: 'a look', next_run: null });
    expect((await command('sources', 'pause', 'cardio')).exitCode).toBe(3);
    const run = await command('sources', 'run', 'cardio');
    expect(run).toMatchObject({ exitCode: 2, output: expect.stringContaining('sources resume cardio') });
    expect((await command('sources', 'resume', 'cardio')).exitCode).toBe(0);
    expect((await command('sources', 'resume', 'cardio')).exitCode).toBe(3);
  });

  test('a run lists everything, the next one finds nothing new, and list says both', async () => {
    const first = await command('sources', 'run', 'cardio');
    expect(first.output).toContain('next: anamnesis run --until-idle');
    expect(first.exitCode).toBe(0);
    const { found, new: fresh, listed, last_window } = await sourceNamed('cardio');
    expect(fresh).toBeGreaterThan(30);
    expect([found, listed, last_window.received]).toEqual([fresh, fresh, last_window.stated]);
    expect((await command('sources', 'run', 'cardio')).exitCode).toBe(3);
    expect(await sourceNamed('cardio')).toMatchObject({ new: 0, changed: 0, listed: fresh });
  });

  test('allow-shrink says until when, and a dry one allows nothing', async () => {
    const allowed = () => rows('first', `SELECT shrink_allowed_ms AS ms FROM source WHERE name = 'cardio'`);
    await command('sources', 'allow-shrink', 'cardio', '--dry-run');
    expect(await allowed()).toEqual([{ ms: 0 }]);
    const { until } = await json('sources', 'allow-shrink', 'cardio', '--for', '2h');
    expect(await allowed()).toEqual([{ ms: Date.parse(until) }]);
  });

  test('removed, it is forgotten and its documents stay', async () => {
    const tasks = () => rows('first', `SELECT count(*) AS n FROM task WHERE stage = 'scrape'`);
    const before = await tasks();
    expect((await json('sources', 'remove', 'cardio', '--dry-run')).changed).toBe(true);
    expect((await command('sources', 'remove', 'cardio')).exitCode).toBe(0);
    expect((await command('sources', 'remove', 'cardio')).exitCode).toBe(3);
    expect(await sourceNamed('cardio')).toBeUndefined();
    expect(await tasks()).toEqual(before);
  });
});

describe('ingest from a source', () => {
  const ingest = (...rest: string[]) =>
    json('ingest', '--source', 'europe-pmc', '--query', CASE_REPORTS, '--since', '2015-01-01', ...rest);

  test('the same command again goes on with the same definition; another limit is another one', async () => {
    useData('ingest');
    const few = await ingest('--limit', '10');
    expect(few).toMatchObject({ end: 'done', new: 10, next: 'anamnesis run --until-idle' });
    expect(few.remarks.join()).toContain('limit of 10');
    const all = await ingest();
    const again = await ingest();
    expect(all.name).not.toBe(few.name);
    expect(again).toMatchObject({ name: all.name, end: 'done', new: 0, changed: 0, listed: all.new });
    const [{ n } = { n: 0 }] = await rows('ingest', `SELECT count(*) AS n FROM item`);
    expect(n).toBe(all.new);
  });

  test.each([
    ['told to stop', 'SIGTERM'],
    ['killed', 'SIGKILL'],
  ] as const)(
    '%s between two pages, the next process goes on at once and ends the run with nothing twice',
    async (_, signal) => {
      useData(signal);
      const slow = await startLiterature({ seed: 9, articles: 400, limitPerSecond: null });
      vi.stubEnv('EUROPE_PMC_URL', slow.environment.EUROPE_PMC_URL);
      const args = ['ingest', '--source', 'europe-pmc', '--query', CASE_REPORTS, '--since', '2015-01-01', '--json'];
      try {
        const ended = await child(args, (soFar) => (/\d+\/\d+ listed/.test(soFar) ? signal : null));
        expect(ended.exitCode).toBe(signal === 'SIGTERM' ? 1 : null);
        const [first] = await rows(signal, `SELECT found, run_state FROM source`);
        expect(first?.run_state).toBe('running');
        const second = JSON.parse((await child(args, () => null)).stdout);
        expect(second.end).toBe('done');
        const [state] = await rows(
          signal,
          `SELECT (SELECT count(*) FROM item) AS items, (SELECT count(*) FROM source_item) AS listed,
           (SELECT run FROM source) AS run, (SELECT sum(stated) FROM source_window WHERE state = 'done') AS stated`,
        );
        expect(Number(first?.found)).toBeLessThan(second.found);
        expect(state).toEqual({ items: second.found, listed: second.found, run: 1, stated: second.found });
      } finally {
        vi.stubEnv('EUROPE_PMC_URL', literature.environment.EUROPE_PMC_URL);
        await slow.stop();
      }
    },
    60_000,
  );

  test('a 429 whose body quotes the key: exit 4 with the time, and the key is nowhere', async () => {
    useData('limited');
    const server = createServer((request, response) => {
      const body = `{"error":"API rate limit exceeded","api-key":"${KEY}","asked":"${request.url}","count":"11","limit":"10"}`;
      response.writeHead(429, { 'content-type': 'application/json' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('NCBI_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}/eutils`);
    vi.stubEnv('NCBI_API_KEY', KEY);
    try {
      const args = ['ingest', '--source', 'pubmed', '--query', 'x', '--since', '2020-01-01', '--max-wait', '0'];
      const { exitCode, output } = await command(...args);
      expect(output).toMatch(/waits: .*429.*until 20/);
      expect(exitCode).toBe(4);
      const list = await command('sources', 'list');
      expect(list.exitCode).toBe(4);
      expect(list.output).toMatch(/waits: ncbi: .*until 20/);
      const status = await command('status', '--json');
      const shown = output + list.output + status.output + (await command('doctor', '--json')).output;
      expect(shown).not.toContain(KEY);
      expect(shown).not.toContain('operator@');
      const stored = JSON.stringify([
        await rows('limited', 'SELECT * FROM source'),
        await rows('limited', 'SELECT * FROM service_pace'),
        await rows('limited', 'SELECT * FROM service'),
      ]);
      expect(stored).not.toContain(KEY);
    } finally {
      vi.stubEnv('NCBI_API_KEY', '');
      vi.stubEnv('NCBI_URL', literature.environment.NCBI_URL);
      server.close();
    }
  });
});

describe('sources and the pipeline', () => {
  test('run --until-idle lists what is due and works it to a release; a source that fails waits alone', async () => {
    useData('both');
    const files = join(folder, 'letters');
    mkdirSync(files);
    writeFileSync(join(files, 'a.jsonl'), sampleLines(0, 4));
    await command('sources', 'add', 'letters', '--source', 'file', '--query', files, '--every', '1d');
    vi.stubEnv('CONTACT_EMAIL', '');
    const added = await command(
      ...['sources', 'add', 'nobody', '--source', 'pubmed', '--query', 'x', '--since', '2020-01-01', '--every', '1d'],
    );
    expect(added.output).toContain('CONTACT_EMAIL is not set here');
    const run = await command('run', '--until-idle', '--json');
    vi.stubEnv('CONTACT_EMAIL', literature.environment.CONTACT_EMAIL);
    expect(run.exitCode).toBe(0);
    const status = JSON.parse((await command('status', '--json')).stdout);
    expect(status).toMatchObject({ stage: 'SERVING', documents: 4 });
    const [letters, nobody] = status.sources;
    // A public answer: the name of the folder, not where it lies.
    expect(letters).toMatchObject({
      name: 'letters',
      query: 'letters',
      new: 4,
      listed: 4,
      running: false,
      waiting: null,
    });
    expect(Date.parse(letters.next_run) - Date.parse(letters.last_run)).toBeGreaterThan(86_000_000);
    expect(nobody).toMatchObject({ state: 'parked', waiting: { until: null } });
    expect(nobody.error).toContain('set CONTACT_EMAIL');
    expect((await command('status')).output).toContain('until somebody acts');
    expect((await command('run')).exitCode).toBe(3);
  }, 60_000);

  test('what changes in a folder comes with the next run, what is refused is kept with its reason', async () => {
    const file = join(folder, 'letters', 'b.jsonl');
    copyFileSync(join(folder, 'letters', 'a.jsonl'), file);
    writeFileSync(file, `${readFileSync(file, 'utf8')}not json\n${sampleLines(10, 11)}`);
    const report = await json('sources', 'run', 'letters');
    expect(report).toMatchObject({ new: 1, changed: 0 });
    expect(report.remarks).toContain('5 records were refused and kept with the reason');
    const refused = await rows('both', `SELECT reason, count(*) AS n FROM refusal GROUP BY reason ORDER BY reason`);
    expect(refused).toEqual([
      { reason: 'duplicate_id', n: 4 },
      { reason: 'unreadable', n: 1 },
    ]);
  });

  test('a folder that is gone is no empty one: the source waits, and no document is missing', async () => {
    rmSync(join(folder, 'letters'), { recursive: true });
    const run = await command('sources', 'run', 'letters', '--sweep', '--max-wait', '0');
    expect(run.exitCode).toBe(4);
    expect(run.output).toContain('is it there, mounted');
    expect(await sourceNamed('letters')).toMatchObject({ missing: 0, listed: 5, running: true });
  });
});

describe('doctor', () => {
  const checks = async (...args: string[]): Promise<Record<string, { state: string; detail: string }>> =>
    Object.fromEntries((await json('doctor', ...args)).checks.map((check: { name: string }) => [check.name, check]));

  test('a missing contact is worth a word, and is a fault once a source needs it', async () => {
    vi.stubEnv('CONTACT_EMAIL', '');
    useData('first');
    expect((await checks()).contact).toMatchObject({ state: 'ok', detail: expect.stringContaining('not set') });
    useData('both');
    expect((await checks()).contact).toMatchObject({ state: 'degraded', detail: expect.stringContaining('nobody') });
    vi.stubEnv('CONTACT_EMAIL', literature.environment.CONTACT_EMAIL);
    expect((await checks()).contact?.state).toBe('ok');
    expect((await checks()).sources).toMatchObject({ state: 'degraded', detail: expect.stringContaining('parked') });
  });

  test('asks the services only with --online', async () => {
    useData('first');
    const before = literature.ledger.summary().requests;
    expect(Object.keys(await checks())).not.toContain('ncbi');
    expect(literature.ledger.summary().requests).toBe(before);
    const online = await checks('--online');
    expect([online.ncbi?.state, online['europe-pmc']?.state]).toEqual(['ok', 'ok']);
  });

  test('settings of the services: what is wrong is named, what is secret is not shown', async () => {
    for (const [name, value] of [
      ['NCBI_API_KEY', 'too short'],
      ['CONTACT_EMAIL', 'me'],
      ['NCBI_URL', 'ftp://example.org'],
      ['EUROPE_PMC_URL', 'https://user@example.org/'],
      ['WEB_SOURCE', 'maybe'],
    ] as const) {
      const kept = process.env[name] ?? '';
      vi.stubEnv(name, value);
      const { exitCode, output } = await command('sources', 'list');
      vi.stubEnv(name, kept);
      expect([exitCode, output.includes(name)]).toEqual([2, true]);
    }
    vi.stubEnv('NCBI_API_KEY', KEY);
    const { output } = await command('doctor');
    vi.stubEnv('NCBI_API_KEY', '');
    expect(output).toContain('10 requests a second');
    expect(output).not.toContain(KEY);
    expect(output).not.toContain(literature.environment.CONTACT_EMAIL);
  });
});

test('the services are told the version that package.json has', () => {
  expect(VERSION).toBe(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version);
});

/** A command in a process of its own, which gets a signal once `signalOf` gives one for what it wrote to standard error. */
function child(args: readonly string[], signalOf: (soFar: string) => NodeJS.Signals | null) {
  return new Promise<{ readonly exitCode: number | null; readonly stdout: string }>((resolve, reject) => {
    const started = spawn(process.execPath, [join(root, 'space/anamnesis.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let sent: NodeJS.Signals | null = null;
    started.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
    started.stderr.on('data', (part: Buffer) => {
      stderr += part.toString();
      if (sent !== null) return;
      sent = signalOf(stderr);
      if (sent !== null) started.kill(sent);
    });
    started.once('error', reject);
    started.once('close', (exitCode) => resolve({ exitCode, stdout }));
  });
}
