/**
 * Search over HTTP: latency and agreement of the two engines on a running server.
 *   node --import tsx test/bench/search.ts --url http://127.0.0.1:7860 [--queries 200] [--field text] FILE.jsonl
 * Queries are sent one after the other, each once to each engine. Loopback only.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { SearchAnswer } from '../../core/search/contract.ts';

const { values, positionals } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:7860' },
    queries: { type: 'string', default: '200' },
    field: { type: 'string', default: 'text' },
    'max-chars': { type: 'string', default: '100000' },
  },
  allowPositionals: true,
});
if (!['127.0.0.1', 'localhost', '[::1]'].includes(new URL(values.url).hostname))
  throw new Error(`${values.url} is not on this machine`);
const texts = positionals
  .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'))
  .map((line) => String((JSON.parse(line) as Record<string, unknown>)[values.field] ?? ''))
  .filter((text) => text !== '' && text.length <= Number(values['max-chars']));
const every = Math.max(1, Math.floor(texts.length / Number(values.queries)));
const queries = texts.filter((_, i) => i % every === 0).slice(0, Number(values.queries));

async function ask(body: object): Promise<{ answer: SearchAnswer; ms: number }> {
  const startedMs = performance.now();
  const response = await fetch(`${values.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as SearchAnswer;
  if (!response.ok) throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
  return { answer, ms: performance.now() - startedMs };
}
const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
const report = (name: string, ms: readonly number[]) => {
  const sorted = [...ms].sort((a, b) => a - b);
  const [p50, p95, most] = [quantile(sorted, 0.5), quantile(sorted, 0.95), sorted.at(-1) ?? Number.NaN];
  console.log(
    `${name.padEnd(34)} n ${ms.length}  p50 ${p50.toFixed(1)} ms  p95 ${p95.toFixed(1)} ms  max ${most.toFixed(1)} ms`,
  );
};

for (const text of queries.slice(0, 10)) await ask({ text });
const ms: Record<'fused' | 'faiss' | 'unexplained', number[]> = { fused: [], faiss: [], unexplained: [] };
const differences: number[] = [];
let same = 0;
let release: SearchAnswer['release'] | null = null;
for (const text of queries) {
  const fused = await ask({ text, engine: 'fused' });
  const faiss = await ask({ text, engine: 'faiss' });
  const unexplained = await ask({ text, engine: 'fused', explain: false });
  ms.fused.push(fused.ms);
  ms.faiss.push(faiss.ms);
  ms.unexplained.push(unexplained.ms);
  const ids = ({ answer }: { answer: SearchAnswer }) => answer.results.map(({ case_id }) => case_id).join();
  if (faiss.answer.engine === 'faiss' && ids(fused) === ids(faiss)) same += 1;
  fused.answer.results.forEach((result, i) => {
    differences.push(Math.abs(result.score - (faiss.answer.results[i]?.score ?? Number.NaN)));
  });
  release = fused.answer.release;
}
console.log(
  `release ${release?.version}, ${release?.case_count} cases, ${queries.length} queries, k 10, whole HTTP round trip`,
);
report('fused, explained', ms.fused);
report('faiss, explained', ms.faiss);
report('fused, explain: false', ms.unexplained);
console.log(
  `same ten cases in the same order: ${same} of ${queries.length}; largest score difference ${Math.max(...differences)}`,
);
