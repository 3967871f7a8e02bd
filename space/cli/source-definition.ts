import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { SourceDefinition } from '../../core/corpus.ts';
import { SOURCE_KINDS, type SourceKind } from '../../core/sources/source.ts';
import type { Config } from '../config.ts';
import { addressesOf } from '../sources/web.ts';
import { UsageError } from './exit.ts';
import { wholeNumber } from './run.ts';

/** What a person types to say what is to be collected, each option checked by itself. */
export type DefinitionOptions = {
  readonly source: SourceKind;
  readonly query: string;
  readonly since?: string;
  readonly limit?: number;
  readonly every?: number;
};

/** Longest query: the services take about as much in an address, and so does a person in one look. */
const QUERY_LENGTH_MAX = 4_000;
export const EVERY_MS_MIN = 15 * 60_000;
const EVERY_MS_MAX = 366 * 86_400_000;
const FIRST_DAY = '1900-01-01';
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

export function sourceKind(given: string): SourceKind {
  const found = SOURCE_KINDS.find((kind) => kind === given.trim().toLowerCase());
  if (found) return found;
  throw new InvalidArgumentError(`there is no such source; one of ${SOURCE_KINDS.join(', ')}`);
}

export function sourceName(given: string): string {
  if (/^[a-z][a-z0-9-]{0,63}$/.test(given)) return given;
  throw new InvalidArgumentError('a name is 1 to 64 of a-z, 0-9 and -, beginning with a letter (rare-ecg-2)');
}

export function queryText(given: string): string {
  const query = given.trim();
  if (query === '')
    throw new InvalidArgumentError('the query is empty: say what to collect, or for files where they are');
  if (query.length > QUERY_LENGTH_MAX)
    throw new InvalidArgumentError(
      `the query has ${query.length} characters, at most ${QUERY_LENGTH_MAX} are taken: make several sources of a part each`,
    );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a service would take for another query is refused
  if (/[\u0000-\u001f\u007f]/.test(query))
    throw new InvalidArgumentError('the query holds a line break or another control character: write it on one line');
  return query;
}

/** A day as `2015-01-31`, from 1900 to `todayMs`. */
export const firstDay =
  (todayMs: number) =>
  (given: string): string => {
    const day = given.trim();
    const atMs = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) : Number.NaN;
    // 2026-02-30 is read as a day of March.
    if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== day)
      throw new InvalidArgumentError('expected a day of the calendar as YYYY-MM-DD, such as 2015-01-31');
    if (day < FIRST_DAY) throw new InvalidArgumentError(`before ${FIRST_DAY}: no service has entries that old`);
    if (atMs > todayMs)
      throw new InvalidArgumentError(`lies in the future (today is ${new Date(todayMs).toISOString().slice(0, 10)})`);
    return day;
  };

/** `90m`, `12h`, `1d`, `1w` in ms. */
export function interval(given: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})\s?([mhdw])$/.exec(given.trim().toLowerCase()) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (number === '' || Number.isNaN(ms))
    throw new InvalidArgumentError('expected a number with m, h, d or w behind it: 90m, 12h, 1d, 1w');
  if (ms < EVERY_MS_MIN)
    throw new InvalidArgumentError('at most every 15 minutes: the services change once a day, and are shared by all');
  if (ms > EVERY_MS_MAX) throw new InvalidArgumentError('at least once a year');
  return ms;
}

/** `ms` as `interval` reads it. */
export function intervalWords(ms: number): string {
  const unit = (['w', 'd', 'h'] as const).find((name) => ms % (UNITS[name] ?? 1) === 0) ?? 'm';
  return `${ms / (UNITS[unit] ?? 1)}${unit}`;
}

/** Options by which `sources add` and `ingest` say what to collect. */
export const withDefinitionOptions = (command: Command): Command =>
  command
    .option('--since <day>', 'first day, as YYYY-MM-DD, on which the service had them', firstDay(Date.now()))
    .option('--limit <n>', 'at most so many documents in all', wholeNumber(1, 10_000_000));

/**
 * The definition that the options make. @throws UsageError for what only shows together: files that are not there, a source that the
 * settings do not allow
 */
export function definitionOf(name: string, options: DefinitionOptions, config: Config): SourceDefinition {
  const { source: kind } = options;
  if (kind === 'web' && config.webSource === 'off')
    throw new UsageError('sources of kind web are off: read docs/sources.md, then set WEB_SOURCE=on');
  if (kind !== 'file' && kind !== 'web' && options.since === undefined)
    throw new UsageError(`--since is missing: the first day on which ${kind} had them, such as --since 2015-01-01`);
  return {
    name,
    kind,
    query: kind === 'file' ? fileQuery(options.query) : kind === 'web' ? webQuery(options.query) : options.query,
    since: options.since ?? FIRST_DAY,
    documentsMax: options.limit ?? null,
    everyMs: options.every ?? null,
  };
}

function webQuery(query: string): string {
  try {
    addressesOf(query);
    return query;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}, with blanks between them`);
  }
}

/** Schedules run in another folder than the command that was typed. */
function fileQuery(query: string): string {
  const path = resolve(query);
  if (existsSync(path)) return path;
  throw new UsageError(`there is no file or folder ${path}: for --source file the query is where the files are`);
}

/** The name of a definition that nobody named: equal for what is equal, so that the command repeated goes on. */
export function derivedName({ kind, query, since, documentsMax }: Omit<SourceDefinition, 'name'>): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([kind, query, since, documentsMax]))
    .digest('hex');
  return `ingest-${kind}-${hash.slice(0, 10)}`;
}
