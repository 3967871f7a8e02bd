import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONTAINMENT_MIN, containment, isSameText, SKETCH_SIZE, sketchOf } from '../core/cases/similar.ts';
import { identitiesOf, normalDoi, titleHash } from '../core/corpus/identity.ts';
import {
  type Database,
  definePipeline,
  defineStage,
  type Pipeline,
  registerPipeline,
  statement,
  tick,
  verifyAudit,
} from '../core/engine/index.ts';
import { rulesDistiller } from '../core/models/rules.ts';
import { readDocument } from '../core/sources/record.ts';
import { defineDistill } from '../core/stages/distill.ts';
import { defineNormalize } from '../core/stages/normalize.ts';
import { openDatabase } from '../space/database.ts';
import { nodeRuntime, ownerOfThisProcess } from '../space/host/owner.ts';
import { type Arrival, arrive, report, scrapeOfTest, standingOf } from './support/sources-articles.ts';

const SHARED = fileURLToPath(new URL('../../shared/data/', import.meta.url));

let folder: string;
let db: Database;
let close: () => void;
let pipeline: Pipeline;
const deps = (of: Database) => ({ db: of, random: () => 0.5, read: readDocument, distiller: rulesDistiller });
const pipelineOn = (of: Database, normalize = defineNormalize(deps(of))) =>
  definePipeline('anamnesis', [scrapeOfTest(of), normalize, defineDistill(deps(of))]);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-duplicates-'));
  ({ db, close } = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 60_000 }));
  pipeline = pipelineOn(db);
  await registerPipeline(db, pipeline);
});
afterAll(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});
const work = async (of: Database = db, line: Pipeline = pipeline) =>
  tick(of, line, nodeRuntime(ownerOfThisProcess()), { budgetMs: 60_000 });

type Event = Arrival;
type Scenario = {
  readonly name: string;
  /** Per document what it says first and later; the orders of different documents are free. */
  readonly histories: (n: number) => readonly (readonly Event[])[];
  /** Keys that yield cases in the end, and for each other document how its reason begins. */
  readonly owners: readonly string[];
  readonly without: Readonly<Record<string, string>>;
};

