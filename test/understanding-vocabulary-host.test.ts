import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { live } from './support/kills.ts';

let folder: string;
const put = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-vocabulary-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const findingsOf = async (data: string): Promise<readonly { term: string; code?: string }[]> => {
  const client = createClient({ url: `file:${data}/state.db` });
  try {
    const { rows } = await client.execute(`SELECT findings FROM facet WHERE facet = 'symptoms'`);
    return rows.flatMap(({ findings }) => JSON.parse(String(findings)));
  } finally {
    client.close();
  }
};

test('a word of the operator is found with its code, and what another vocabulary read is said to be outdated', async () => {
  const data = join(folder, 'data');
  const text =
    'A 45-year-old woman was admitted with glimmer spells for two weeks and fever. Examination and laboratory tests were normal. ' +
    'She was diagnosed with influenza, treated with paracetamol and recovered within five days.';
  const cases = put('cases.jsonl', JSON.stringify({ id: 'OWN_1', text }));
  expect(await live(data, ['ingest', '--file', cases], null)).toMatchObject({ exitCode: 0 });
  const env = { VOCABULARY_FILE: put('words.tsv', '# ours\nglimmer spell\tglimmer spells\tsymptom\tX:0001\n') };
  expect(await live(data, ['run', '--until-idle'], null, env)).toMatchObject({ exitCode: 0 });
  expect(await findingsOf(data)).toContainEqual(expect.objectContaining({ term: 'glimmer spell', code: 'X:0001' }));
  const plan = async (more: Readonly<Record<string, string>>) =>
    JSON.parse((await live(data, ['plan', '--stage', 'normalize', '--json'], null, more)).output);
  expect(JSON.stringify(await plan(env))).not.toMatch(/"outdated":[1-9]/);
  expect(JSON.stringify(await plan({}))).toMatch(/"outdated":1/);
}, 60_000);

test.each([
  ['glimmer spell\t\tmood\t', /line 1 /i],
  ['{"term":"x"', /line 1.*not valid JSON/i],
])('a vocabulary of %j is refused with its line and what to write', async (line, message) => {
  const env = { VOCABULARY_FILE: put('bad.tsv', line) };
  const { exitCode, output } = await live(join(folder, 'bad'), ['init'], null, env);
  expect(exitCode).toBe(2);
  expect(output).toMatch(message);
  expect(output).toContain('VOCABULARY_FILE');
});

test('a vocabulary that is not there is named', async () => {
  const env = { VOCABULARY_FILE: join(folder, 'nowhere.tsv') };
  expect(await live(join(folder, 'bad'), ['init'], null, env)).toMatchObject({
    exitCode: 2,
    output: expect.stringContaining('nowhere.tsv'),
  });
});
