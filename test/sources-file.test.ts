import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Refusal } from '../core/corpus.ts';
import { RetryableError } from '../core/engine/index.ts';
import { sha256Hex } from '../core/hash.ts';
import type { Http } from '../core/sources/http/http.ts';
import type { Page, Source } from '../core/sources/source.ts';
import { fileSource } from '../space/sources/file.ts';

const top = mkdtempSync(join(tmpdir(), 'anamnesis-files-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));
let folder = '';
let refused: Refusal[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(top, 'case-'));
  refused = [];
});

const record = (id: string, text = `A woman of 40 with ${id}.`) => `${JSON.stringify({ id, text })}\n`;
const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `case-${from + i}`);
const put = (name: string, content: string) => writeFileSync(join(folder, name), content);
const made = (): Source =>
  fileSource({
    refuse: async (more) => {
      refused.push(...more);
    },
    paths: async () => [folder],
  });
const nobody: Http = async () => {
  throw new Error('files need nobody outside');
};
const window = () => ({ query: folder, by: 'entry' as const, days: { from: '2026-01-01', to: '2026-11-22' } });
async function page(source: Source, cursor: string | null): Promise<Page> {
  const found = await source.list(window(), cursor, nobody);
  if (found.kind !== 'page') throw new Error('files are never too many');
  return found;
}
/** Lists to the end; each page by what `next` gives. */
async function listed(next: () => Source): Promise<readonly Page[]> {
  const pages: Page[] = [];
  let cursor: string | null = null;
  do {
    const one = await page(next(), cursor);
    pages.push(one);
    cursor = one.next;
  } while (cursor !== null);
  return pages;
}
const keysOf = (pages: readonly Page[]) => pages.flatMap(({ found }) => found.map(({ key }) => key));

describe('listing', () => {
  test('every record of every file below comes once, whole, and as many as are stated', async () => {
    put(
      'a.jsonl',
      ids(0, 300)
        .map((id) => record(id))
        .join(''),
    );
    mkdirSync(join(folder, 'below'));
    put('below/note.txt', 'A man of 50 with fever.');
    put('.hidden.jsonl', record('hidden'));
    put('scan.pdf', 'x');
    symlinkSync(join(folder, 'a.jsonl'), join(folder, 'link.jsonl'));
    const source = made();
    const pages = await listed(() => source);
    expect(keysOf(pages)).toEqual([...ids(0, 300), 'note']);
    expect(pages.map(({ stated }) => stated)).toEqual([301, 301]);
    expect(pages[0]?.remarks).toEqual(['files of other kinds were passed over: .pdf']);
    for (const { revision, document } of pages.flatMap(({ found }) => found))
      expect(revision).toBe(await sha256Hex(document?.bytes ?? new Uint8Array()));
    expect(pages[1]?.found.at(-1)?.document?.locator).toBe(`${join(folder, 'below/note.txt')}:1`);
  });

  test('a process that takes over in the midst goes on at the same record', async () => {
    put(
      'a.jsonl',
      ids(0, 600)
        .map((id) => record(id))
        .join(''),
    );
    expect(keysOf(await listed(made))).toEqual(ids(0, 600));
  });

  test('files that change in the midst are begun again, and it is said', async () => {
    put(
      'a.jsonl',
      ids(0, 300)
        .map((id) => record(id))
        .join(''),
    );
    const first = await page(made(), null);
    put(
      'a.jsonl',
      ids(0, 310)
        .map((id) => record(id))
        .join(''),
    );
    const second = await page(made(), first.next);
    expect(second).toMatchObject({ stated: 310, remarks: ['the files changed while they were listed: begun again'] });
    expect(second.found[0]?.key).toBe('case-0');
  });

  test('bytes that change between the plan and the page are noticed: nothing is listed under a wrong hash', async () => {
    put('a.jsonl', record('one'));
    put('b.jsonl', record('two'));
    let changed = false;
    const source = fileSource({
      // Refusals are kept once every file was read, and before the first is read again.
      refuse: async () => {
        if (!changed) put('b.jsonl', record('two', 'Other words, as many.'));
        changed = true;
      },
      paths: async () => [folder],
    });
    await expect(page(source, null)).rejects.toThrow('b.jsonl was changed while it was read');
    expect((await page(source, null)).found.map(({ key }) => key)).toEqual(['one', 'two']);
  });

  test('what is refused is kept once with its place, and an id that comes twice keeps its first record', async () => {
    put('a.jsonl', `${record('one')}not json\n${record('one', 'Another text.')}`);
    put('b.jsonl', record('one'));
    const source = made();
    const [only] = await listed(() => source);
    expect(only).toMatchObject({ stated: 1, remarks: ['3 records were refused and kept with the reason'] });
    expect(refused.map(({ line, reason, detail }) => [line, reason, detail.includes('another record')])).toEqual([
      [2, 'unreadable', false],
      [3, 'duplicate_id', true],
      [1, 'duplicate_id', false],
    ]);
  });
});

describe('where there is nothing to read, nothing is taken for gone', () => {
  test.each([
    ['a folder that is not there', () => rmSync(folder, { recursive: true })],
    ['an empty folder', () => undefined],
    ['a folder of other files', () => put('a.pdf', 'x')],
  ])('%s is an error that is tried again, and names no path', async (_, prepare) => {
    prepare();
    for (const ask of [() => page(made(), null), () => made().retrieve([{ key: 'one' }], nobody)]) {
      const error = await ask().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RetryableError);
      expect(String(error)).toContain('mounted');
      expect(String(error)).not.toContain(top);
    }
  });

  test('asked for by its key, a record is read where it stands now; one that is in no file is missing', async () => {
    put('a.jsonl', record('one'));
    put('b.jsonl', record('two'));
    const answers = await made().retrieve([{ key: 'two' }, { key: 'gone' }, { key: 'one' }], nobody);
    expect(answers.map(({ key, kind }) => [key, kind])).toEqual([
      ['two', 'document'],
      ['gone', 'missing'],
      ['one', 'document'],
    ]);
  });
});
