import { PermanentError } from '../engine/errors.ts';
import type { Days } from './source.ts';

/**
 * The operator's query as one operand: in parentheses, so that nothing in it joins what is added.
 * @throws PermanentError where its parentheses or quotes are open, as it then would mean something else
 */
function operand(query: string, service: string): string {
  const text = query.trim();
  if (text === '') throw new PermanentError('the query of the source is empty: say what it collects', { service });
  let depth = 0;
  let isQuoted = false;
  for (const sign of text) {
    if (sign === '"') isQuoted = !isQuoted;
    if (isQuoted) continue;
    if (sign === '(') depth += 1;
    if (sign === ')') depth -= 1;
    if (depth < 0) break;
  }
  if (depth !== 0 || isQuoted)
    throw new PermanentError(
      `the query of the source has ${isQuoted ? 'a quote' : 'a parenthesis'} without its partner: correct it`,
      { service },
    );
  return `(${text})`;
}

/**
 * Case reports in PubMed and PMC. db=pmc takes the tag as well: published corpora were collected so.
 * Source: pubmed.ncbi.nlm.nih.gov/help (Publication types); MedCaseReasoning, `Case Reports[pt]` with db=pmc.
 */
export const NCBI_CASE_REPORTS = '"case reports"[Publication Type]';
/**
 * Case reports in Europe PMC: the name that MEDLINE gives them, the article type of JATS, and the slug of the search page. Preprints
 * have no type but `Preprint`, so their titles are asked.
 * Source: europepmc.org/searchsyntax (PUB_TYPE, SRC).
 */
export const EUROPE_PMC_CASE_REPORTS =
  '(PUB_TYPE:"Case Reports" OR PUB_TYPE:"case-report" OR PUB_TYPE:"case-reports" OR (SRC:PPR AND (TITLE:"case report" OR TITLE:"case series")))';

const join = (parts: readonly string[]): string => parts.join(' AND ');

/** Term for esearch: the query, narrowed to case reports unless it names a publication type itself. */
export function ncbiTerm(query: string, service: string, since?: string): string {
  const names = /\[\s?(?:pt|ptyp|publication type)\s?(?::[a-z]{1,10})?\]/i.test(query);
  return join([
    operand(query, service),
    ...(names ? [] : [NCBI_CASE_REPORTS]),
    ...(since === undefined ? [] : [`("${slashes(since)}"[edat] : "3000"[edat])`]),
  ]);
}

/** `2026/11/22`, as E-utilities write a day. */
export const slashes = (day: string): string => day.replaceAll('-', '/');

/** Query for Europe PMC within days of a date field, of sources whose records can be named. */
export function europePmcQuery(query: string, by: 'FIRST_IDATE' | 'UPDATE_DATE', days: Days, since?: string): string {
  const names = /\bPUB_TYPE\s?:/i.test(query);
  return join([
    operand(query, 'europe-pmc'),
    ...(names ? [] : [EUROPE_PMC_CASE_REPORTS]),
    '(SRC:MED OR SRC:PMC OR SRC:PPR)',
    `${by}:[${days.from} TO ${days.to}]`,
    ...(since === undefined ? [] : [`FIRST_IDATE:[${since} TO 3000-12-31]`]),
  ]);
}
