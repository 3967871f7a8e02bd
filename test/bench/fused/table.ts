import { median } from '../engine/table.ts';
import { type Contestant, REFERENCE } from './contestants.ts';
import type { Built, Served, Timed } from './measure.ts';
import { recallOf, type Truth } from './oracle.ts';

/** What is known of a contestant after all rounds; `missing` says why there is no more. */
export type Entry = {
  readonly contestant: Contestant;
  readonly built: Built | null;
  readonly rounds: readonly Served[];
  readonly missing?: string;
};

/** One line: a contestant at one depth, medians over the rounds. */
export type Line = {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly ownP50Ms: number;
  readonly cpuMs: number;
  readonly recall: number;
  readonly queries: number;
};

export const HEAD = [
  '',
  'N by view',
  'build s',
  'CPU s',
  'disk MB',
  'peak MB',
  'steady MB',
  'restart s',
  'queries',
  'p50 ms',
  'own p50',
  'p95 ms',
  'CPU ms',
  'recall@10',
  'p50 / ours',
  'p95 / ours',
  'CPU / ours',
] as const;

const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
};
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function lineOf({ rounds }: Entry, at: number, truth: Truth): Line {
  const timed = rounds.flatMap((round): Timed[] => round.timed.slice(at, at + 1));
  const over = (value: (one: Timed) => number) => median(timed.map(value));
  return {
    p50Ms: over(({ ms }) => quantile(ms, 0.5)),
    p95Ms: over(({ ms }) => quantile(ms, 0.95)),
    ownP50Ms: over(({ ownMs }) => quantile(ownMs, 0.5)),
    cpuMs: over(({ cpuMs }) => cpuMs),
    recall: over(({ answers }) => mean(answers.map((answer, q) => recallOf(answer, truth[q] ?? [])))),
    queries: over(({ answers }) => answers.length),
  };
}

const figure = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : '');
const short = (value: number): string => figure(value, value < 10 ? 2 : value < 100 ? 1 : 0);

function rowsOf(entry: Entry, reference: Line | null, truth: Truth): string[][] {
  const { contestant, built, rounds, missing } = entry;
  const ofBuild = built
    ? [short(built.buildMs / 1_000), short(built.cpuMs / 1_000), figure(built.diskMb, 0)]
    : ['', '', ''];
  if (rounds.length === 0) return [[contestant.title, '', ...ofBuild, `MISSING: ${missing ?? 'not measured'}`]];
  const over = (value: (round: Served) => number) => median(rounds.map(value));
  const peak = Math.max(
    built?.peakMb ?? 0,
    over(({ peakMb }) => peakMb),
  );
  const ofServing = [
    figure(peak, 0),
    figure(
      over(({ steadyMb }) => steadyMb),
      0,
    ),
    figure(over(({ restartMs }) => restartMs) / 1_000, 2),
  ];
  return contestant.depths.map((depth, at) => {
    const line = lineOf(entry, at, truth);
    return [
      contestant.title,
      depth === null ? (rounds.every(({ timed }) => timed[at]?.exact) ? 'exact' : 'coarse') : String(depth),
      ...(at === 0 ? [...ofBuild, ...ofServing] : ['', '', '', '', '', '']),
      String(line.queries),
      short(line.p50Ms),
      short(line.ownP50Ms),
      short(line.p95Ms),
      short(line.cpuMs),
      line.recall === 1 ? '1' : figure(line.recall, 4),
      reference ? `${short(line.p50Ms / reference.p50Ms)}x` : '',
      reference ? `${short(line.p95Ms / reference.p95Ms)}x` : '',
      reference ? `${short(line.cpuMs / reference.cpuMs)}x` : '',
    ];
  });
}

/** Markdown. */
export function tableOf(entries: readonly Entry[], truth: Truth): string {
  const ours = entries.find(({ contestant, rounds }) => contestant.id === REFERENCE && rounds.length > 0);
  const reference = ours ? lineOf(ours, 0, truth) : null;
  const rows = entries.flatMap((entry) => rowsOf(entry, reference, truth));
  const line = (cells: readonly string[]) => `| ${HEAD.map((_, i) => cells[i] ?? '').join(' | ')} |`;
  return [line(HEAD), `|${HEAD.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)].join('\n');
}
