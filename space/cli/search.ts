import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { SearchAnswer } from '../../core/search/contract.ts';
import { parseSearchRequest } from '../../core/search/request.ts';
import { createServing } from '../serving.ts';
import { EXIT, UsageError } from './exit.ts';
import { printJson, withSpace } from './open.ts';

type Options = {
  readonly file?: string;
  readonly case?: string;
  readonly keywords?: string;
  readonly facet?: readonly string[];
  readonly k?: string;
  readonly preset?: string;
  readonly weights?: string;
  readonly filter?: readonly string[];
  readonly engine?: string;
  readonly legs?: string;
  readonly json?: boolean;
};

export const searchCommand = (): Command =>
  new Command('search')
    .description('find published cases like a text, facets, or a case of the corpus')
    .argument('[text]', 'a case in words')
    .option('--file <file>', 'read the text from a file; - for standard input')
    .option('--case <id>', 'cases like this one')
    .option('--keywords <words>', 'what every answer must have: words, "phrases", AND, OR, NOT')
    .option('--facet <name=text...>', 'one facet of the query: symptoms, ecg, labs, demographics, imaging')
    .option('--k <n>', 'how many, 1 to 100 (10)')
    .option('--preset <name>', 'balanced, arrhythmia, structural, metabolic, symptom, rare')
    .option('--weights <list>', 'weights per facet, as symptoms=0.5,ecg=0.2')
    .option(
      '--filter <name=value...>',
      'age_min, age_max, sex, rare, category, year_min, year_max, source, licence, has=ecg,labs',
    )
    .option('--engine <name>', 'fused or faiss')
    .option('--legs <list>', 'of dense, lexical, findings')
    .option('--json', 'print JSON')
    .action(async (text: string | undefined, options: Options) => {
      const parsed = parseSearchRequest(await bodyOf(text, options));
      if (!parsed.ok)
        throw new UsageError(parsed.problems.map(({ field, message }) => `${field}: ${message}`).join('; '));
      await withSpace({ quiet: true }, async (space) => {
        const serving = createServing(space);
        await serving.refresh();
        const answer = await serving.search(parsed.request);
        if (options.json) printJson(answer);
        else process.stdout.write(formatAnswer(answer));
        if (answer.results.length === 0) process.exitCode = EXIT.nothing;
        else if (answer.degraded.length > 0) process.exitCode = EXIT.degraded;
      });
    });

/** The request as the HTTP API takes it; both go through one validation. */
async function bodyOf(text: string | undefined, options: Options): Promise<Record<string, unknown>> {
  const body: Record<string, unknown> = {};
  if (text !== undefined) body.text = text;
  if (options.file !== undefined) {
    if (text !== undefined) throw new UsageError('give the text or --file, not both');
    body.text = await readFile(options.file === '-' ? '/dev/stdin' : options.file, 'utf8');
  }
  if (options.case !== undefined) body.case_id = options.case;
  if (options.keywords !== undefined) body.keywords = options.keywords;
  if (options.facet) body.facets = named(options.facet, '--facet', (_, value) => value);
  if (options.k !== undefined) body.k = numberOf(options.k);
  if (options.preset !== undefined) body.preset = options.preset;
  if (options.weights !== undefined)
    body.weights = named(options.weights.split(','), '--weights', (_, value) => numberOf(value));
  if (options.filter) body.filters = named(options.filter, '--filter', filterOf);
  if (options.engine !== undefined) body.engine = options.engine;
  if (options.legs !== undefined) body.legs = options.legs.split(',');
  return body;
}

function pair(given: string, option: string): readonly [string, string] {
  const at = given.indexOf('=');
  if (at < 1) throw new UsageError(`${option} ${given}: expected name=value`);
  return [given.slice(0, at), given.slice(at + 1)];
}

/** Fields by their names; one that is given twice is a mistake, not the last of the two. */
function named(
  given: readonly string[],
  option: string,
  read: (name: string, value: string) => unknown,
): Record<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const one of given) {
    const [name, value] = pair(one, option);
    if (fields.has(name)) throw new UsageError(`${option}: ${name} is given twice`);
    fields.set(name, read(name, value));
  }
  return Object.fromEntries(fields);
}

/** What is no number stays as it came, and is refused by the rules of a request. */
const numberOf = (value: string): string | number =>
  value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;

function filterOf(name: string, value: string): unknown {
  if (name === 'has') return value === '' ? [] : value.split(',');
  return value === 'true' || value === 'false' ? value === 'true' : numberOf(value);
}

export function formatAnswer(answer: SearchAnswer): string {
  const lines = answer.results.flatMap((result, i) => [
    `${String(i + 1).padStart(2)}. ${result.case_id}  ${result.title}`,
    `    ${result.diagnosis ?? 'diagnosis not stated'}${result.rare ? '  [rare]' : ''}`,
    `    score ${result.score.toFixed(3)}, closer than ${result.percentile.toFixed(1)} % of random pairs; ${result.flagged ? '' : 'not flagged: '}${result.flag_reason}`,
    ...Object.entries(result.facets).map(
      ([facet, { score, contribution, matched }]) =>
        `    ${facet.padEnd(13)} ${score === null ? '  -  ' : score.toFixed(2)}  +${contribution.toFixed(3)}  ${matched.map(({ term }) => term).join(', ')}`,
    ),
    ...(result.notices ?? []).map(
      ({ kind, reference }) => `    ${kind.replaceAll('_', ' ')}${reference ? `: ${reference}` : ''}`,
    ),
    ...(result.text_withheld ? [`    text not shown: ${result.text_withheld}`] : []),
    ...result.evidence.slice(0, 2).map(({ quote }) => `    "${quote.replaceAll(/\s+/g, ' ').slice(0, 160)}"`),
    `    ${result.citation}${result.url ? `  ${result.url}` : ''}`,
    '',
  ]);
  const { version, case_count } = answer.release;
  const chosen = answer.exact === false ? ', cases chosen by an estimate first' : '';
  return [
    ...lines,
    answer.results.length === 0 ? 'no similar case found\n' : '',
    ...answer.degraded.map((text) => `degraded: ${text}`),
    `release ${version}, ${case_count} cases, ${answer.took_ms.toFixed(1)} ms, engine ${answer.engine}${chosen}`,
    answer.disclaimer,
    '',
  ].join('\n');
}