const full = { said: { fullText: true } } as const;
const scenarios: readonly Scenario[] = [
  {
    name: 'full text, abstract and index entry of one article: the full text yields the case',
    histories: (n) => [
      [{ key: `PMC_${n}1`, source: 'pmc', text: report(n), pmid: `${n}1`, ...full }],
      [{ key: `PMID_${n}1`, source: 'pubmed', text: report(n + 0.25), doi: `10.1000/T${n}` }],
      [{ key: `PPR_${n}1`, source: 'europe-pmc', text: report(n + 0.5), doi: `https://doi.org/10.1000/t${n}` }],
    ],
    owners: ['PMC_#1'],
    without: { 'PMID_#1': 'duplicate: same article as PMC_#1 (PMID)', 'PPR_#1': 'duplicate: same article as PMC_#1 (' },
  },
  {
    name: 'one text under two DOIs',
    histories: (n) => [
      [{ key: `PMC_${n}1`, source: 'pmc', text: report(n), doi: `10.1000/a${n}` }],
      [{ key: `PMC_${n}2`, source: 'pmc', text: `${report(n)} We thank all.`, doi: `10.1000/b${n}` }],
    ],
    owners: ['PMC_#1'],
    without: { 'PMC_#2': 'duplicate: same article as PMC_#1 (text)' },
  },
  {
    name: 'one text told of another patient is another case',
    histories: (n) => [
      [{ key: `PMC_${n}1`, source: 'pmc', text: report(n) }],
      [{ key: `PMC_${n}2`, source: 'pmc', text: report(n, 'A 46-year-old man') }],
    ],
    owners: ['PMC_#1', 'PMC_#2'],
    without: {},
  },
  {
    name: 'records of one article in a file are its patients, each with a case, and its abstract yields none',
    histories: (n) => [
      [{ key: `a${n}`, text: report(n), pmid: `${n}1` }],
      [{ key: `b${n}`, text: report(n + 0.5), pmid: `${n}1` }],
      [{ key: `PMID_${n}1`, source: 'pubmed', text: report(n + 0.25) }],
    ],
    owners: ['a#', 'b#'],
    without: { 'PMID_#1': 'duplicate: same article as a# (PMID)' },
  },
  {
    name: 'abstracts of a congress under one DOI stay apart, also when a third record has the DOI alone',
    histories: (n) => [
      [{ key: `PMID_${n}1`, source: 'pubmed', text: report(n), doi: `10.1000/c${n}` }],
      [{ key: `PMID_${n}2`, source: 'pubmed', text: report(n + 0.5), doi: `10.1000/c${n}` }],
      [{ key: `PPR_${n}`, source: 'web', text: report(n + 0.25), doi: `10.1000/c${n}` }],
    ],
    owners: ['PMID_#1', 'PMID_#2'],
    without: { 'PPR_#': 'duplicate: same article as PMID_#1 (DOI)' },
  },
  {
    name: 'the abstract is retracted later: the full text yields nothing either',
    histories: (n) => [
      [{ key: `PMC_${n}1`, source: 'pmc', text: report(n), pmid: `${n}1`, ...full }],
      [
        { key: `PMID_${n}1`, source: 'pubmed', text: report(n + 0.5) },
        { key: `PMID_${n}1`, source: 'pubmed', text: report(n + 0.5), said: { state: 'retracted' } },
      ],
    ],
    owners: [],
    without: {
      'PMID_#1': 'not_current: retracted',
      'PMC_#1': 'not_current: retracted, as PMID_#1 says of the same article',
    },
  },
  {
    name: 'the full text is gone from its source: the abstract yields the case again',
    histories: (n) => [
      [
        { key: `PMC_${n}1`, source: 'pmc', text: report(n), pmid: `${n}1`, ...full },
        { key: `PMC_${n}1`, source: 'pmc', text: report(n), pmid: `${n}1`, said: { fullText: true, state: 'gone' } },
      ],
      [{ key: `PMID_${n}1`, source: 'pubmed', text: report(n + 0.5) }],
    ],
    owners: ['PMID_#1'],
    without: { 'PMC_#1': 'not_current: gone' },
  },
  {
    name: 'a retraction that is taken back',
    histories: (n) => [
      [
        {
          key: `PMC_${n}1`,
          source: 'pmc',
          text: report(n),
          pmid: `${n}1`,
          said: { fullText: true, state: 'retracted' },
        },
        { key: `PMC_${n}1`, source: 'pmc', text: report(n), pmid: `${n}1`, ...full },
      ],
      [{ key: `PMID_${n}1`, source: 'pubmed', text: report(n + 0.5) }],
    ],
    owners: ['PMC_#1'],
    without: { 'PMID_#1': 'duplicate: same article as PMC_#1 (PMID)' },
  },
  {
    name: 'a full text without a case leaves the article to its abstract',
    histories: (n) => [
      [{ key: `PMC_${n}1`, source: 'pmc', text: 'See the supplement.', pmid: `${n}1`, ...full }],
      [{ key: `PMID_${n}1`, source: 'pubmed', text: report(n + 0.5) }],
    ],
    owners: ['PMID_#1'],
    without: { 'PMC_#1': 'too_short: ' },
  },
  {
    name: 'an id that is corrected parts what it had joined',
    histories: (n) => [
      [
        { key: `PMC_${n}1`, source: 'pmc', text: report(n), pmid: `${n}1`, ...full },
        { key: `PMC_${n}1`, source: 'pmc', text: report(n), pmid: `${n}2`, ...full },
      ],
      [{ key: `PMID_${n}1`, source: 'pubmed', text: report(n + 0.5) }],
    ],
    owners: ['PMC_#1', 'PMID_#1'],
    without: {},
  },
  {
    name: 'a record that joins two others later',
    histories: (n) => [
      [{ key: `PMID_${n}1`, source: 'pubmed', text: report(n) }],
      [{ key: `PPR_${n}`, source: 'europe-pmc', text: report(n + 0.25), doi: `10.1000/j${n}` }],
      [
        { key: `PMC_${n}1`, source: 'pmc', text: report(n + 0.5), ...full },
        { key: `PMC_${n}1`, source: 'pmc', text: report(n + 0.5), pmid: `${n}1`, doi: `10.1000/j${n}`, ...full },
      ],
    ],
    owners: ['PMC_#1'],
    without: {
      'PMID_#1': 'duplicate: same article as PMC_#1 (PMID)',
      'PPR_#': 'duplicate: same article as PMC_#1 (DOI)',
    },
  },
];

/** The histories in an order, and after which events the pipeline works. */
const orders = (histories: readonly (readonly Event[])[]) =>
  fc.record({
    order: fc.shuffledSubarray(
      histories.flatMap((events, which) => events.map(() => which)),
      { minLength: histories.flat().length },
    ),
    works: fc.array(fc.constantFrom('none', 'one batch', 'all'), {
      minLength: histories.flat().length,
      maxLength: histories.flat().length,
    }),
  });

let numbers = 10;

