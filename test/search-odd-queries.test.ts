import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { franc } from 'franc-min';
import { beforeAll, describe, expect, test } from 'vitest';
import { extractCase } from '../core/cases/extract.ts';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import { seeded } from '../core/models/builtin-numbers.ts';
import type { Embedder } from '../core/models/ports.ts';
import type { SearchAnswer } from '../core/search/contract.ts';
import { foreignNote } from '../core/search/foreign.ts';
import type { Release } from '../core/search/release.ts';
import { parseSearchRequest } from '../core/search/request.ts';
import { search } from '../core/search/search.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { releaseInMemory, sampleTexts } from './support/release-in-memory.ts';

const texts = sampleTexts(60);
let embedder: Embedder;
let release: Release;
beforeAll(async () => {
  embedder = loadBuiltin(fitBuiltin(texts.map(({ text }) => text)));
  release = await releaseInMemory(texts, embedder);
});

/** What a host does with a body. */
async function ask(body: unknown): Promise<SearchAnswer> {
  const parsed = parseSearchRequest(body);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return search(release, parsed.request, { embedder, nowMs: () => 0 });
}
const problemsOf = (body: unknown) => {
  const parsed = parseSearchRequest(body);
  return parsed.ok ? [] : parsed.problems;
};
const noteOf = (text: string): string | null => {
  const extracted = extractCase(text);
  return foreignNote({ text: extracted.text, extracted });
};

