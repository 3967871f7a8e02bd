import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

type SampleDocument = {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly journal: string;
  readonly publication_date: string;
  readonly licence: string;
  readonly authors: readonly string[];
  readonly lang: string;
  readonly url: string | null;
};

const bytesOf = (path: string): Uint8Array => readFileSync(new URL(path, import.meta.url));
const linesOf = (path: string): string[] =>
  new TextDecoder('utf-8', { fatal: true })
    .decode(bytesOf(path))
    .split('\n')
    .filter((line) => line !== '');
const rowsOf = (path: string): string[][] => linesOf(path).map((line) => line.split('\t'));
const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];

const documents = linesOf('../space/sample/cases.jsonl').map((line) => JSON.parse(line) as SampleDocument);
const [diagnosesHeader, ...diagnoses] = rowsOf('../space/sample/diagnoses.tsv');
const [judgementsHeader, ...judgements] = rowsOf('../space/sample/judgements.tsv');
const queries = linesOf('../space/sample/queries.jsonl').map(
  (line) => JSON.parse(line) as { readonly query: string; readonly expects: string },
);

/** Words of a diagnosis that a question may use without giving it away. */
const COMMON_WORDS = new Set(['in', 'of', 'acute', 'severe', 'heart', 'failure']);

/** Case ids by diagnosis, as `ingest --file` forms them: the document's id, or `id-n` for several patients. */
function caseIdsByDiagnosis(): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const [id = '', diagnosis = '', , patients] of diagnoses) {
    const count = Number(patients);
    const own = count === 1 ? [id] : Array.from({ length: count }, (_, n) => `${id}-${n + 1}`);
    ids.set(diagnosis, [...(ids.get(diagnosis) ?? []), ...own]);
  }
  return ids;
}

describe('the sample corpus', () => {
  test('has at least 92 documents with ids of their own', () => {
    expect(documents.length).toBeGreaterThanOrEqual(92);
    expect(new Set(documents.map(({ id }) => id)).size).toBe(documents.length);
    expect(documents.filter(({ id }) => !/^sample-\d{3}$/.test(id))).toEqual([]);
  });

  test('says in every title that the case is made up, and never inside a narrative', () => {
    const silent = documents.filter(({ title }) => !title.endsWith(' [made-up sample case]'));
    expect(silent.map(({ id }) => id)).toEqual([]);
    const spoilt = documents.filter(({ text }) => /made[- ]up|fictitious|invented|imaginary/i.test(text));
    expect(spoilt.map(({ id }) => id)).toEqual([]);
    expect(linesOf('../space/sample/README.md').join('\n')).toContain('Everything here is invented');
  });

  test('names journal, licence, author, language and a real calendar date everywhere', () => {
    for (const { id, journal, licence, authors, lang, url, publication_date: date } of documents) {
      expect({ id, journal, licence, authors, lang, url }).toEqual({
        id,
        journal: 'Anamnesis Sample Cases (made up)',
        licence: 'CC0-1.0',
        authors: ['Anamnesis'],
        lang: 'en',
        url: null,
      });
      expect(new Date(date).toISOString().slice(0, 10), id).toBe(date);
    }
  });

  test('keeps every text between 80 and 320 words', () => {
    const odd = documents.map(({ id, text }) => ({ id, words: text.split(/\s+/).length }));
    expect(odd.filter(({ words }) => words < 80 || words > 320)).toEqual([]);
  });

  test('shares no run of 12 words between two documents', () => {
    const firstSeenIn = new Map<string, string>();
    const shared: string[] = [];
    for (const { id, text } of documents) {
      const words = wordsOf(text);
      for (let at = 0; at + 12 <= words.length; at++) {
        const run = words.slice(at, at + 12).join(' ');
        const first = firstSeenIn.get(run) ?? id;
        if (first !== id) shared.push(`${first} and ${id}: ${run}`);
        firstSeenIn.set(run, first);
      }
    }
    expect(shared).toEqual([]);
  });
});

