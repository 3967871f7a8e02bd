import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXPORT_FORMATS } from '../core/cases/exports/export.ts';
import { readFhir } from '../core/cases/exports/read-fhir.ts';
import { readMarkdown } from '../core/cases/exports/read-markdown.ts';
import { readPhenopacket } from '../core/cases/exports/read-phenopacket.ts';
import { CaseGoneError } from '../core/search/search.ts';
import { createApp } from '../space/http/app.ts';
import { live } from './support/kills.ts';
import { exportable, stubDeps } from './support/space-stub.ts';

describe('GET /api/cases/:id/<format>', () => {
  test.each([
    ['phenopacket', 'application/json', 'case-sample-001.phenopacket.json'],
    ['fhir', 'application/fhir+json', 'case-sample-001.fhir.json'],
    ['markdown', 'text/markdown; charset=utf-8', 'case-sample-001.md'],
    ['ris', 'application/x-research-info-systems', 'case-sample-001.ris'],
  ])('%s answers %s as a file', async (format, contentType, name) => {
    const response = await createApp(stubDeps()).request(`/api/cases/sample-001/${format}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe(contentType);
    expect(response.headers.get('Content-Disposition')).toBe(`attachment; filename="${name}"`);
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect((await response.text()).length).toBeGreaterThan(100);
  });

  test('what is answered is read again as the case', async () => {
    const app = createApp(stubDeps());
    const body = async (format: string) => (await app.request(`/api/cases/sample-001/${format}`)).text();
    const { extracted } = exportable().stored;
    expect(readPhenopacket(JSON.parse(await body('phenopacket'))).patient).toEqual(extracted.patient);
    expect(readFhir(JSON.parse(await body('fhir'))).patient).toEqual(extracted.patient);
    expect(readMarkdown(await body('markdown')).text).toBe(extracted.text);
  });

  test.each(EXPORT_FORMATS)(
    '%s of an unknown, an overlong and a retracted case are the problems of the case itself',
    async (format) => {
      const app = createApp(
        stubDeps({
          exportable: async (id) => {
            if (id === 'gone') throw new CaseGoneError('gone', 'retracted: J Test 2026');
            return null;
          },
        }),
      );
      const statusOf = async (id: string) => {
        const response = await app.request(`/api/cases/${id}/${format}`);
        expect(response.headers.get('Content-Type')).toBe('application/problem+json');
        return [response.status, ((await response.json()) as { code: string }).code];
      };
      expect(await statusOf('unknown')).toEqual([404, 'unknown_case']);
      expect(await statusOf('a'.repeat(301))).toEqual([404, 'unknown_case']);
      expect(await statusOf('gone')).toEqual([410, 'case_gone']);
    },
  );

  test('a name in a header is made of safe characters, whatever the id is', async () => {
    const { stored, release } = exportable();
    const hostile = { stored: { ...stored, caseId: 'a"\r\nSet-Cookie: x=1; /../ü' }, release };
    const response = await createApp(stubDeps({ exportable: async () => hostile })).request('/api/cases/x/markdown');
    expect(response.headers.get('Content-Disposition')).toMatch(/^attachment; filename="case-[A-Za-z0-9_-]+\.md"$/);
    expect(response.headers.get('Set-Cookie')).toBeNull();
  });
});

describe('anamnesis export', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  let folder: string;
  const data = () => join(folder, 'data');
  const out = () => join(folder, 'out');
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'anamnesis-export-'));
    const cases = readFileSync(join(root, 'space/sample/cases.jsonl'), 'utf8').split('\n').slice(0, 4).join('\n');
    writeFileSync(join(folder, 'cases.jsonl'), cases);
    await live(data(), ['init'], null);
    await live(data(), ['ingest', '--file', join(folder, 'cases.jsonl')], null);
    expect((await live(data(), ['run', '--until-idle'], null)).exitCode).toBe(0);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('one case goes to standard output, several to a folder, a file each', async () => {
    const one = await live(data(), ['export', 'sample-001', '--format', 'fhir'], null);
    expect(one.exitCode).toBe(0);
    expect(readFhir(JSON.parse(one.output)).id).toBe('sample-001');
    const args = ['export', 'sample-001', 'sample-002', '--format', 'markdown', '--out', out()];
    const dry = await live(data(), [...args, '--dry-run'], null);
    expect([dry.exitCode, dry.output.split('\n')[0]]).toEqual([0, expect.stringContaining('would write')]);
    expect(() => readdirSync(out())).toThrow('ENOENT');
    expect((await live(data(), [...args, '--json'], null)).exitCode).toBe(0);
    expect(readdirSync(out()).sort()).toEqual(['case-sample-001.md', 'case-sample-002.md']);
    expect(readMarkdown(readFileSync(join(out(), 'case-sample-002.md'), 'utf8')).id).toBe('sample-002');
  }, 120_000);

  test('an unknown case is named and ends with 1, a wrong use with 2', async () => {
    const unknown = await live(data(), ['export', 'nobody', '--format', 'ris'], null);
    expect(unknown).toMatchObject({ exitCode: 1, output: expect.stringContaining('nobody') });
    expect((await live(data(), ['export', 'sample-001', '--format', 'pdf'], null)).exitCode).toBe(2);
    expect((await live(data(), ['export', 'sample-001', 'sample-002', '--format', 'ris'], null)).exitCode).toBe(2);
  }, 120_000);
});
