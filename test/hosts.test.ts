import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import type { State } from './support/dump.ts';
import { FOREIGN_ID, TWO_PATIENTS, WALK_CASES, WALK_DOCUMENTS, walkSpace } from './support/walk.ts';
import { inSpace, walkInSpace } from './support/walk-space.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const space = walkSpace(inject('walkSpaceUrl'));
// The program itself: the command that npm links is a script around it, and a signal would not reach Deno.
const deno = createRequire(import.meta.url)('deno/install_api.cjs').runInstall() as string;

const reference = async () => (await space.reference()) as State;
const keysOf = (state: State, table: string, column: string) => (state[table] ?? []).map((row) => String(row[column]));

test('an embedded file goes from ingest to SERVING: one release holds every case of every document', async () => {
  const state = await reference();
  expect(keysOf(state, 'document', 'key')).toHaveLength(WALK_DOCUMENTS);
  expect(keysOf(state, 'patient_case', 'case_id')).toHaveLength(WALK_CASES);
  expect(state.release).toMatchObject([{ version: 1, state: 'published', case_count: WALK_CASES }]);
  expect(state.task?.filter(({ state }) => state !== 'done')).toMatchObject([{ key: FOREIGN_ID, state: 'skipped' }]);
  expect(state.lease).toEqual([]);
  expect(state.error_log).toEqual([]);
});

test('a document with two patients gives two cases', async () => {
  const ids = keysOf(await reference(), 'patient_case', 'case_id');
  for (const document of TWO_PATIENTS)
    expect(ids.filter((id) => id.startsWith(document))).toEqual([`${document}-1`, `${document}-2`]);
});

test('a document that is not English is set aside in normalize with the reason, and makes no case', async () => {
  const state = await reference();
  expect(state.task?.filter(({ key }) => key === FOREIGN_ID)).toMatchObject([
    { stage: 'normalize', state: 'skipped', error_class: 'not_english' },
    { stage: 'scrape', state: 'done' },
  ]);
  expect(keysOf(state, 'patient_case', 'document_key')).not.toContain(FOREIGN_ID);
});

test('a real sqld over HTTP, from Node, ends as the embedded file does', async () => {
  expect(await inSpace(await space.freshDatabase(), walkInSpace)).toEqual(await reference());
});

test('Deno ends as the embedded file does (deno test, in a process of its own)', async () => {
  const child = spawnDeno(
    ['test', '--no-check', '--allow-env', '--allow-net=127.0.0.1', '--allow-read=.', 'test/deno/'],
    {
      WALK_SPACE_URL: inject('walkSpaceUrl'),
    },
  );
  const output = await outputOf(child);
  expect(output.text, output.text).toMatch(/\b3 passed \| 0 failed\b/);
  expect(output.code).toBe(0);
});

test('the Deno entry serves, and ticks for whoever knows the secret', async () => {
  const env = { DATABASE_URL: await space.freshDatabase(), TICK_SECRET: 'a secret of the test', PORT: '0' };
  const child = spawnDeno(
    [
      'run',
      '--no-check',
      '--unstable-cron',
      '--allow-env',
      '--allow-net=127.0.0.1',
      '--allow-read=core',
      'functions/deno.ts',
    ],
    env,
  );
  try {
    const url = await listeningAt(child);
    expect(await (await fetch(new URL('/livez', url))).json()).toEqual({ live: true });
    const headers = { authorization: `Bearer ${env.TICK_SECRET}` };
    const tick = await fetch(new URL('/api/ticks', url), { method: 'POST', headers });
    expect(await tick.json()).toMatchObject({ stage: null, after: { kind: 'serving' } });
  } finally {
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
  }
});

function spawnDeno(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(deno, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function outputOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly text: string }> {
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => chunks.push(String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text: chunks.join('') };
}

/** The address in the line that Deno prints when it listens. */
async function listeningAt(child: ChildProcess): Promise<string> {
  const seen: string[] = [];
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface(stream).on('line', (line) => {
        seen.push(line);
        const url = /https?:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
        if (url !== undefined) resolve(url);
      });
    }
    child.once('close', () => reject(new Error(`Deno ended before it listened:\n${seen.join('\n')}`)));
  });
}
