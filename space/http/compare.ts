import { COMPARED_MAX, type CompareAnswer, checkCompared, compareCases } from '../../core/search/compare.ts';
import type { CaseAnswer } from '../../core/search/contract.ts';
import { CASE_ID_CHARS_MAX } from '../../core/search/request.ts';
import type { AppDeps } from './deps.ts';
import { type FieldProblem, factsOf, ProblemError } from './problems.ts';

/** More are not read out of an address, so that a problem can say how many came. */
const IDS_READ_MAX = 100;

/** The cases that an address names: `ids=A,B`, or `ids=A&ids=B` where an id has a comma. */
export function idsOf(address: URLSearchParams): readonly string[] {
  const given = address.getAll('ids');
  const ids = given.length === 1 ? (given[0] ?? '').split(',') : given;
  return ids
    .map((id) => id.trim())
    .filter((id) => id !== '')
    .slice(0, IDS_READ_MAX);
}

/** Throws a problem that names every id with what is wrong with it. */
export async function compared(deps: Pick<AppDeps, 'caseById'>, ids: readonly string[]): Promise<CompareAnswer> {
  refuse(checkCompared(ids));
  const cases = await casesOf(deps, ids);
  // Two ids may stand for one case: documents of one article.
  refuse(checkCompared(cases.map(({ case_id }) => case_id)));
  return compareCases(cases);
}

function refuse(problem: FieldProblem | null): void {
  if (problem === null) return;
  const detail = `Two to ${COMPARED_MAX} different cases can be compared: ${problem.message}.`;
  throw new ProblemError({ status: 400, code: 'invalid_request', detail, errors: [problem] });
}

async function casesOf(deps: Pick<AppDeps, 'caseById'>, ids: readonly string[]): Promise<readonly CaseAnswer[]> {
  const found: CaseAnswer[] = [];
  const problems: { readonly gone: boolean; readonly problem: FieldProblem }[] = [];
  for (const id of ids) {
    try {
      const one = id.length > CASE_ID_CHARS_MAX ? null : await deps.caseById(id);
      if (one !== null) found.push(one);
      else problems.push({ gone: false, problem: { field: 'ids', message: `${shown(id)}: no such case` } });
    } catch (error) {
      const { status, detail } = factsOf(error);
      if (status !== 410) throw error;
      problems.push({ gone: true, problem: { field: 'ids', message: `${shown(id)}: ${detail}` } });
    }
  }
  if (problems.length === 0) return found;
  const onlyGone = problems.every(({ gone }) => gone);
  const errors = problems.map(({ problem }) => problem);
  throw new ProblemError({
    status: onlyGone ? 410 : 404,
    code: onlyGone ? 'case_gone' : 'unknown_case',
    detail: onlyGone
      ? 'A case to compare was taken out of the corpus.'
      : 'The release being served has no such case to compare.',
    errors,
  });
}

const SHOWN_CHARS_MAX = 60;
const shown = (id: string): string => (id.length > SHOWN_CHARS_MAX ? `${id.slice(0, SHOWN_CHARS_MAX)}…` : id);
