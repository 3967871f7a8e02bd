import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client';
import { describe, expect, test } from 'vitest';
import type { Distillate } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';
import { compareWithRules, type ModelCase } from '../core/models/agreement.ts';
import { agreementOf, sameName, setAgreementOf } from '../core/models/agreement-measures.ts';
import { distillByRules } from '../core/models/rules.ts';
import { drawn } from '../space/cli/agreement.ts';
import { agreementCsv, agreementMarkdown, agreementText } from '../space/cli/agreement-text.ts';
import { csvCell } from '../space/cli/cells.ts';
import { live } from './support/kills.ts';

const TEXT =
  'A 41-year-old man had syncope during fever. The ECG showed a coved ST elevation in V1 and V2. ' +
  'A diagnosis of Brugada syndrome was made. He received an implantable defibrillator and recovered.';

/** A case on which the model says what the rules say, but for what a test changes. */
function modelCase(caseId: string, over: Partial<Distillate> = {}, rest: Partial<ModelCase> = {}): ModelCase {
  const extracted = extractCase(TEXT);
  const rules = distillByRules({ extracted, title: null });
  const review = { ...rules.review, by: 'test/model', claims: 10 };
  return {
    caseId,
    title: null,
    extracted,
    distillate: { ...rules, review, ...over },
    units: 1_000,
    calls: 1,
    withheld: null,
    ...rest,
  };
}

describe('measures', () => {
  // Both say rare 20 times and not rare 15 times; they differ 5 and 10 times: the worked example of Cohen's kappa, 0.4.
  test('kappa is agreement beyond chance', () => {
    const pairs = [
      ...Array<readonly [string, string]>(20).fill(['rare', 'rare']),
      ...Array<readonly [string, string]>(5).fill(['rare', 'not rare']),
      ...Array<readonly [string, string]>(10).fill(['not rare', 'rare']),
      ...Array<readonly [string, string]>(15).fill(['not rare', 'not rare']),
    ];
    const { agreement, kappa, table } = agreementOf(pairs, ['rare', 'not rare']);
    expect([agreement, kappa]).toEqual([0.7, expect.closeTo(0.4, 10)]);
    expect(table.map(({ cases }) => cases)).toEqual([20, 5, 10, 15]);
  });

  test('kappa is unknown where both always say the same one thing, and where there is no case', () => {
    expect(agreementOf([['a', 'a']], ['a', 'b'])).toMatchObject({ agreement: 1, kappa: null });
    expect(agreementOf([], ['a', 'b'])).toMatchObject({ agreement: 0, kappa: null });
  });

  test.each([
    ['Brugada syndrome', 'brugada syndromes', true],
    ['Acute pulmonary embolism', 'pulmonary embolism', true],
    ['left atrial myxoma', 'right atrial myxoma', false],
    ['type 1 diabetes', 'type 2 diabetes', false],
    ['Ménière disease', 'meniere disease', true],
    ['sarcoidosis', 'tuberculosis', false],
    ['the', 'of', false],
  ])('%s and %s: %s', (a, b, same) => expect([sameName(a, b), sameName(b, a)]).toEqual([same, same]));

  test('a name meets one of the other side at most, an equal one first', () => {
    expect(setAgreementOf([[['fever', 'yellow fever'], ['yellow fever']]], sameName)).toEqual({
      both: 1,
      onlyRules: 1,
      onlyModel: 0,
      precision: 0.5,
      recall: 1,
    });
    expect(setAgreementOf([[[], []]], sameName)).toMatchObject({ precision: null, recall: null });
  });
});

