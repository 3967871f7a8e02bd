import type { SourceAnswer } from '../../core/search/contract.ts';
import { intervalWords } from './source-definition.ts';

const COUNTS = ['found', 'new', 'changed', 'listed', 'retracted', 'missing'] as const;

/** Every definition as a block of lines: how it stands, what it asks, and what it waits for. */
export function formatSources(sources: readonly SourceAnswer[]): string {
  if (sources.length === 0) return 'no source is defined; "anamnesis sources add --help" says how\n';
  const width = Math.max(8, ...sources.map(({ name }) => name.length));
  const head = [
    'name'.padEnd(width),
    'source'.padEnd(10),
    'state'.padEnd(8),
    ...COUNTS.map((name) => name.padStart(9)),
    ' last window',
  ];
  return `${[head.join(' '), ...sources.flatMap((source) => sourceLines(source, width))].join('\n')}\n`;
}

function sourceLines(source: SourceAnswer, width: number): readonly string[] {
  const { name, kind, running, state } = source;
  const row = [
    name.padEnd(width),
    kind.padEnd(10),
    (state === 'active' && running ? 'running' : state).padEnd(8),
    ...COUNTS.map((count) => String(source[count]).padStart(9)),
    ` ${windowWords(source)}`,
  ];
  return [row.join(' '), ...furtherLines(source).map((line) => `${' '.repeat(width)} ${line}`)];
}

export function windowWords({ last_window }: SourceAnswer): string {
  if (last_window === null) return 'none yet';
  const { by, from, to, received, stated } = last_window;
  return `${by} ${from === to ? from : `${from}..${to}`} ${received}${stated === null ? '' : `/${stated}`}`;
}

function furtherLines(source: SourceAnswer): readonly string[] {
  const { query, since, limit, every_s, next_run, last_run, waiting, error, remarks, windows_open } = source;
  const schedule = every_s === null ? 'runs only when told to' : `every ${intervalWords(every_s * 1_000)}`;
  return [
    `query: ${query}`,
    [
      `since ${since}`,
      ...(limit === null ? [] : [`at most ${limit}`]),
      schedule,
      last_run === null ? 'no run has ended yet' : `last run ended ${last_run}`,
      ...(next_run === null ? [] : [`next ${next_run}`]),
      ...(windows_open === 0 ? [] : [`${windows_open} windows open`]),
    ].join(', '),
    ...(waiting === null ? [] : [`waits: ${waiting.reason}, until ${waiting.until ?? 'somebody acts'}`]),
    ...(error === null || waiting?.reason.includes(error) ? [] : [`last error: ${error}`]),
    ...[...new Set(remarks)].slice(-3).map((remark) => `remark: ${remark}`),
  ];
}
