import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseDistiller } from '../core/models/choose.ts';
import { ITEM_UNITS_MAX } from '../core/models/inference/limits.ts';
import * as edge from '../functions/config.ts';
import { ConfigError, describeSettings, readConfig, secretsOf } from '../space/config.ts';
import { createLog } from '../space/host/log.ts';
import { casePage } from '../space/pages/case-page.ts';
import { createServing } from '../space/serving.ts';
import { openSpace } from '../space/space.ts';
import { live } from './support/kills.ts';
import { type Form, formOf } from './support/model-server/fake-model.ts';
import { type ModelServer, startModelServer } from './support/model-server/server.ts';
import { MODEL, TOKEN } from './support/model-server/world.ts';

/** Words that a browser, a shell, a spreadsheet or a database would act on. */
const ACTIVE = [
  "=cmd|' /C calc'!A0",
  "Robert'); DROP TABLE item;--",
  '../../etc/passwd',
  '**bold** [click](me) ![x](y)',
  '<img src=x onerror=alert(1)>',
  '{{constructor.constructor("alert(1)")()}}',
];

let folder: string;
let server: ModelServer;
const SET = ['DISTILLER', 'DISTILL_MODEL', 'INFERENCE_ENDPOINT', 'HF_TOKEN'] as const;
const before = Object.fromEntries(SET.map((name) => [name, process.env[name]]));
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-inference-cli-'));
  server = await startModelServer();
  Object.assign(process.env, {
    DISTILLER: 'inference',
    DISTILL_MODEL: MODEL,
    INFERENCE_ENDPOINT: `${server.url}/v1`,
    HF_TOKEN: TOKEN,
  });
  let nth = 0;
  const given = new Map<string, Form>();
  server.manner = (shown) => {
    const form = given.get(shown.case_id) ?? formOf(shown);
    const words = ACTIVE[nth++ % ACTIVE.length] ?? '';
    if (!given.has(shown.case_id))
      given.set(shown.case_id, {
        ...form,
        diagnosis: { ...(form.diagnosis as { quote: string }), text: words },
        // A claim that brings in markup is left out; the only criterion of rarity must not be.
        rarity: (form.rarity as object[]).map((one) =>
          words.startsWith('<') ? one : { ...one, reason: `As ${words}` },
        ),
      });
    return { kind: 'content', content: given.get(shown.case_id) ?? form };
  };
  const sample = readFileSync(new URL('../space/sample/cases.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .slice(0, 6);
  writeFileSync(join(folder, 'few.jsonl'), sample.join('\n'));
});
afterAll(async () => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});
const data = () => join(folder, 'data');
const cli = (...args: string[]) => live(data(), args, null);

describe('a walk by hand with a language model', () => {
  test('from ingest to search: each case is asked for once, and quota, status, plan and explain know what it cost', async () => {
    expect((await cli('init')).exitCode).toBe(0);
    expect((await cli('ingest', '--file', join(folder, 'few.jsonl'))).exitCode).toBe(0);
    const run = await cli('run', '--until-idle');
    expect(run).toMatchObject({ exitCode: 0 });
    const status = JSON.parse((await cli('status', '--json')).output);
    const distill = status.stages.find(({ name }: { name: string }) => name === 'distill');
    expect(status).toMatchObject({ stage: 'SERVING' });
    expect(distill.done).toBe(status.cases);
    const billed = server.calls.reduce((sum, call) => sum + call.billed, 0);
    expect(server.calls.length).toBe(new Set(server.calls.map(({ caseId }) => caseId)).size);
    expect(JSON.parse((await cli('quota', '--json')).output).quotas).toMatchObject([
      { name: 'inference', unit: 'tokens', used: billed, stages: ['distill'], state: 'free' },
    ]);
    expect((await cli('explain', 'distill')).output).toContain('distill');
    const search = JSON.parse((await cli('search', 'syncope and ST elevation', '--json', '--k', '3')).output);
    expect(
      search.results.every(({ diagnosis }: { diagnosis: string }) => ACTIVE.includes(diagnosis) || diagnosis === null),
    ).toBe(true);
    const words = [run.output, JSON.stringify(status), (await cli('doctor')).output].join('\n');
    expect(words).not.toContain(TOKEN);
    console.info(
      `end to end: ${status.cases} cases read by ${MODEL} through the CLI in ${server.calls.length} calls, ${billed} tokens in the quota`,
    );
  }, 240_000);

  test('S38: what the model wrote is plain text on the page of the case and in what the API gives; markup that it brought in is left out', async () => {
    const space = await openSpace(readConfig({ ...process.env, DATA_DIR: data() }), createLog('silent'));
    try {
      const serving = createServing(space);
      await serving.refresh();
      const rows = (await space.db.read([{ sql: 'SELECT case_id FROM distillate', args: [] }]))[0]?.rows ?? [];
      let shown = 0;
      for (const { case_id } of rows) {
        const answer = await serving.caseById(String(case_id));
        if (!answer) throw new Error('no such case');
        const html = String(casePage(answer));
        expect(html).not.toMatch(/<img src=x|<script>|href="me"/);
        expect(answer.diagnosis ?? '').not.toContain('<img');
        if (answer.diagnosis === null || !ACTIVE.includes(answer.diagnosis)) continue;
        const escaped = answer.diagnosis.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
        expect(html).toContain(escaped);
        shown += 1;
      }
      expect(shown).toBeGreaterThan(2);
      const tables = (await space.db.read([{ sql: `SELECT count(*) AS n FROM item`, args: [] }]))[0]?.rows[0];
      expect(Number(tables?.n)).toBeGreaterThan(0);
      console.info(
        `S38: ${ACTIVE.length} kinds of active text from the model on ${rows.length} cases: plain text on ${shown} pages, markup kept 0`,
      );
    } finally {
      await space.close();
    }
  });
});