describe('whatever the order of arrivals, changes and work, the corpus ends the same', () => {
  test.each(scenarios)('$name', async ({ histories, owners, without }) => {
    await fc.assert(
      fc.asyncProperty(orders(histories(0)), async ({ order, works }) => {
        numbers += 1;
        const n = numbers;
        const own = histories(n).map((events) => [...events]);
        const keys = [...new Set(own.flat().map(({ key }) => key))].sort();
        for (const [i, which] of order.entries()) {
          const event = own[which]?.shift();
          if (event) await arrive(db, pipeline, event);
          if (works[i] === 'all') await work();
          if (works[i] === 'one batch') await tick(db, pipeline, nodeRuntime(ownerOfThisProcess()), { budgetMs: 0 });
        }
        await work();
        const standing = await standingOf(db, keys);
        const named = (key: string) => key.replace('#', String(n));
        expect(standing.cases.map(([caseId]) => caseId)).toEqual(owners.map(named).sort());
        expect(standing.hidden).toEqual([]);
        const reasons = new Map(standing.skipped.map(([key, reason]) => [String(key), String(reason)]));
        expect([...reasons.keys()].sort()).toEqual(Object.keys(without).map(named).sort());
        for (const [key, reason] of Object.entries(without))
          expect(reasons.get(named(key))?.slice(0, reason.replaceAll('#', String(n)).length)).toBe(
            reason.replaceAll('#', String(n)),
          );
        const into = standing.folded.filter(([, to]) => to !== null).map(([key]) => key);
        expect(into).toEqual(
          Object.entries(without)
            .filter(([, reason]) => reason.startsWith('duplicate'))
            .map(([key]) => named(key))
            .sort(),
        );
      }),
      { numRuns: 8 },
    );
  });

  test('of all these histories the audit gives the same tasks', async () => {
    expect((await verifyAudit(db)).problems).toEqual([]);
  });
});

test('a worker that decided before another document of the article came writes nothing of it', async () => {
  numbers += 1;
  const n = numbers;
  const inner = defineNormalize(deps(db));
  let held: (() => void) | null = null;
  let decided = (): void => undefined;
  const hasDecided = new Promise<void>((resolve) => {
    decided = resolve;
  });
  const slow = defineStage({
    ...inner,
    process: async (batch, context) => {
      const result = await inner.process?.(batch, context);
      if (result === undefined) throw new Error('no result');
      decided();
      await new Promise<void>((resolve) => {
        held = resolve;
      });
      return result;
    },
  });
  await arrive(db, pipeline, { key: `PMID_${n}1`, source: 'pubmed', text: report(n) });
  const first = work(db, pipelineOn(db, slow));
  await hasDecided;
  const other = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 60_000 });
  try {
    const line = pipelineOn(other.db);
    await arrive(other.db, line, { key: `PMC_${n}1`, source: 'pmc', text: report(n + 0.5), pmid: `${n}1`, ...full });
    await work(other.db, line);
  } finally {
    other.close();
  }
  (held as (() => void) | null)?.();
  held = null;
  const release = setInterval(() => held?.(), 5);
  await first;
  clearInterval(release);
  await work();
  const { cases, folded } = await standingOf(db, [`PMID_${n}1`, `PMC_${n}1`]);
  expect(cases.map(([caseId]) => caseId)).toEqual([`PMC_${n}1`]);
  expect(folded).toEqual([
    [`PMC_${n}1`, null],
    [`PMID_${n}1`, `PMC_${n}1`],
  ]);
});

test('documents of other articles are not worked again', async () => {
  numbers += 1;
  const n = numbers;
  await arrive(db, pipeline, { key: `x${n}`, text: report(n), pmid: `${n}7` });
  await work();
  const doneAt = async () =>
    (
      await db.read([
        statement(
          `SELECT t.stage, t.updated_at_ms FROM task t JOIN item i ON i.id = t.item_id WHERE i.key = 'x${n}' ORDER BY t.stage`,
        ),
      ])
    )[0]?.rows.map((row) => ({ ...row }));
  const before = await doneAt();
  await arrive(db, pipeline, { key: `y${n}`, text: report(n + 0.5), pmid: `${n}8` });
  await work();
  expect(await doneAt()).toEqual(before);
});