describe('a query in another language', () => {
  const SPANISH =
    'Varón de 40 años que consulta por dolor en el pecho y pérdida de conciencia durante el ejercicio. La exploración física fue normal y no había antecedentes familiares.';

  test('is answered, and the answer says what that means', async () => {
    const answer = await ask({ text: `${SPANISH} Fiebre, syncope.` });
    expect(answer.results.length).toBeGreaterThan(0);
    expect(answer.degraded).toEqual(['the query does not look English: words and findings are read in English only']);
    expect((await ask({ facets: { symptoms: SPANISH } })).degraded).toHaveLength(1);
    expect((await ask({ text: 'A man of 40 fainted while running, and had a fever.' })).degraded).toEqual([]);
    expect((await ask({ case_id: release.cards.ids[0] })).degraded).toEqual([]);
    expect((await ask({ keywords: 'fever' })).degraded.join()).not.toContain('English');
  });

  test.each([
    ['Russian', 'Мужчина 40 лет, боль в груди'],
    ['Japanese', '四十歳の男性、胸痛'],
    ['Greek', 'Άνδρας με πόνο στο στήθος, fever'],
    ['Arabic', 'رجل يعاني من ألم في الصدر'],
    ['a Russian text of the longest', 'Мужчина потерял сознание. '.repeat(7_000)],
  ])('in %s is told from its letters, however short', (_, text) => {
    expect(noteOf(text)).not.toBeNull();
  });

  test.each([
    'dolor',
    'syncope',
    'Babinski sign, clonus',
    'Diarrhea, vomiting, uremia, hematuria, melena',
    'Takayasu arteritis',
    'β-hCG, α-fetoprotein, 5-HIAA, κ and λ light chains, µ',
    'ST V1 V2 QTc 520 ms, K 6.1 mmol/l',
    'fièvre et toux',
    '12 34 56',
    '🫀🩺',
  ])('%s: a few words are never called foreign', (text) => {
    expect(noteOf(text)).toBeNull();
  });

  test('a list of findings, which looks like Italian, is understood and so not called foreign', () => {
    const list =
      'Dysarthria, nystagmus, diplopia, bradykinesia, hyperreflexia, dementia, dysphagia, parkinsonism, ataxia, areflexia, tremor, dystonia, chorea, myoclonus, anosmia, insomnia';
    expect(['eng', 'sco', 'und']).not.toContain(franc(list));
    expect(noteOf(list)).toBeNull();
  });

  const shared = new URL('../../shared/data/', import.meta.url);
  const has = existsSync(shared);
  const linesOf = <Line>(url: URL): readonly Line[] =>
    readFileSync(url, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  const shareOf = (given: readonly string[]) =>
    `${given.filter((text) => noteOf(text) !== null).length} of ${given.length}`;

  test('none of the queries of the sample corpus is called foreign, nor any of its cases', () => {
    const queries = linesOf<{ query: string }>(new URL('../space/sample/queries.jsonl', import.meta.url));
    expect(queries.length).toBeGreaterThan(5);
    for (const { query } of queries) expect(noteOf(query), query).toBeNull();
    for (const { text } of texts) expect(noteOf(text)).toBeNull();
  });

  test.skipIf(!has)('measured on real texts (skipped without ../shared)', () => {
    const queryIds = new Set(
      readFileSync(new URL('retrieval/queries_same_rare_disease.txt', shared), 'utf8').split(/\s+/).filter(Boolean),
    );
    const labelled = linesOf<{ id: string; case_summary: string }>(
      new URL('corpus/cases_medrbench_labelled.jsonl', shared),
    );
    const summaries = labelled.filter(({ id }) => queryIds.has(id)).map((one) => one.case_summary);
    const narratives = linesOf<{ text: string }>(new URL('corpus/cases_e3c.jsonl', shared))
      .filter((_, at) => at % 20 === 0)
      .map(({ text }) => text);
    const foreign = linesOf<{ text: string }>(new URL('traps/non_english.jsonl', shared)).map(({ text }) => text);
    const phenopackets = gunzipSync(readFileSync(new URL('retrieval/phenopackets_dev.jsonl.gz', shared)))
      .toString()
      .split('\n')
      .filter((line, at) => line !== '' && at % 2 === 0)
      .map((line) => (JSON.parse(line) as { observed: readonly string[] }).observed.join('. '));
    const cut = (given: readonly string[]) => given.map((text) => text.slice(0, 200));
    expect(summaries).toHaveLength(57);
    for (const english of [summaries, cut(summaries), narratives, cut(narratives), phenopackets]) {
      expect(english.filter((text) => noteOf(text) !== null)).toEqual([]);
    }
    const wholeCount = foreign.filter((text) => noteOf(text) !== null).length;
    const cutCount = cut(foreign).filter((text) => noteOf(text) !== null).length;
    expect(wholeCount).toBeGreaterThanOrEqual(72);
    expect(cutCount).toBeGreaterThanOrEqual(68);
    console.info(
      `other languages: said of ${shareOf(foreign)} foreign cases whole, ${shareOf(cut(foreign))} cut to 200 characters; of English, ` +
        `falsely: ${shareOf(summaries)} summaries, ${shareOf(cut(summaries))} cut, ${shareOf(narratives)} narratives, ${shareOf(cut(narratives))} cut, ${shareOf(phenopackets)} lists of findings`,
    );
  });
});

describe('the longest queries', () => {
  const LIMIT = SETTINGS.textCharsMax;

  /** Words of the corpus out of order, with words that no case has among them. */
  function soup(chars: number): string {
    const random = seeded(7);
    const words = texts.flatMap(({ text }) => text.split(/\s+/));
    let text = '';
    while (text.length < chars) {
      const draw = (random() + 1) / 2;
      text += draw < 0.1 ? `w${Math.floor(draw * 1e9).toString(36)} ` : `${words[Math.floor(draw * words.length)]} `;
    }
    return `${text.slice(0, chars - 1)}x`;
  }

  test('1 MB is refused with the limit, by the name of the field', () => {
    const long = 'fever '.repeat(175_000);
    for (const [body, field] of [
      [{ text: long }, 'text'],
      [{ text: 'x'.repeat(LIMIT + 1) }, 'text'],
      [{ facets: { symptoms: long } }, 'facets.symptoms'],
    ] as const) {
      expect(problemsOf(body)).toEqual([{ field, message: expect.stringContaining(String(LIMIT)) }]);
    }
  });

  test('a text of exactly the limit, a soup of words, is answered; its cost grows as its length does', async () => {
    const cpuMs = async (chars: number): Promise<number> => {
      const text = soup(chars);
      expect(text).toHaveLength(chars);
      const taken: number[] = [];
      for (let run = 0; run < 3; run += 1) {
        const before = process.cpuUsage();
        const { results } = await ask({ text });
        const { user, system } = process.cpuUsage(before);
        taken.push((user + system) / 1_000);
        expect(results).toHaveLength(SETTINGS.kDefault);
      }
      return Math.min(...taken);
    };
    const [quarter, whole] = [await cpuMs(LIMIT / 4), await cpuMs(LIMIT)];
    console.info(
      `a soup of words: ${quarter.toFixed(0)} ms of CPU for ${LIMIT / 4} characters, ${whole.toFixed(0)} ms for ${LIMIT}: ${(whole / quarter).toFixed(1)} times for 4 times the text`,
    );
    // What grows with the square takes 16 times as long.
    expect(whole / quarter).toBeLessThan(9);
  }, 60_000);
});

describe('next to nothing', () => {
  const NOTHING_KNOWN = 'no word or finding of the query is known to this release';

  test.each([
    ['control characters', '\u0000\u0001\u0007\u001b\u007f\u0085\u009f'],
    ['control characters and spaces', ' \u0000 \t\n\u0007 '],
    ['spaces of every kind', '\u00a0\u2003\u3000\ufeff'],
  ])('%s are no text', (_, text) => {
    expect(problemsOf({ text })).toEqual([{ field: 'text', message: 'expected some text, came nothing' }]);
  });

  test.each([
    ['emoji', '🫀🩺👩🏽‍⚕️'],
    ['a lone surrogate', '\ud83e'],
    ['the other half alone', '\udec0'],
    ['lone surrogates in a row', '\udec0\ud83e'.repeat(50)],
    ['one letter', 'a'],
    ['one letter that is no stop word', 'q'],
    ['one stop word', 'the'],
    ['stop words alone', 'there was no'],
    ['punctuation', '¿?¡!…'],
    ['a word that nobody wrote', 'zyxomatous'],
    ['a joiner alone', '\u200d'],
  ])('%s: no result, and the reason', async (_, text) => {
    const answer = await ask({ text });
    expect(answer.results).toEqual([]);
    expect(answer.reason).toBe(NOTHING_KNOWN);
  });

  const QUERY = 'Young man with syncope during a fever, coved ST elevation in V1 and V2';

  test('emoji about a query leave its best answer where it is', async () => {
    const [best] = (await ask({ text: QUERY })).results;
    expect((await ask({ text: `🫀 ${QUERY} 👩🏽‍⚕️` })).results[0]?.case_id).toBe(best?.case_id);
  });

  test.each([
    ['lone surrogates', (text: string) => `\ud83e ${text} \udec0`],
    ['control characters', (text: string) => `\u0000${text}\u0007`],
  ])('%s about a query change nothing of its answer', async (_, with_) => {
    const idsOf = ({ results }: SearchAnswer) => results.map(({ case_id }) => case_id);
    expect(idsOf(await ask({ text: with_(QUERY) }))).toEqual(idsOf(await ask({ text: QUERY })));
  });
});