describe('settings', () => {
  const NOWHERE = 'http://127.0.0.1:1';
  const DATABASE = { DATABASE_URL: NOWHERE };
  const whole = { DISTILLER: 'inference', DISTILL_MODEL: 'Qwen/Qwen3-8B', HF_TOKEN: TOKEN };
  test.each([
    [{ DISTILLER: 'inference', HF_TOKEN: TOKEN }, 'DISTILL_MODEL'],
    [{ DISTILLER: 'inference', DISTILL_MODEL: 'Qwen/Qwen3-8B' }, 'HF_TOKEN'],
    [{ ...whole, HF_TOKEN: 'sk-some-other-key' }, 'INFERENCE_ENDPOINT'],
    [{ ...whole, DISTILL_MODEL: 'https://huggingface.co/x' }, 'DISTILL_MODEL'],
    [{ ...whole, DISTILL_MODEL: '../x' }, 'DISTILL_MODEL'],
    [{ ...whole, INFERENCE_ENDPOINT: 'file:///etc/passwd' }, 'INFERENCE_ENDPOINT'],
    [{ ...whole, INFERENCE_ENDPOINT: 'http://me:secret@host/v1' }, 'INFERENCE_ENDPOINT'],
    [{ ...whole, INFERENCE_FORMAT: 'xml' }, 'INFERENCE_FORMAT'],
    [{ ...whole, INFERENCE_TOKENS_PER_DAY: '1000' }, String(ITEM_UNITS_MAX)],
    [{ ...whole, HF_TOKEN: 'hf_with a blank' }, 'HF_TOKEN'],
    [{ DISTILLER: 'oracle' }, 'DISTILLER'],
  ] as const)('%o is refused by the Space and at the edge, and the message names %s and no secret', (env, name) => {
    for (const read of [() => readConfig(env), () => edge.readConfig({ ...DATABASE, ...env })]) {
      expect(read).toThrow(name);
      expect(read).not.toThrow(TOKEN);
    }
    expect(() => readConfig(env)).toThrow(ConfigError);
    expect(() => edge.readConfig({ ...DATABASE, ...env })).toThrow(edge.ConfigError);
  });

  test('both hosts choose the same distiller; its fingerprint names model, format, prompt and schema, and no address', () => {
    const env = { ...whole, INFERENCE_ENDPOINT: `${NOWHERE}/v1` };
    const deps = { fetch, nowMs: () => 0, after: () => () => undefined, log: () => undefined };
    const [ours, theirs] = [readConfig(env).models, edge.readConfig({ ...DATABASE, ...env }).models].map((one) =>
      chooseDistiller(one, deps),
    );
    expect(ours?.fingerprint).toBe(theirs?.fingerprint);
    expect(ours?.fingerprint).toContain('Qwen/Qwen3-8B/json_schema/prompt-');
    expect(ours?.fingerprint).not.toContain('127.0.0.1');
    expect(chooseDistiller(readConfig({}).models, deps).kind).toBe('local');
  });

  test('doctor and logs show that a token is set, and never which', () => {
    const env = { ...whole, INFERENCE_ENDPOINT: 'https://host.example/secret-path/v1' };
    const described = Object.fromEntries(describeSettings(env).map(({ name, value }) => [name, value]));
    expect(described).toMatchObject({
      HF_TOKEN: 'set',
      INFERENCE_ENDPOINT: 'https://host.example',
      DISTILL_MODEL: 'Qwen/Qwen3-8B',
    });
    expect(secretsOf(env)).toContain(TOKEN);
    expect(edge.redacted(`oops ${TOKEN}`, env)).toBe('oops ***');
  });
});
