import fc from 'fast-check';
import Libsql from 'libsql';
import { expect, test } from 'vitest';
import { KEYWORD_COLUMNS, KEYWORDS_CHARS_MAX, type KeywordTree, parseKeywords } from '../core/search/keywords.ts';
import { spelledTermsOf, wordsOf } from '../core/search/terms.ts';

function problemOf(text: string): string {
  const parsed = parseKeywords(text);
  return parsed.ok ? 'none' : parsed.message;
}

const DOCUMENTS = [
  'Chest pain and fever in a man of 54',
  'Fever without chest pain; X-ray of the chest was normal, 120/80 mm Hg',
  'Acute infarction of the kidney. Infarctions are rare. Hepatitis B was excluded',
  'Ménière’s disease with vertigo and vomiting',
  'pain, chest wall; no fever',
  'Dengue fever',
  'Hepatitis C',
];

/** A table as the release has it, with each document as the body of a case. */
function tableOf(documents: readonly string[]) {
  const db = new Libsql(':memory:');
  db.exec(
    `CREATE VIRTUAL TABLE keywords USING fts5(${[...KEYWORD_COLUMNS.written, KEYWORD_COLUMNS.terms].join(', ')}, content='', tokenize='ascii')`,
  );
  const insert = db.prepare('INSERT INTO keywords (rowid, title, body, diagnosis, terms) VALUES (?, ?, ?, ?, ?)');
  for (const [i, text] of documents.entries())
    insert.run(i, '', wordsOf(text).join(' '), '', spelledTermsOf(text).join(' '));
  const select = db.prepare('SELECT rowid FROM keywords WHERE keywords MATCH ? ORDER BY rowid').raw(true);
  return (match: string): number[] => select.all(match).map((row) => Number((row as readonly unknown[])[0]));
}
const lookUp = tableOf(DOCUMENTS);
function found(text: string): number[] | string {
  const parsed = parseKeywords(text);
  return parsed.ok ? lookUp(parsed.match) : parsed.message;
}

test.each<[string, readonly number[]]>([
  ['fever', [0, 1, 4, 5]],
  ['chest pain', [0, 1, 4]],
  ['"chest pain"', [0, 1]],
  ['“CHEST PAIN”', [0, 1]],
  ['pain OR vertigo', [0, 1, 3, 4]],
  ['fever NOT dengue', [0, 1, 4]],
  ['fever AND NOT (dengue OR wall)', [0, 1]],
  ['NOT dengue fever', [0, 1, 4]],
  ['fever NOT dengue NOT wall', [0, 1]],
  ['vertigo OR fever dengue', [3, 5]],
  ['infarctio*', [2]],
  ['infarctions', [2]],
  ['"infarction of"', [2]],
  ['"infarctions of"', []],
  ['"chest pai"*', [0, 1]],
  ['x-ray', [1]],
  ['120/80', [1]],
  ['80/120', []],
  ['Meniere', [3]],
  ['hepatitis B', [2]],
  ['the fever and a man', [0]],
  ['fever, cough', []],
  ['fever, chest; pain', [0, 1, 4]],
])('%s finds cases %j', (text, expected) => {
  expect(found(text)).toEqual(expected);
});

test.each([
  ['', 'expected a word or a phrase here (character 1)'],
  [' \u0000\u0007 ,;', 'expected a word or a phrase here (character 7)'],
  ['the', 'this is too common to be looked up: name a more telling word (character 1)'],
  ['fever NOT the', 'this is too common to be looked up: leave it out (character 11)'],
  ['fever AND', 'expected a word after AND (character 7)'],
  ['AND fever', 'expected a word before AND (character 1)'],
  ['fever OR', 'expected a word or a phrase here (character 9)'],
  ['OR', 'expected a word or a phrase here (character 1)'],
  ['fever AND OR cough', 'expected a word after AND (character 7)'],
  ['fever NOT', 'expected a word or a phrase after NOT (character 10)'],
  ['NOT dengue', 'NOT only takes away: name what must be there as well (character 1)'],
  ['fever OR NOT dengue', 'NOT only takes away: name what must be there as well (character 10)'],
  ['(fever', 'this bracket is not closed (character 1)'],
  ['fever)', 'this bracket closes none: leave it out or open one before (character 6)'],
  ['fever ()', 'expected a word or a phrase here (character 8)'],
  [`${'('.repeat(7)}fever${')'.repeat(7)}`, 'brackets are nested more than 6 deep here (character 7)'],
  ['"fever', 'a quotation mark is not closed: add the other one or leave it out (character 1)'],
  ['fever "…"', 'there is no word between the quotation marks (character 7)'],
  ['title:fever', 'fields cannot be named here: leave out the colon and what is before it (character 1)'],
  ['{title body} : fever', 'braces mean nothing here: leave them out (character 1)'],
  [
    'NEAR(fever cough, 5)',
    'NEAR is not understood: put words that stand side by side in quotation marks (character 1)',
  ],
  ['fever -dengue', 'write NOT in capitals instead of - (character 7)'],
  ['fever || dengue', 'write OR in capitals instead of | (character 7)'],
  ['*itis', '* stands for the end of a word: write it right behind its first letters (character 1)'],
  ['card*itis', '* stands for the end of a word: nothing may follow it (character 5)'],
  ['f*', 'expected at least 2 letters before * (character 1)'],
  ['a'.repeat(KEYWORDS_CHARS_MAX + 1), 'expected at most 1000 characters, came 1001'],
])('%j is refused, with the place and what to do', (text, message) => {
  expect(problemOf(text)).toBe(message);
});

