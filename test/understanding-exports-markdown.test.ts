import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXPORT_FORMATS, exportCase } from '../core/cases/exports/export.ts';
import { markdownOf } from '../core/cases/exports/markdown.ts';
import {
  escapeMarkdown,
  frontValue,
  quoteMarkdown,
  unescapeMarkdown,
  unquoteMarkdown,
} from '../core/cases/exports/markdown-text.ts';
import { readMarkdown } from '../core/cases/exports/read-markdown.ts';
import { risOf } from '../core/cases/exports/ris.ts';
import { fileNameOf, wellFormed } from '../core/cases/exports/words.ts';
import {
  anyStored,
  type Carried,
  expectedOf,
  HOSTILE_WORDS,
  META,
  PROVENANCE,
  storedOf,
  withWords,
} from './support/understanding/export-cases.ts';

const anyText = fc.oneof(
  fc.constantFrom(...HOSTILE_WORDS),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 60 }),
);

/** Everything is carried; a file is UTF-8, so half a character is not. */
const CARRIED: Carried = {
  finding: (finding) => withWords(finding, wellFormed),
  treatment: (finding) => withWords(finding, wellFormed),
  text: wellFormed,
  keepsText: true,
};

describe('Markdown', () => {
  test('read again it gives the same case, its text and the place of every finding included', () => {
    fc.assert(
      fc.property(anyStored, (stored) => {
        const { references, ...read } = readMarkdown(markdownOf(stored, META));
        expect(read).toEqual(expectedOf(stored, CARRIED));
        expect(references).toEqual(['PMID:12345678', 'DOI:10.1000/made-up']);
      }),
      { numRuns: 100 },
    );
  });

  test('words come back from their escaped form, as one line and as a quote', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(unescapeMarkdown(escapeMarkdown(text))).toBe(wellFormed(text));
        expect(unquoteMarkdown(quoteMarkdown(text))).toBe(wellFormed(text));
        expect(JSON.parse(frontValue(text))).toBe(wellFormed(text));
      }),
      { numRuns: 500 },
    );
  });

  test('no word of a case begins a link, an image, HTML, code, emphasis, a table, a heading or a list', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const line = escapeMarkdown(text);
        // What is left of the line when escapes, references and the breaker are taken off has no mark that begins anything.
        const bare = line
          .replaceAll('<!-- -->', '')
          .replaceAll(/\\./g, '')
          .replaceAll(/&#\d+;/g, '');
        expect(bare).not.toMatch(/[\\`*_{}[\]<>#+=|~&@$^!]/);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
        expect(line).not.toMatch(/^(?: |-|\d+[.)])/);
        // Readers that link what looks like an address, escaped or not, find none.
        const shown = line.replaceAll(/\\(?=[!-/:-@[-`{-~])/g, '');
        expect(shown).not.toMatch(/:\/|www\.|@[a-z]/i);
      }),
      { numRuns: 500 },
    );
  });

  test('front matter, headings and fences of a text stay words', () => {
    const markdown = markdownOf(storedOf('case-1', HOSTILE_WORDS.join('\n')), META);
    const lines = markdown.split('\n');
    expect(lines.filter((line) => line === '---')).toHaveLength(2);
    expect(lines.filter((line) => line === '## Text')).toHaveLength(1);
    expect(lines.filter((line) => /^(?:~~~|```| {4})/.test(line))).toEqual([]);
    expect(markdown.match(/<https?:[^>]*>/g)).toEqual(['<https://example.org/cases/1>']);
  });

  test('it says what was published since, and quotes the words of findings', () => {
    const stored = storedOf('case-1', 'A man had chest pain. He denied fever.', {
      notices: [{ kind: 'expression_of_concern', reference: 'J Test 2026' }],
    });
    const markdown = markdownOf(stored, META);
    expect(markdown).toContain('- Published since, expression of concern\\: J Test 2026.');
    expect(markdown).toContain('| chest pain | present |  |  |  | chest pain | 10–20 |');
    expect(markdown).toContain('| fever | absent |');
  });
});

describe('RIS', () => {
  test('no word of a case begins a field', () => {
    fc.assert(
      fc.property(anyStored, (stored) => {
        const lines = risOf(stored).split('\r\n');
        expect(lines.at(-1)).toBe('');
        expect(lines.slice(0, -1).every((line) => /^[A-Z][A-Z0-9] {2}- /.test(line))).toBe(true);
        expect(lines.filter((line) => line.startsWith('ER')).length).toBe(1);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u2028]/);
      }),
      { numRuns: 100 },
    );
  });

  test('names the article as reference managers read it', () => {
    const stored = storedOf('case-1', 'x', { provenance: { ...PROVENANCE, authors: ['Doe J', 'Roe R'] } });
    expect(risOf(stored).split('\r\n').slice(0, 11)).toEqual([
      'TY  - JOUR',
      'AU  - Doe J',
      'AU  - Roe R',
      'TI  - A made-up case',
      'T2  - Made-up Cases',
      'PY  - 2019',
      'DA  - 2019/03/14/',
      'DO  - 10.1000/made-up',
      'AN  - PMID:12345678',
      'UR  - https://example.org/cases/1',
      'ID  - case-1',
    ]);
  });

  test('an address that is none of the web is left out', () => {
    const stored = storedOf('case-1', 'x', { provenance: { ...PROVENANCE, url: 'javascript:alert(1)' } });
    for (const format of EXPORT_FORMATS)
      expect(
        exportCase({ stored, release: { version: 3, createdAt: META.createdAt } }, format, 'Anamnesis').body,
      ).not.toContain('javascript:');
  });
});

describe('text that may not be shown', () => {
  const SENTENCE =
    'A 63-year-old man had crushing chest pain after a strange purple meal. Potassium was 2.9 mmol/L (3.5-5.1).';
  const LONG = 'crushing chest pain after a strange purple meal of a length that no name of a disease ever has';
  const open = storedOf('case-1', SENTENCE);
  const stored = {
    ...open,
    distillate: {
      ...open.distillate,
      diagnosis: LONG,
      diagnosisSpan: [0, 60] as const,
      isRare: true,
      rarityCriteria: ['prevalence' as const],
      rarityEvidence: [{ criterion: 'prevalence' as const, reason: `It says: ${LONG}`, span: [0, 60] as const }],
      rareReason: `It says: ${LONG}`,
    },
  };
  const release = { version: 3, createdAt: META.createdAt };

  test.each(EXPORT_FORMATS)('%s keeps the facts and holds no sentence, and says why', (format) => {
    const shown = exportCase({ stored, release }, format, 'Anamnesis').body;
    const withheld = exportCase(
      { stored: { ...stored, withheld: 'its licence does not allow it' }, release },
      format,
      'Anamnesis',
    ).body;
    if (format !== 'ris') {
      expect(shown).toContain('crushing');
      expect(withheld).toContain('potassium');
    }
    expect(withheld).not.toMatch(/crushing|purple|meal/);
    expect(withheld).toContain('its licence does not allow it');
  });
});

describe('file names', () => {
  test('any id gives a name without a path, and two ids two names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyText, { minLength: 2, maxLength: 2 }), (ids) => {
        const names = ids.map((id) => fileNameOf(id, 'md'));
        for (const name of names) expect(name).toMatch(/^case-[A-Za-z0-9_-]{0,89}\.md$/);
        expect(new Set(names).size).toBe(2);
      }),
      { numRuns: 500 },
    );
  });
  test.each([
    ['PMID_12345678', 'case-PMID_12345678.md'],
    ['../../etc/passwd', 'case-______etc_passwd-5f0a3c3c.md'],
  ])('%s', (id, name) => expect(fileNameOf(id, 'md').replace(/-[0-9a-f]{8}\./, '-5f0a3c3c.')).toBe(name));
});
