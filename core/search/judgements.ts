import type { Facet } from '../../schema/vocabulary.ts';
import { parseSearchRequest } from './request.ts';

/** One question with the answers that people hold relevant, by case id and grade (0 is judged and not relevant). */
export type Judgement = {
  readonly id: string;
  readonly ask:
    | { readonly text: string }
    | { readonly case_id: string }
    | { readonly facets: Readonly<Partial<Record<Facet, string>>> };
  readonly relevant: ReadonlyMap<string, number>;
};

/** A file of judgements that cannot be read; says where and what to write instead. */
export class JudgementError extends Error {
  override readonly name = 'JudgementError';
}

const GRADE_MAX = 10;

const problem = (file: string, line: number, text: string): JudgementError =>
  new JudgementError(`${file}, line ${line}: ${text}`);

function* jsonLines(file: string, text: string): Generator<readonly [number, Readonly<Record<string, unknown>>]> {
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw problem(file, at + 1, 'is not JSON: every line is one object');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw problem(file, at + 1, 'must be an object');
    yield [at + 1, value as Readonly<Record<string, unknown>>]; // checked right above
  }
}

function gradeOf(file: string, line: number, value: unknown): number {
  const grade = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof grade !== 'number' || !Number.isFinite(grade) || grade < 0 || grade > GRADE_MAX)
    throw problem(file, line, `a grade is a number from 0 to ${GRADE_MAX}`);
  return grade;
}

/** `["PMC_1"]` (all of grade 1) or `{"PMC_1": 2}`. */
function relevantOf(file: string, line: number, value: unknown): ReadonlyMap<string, number> {
  if (Array.isArray(value) && value.every((id) => typeof id === 'string')) return new Map(value.map((id) => [id, 1]));
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return new Map(Object.entries(value).map(([id, grade]) => [id, gradeOf(file, line, grade)]));
  throw problem(file, line, 'relevant must be a list of case ids, or an object of case ids with grades');
}

/** What is asked, by the rules of a search request. */
function askOf(file: string, line: number, value: Readonly<Record<string, unknown>>): Judgement['ask'] {
  const { text, case_id, facets } = value;
  const parsed = parseSearchRequest({
    ...(text === undefined ? {} : { text }),
    ...(case_id === undefined ? {} : { case_id }),
    ...(facets === undefined ? {} : { facets }),
  });
  if (!parsed.ok)
    throw problem(file, line, parsed.problems.map(({ field, message }) => `${field}: ${message}`).join('; '));
  const { request } = parsed;
  if (request.text !== undefined) return { text: request.text };
  if (request.case_id !== undefined) return { case_id: request.case_id };
  return { facets: request.facets ?? {} };
}

function checked(file: string, judgements: readonly Judgement[]): readonly Judgement[] {
  const usable = judgements.filter(({ relevant }) => [...relevant.values()].some((grade) => grade > 0));
  if (usable.length === 0) throw new JudgementError(`${file}: no question has a relevant answer`);
  return usable;
}

/**
 * Judgements as JSON lines: `{"id"?, "text" | "case_id" | "facets", "relevant": ["PMC_1"] | {"PMC_1": 2}}`.
 * Questions without a relevant answer are left out, since nothing can be measured by them.
 * @throws JudgementError
 */
export function readJudgements(file: string, text: string): readonly Judgement[] {
  const seen = new Set<string>();
  const judgements = [...jsonLines(file, text)].map(([line, value]): Judgement => {
    const id = typeof value.id === 'string' || typeof value.id === 'number' ? String(value.id) : `line ${line}`;
    if (seen.has(id)) throw problem(file, line, `the id ${JSON.stringify(id)} stands there twice`);
    seen.add(id);
    return { id, ask: askOf(file, line, value), relevant: relevantOf(file, line, value.relevant) };
  });
  return checked(file, judgements);
}

/**
 * Judgements as BEIR keeps them (Thakur et al. 2021): `queries.jsonl` with `_id` and `text`, and `qrels` as tab-separated query, document and
 * grade below a heading.
 * @throws JudgementError
 */
export function readBeir(
  queries: { readonly file: string; readonly text: string },
  qrels: { readonly file: string; readonly text: string },
): readonly Judgement[] {
  const relevant = new Map<string, Map<string, number>>();
  for (const [at, line] of qrels.text.split('\n').entries()) {
    const columns = line.split('\t').map((column) => column.trim());
    if (line.trim() === '' || (at === 0 && Number.isNaN(Number(columns.at(-1))))) continue;
    // TREC's form has a column of zeros between query and document.
    const [query, document] = [columns[0], columns.at(-2)];
    if (columns.length < 3 || columns.length > 4 || !query || !document)
      throw problem(qrels.file, at + 1, 'expected query, document and grade, parted by tabs');
    const own = relevant.get(query) ?? new Map<string, number>();
    relevant.set(query, own.set(document, gradeOf(qrels.file, at + 1, columns.at(-1))));
  }
  const judgements = [...jsonLines(queries.file, queries.text)].flatMap(([line, value]): Judgement[] => {
    if (typeof value._id !== 'string') throw problem(queries.file, line, 'has no _id');
    const judged = relevant.get(value._id);
    return judged ? [{ id: value._id, ask: askOf(queries.file, line, { text: value.text }), relevant: judged }] : [];
  });
  return checked(queries.file, judgements);
}