describe('report', () => {
  const at = (words: string) => [TEXT.indexOf(words), TEXT.indexOf(words) + words.length] as const;

  test('where both say the same nothing is listed', () => {
    const report = compareWithRules([modelCase('a'), modelCase('b')]);
    expect(report).toMatchObject({ cases: 2, models: [{ by: 'test/model', cases: 2 }], differing: [] });
    expect([report.rare.agreement, report.diagnosis.agreement, report.category.agreement]).toEqual([1, 1, 1]);
  });

  test('a case that differs is listed with both claims and the words for each', () => {
    const changed = {
      diagnosis: 'vasovagal syncope',
      diagnosisSpan: at('syncope'),
      outcome: { status: 'deteriorated' as const, span: at('recovered'), followUpMonths: null },
    };
    const [differing] = compareWithRules([modelCase('b', changed), modelCase('a')]).differing;
    expect(differing).toMatchObject({ caseId: 'b', by: 'test/model', units: 1_000 });
    const diagnosis = differing?.differences.find(({ field }) => field === 'diagnosis');
    expect(diagnosis).toEqual({
      field: 'diagnosis',
      rules: { claim: 'Brugada syndrome', quote: 'Brugada syndrome' },
      model: { claim: 'vasovagal syncope', quote: 'syncope' },
    });
    expect(differing?.differences.map(({ field }) => field)).toContain('outcome');
  });

  test('what was claimed, dropped, repaired and spent is added up, and what is not known is not nothing', () => {
    const review = { by: 'test/model', claims: 8, dropped: 2, repairs: 1, truncated: true, suspicious: true };
    const report = compareWithRules([
      modelCase('a', { review, isRare: false, rejectionReason: 'no' }),
      modelCase('b', {}, { units: 500, calls: 3 }),
      modelCase('c', {}, { units: null, calls: 0 }),
    ]);
    expect(report.review).toMatchObject({
      claims: 28,
      dropped: 2,
      droppedShare: 2 / 28,
      repairs: 1,
      repaired: 1,
      truncated: 1,
      suspicious: 1,
    });
    expect(report.spent).toEqual({
      known: 2,
      unknown: 1,
      units: 1_500,
      calls: 4,
      perCase: 750,
      perDifferingCase: 1_500,
    });
    expect(agreementText(report)).toContain('unknown for 1 cases');
  });

  test('of a case whose text may not be shown no words are given away', () => {
    const sentence = TEXT.slice(0, 93);
    const changed = {
      diagnosis: sentence,
      diagnosisSpan: [0, 93] as const,
      keySymptoms: [sentence],
      isRare: false,
      rejectionReason: sentence,
      rarityCriteria: [],
      treatments: [{ term: sentence, assertion: 'present' as const, span: [0, 93] as const, qualifiers: ['therapy'] }],
    };
    const report = compareWithRules([modelCase('a', changed, { withheld: 'its licence does not allow it' })]);
    expect(report.differing[0]?.differences.length).toBeGreaterThan(3);
    const all = [JSON.stringify(report), agreementText(report), agreementMarkdown(report), agreementCsv(report)];
    for (const text of all) expect(text).not.toMatch(/41-year-old|during fever|coved/);
    expect(
      compareWithRules([modelCase('a', changed)]).differing[0]?.differences.map((one) => one.model.quote),
    ).toContain(sentence);
  });
});

