import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIMENSION } from '../../../core/models/ports.ts';
import { VIEWS, type View } from '../../../schema/vocabulary.ts';
import { type Dataset, folderOf } from './dataset.ts';
import { asked, type BenchQuery } from './queries.ts';
import { dot, K, partOf } from './score.ts';

/** By query: the cases that may stand among the best `K`, with all that are equal to the last of them. */
export type Truth = readonly (readonly number[])[];

const BLOCK_CASES = 4_096;
/** Further places that are kept, for cases that are equal to the last of the best. */
const EQUALS = 64;
/** Scores nearer than this are equal: their sums were formed in another order. */
const EQUAL = 1e-9;

/** Every case scored by every query, plainly, in f64, from the files of the release. Kept beside it for the next run. */
export function truthOf(dataset: Dataset, queries: readonly BenchQuery[]): Truth {
  const path = join(dataset.root, `truth-${hashOf(dataset, queries)}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Truth;
  const truth = computed(dataset, queries);
  writeFileSync(path, JSON.stringify(truth));
  return truth;
}

/** Share of the best `K` cases that an answer has. */
export function recallOf(answer: readonly number[], truth: readonly number[]): number {
  const possible = Math.min(K, truth.length);
  return possible === 0 ? 1 : answer.filter((ordinal) => truth.includes(ordinal)).length / possible;
}

function hashOf({ manifest }: Dataset, queries: readonly BenchQuery[]): string {
  const hash = createHash('sha256').update(manifest.contentHash);
  for (const query of queries) {
    hash.update(JSON.stringify(query.plan));
    for (const [view, vector] of asked(query)) hash.update(view).update(new Uint8Array(vector.buffer));
  }
  return hash.digest('hex').slice(0, 16);
}

function computed(dataset: Dataset, queries: readonly BenchQuery[]): Truth {
  const { caseCount } = dataset.manifest;
  const files = VIEWS.map((view) => ({ view, next: blocksOf(dataset, view) }));
  const tops = queries.map(() => createTop(K + EQUALS));
  const scores = new Float64Array(BLOCK_CASES);
  try {
    for (let from = 0; from < caseCount; from += BLOCK_CASES) {
      const until = Math.min(caseCount, from + BLOCK_CASES);
      const blocks = new Map(files.map(({ view, next }) => [view, next.upTo(until)]));
      for (const [q, query] of queries.entries()) {
        scores.fill(0);
        for (const [view, vector] of asked(query)) addView(query, view, vector, blocks.get(view), from, scores);
        for (let i = from; i < until; i += 1) tops[q]?.offer(i, scores[i - from] as number);
      }
    }
  } finally {
    for (const { next } of files) next.close();
  }
  return tops.map((top) => {
    const found = top.found();
    const least = (found[Math.min(K, found.length) - 1]?.score ?? 0) - EQUAL;
    return found.filter(({ score }) => score >= least).map(({ ordinal }) => ordinal);
  });
}

type Block = { readonly rows: Uint32Array; readonly vectors: Float32Array };

function addView(
  query: BenchQuery,
  view: View,
  vector: Float32Array,
  block: Block | undefined,
  from: number,
  scores: Float64Array,
): void {
  const absent = partOf(query, view, null);
  for (let i = 0; i < scores.length; i += 1) scores[i] = (scores[i] as number) + absent;
  for (const [row, ordinal] of (block?.rows ?? new Uint32Array(0)).entries()) {
    const part = partOf(query, view, dot(vector, (block as Block).vectors, row));
    scores[ordinal - from] = (scores[ordinal - from] as number) + part - absent;
  }
}

/** Reads a view's rows in their order, which is that of the cases. */
function blocksOf(dataset: Dataset, view: View) {
  const rows = new Uint32Array(new Uint8Array(readFileSync(join(folderOf(dataset), `${view}.rows`))).buffer);
  const file = openSync(join(folderOf(dataset), `${view}.f32`), 'r');
  let at = 0;
  return {
    upTo(until: number): Block {
      let end = at;
      while (end < rows.length && (rows[end] as number) < until) end += 1;
      const vectors = new Float32Array((end - at) * DIMENSION);
      const bytes = new Uint8Array(vectors.buffer);
      for (let read = 0; read < bytes.length; ) {
        const got = readSync(file, bytes, read, bytes.length - read, at * DIMENSION * 4 + read);
        if (got === 0) throw new Error(`${view}.f32 is shorter than its rows`);
        read += got;
      }
      const block = { rows: rows.subarray(at, end), vectors };
      at = end;
      return block;
    },
    close: () => closeSync(file),
  };
}

type Scored = { readonly ordinal: number; readonly score: number };

/** Cases come by ascending ordinal, so that of two equal ones the first stays ahead. */
function createTop(size: number): { offer(ordinal: number, score: number): void; found(): readonly Scored[] } {
  const held: Scored[] = [];
  return {
    offer(ordinal, score) {
      if (held.length === size && score <= (held.at(-1)?.score ?? 0)) return;
      let at = held.length;
      while (at > 0 && (held[at - 1]?.score ?? 0) < score) at -= 1;
      held.splice(at, 0, { ordinal, score });
      if (held.length > size) held.pop();
    },
    found: () => held,
  };
}