describe('the truth about the sample corpus', () => {
  test('has one well-formed row for each document, in order', () => {
    expect(diagnosesHeader).toEqual(['document_id', 'diagnosis', 'rare', 'patients', 'age_years', 'sex']);
    expect(diagnoses.map(([id]) => id)).toEqual(documents.map(({ id }) => id));
    for (const row of diagnoses) {
      expect(row.slice(2).join(' '), row[0]).toMatch(/^(true|false) [12] (\d{1,2}(\.\d{1,2})?)? (female|male)?$/);
    }
  });

  test('holds at least 26 diagnoses of at least 3 documents each', () => {
    const counts = new Map<string, number>();
    for (const [, diagnosis = ''] of diagnoses) counts.set(diagnosis, (counts.get(diagnosis) ?? 0) + 1);
    expect(counts.size).toBeGreaterThanOrEqual(26);
    expect([...counts].filter(([, count]) => count < 3)).toEqual([]);
  });

  test('holds common and rare cases, newborns and the very old, and six documents with two patients', () => {
    const ages = diagnoses.flatMap(([, , , , age]) => (age ? [Number(age)] : []));
    expect(Math.min(...ages)).toBe(0);
    expect(Math.max(...ages)).toBeGreaterThanOrEqual(80);
    expect(diagnoses.filter(([, , rare]) => rare === 'true').length).toBeGreaterThanOrEqual(20);
    expect(diagnoses.filter(([, , rare]) => rare === 'false').length).toBeGreaterThanOrEqual(20);
    expect(diagnoses.filter(([, , , patients]) => patients === '2').length).toBeGreaterThanOrEqual(6);
  });

  test('counts two patients exactly where a text is headed so', () => {
    const headed = documents.filter(({ text }) => /^(Case|Patient) 2\b/m.test(text)).map(({ id }) => id);
    expect(diagnoses.filter(([, , , patients]) => patients === '2').map(([id]) => id)).toEqual(headed);
  });

  test('judges exactly the ordered pairs of cases that share a diagnosis', () => {
    expect(judgementsHeader).toEqual(['query_case_id', 'case_id', 'relevance']);
    const expected = [...caseIdsByDiagnosis().values()].flatMap((ids) =>
      ids.flatMap((query) => ids.filter((id) => id !== query).map((id) => `${query} ${id} 2`)),
    );
    expect(judgements.map((row) => row.join(' ')).sort()).toEqual(expected.sort());
  });

  test('asks 12 questions that look for a known diagnosis without naming it', () => {
    expect(queries.length).toBe(12);
    const known = caseIdsByDiagnosis();
    for (const { query, expects } of queries) {
      expect(known.has(expects), expects).toBe(true);
      expect(query.toLowerCase()).not.toContain(expects.toLowerCase());
      expect(wordsOf(query).filter((word) => wordsOf(expects).includes(word) && !COMMON_WORDS.has(word))).toEqual([]);
    }
  });
});

describe('the bad-input fixtures', () => {
  const isUtf8 = (path: string): boolean => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(path));
      return true;
    } catch {
      return false;
    }
  };
  const isJson = (line: string): boolean => {
    try {
      JSON.parse(line);
      return true;
    } catch {
      return false;
    }
  };

  test('keep the bytes that make them bad', () => {
    expect(bytesOf('fixtures/bad/empty.jsonl').length).toBe(0);
    expect(isUtf8('fixtures/bad/latin1.jsonl')).toBe(false);
    expect(isUtf8('fixtures/bad/mixed.jsonl')).toBe(true);
    const marked = bytesOf('fixtures/bad/bom-crlf.jsonl');
    expect([...marked.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect([...marked.slice(-2)]).toEqual([0x0d, 0x0a]);
  });

  test('hold a broken line among readable ones', () => {
    expect(linesOf('fixtures/bad/unreadable-line.jsonl').map(isJson)).toEqual([true, false, true]);
    const mixed = linesOf('fixtures/bad/mixed.jsonl').map(isJson);
    expect(mixed.length).toBe(12);
    expect(mixed.indexOf(false)).toBe(1);
    expect(mixed.lastIndexOf(false)).toBe(1);
  });

  test('hold two cases in each of four foreign languages', () => {
    const languages = linesOf('fixtures/bad/not-english.jsonl').map((line) => JSON.parse(line).lang);
    expect(languages).toEqual(['es', 'es', 'fr', 'fr', 'it', 'it', 'de', 'de']);
  });
});
