import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Slice, SliceError, Slicer, slices, streamSlices } from '../core/sources/slices.ts';

const fixture = (name: string) => readFileSync(fileURLToPath(new URL(`./fixtures/sources/${name}`, import.meta.url)));
const shared = fileURLToPath(new URL('../../shared/data/adapters/', import.meta.url));
const absent = !existsSync(shared);
const utf8 = (text: string) => new TextEncoder().encode(text);
const texts = (cut: readonly Slice[]) =>
  cut.map(({ bytes }) => (bytes === null ? null : new TextDecoder().decode(bytes)));
const problemOf = (bytes: Uint8Array): string => {
  try {
    return `${slices(bytes, 'r').length} records`;
  } catch (error) {
    return error instanceof SliceError ? error.problem : 'another error';
  }
};

test('each record is cut out byte for byte, whatever comments, CDATA and attributes say', () => {
  const records = [
    '<r a="</r>">one</r>',
    '<r><![CDATA[</r><r>]]]]><!-- </r> --><?x </r> ?></r>',
    "<r b='>'><r>inner</r></r>",
    '<r/>',
    '<r\n>last</r >',
  ];
  const answer = `<?xml version="1.0"?><!DOCTYPE s PUBLIC "a>b" "c"><s><!--<r>--><rest>x</rest>${records.join('\n ')}</s>\n`;
  const cut = slices(utf8(answer), 'r');
  expect(texts(cut)).toEqual(records);
  expect(cut.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  for (const { offset, length } of cut) expect(records).toContain(answer.slice(offset, offset + length));
});

test('a record that comes in pieces is the same, wherever it is torn', async () => {
  const bytes = fixture('pubmed-set.xml');
  const whole = slices(bytes);
  expect(whole.map(({ element }) => element)).toEqual([
    ...Array.from({ length: 5 }, () => 'PubmedArticle'),
    'PubmedBookArticle',
  ]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.byteLength), { maxLength: 30 }), async (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.byteLength];
      async function* chunks() {
        for (let i = 1; i < places.length; i += 1) yield bytes.subarray(places[i - 1], places[i]);
      }
      const streamed: Slice[] = [];
      for await (const slice of streamSlices(chunks(), 1e6)) streamed.push(slice);
      expect(streamed).toEqual(whole.map((slice) => ({ ...slice, bytes: new Uint8Array(slice.bytes ?? []) })));
    }),
    { numRuns: 60 },
  );
});

test('prefixes that only the wrapper declares are declared in the record', () => {
  const [cut] = slices(
    utf8(
      '<set xmlns:xlink="http://x" xmlns:mml="http://m" xmlns:own="http://o"><r a="1" xmlns:mml="http://mine"><b xlink:href="y"/><mml:c/></r></set>',
    ),
    'r',
  );
  expect(texts(cut ? [cut] : [])).toEqual([
    '<r xmlns:xlink="http://x" a="1" xmlns:mml="http://mine"><b xlink:href="y"/><mml:c/></r>',
  ]);
});

test.each([
  ['', 'no_xml'],
  ['no XML at all', 'no_xml'],
  ['<s><r>one</r><r>tw', 'truncated'],
  ['<s><r>one</r>', 'truncated'],
  ['<s><r>one</r></t>', 'mismatched'],
  ['<s><r>one</s></r>', 'mismatched'],
  ['<!DOCTYPE s [<!ENTITY x "y">]><s><r>&x;</r></s>', 'internal_subset'],
  ['<?xml version="1.0" encoding="EBCDIC-US"?><s/>', 'encoding'],
  ['<s></s>', '0 records'],
])('%s gives %s', (text, problem) => {
  expect(problemOf(utf8(text))).toBe(problem);
});

test('a record longer than may be held is passed over with its place, and the next one comes', () => {
  const slicer = new Slicer(['r'], 50);
  const cut = [
    ...slicer.push(utf8('<s><r>one</r><r>')),
    ...slicer.push(utf8('x'.repeat(100))),
    ...slicer.push(utf8('</r><r>3</r></s>')),
  ];
  slicer.finish();
  expect(texts(cut)).toEqual(['<r>one</r>', null, '<r>3</r>']);
  expect(cut[1]).toMatchObject({ number: 2, offset: 13, length: 107 });
});

test('no bytes make it throw anything but its own error', () => {
  const bytes = fixture('pubmed-set.xml');
  fc.assert(
    fc.property(fc.nat(bytes.byteLength - 1), fc.nat(255), fc.nat(bytes.byteLength), (at, byte, end) => {
      const torn = Uint8Array.from(bytes.subarray(0, Math.max(end, at + 1)));
      torn[at] = byte;
      expect(problemOf(torn)).not.toBe('another error');
    }),
    { numRuns: 300 },
  );
});

test.skipIf(absent)(
  'recorded answers hold as many records as their index says (skipped without the shared data)',
  () => {
    const count = (file: string) => slices(readFileSync(`${shared}${file}`)).length;
    expect(count('medline/medline16n0902.xml')).toBe(604);
    expect([1, 2, 4, 5, 7].map((number) => count(`eutils/pubmed${number}.xml`))).toEqual([2, 2, 1, 1, 1]);
    expect(
      readdirSync(`${shared}jats`)
        .map((file) => count(`jats/${file}`))
        .every((found) => found === 1),
    ).toBe(true);
    expect(count('eutils/efetch_pmc.xml')).toBe(1);
    expect(problemOf(readFileSync(`${shared}eutils/einfo4.xml`))).toBe('truncated');
  },
);