describe('what tells an article', () => {
  test.each([
    ['https://doi.org/10.1000/ABC.1', '10.1000/abc.1'],
    ['doi: 10.1000/abc.1.', '10.1000/abc.1'],
    ['http://dx.doi.org/10.1000/abc.1', '10.1000/abc.1'],
    ['10.1000', null],
    ['not a doi', null],
    [null, null],
  ])('the DOI %s is %s', (given, normal) => {
    expect(normalDoi(given)).toBe(normal);
  });

  test.each([
    ['A case report and review of the literature', false],
    ['Case report', false],
    ['Letter to the editor: reply', false],
    ['Erratum', false],
    ['Takotsubo cardiomyopathy after lightning strike in a mountain guide', true],
  ])('the title %s tells an article: %s', (title, tells) => {
    expect(titleHash(title) !== null).toBe(tells);
  });

  test('case, punctuation and spaces of a title say nothing', () => {
    const title = 'Takotsubo cardiomyopathy after lightning strike in a mountain guide';
    expect(titleHash(`  ${title.toUpperCase().replaceAll(' ', '  ')}. `)).toBe(titleHash(title));
  });

  test('ids are the same however they are written', () => {
    const identities = (key: string, pmcid: string | null, pmid: string | null) =>
      identitiesOf({
        key,
        text: '',
        publication: {
          ...{ source: 'pmc', title: null, authors: [], journal: null, publicationDate: null, doi: null, url: null },
          ...{ licence: null, lang: null, articleType: null, state: 'current', notices: [], openAccess: null },
          ...{ fullText: false, pmcid, pmid },
        },
      });
    expect(identities('PMC_12', null, null)).toEqual([{ kind: 'pmcid', value: '12' }]);
    expect(identities('PMC_12', 'PMC12.2', '0034')).toEqual([
      { kind: 'pmid', value: '34' },
      { kind: 'pmcid', value: '12' },
    ]);
  });

  test('a text too short to tell has no sketch and is the same as none', () => {
    const short = 'A man had chest pain and he was treated with rest.';
    expect(sketchOf(short)).toEqual([]);
    expect(containment(short, short)).toBe(0);
  });

  test('a sketch is of the words alone, and of any text no longer than its size', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 40, maxLength: 120 }), (words) => {
        const sketch = sketchOf(words.join(' '));
        expect(sketchOf(`${words.join(',\n').toUpperCase()}!`)).toEqual(sketch);
        expect(sketch.length).toBeLessThanOrEqual(SKETCH_SIZE);
        expect([...sketch].sort()).toEqual(sketch);
      }),
    );
  });

  test('a text is held by one that goes on, and by none that shares a phrase', () => {
    expect(containment(report(1), `${report(1)} ${report(2)}`)).toBe(1);
    expect(containment(report(1), report(2))).toBeLessThan(CONTAINMENT_MIN / 4);
  });
});

const corpusFile = join(SHARED, 'corpus/cases_e3c.jsonl');
const trapsFile = join(SHARED, 'traps/near_duplicates.jsonl');
test.skipIf(!existsSync(corpusFile) || !existsSync(trapsFile))(
  'of 7,675 real reports exactly the five known pairs are one text (skipped without ../shared/data)',
  () => {
    const encoder = new TextEncoder();
    const lines = ['cases_e3c', 'cases_medrbench_labelled'].flatMap((name) =>
      readFileSync(join(SHARED, `corpus/${name}.jsonl`), 'utf8')
        .trim()
        .split('\n'),
    );
    const records = lines.flatMap((line) => {
      const reading = readDocument('json-case', encoder.encode(line), 'none');
      return reading.kind === 'record' ? [reading.record] : [];
    });
    const startedMs = performance.now();
    const holders = new Map<string, number[]>();
    for (const [i, record] of records.entries())
      for (const { kind, value } of identitiesOf(record))
        if (kind === 'shingle') holders.set(value, [...(holders.get(value) ?? []), i]);
    const sketchedMs = performance.now() - startedMs;
    const shared = new Map<string, number>();
    for (const places of holders.values())
      for (const [at, a] of places.entries())
        for (const b of places.slice(at + 1)) shared.set(`${a} ${b}`, (shared.get(`${a} ${b}`) ?? 0) + 1);
    const candidates = [...shared].filter(([, n]) => n >= 2).map(([pair]) => pair.split(' ').map(Number));
    const scored = candidates.map(([a = 0, b = 0]) => {
      const [one, other] = [records[a], records[b]];
      if (!one || !other) throw new Error('no such record');
      return {
        pair: [one.key, other.key].sort().join(' '),
        share: containment(one.text, other.text),
        same: isSameText(one.text, other.text),
      };
    });
    const known = readFileSync(trapsFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { a: string; b: string })
      .map(({ a, b }) => [a, b].sort().join(' '));
    const same = scored.filter((one) => one.same).map(({ pair }) => pair);
    expect(records).toHaveLength(7_675);
    expect(same.sort()).toEqual(known.sort());
    const others = scored.filter((one) => !one.same).map(({ share }) => share);
    expect(Math.max(...others)).toBeLessThan(CONTAINMENT_MIN - 0.3);
    console.info(
      `duplicates: ${candidates.length} of ${(records.length * (records.length - 1)) / 2} pairs compared, ${same.length} of ${known.length} known folded, ${same.length - known.length} others; least share of a known pair ${Math.min(...scored.filter((one) => one.same).map(({ share }) => share)).toFixed(2)}, greatest of another ${Math.max(...others).toFixed(2)}; sketching took ${(sketchedMs / records.length).toFixed(3)} ms a report`,
    );
  },
);
