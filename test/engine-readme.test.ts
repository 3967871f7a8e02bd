import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../space/database.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-readme-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program as a user would, and gives what it printed. */
const run = (file: string, env: Record<string, string>): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', file], { env: { ...process.env, ...env } });
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    child.stderr.on('data', (text) => {
      output += text;
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve({ code, output }));
  });

test('the pipeline of the engine documentation runs as it is written, to the end and a second time', async () => {
  const text = readFileSync(new URL('../docs/engine.md', import.meta.url), 'utf8');
  const [, code] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
  expect(code).toContain('definePipeline');
  expect(code?.split('\n').length).toBeLessThanOrEqual(31);
  const url = `file:${join(folder, 'state.db')}`;
  (await openDatabase({ url, deadlineMs: 10_000 })).close();
  const client = createClient({ url, timeout: 10_000 });
  await client.execute('CREATE TABLE length(page TEXT PRIMARY KEY, characters INTEGER NOT NULL)');
  // Beside this file, so that `anamnesis/engine` resolves as it does for a package that depends on this one.
  const file = join(import.meta.dirname, `engine-readme-${process.pid}.mts`);
  writeFileSync(file, code ?? '');
  try {
    for (const done of [4, 0]) {
      const { code: exit, output } = await run(file, { DATABASE_URL: url });
      expect(exit, output).toBe(0);
      expect(output).toContain(`done: ${done},`);
    }
  } finally {
    rmSync(file);
  }
  expect((await client.execute('SELECT * FROM length ORDER BY page')).rows.map((row) => ({ ...row }))).toEqual([
    { page: 'a', characters: 'text of a'.length },
    { page: 'b', characters: 'text of b'.length },
  ]);
  expect((await client.execute('SELECT state, calls FROM effect')).rows.map((row) => ({ ...row }))).toEqual([
    { state: 'done', calls: 1 },
    { state: 'done', calls: 1 },
  ]);
  client.close();
});
