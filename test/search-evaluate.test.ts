import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../core/models/builtin-numbers.ts';
import { MEASURES, measuresOf, summaryOf } from '../core/search/evaluate.ts';
import { JudgementError, readBeir, readJudgements } from '../core/search/judgements.ts';

const relevant = new Map([
  ['a', 3],
  ['b', 2],
  ['c', 0],
]);

describe('measures of one ranking', () => {
  test.each([
    ['the best order', ['a', 'b'], { hit10: 1, mrr: 1, ndcg10: 1, recall100: 1 }],
    // (3 + 7 / log2(3)) over (7 + 3 / log2(3)), by hand.
    ['two in the wrong order', ['b', 'a'], { hit10: 1, mrr: 1, ndcg10: 0.834, recall100: 1 }],
    [
      'judged and not relevant counts as nothing',
      ['c', 'x', 'a'],
      { hit10: 1, mrr: 1 / 3, ndcg10: 0.3935, recall100: 0.5 },
    ],
    ['nothing found', ['x', 'c'], { hit10: 0, mrr: 0, ndcg10: 0, recall100: 0 }],
    ['an id that comes twice counts once', ['x', 'x', 'a'], { hit10: 1, mrr: 0.5, ndcg10: 0.4967, recall100: 0.5 }],
  ])('%s', (_, ranking, expected) => {
    const measured = measuresOf(ranking, { relevant });
    for (const name of MEASURES) expect(measured[name], name).toBeCloseTo(expected[name], 3);
  });

  test('the eleventh place is no hit, and the hundred and first is not recalled', () => {
    const others = (n: number) => Array.from({ length: n }, (_, i) => `x${i}`);
    expect(measuresOf([...others(10), 'a'], { relevant })).toMatchObject({ hit10: 0, mrr: 1 / 11, recall100: 0.5 });
    expect(measuresOf([...others(100), 'a'], { relevant })).toMatchObject({ mrr: 0, recall100: 0 });
  });

  test('every measure is in [0, 1], and a better place never lowers one', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(['a', 'b', 'c', 'x', 'y', 'z'], { minLength: 2 }), (ranking) => {
        const before = measuresOf(ranking, { relevant });
        for (const name of MEASURES) expect(before[name]).toBeGreaterThanOrEqual(0);
        for (const name of MEASURES) expect(before[name]).toBeLessThanOrEqual(1);
        const at = ranking.indexOf('a');
        if (at <= 0) return;
        const after = measuresOf(['a', ...ranking.filter((id) => id !== 'a')], { relevant });
        for (const name of MEASURES) expect(after[name]).toBeGreaterThanOrEqual(before[name] - 1e-12);
      }),
    );
  });
});

test('an interval holds the mean, repeats with its seed, and is a point where all questions measure alike', () => {
  const uniform = (seed: number) => {
    const draw = seeded(seed);
    return () => (draw() + 1) / 2;
  };
  const all = Array.from({ length: 40 }, (_, i) => ({ hit10: i % 2, mrr: 0.5, ndcg10: i / 40, recall100: 0 }));
  const one = summaryOf(all, uniform(1));
  expect(one).toEqual(summaryOf(all, uniform(1)));
  expect(one.mrr).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
  expect(one.hit10.mean).toBe(0.5);
  // Two standard errors of a share of a half over forty questions are .158.
  expect(one.hit10.low).toBeGreaterThan(0.5 - 0.2);
  expect(one.hit10.low).toBeLessThan(0.5 - 0.1);
  expect(one.hit10.high).toBeGreaterThan(0.5 + 0.1);
});

describe('judgements', () => {
  test('as JSON lines: text, case or facets, with or without grades', () => {
    const read = readJudgements(
      'j.jsonl',
      '{"id":"q","text":"fever","relevant":["A","B"]}\n\n{"case_id":"C","relevant":{"A":2,"B":0}}\n{"facets":{"ecg":"long QT"},"relevant":["A"]}\n',
    );
    expect(read.map(({ id, ask }) => [id, ask])).toEqual([
      ['q', { text: 'fever' }],
      ['line 3', { case_id: 'C' }],
      ['line 4', { facets: { ecg: 'long QT' } }],
    ]);
    expect([...(read[1]?.relevant ?? [])]).toEqual([
      ['A', 2],
      ['B', 0],
    ]);
  });

  test('as BEIR has them, with a heading or in the form of TREC', () => {
    const queries = { file: 'queries.jsonl', text: '{"_id":"1","text":"fever"}\n{"_id":"2","text":"rash"}\n' };
    const read = readBeir(queries, { file: 'qrels.tsv', text: 'query-id\tcorpus-id\tscore\n1\tA\t2\n1\tB\t0\n' });
    expect(read.map(({ id }) => id)).toEqual(['1']);
    const trec = readBeir(queries, { file: 'qrels.tsv', text: '1\t0\tA\t2\n2\t0\tB\t1\n' });
    expect(trec.map(({ id, relevant: judged }) => [id, ...judged.keys()])).toEqual([
      ['1', 'A'],
      ['2', 'B'],
    ]);
  });

  test.each([
    ['{"text":"fever"', /j\.jsonl, line 1: is not JSON/],
    ['[1]', /line 1: must be an object/],
    ['{"relevant":["A"]}', /expected exactly one of text, facets and case_id/],
    ['{"text":"x","relevant":[1]}', /relevant must be a list of case ids/],
    ['{"text":"x","relevant":{"A":-1}}', /a grade is a number from 0 to 10/],
    [
      '{"id":"q","text":"x","relevant":["A"]}\n{"id":"q","text":"y","relevant":["A"]}',
      /line 2: the id "q" stands there twice/,
    ],
    ['{"text":"x","relevant":{"A":0}}', /no question has a relevant answer/],
    ['', /no question has a relevant answer/],
  ])('%s is refused with its line and what to do', (text, message) => {
    expect(() => readJudgements('j.jsonl', text)).toThrow(JudgementError);
    expect(() => readJudgements('j.jsonl', text)).toThrow(message);
  });

  test('the text of a question is in no message', () => {
    expect(() => readJudgements('j.jsonl', '{"text":"secret words","case_id":"C","relevant":["A"]}')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });
});