describe('what a model writes stays words', () => {
  const HOSTILE =
    '=HYPERLINK("https://evil.example")\u001b[31m</td><script>x</script>![a](https://evil.example)\r\n| b |';
  const report = compareWithRules([
    modelCase('=1+1', { diagnosis: HOSTILE, keySymptoms: [HOSTILE], diagnosisSpan: null }, { title: '@SUM(A1)' }),
  ]);

  test('in CSV no cell is a formula, and a line break begins no row', () => {
    const rows = agreementCsv(report).trimEnd().split('\r\n');
    expect(rows).toHaveLength(1 + (report.differing[0]?.differences.length ?? 0));
    for (const row of rows) expect(row).not.toMatch(/(?:^|,)"?[=+@|%\t\r-]/);
    expect(rows[1]).toContain('"\'=1+1"');
  });

  test.each([
    ['=1', '"\'=1"'],
    [' +1', '"\' +1"'],
    ['＝1', '"\'＝1"'],
    ['-2', '"\'-2"'],
    ['a"b,c', '"a""b,c"'],
    ['a\nb', '"a b"'],
    [-0.5, '-0.5'],
    [null, ''],
  ])('%j as a cell is %s', (value, cell) => expect(csvCell(value)).toBe(cell));

  test('on a terminal no escape sequence arrives, in Markdown no markup', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(agreementText(report)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    const markdown = agreementMarkdown(report).replaceAll('<!-- -->', '');
    expect(markdown).not.toMatch(/(?<!\\)</);
    expect(markdown).not.toMatch(/(?<!\\)[[!]/);
    const table = markdown.split('\n').filter((line) => line.startsWith('| '));
    for (const line of table) expect([2, 3]).toContain(line.replaceAll(/\\./g, '').split('|').length - 2);
  });
});

test('a seed draws the same cases, another seed others, and a larger sample holds the smaller', () => {
  const ids = Array.from({ length: 500 }, (_, i) => `PMID_${i}`);
  expect(drawn(ids, 20, 1)).toEqual(drawn(ids, 20, 1));
  expect(drawn(ids, 20, 2)).not.toEqual(drawn(ids, 20, 1));
  expect(drawn(ids, 40, 1).slice(0, 20)).toEqual(drawn(ids, 20, 1));
  const kept = new Set(drawn(ids, 250, 3).map((id) => Number(id.slice(5)) < 250));
  expect(kept).toEqual(new Set([true, false]));
});

test('anamnesis agreement: nothing to compare ends with 3 and a remedy, distillates of a model are compared and priced', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-agreement-'));
  const data = join(folder, 'data');
  try {
    const cases = readFileSync(new URL('../space/sample/cases.jsonl', import.meta.url), 'utf8')
      .split('\n')
      .slice(0, 4);
    writeFileSync(join(folder, 'cases.jsonl'), cases.join('\n'));
    await live(data, ['init'], null);
    await live(data, ['ingest', '--file', join(folder, 'cases.jsonl')], null);
    await live(data, ['run', '--until-idle'], null);
    const empty = await live(data, ['agreement'], null);
    expect(empty).toMatchObject({ exitCode: 3, output: expect.stringContaining('DISTILLER') });

    const client = createClient({ url: `file:${data}/state.db` });
    await client.batch(
      [
        `UPDATE distillate SET distiller = 'made-up-1', body = json_set(body, '$.review.by', 'test/model', '$.diagnosis', 'something else')
         WHERE case_id IN ('sample-001', 'sample-002')`,
        `INSERT INTO effect(key, stage, item_id, name, fingerprint, lease_id, state, calls, cost, intended_ms)
         SELECT 'k' || id, 'distill', id, 'call', 'made-up-1', 1, 'done', 2, 321, 0 FROM item WHERE kind = 'case' AND key = 'sample-001'`,
        `INSERT INTO effect(key, stage, item_id, name, fingerprint, lease_id, state, calls, cost, intended_ms)
         SELECT 'older' || id, 'distill', id, 'call', 'older', 1, 'done', 1, 7000, 0 FROM item WHERE kind = 'case' AND key = 'sample-001'`,
        `INSERT INTO batch_job(key, stage, fingerprint, service, state, lease_id, items, quota, units, day, intended_ms)
         VALUES ('job', 'distill', 'made-up-1', 'made-up', 'applied', 1, 1, 'tokens', 900, 0, 0)`,
        `INSERT INTO batch_item(job_key, id, case_id, item_id, input_hash, units) VALUES ('job', 'r1', 'sample-002', 1, 'x', 79)`,
      ],
      'write',
    );
    client.close();
    const { exitCode, output } = await live(data, ['agreement', '--json'], null);
    expect(exitCode).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      distilled_by_model: 2,
      cases: 2,
      spent: { known: 2, unknown: 0, units: 400, calls: 3 },
      differing: [{ caseId: 'sample-001' }, { caseId: 'sample-002' }],
    });
    const one = await live(data, ['agreement', '--sample', '1', '--format', 'csv'], null);
    expect(one.output.split('\r\n')[0]).toBe(
      '"case_id","title","model","units","field","rules","rules_quote","model_says","model_quote","withheld"',
    );
    expect((await live(data, ['agreement', '--sample', 'many'], null)).exitCode).toBe(2);
    expect((await live(data, ['agreement', '--format', 'pdf'], null)).exitCode).toBe(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