test('words that are skipped are counted', () => {
  expect(parseKeywords('fever or cough of the')).toMatchObject({ ok: true, skipped: 3 });
});

const soup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'AND',
        'OR',
        'NOT',
        'NEAR',
        'NEAR/3',
        '(',
        ')',
        '"',
        '“',
        '*',
        '-',
        ':',
        '^',
        '+',
        '{',
        '}',
        "'",
        ';',
        '--',
        '\\',
      ),
      fc.constantFrom(
        ' ',
        '  ',
        '\t',
        '\n',
        '\u0000',
        '\u0301',
        '\ud83d',
        '😀',
        '心筋梗塞',
        '\u{10400}',
        'Ménière',
        'β',
        'ﬁ',
        '½',
      ),
      fc.constantFrom('fever', 'the', 'x-ray', '120/80', 'title', 'terms', 'body', 'a', '1', 'infarctio*'),
      fc.string({ maxLength: 6 }),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

test('whatever is typed, FTS5 understands what is made of it, or the problem has a place in it', () => {
  let understood = 0;
  fc.assert(
    fc.property(soup, (text) => {
      const parsed = parseKeywords(text);
      if (parsed.ok) {
        understood += 1;
        expect(lookUp(parsed.match)).toBeInstanceOf(Array);
      } else {
        expect(parsed.at).toBeGreaterThanOrEqual(0);
        expect(parsed.at).toBeLessThanOrEqual(Math.max(text.length, KEYWORDS_CHARS_MAX));
      }
    }),
    { numRuns: 5_000 },
  );
  console.info(`keyword soup: of 5,000 texts ${understood} were looked up, none failed in FTS5`);
  expect(understood).toBeGreaterThan(250);
});

test('every operator and bracket that fits into the limit is understood by FTS5', () => {
  for (const text of [
    'ab '.repeat(333),
    `ab${' NOT ab'.repeat(140)}`,
    `ab${' OR ab'.repeat(160)}`,
    `${'x OR x y NOT p* NOT ('.repeat(6)}x OR x y NOT p* NOT "x y"*${')'.repeat(6)}`.replaceAll(/[xyp]/g, 'aa'),
    `${'('.repeat(6)}aa${')'.repeat(6)}`,
    'ab* '.repeat(240),
  ]) {
    const parsed = parseKeywords(text);
    if (!parsed.ok) throw new Error(parsed.message);
    expect(lookUp(parsed.match)).toEqual([]);
  }
});

const WORDS = ['fever', 'cough', 'rash', 'chest', 'pain', 'ulcers', 'the'];
const telling = fc.constantFrom('fever', 'cough', 'rash', 'chest', 'pain', 'ulcers');
const leaf = fc.oneof(
  telling,
  fc.array(telling, { minLength: 1, maxLength: 3 }).map((words) => `"${words.join(' ')}"`),
  telling.map((word) => `${word.slice(0, 3)}*`),
);
const expression = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc
      .tuple(tie('tree'), fc.constantFrom(' ', ' AND ', ' OR ', ' NOT '), tie('tree'))
      .map(([a, by, b]) => `(${a}${by}${b})`),
    fc.tuple(tie('tree'), tie('tree'), tie('tree')).map(([a, b, c]) => `${a} ${b} NOT (${c})`),
  ),
})).tree;

/** By definition, on the words of one document. */
function holds(tree: KeywordTree, text: string): boolean {
  const within = (list: readonly string[], part: readonly string[], prefix: boolean) =>
    list.some((_, at) =>
      part.every((word, i) => {
        const here = list[at + i];
        return prefix && i === part.length - 1 ? here?.startsWith(word) === true : here === word;
      }),
    );
  switch (tree.kind) {
    case 'word':
      return within(spelledTermsOf(text), tree.terms, false);
    case 'phrase':
      return within(wordsOf(text), tree.words, tree.prefix);
    case 'and':
      return tree.parts.every((part) => holds(part, text));
    case 'or':
      return tree.parts.some((part) => holds(part, text));
    case 'not':
      return holds(tree.from, text) && !tree.parts.some((part) => holds(part, text));
  }
}

test('FTS5 finds exactly the documents that the expression says, whatever its shape', () => {
  const documents = fc.array(
    fc.array(fc.constantFrom(...WORDS), { maxLength: 8 }).map((words) => words.join(' ')),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(documents, fc.array(expression, { minLength: 1, maxLength: 5 }), (texts, asked) => {
      const find = tableOf(texts);
      for (const text of asked) {
        const parsed = parseKeywords(text);
        if (!parsed.ok) throw new Error(`${parsed.message}: ${text}`);
        const expected = texts.flatMap((one, i) => (holds(parsed.tree, one) ? [i] : []));
        expect(find(parsed.match)).toEqual(expected);
      }
    }),
    { numRuns: 300 },
  );
});
