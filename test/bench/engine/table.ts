import { type Contestant, CPU_US_TARGET, REFERENCE } from './contestants.ts';
import type { Measured } from './measure.ts';

export type Entry = { readonly contestant: Contestant; readonly runs: readonly Measured[]; readonly missing?: string };

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
/** The middle value; of an even count the lower one, which is a value that was measured. */
export const median = (values: readonly number[]): number => sorted(values)[Math.floor((values.length - 1) / 2)] ?? NaN;

const perSecond = (run: Measured): number => (run.items * 1_000) / run.tookMs;
const cpuUs = (run: Measured): number => ((run.cpuMs + run.serverCpuMs) * 1_000) / run.items;
const serverUs = (run: Measured): number => (run.serverCpuMs * 1_000) / run.items;

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
const ratio = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)}x`;

export function printTable(entries: readonly Entry[]): void {
  const reference = entries.find((entry) => entry.contestant.id === REFERENCE);
  const referenceRate = median(reference?.runs.map(perSecond) ?? []);
  const referenceUs = median(reference?.runs.map(cpuUs) ?? []);
  const rows = entries.map(({ contestant, runs, missing }) => {
    if (missing !== undefined) return [contestant.title, contestant.durability, `MISSING: ${missing}`];
    const rates = runs.map(perSecond);
    return [
      contestant.title,
      contestant.durability,
      number(median(rates)),
      `${number(Math.min(...rates))} to ${number(Math.max(...rates))}`,
      number(median(runs.map(cpuUs)), 1),
      number(median(runs.map(serverUs)), 1),
      ratio(referenceRate / median(rates)),
      ratio(median(runs.map(cpuUs)) / referenceUs),
      number(median(runs.map((run) => run.items))),
    ];
  });
  const head = [
    '',
    'durability',
    'items/s',
    'min to max',
    'CPU µs/item',
    'of it servers',
    'ours is',
    'by CPU',
    'items a run',
  ];
  const width = head.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => (row.length > 3 ? (row[i]?.length ?? 0) : 0))),
  );
  width[0] = Math.max(...rows.map((row) => row[0]?.length ?? 0));
  width[1] = Math.max(...rows.map((row) => row[1]?.length ?? 0));
  for (const row of [head, ...rows])
    console.log(row.map((cell, i) => (i < 2 ? cell.padEnd(width[i] ?? 0) : cell.padStart(width[i] ?? 0))).join('  '));
}

/** One line for each target. Returns whether all that could be measured were met; a missing peer is said and counts for neither. */
export function printTargets(entries: readonly Entry[]): boolean {
  const reference = entries.find((entry) => entry.contestant.id === REFERENCE);
  if (!reference || reference.runs.length === 0) return false;
  const rate = median(reference.runs.map(perSecond));
  let all = true;
  const line = (met: boolean, text: string) => {
    all &&= met;
    console.log(`${met ? 'met   ' : 'MISSED'}  ${text}`);
  };
  for (const { contestant, runs, missing } of entries) {
    if (contestant.target === undefined) continue;
    if (missing !== undefined) {
      console.log(`unknown ${contestant.id}: ${missing}`);
      continue;
    }
    const got = rate / median(runs.map(perSecond));
    line(got >= contestant.target, `${contestant.id}: ours is ${ratio(got)}, asked ${ratio(contestant.target)}`);
  }
  const us = median(reference.runs.map(cpuUs));
  line(us <= CPU_US_TARGET, `CPU: ours takes ${us.toFixed(1)} µs an item, asked ${CPU_US_TARGET}`);
  return all;
}
