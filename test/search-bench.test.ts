import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { DIMENSION } from '../core/models/ports.ts';
import { startFaiss } from '../space/faiss/service.ts';
import { ensureDataset, loadViews, rootOf } from './bench/fused/dataset.ts';
import { recallOf, truthOf } from './bench/fused/oracle.ts';
import { asked, makeQueries } from './bench/fused/queries.ts';
import { best, K } from './bench/fused/score.ts';
import { HEAD } from './bench/fused/table.ts';
import { createCases } from './bench/fused/vectors.ts';

const CASES = 900;
const QUERIES = 14;
const probe = await startFaiss();
const noFaiss = probe.state().kind !== 'ready';
await probe.close();
const SCANS = ['fused', 'fused-exact'];
const OURS = noFaiss ? SCANS : [...SCANS, 'faiss', 'faiss-lists'];
const folder = mkdtempSync(join(tmpdir(), 'search-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(`prints one line for each contestant at each depth, and ours find what a plain scan finds${noFaiss ? ' (without FAISS: not built)' : ''}`, async () => {
  const options = { cases: CASES, queries: QUERIES, rounds: 1, only: OURS.join(), folder };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout: printed } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    'test/bench/fused.ts',
    ...args,
  ]);
  const [head, rule, ...lines] = printed
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(head?.slice(1, -1)).toEqual([...HEAD]);
  expect(rule).toHaveLength(HEAD.length + 2);
  const column = (name: (typeof HEAD)[number], line: number) => lines[line]?.[HEAD.indexOf(name) + 1];
  for (let line = 0; line < lines.length; line += 1) expect(Number(column('p95 ms', line))).toBeGreaterThan(0);
  expect(lines.slice(0, 2).map((cells) => cells.slice(1, 3))).toEqual([
    ['ours, fused scan, as it is set', 'exact'],
    ['ours, fused scan, exact at every size', 'exact'],
  ]);
  expect(column('recall@10', 0)).toBe('1');
  expect(column('recall@10', 1)).toBe('1');
  expect(column('queries', 0)).toBe(String(QUERIES));
  expect(column('p50 / ours', 0)).toBe('1.00x');
  if (noFaiss) return;
  expect(lines.slice(2).map((cells) => cells.slice(1, 3))).toEqual([
    ['ours, FAISS Flat by view, exact by bounds', 'exact'],
    ['FAISS Flat by view, lists fused', '100'],
    ['FAISS Flat by view, lists fused', '200'],
    ['FAISS Flat by view, lists fused', '1000'],
  ]);
  expect(column('recall@10', 2)).toBe('1');
  // More rows than there are cases: nothing can be missed.
  expect(column('recall@10', 5)).toBe('1');
  expect(Number(column('recall@10', 3))).toBeGreaterThan(0.9);
}, 300_000);

test('its plain scan finds what scores over all cases find, and recall counts what an answer misses', async () => {
  const dataset = await ensureDataset(rootOf(folder, CASES, 1), CASES, 1);
  const queries = makeQueries(dataset, QUERIES);
  const truth = truthOf(dataset, queries);
  const views = loadViews(dataset);
  for (const [q, query] of queries.entries()) {
    const found = best(query, views, Array(CASES).keys(), K);
    expect(recallOf(found, truth[q] ?? [])).toBe(1);
    expect(recallOf(found.slice(0, 4), truth[q] ?? [])).toBe(0.4);
  }
  const named = new Set(queries.map((query) => asked(query).length));
  expect(named.size).toBeGreaterThan(2);
  expect(new Set(queries.map(({ plan }) => JSON.stringify(plan))).size).toBeGreaterThan(QUERIES / 2);
});

test('made cases are the same one by one and in any order, of unit length, and each has its whole', () => {
  const [make, again] = [createCases(1), createCases(1)];
  const last = again(99);
  const cases = Array.from({ length: 100 }, (_, i) => make(i));
  expect(cases[99]).toEqual(last);
  expect(createCases(2)(99)).not.toEqual(last);
  for (const { vectors } of cases) {
    expect(vectors.whole).toBeDefined();
    for (const vector of Object.values(vectors)) {
      expect(vector).toHaveLength(DIMENSION);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
  }
  const withEcg = cases.filter(({ vectors }) => vectors.ecg).length;
  expect(withEcg).toBeLessThan(15);
  expect(cases.filter(({ vectors }) => vectors.symptoms).length).toBeGreaterThan(80);
});
