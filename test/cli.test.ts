import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatProgress, progressView } from '../space/cli/progress.ts';
import { redacted } from '../space/config.ts';
import { live } from './support/kills.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder: string;
let fewCases: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-cli-'));
  fewCases = join(folder, 'few.jsonl');
  const sample = readFileSync(join(root, 'space/sample/cases.jsonl'), 'utf8').split('\n').slice(0, 6);
  writeFileSync(fewCases, sample.join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a first walk by hand', () => {
  const data = () => join(folder, 'data');
  test('an empty home: status says so, search says what is missing, run has nothing to do', async () => {
    expect((await live(data(), ['init'], null)).exitCode).toBe(0);
    expect((await live(data(), ['status'], null)).output).toContain('no release yet');
    const search = await live(data(), ['search', 'fever'], null);
    expect(search).toMatchObject({ exitCode: 1, output: expect.stringContaining('no release has been published yet') });
    expect((await live(data(), ['run'], null)).exitCode).toBe(3);
  });
  test('ingest, run, status and search end with 0 and agree', async () => {
    expect((await live(data(), ['ingest', '--file', fewCases], null)).exitCode).toBe(0);
    expect((await live(data(), ['ingest', '--file', fewCases], null)).exitCode).toBe(3);
    expect((await live(data(), ['run', '--until-idle'], null)).exitCode).toBe(0);
    const status = await live(data(), ['status', '--json'], null);
    expect(JSON.parse(status.output)).toMatchObject({ stage: 'SERVING', documents: 6 });
    const search = await live(
      data(),
      ['search', 'fainting during fever, coved ST elevation', '--json', '--k', '2'],
      null,
    );
    expect(JSON.parse(search.output).results).toHaveLength(2);
  }, 120_000);
  test('eval measures the search on judged questions, by variant, and says what the release lacks', async () => {
    const ids = readFileSync(fewCases, 'utf8')
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; text: string });
    const judged = join(folder, 'judged.jsonl');
    writeFileSync(
      judged,
      ids
        .map(({ id, text }) => JSON.stringify({ id, text: `${text} zebrafinch`, relevant: { [id]: 1, PMID_0: 1 } }))
        .join('\n'),
    );
    const args = ['eval', judged, '--json', '--variant', 'default', 'words alone'];
    const { exitCode, output } = await live(data(), args, null);
    // Degraded: one relevant case of each question is in no release.
    expect(exitCode).toBe(5);
    const report = JSON.parse(output.slice(output.indexOf('{')));
    // Of a report with several patients the id alone names no case.
    expect(report.questions + report.left_out).toBe(6);
    expect(report.questions).toBeGreaterThan(3);
    expect(report).toMatchObject({ relevant: 12, relevant_unknown: 6 + report.left_out });
    expect(report.rows.map((row: { variant: string }) => row.variant)).toEqual(['default', 'words alone']);
    // A text finds itself.
    expect(report.rows[0].measures.mrr.mean).toBe(1);
    expect(await live(data(), ['eval', judged, '--variant', 'magic'], null)).toMatchObject({ exitCode: 2 });
    const kept = async () => JSON.parse((await live(data(), ['status', '--json'], null)).output).evaluation;
    expect(await kept()).toMatchObject({
      release: 1,
      current: true,
      file: 'judged.jsonl',
      judgements_sha256: createHash('sha256').update(readFileSync(judged)).digest('hex'),
      questions: report.questions,
      left_out: report.left_out,
      rows: report.rows,
    });
    const files = readdirSync(data(), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toContain('state.db');
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name)).includes('zebrafinch'), `${name} holds a word of a question`).toBe(
        false,
      );
    const before = await kept();
    await live(data(), ['eval', judged, '--variant', 'words alone', '--dry-run'], null);
    expect(await kept()).toEqual(before);
  }, 60_000);
  test('doctor finds everything in order', async () => {
    const { exitCode, output } = await live(data(), ['doctor'], null);
    expect([0, 5]).toContain(exitCode);
    expect(output).toContain('every file matches its hash');
  });
});

describe('wrong use is answered with what to type', () => {
  test.each([
    [['serch', 'x'], 'serch'],
    [['ingest'], '--file'],
    [['search'], 'text'],
    [['search', 'fever', '--k', '0'], 'k:'],
    [['search', 'fever', '--weights', 'symptoms=-1'], 'weights'],
    [['search', 'fever', '--facet', 'smell=roses'], 'facets'],
    [['run', '--max-items', 'many'], 'whole number'],
  ] as const)('%j: exit 2, and it names %s', async (args, named) => {
    const { exitCode, output } = await live(join(folder, 'usage'), args, null);
    expect(exitCode).toBe(2);
    expect(output).toContain(named);
  });
});

test('SIGTERM ends a server cleanly within its time', async () => {
  const child = spawn(process.execPath, [join(root, 'space/anamnesis.mjs'), 'serve', '--port', '0'], {
    env: { ...process.env, DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (part: Buffer) => {
      if (part.toString().includes('serves on')) resolve();
    });
  });
  child.kill('SIGTERM');
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  expect(exitCode).toBe(0);
});

describe('progress', () => {
  const line = { task: 'embed', done: 250, all: 1_000, unit: 'cases', perSecond: 50 };
  test('shows count, percent, rate and the time left', () => {
    expect(formatProgress(line)).toBe('embed       250/1,000 cases  25 %  50/s  about 15 s left');
  });
  test('says that the time left is unknown while the rate is', () => {
    expect(formatProgress({ ...line, perSecond: null })).toContain('time left unknown');
  });
  test('elsewhere than on a terminal it writes whole lines, the last of each task among them', () => {
    const written: string[] = [];
    const stream = { isTTY: false, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream; // the view uses no more of it
    const view = progressView(stream, () => 0);
    for (const done of [1, 2, 3]) view.show({ ...line, done });
    view.show({ ...line, task: 'index', done: 1 });
    view.close();
    expect(written.every((text) => text.endsWith('\n') && !text.includes('\r'))).toBe(true);
    expect(written.filter((text) => text.startsWith('embed')).at(-1)).toContain('3/1,000');
    expect(written.filter((text) => text.startsWith('index'))).toHaveLength(1);
  });
});

test.each([
  ['file:data/state.db', 'file:data/state.db'],
  ['libsql://user:secret@host.example/db?authToken=secret', 'libsql://…@host.example/db'],
  ['http://127.0.0.1:8080?authToken=secret', 'http://127.0.0.1:8080'],
])('the address %s is shown without its secrets', (url, shown) => {
  expect(redacted(url)).toBe(shown);
});
