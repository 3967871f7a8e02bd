import { createRequire } from 'node:module';
import { describe, expect, test, vi } from 'vitest';
import { entityOf } from '../core/sources/entities.ts';
import { readDocument } from '../core/sources/record.ts';
import { SliceError, slices } from '../core/sources/slices.ts';
import { childAt, rawText, readXml, XML_LIMITS } from '../core/sources/xml.ts';
import { XML_ATTACKS } from './support/xml-attacks.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => {
  const read = readXml(bytes);
  return read.kind === 'xml' ? rawText(read.document.root) : `refused: ${read.problem}`;
};

describe('attacks on the reader', () => {
  test.each(XML_ATTACKS.map((attack) => [attack.name, attack] as const))('%s', (_, attack) => {
    // Core imports neither; whatever reached for them would go through these.
    const require = createRequire(import.meta.url);
    const fs = require('node:fs');
    const net = require('node:net');
    const watched = [
      ...(['openSync', 'open', 'readFileSync', 'readFile', 'createReadStream'] as const).map((name) =>
        vi.spyOn(fs, name),
      ),
      vi.spyOn(net.Socket.prototype, 'connect'),
      vi.spyOn(globalThis, 'fetch'),
    ];
    const bytes = attack.bytes();
    const reading = readDocument('jats', bytes, 'attack', { now: () => 0 });
    const touched = watched.filter((spy) => spy.mock.calls.length > 0).length;
    vi.restoreAllMocks();
    expect(reading.kind === 'record' ? 'record' : reading.reason).toBe(attack.expected);
    expect(touched).toBe(0);
    expect(JSON.stringify(reading)).not.toMatch(/root:|haha/);
    // What cuts answers into records meets them first, and gives an error of its own kind or nothing.
    try {
      slices(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(SliceError);
    }
  });

  test('a clock that runs away stops the reading', () => {
    let now = 0;
    const bytes = utf8(`<a>${'<b/>'.repeat(10_000)}</a>`);
    expect(readXml(bytes, { now: () => (now += XML_LIMITS.elapsedMsMax) })).toMatchObject({
      kind: 'refused',
      problem: 'too_large',
    });
    expect(readXml(bytes, { now: () => 5 }).kind).toBe('xml');
  });

  test('a refusal names the place and never quotes the document', () => {
    const read = readXml(utf8('<a>\n<Zanzibar>the patient</Sansibar></a>'));
    expect(read).toMatchObject({ kind: 'refused', problem: 'malformed' });
    expect(JSON.stringify(read)).toContain('line 2');
    expect(JSON.stringify(read)).not.toMatch(/zanzibar|sansibar|patient/i);
  });
});

describe('encodings', () => {
  const utf16 = (text: string, little: boolean): Uint8Array => {
    const bytes = new Uint8Array(text.length * 2);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < text.length; at += 1) view.setUint16(at * 2, text.charCodeAt(at), little);
    return bytes;
  };
  const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
  test.each([
    ['UTF-8', utf8('<a>Fièvre 𝛼</a>'), 'Fièvre 𝛼'],
    ['UTF-8 with a mark', utf8('\ufeff<a>Fièvre</a>'), 'Fièvre'],
    ['UTF-16 with a mark', utf16('\ufeff<a>Fièvre</a>', true), 'Fièvre'],
    ['UTF-16, big end first', utf16('\ufeff<a>Fièvre</a>', false), 'Fièvre'],
    ['UTF-16 without a mark', utf16('<?xml version="1.0"?><a>Fièvre</a>', true), 'Fièvre'],
    ['ISO-8859-1', latin1('<?xml version="1.0" encoding="ISO-8859-1"?><a>Fièvre</a>'), 'Fièvre'],
    ['ISO-8859-1 that says nothing', latin1('<a>Fièvre</a>'), 'refused: not_utf8'],
    ['an encoding that is none', utf8('<?xml version="1.0" encoding="KLINGON"?><a/>'), 'refused: encoding'],
  ])('%s', (_, bytes, text) => {
    expect(textOf(bytes)).toBe(text);
  });

  test('a record cut out of an answer in ISO-8859-1 is UTF-8, as it no longer says what it is', () => {
    const [cut] = slices(
      latin1('<?xml version="1.0" encoding="ISO-8859-1"?><pmc-articleset><article>Fièvre</article></pmc-articleset>'),
    );
    expect(textOf(cut?.bytes ?? new Uint8Array())).toBe('Fièvre');
  });
});

describe('what stands in a document', () => {
  test('names come without prefix, text goes on over CDATA, comments and instructions are kept apart', () => {
    const read = readXml(
      utf8('<x:a xmlns:x="u" xlink:href="h" xml:lang="en">one <![CDATA[<two>]]><!--c--><?pi body?> three</x:a>'),
    );
    if (read.kind !== 'xml') throw new Error(read.detail);
    const { root, comments, instructions } = read.document;
    expect([root.name, root.attributes.href, root.attributes.lang, rawText(root)]).toEqual([
      'a',
      'h',
      'en',
      'one <two> three',
    ]);
    expect([comments, instructions]).toEqual([['c'], ['pi body']]);
    expect(childAt(root, 'nothing', 'below')).toBeUndefined();
  });

  test.each([
    ['alpha', 'α'],
    ['nbsp', '\u00a0'],
    ['ndash', '–'],
    ['Zdot', 'Ż'],
    ['frac12', '½'],
    ['amacr', 'ā'],
    ['thinsp', '\u2009'],
    ['mu', 'μ'],
    ['notanentity', undefined],
    ['__proto__', undefined],
  ])('the entity %s is %s without a DTD', (name, char) => {
    expect(entityOf(name)).toBe(char);
    expect(textOf(utf8(`<a>&${name};</a>`))).toBe(char ?? 'refused: malformed');
  });
});
