import { type Assertion, FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { CaseAnswer, CaseFinding } from './case-contract.ts';
import { mentionAgreement, mentionOf, PATIENT_TERMS } from './findings.ts';
import { isKindOf } from './pairs.ts';
import { titleFromText } from './result.ts';

export const COMPARED_MIN = 2;
export const COMPARED_MAX = 4;
/** Agreement from which two mentions read as the same: of amounts on one side of the range, the smaller is then two fifths of the larger. */
const SAME_MIN = 0.7;

const TELLING: readonly Assertion[] = ['present', 'possible', 'historical', 'absent', 'family', 'hypothetical'];

/** What is compared: the facets, and what was done and what went wrong. */
export const COMPARED_GROUPS = [...FACETS, 'treatments', 'complications'] as const;
export type ComparedGroup = (typeof COMPARED_GROUPS)[number];

/** One mention of a finding. Where it has a canonical amount, `value` and `unit` are that, and `stated` is what the text says. */
export type ComparedMention = Pick<
  CaseFinding,
  'assertion' | 'value' | 'unit' | 'comparator' | 'flag' | 'range' | 'trend' | 'at' | 'qualifiers' | 'span'
> & {
  readonly stated?: { readonly value: number; readonly unit?: string };
  /** Words of the text; null where it is withheld. */
  readonly quote: string | null;
};
/** What one case says of one finding, most telling mention first; null where it says nothing, which is not the same as absent. */
export type ComparedCell = readonly ComparedMention[] | null;
/**
 * One finding across the cases. `same`: all mention it and agree with the reference. `differs`: two or more mention it and disagree.
 * `some`: not all mention it, and those that do agree.
 */
export type ComparedRow = {
  readonly term: string;
  readonly relation: 'same' | 'differs' | 'some';
  /** How many of the cases mention it. */
  readonly cases: number;
  /** In the order of the cases. */
  readonly cells: readonly ComparedCell[];
};
export type ComparedCase = Pick<
  CaseAnswer,
  | 'case_id'
  | 'patient'
  | 'diagnosis'
  | 'diagnosis_category'
  | 'secondary_diagnoses'
  | 'rare'
  | 'rarity_criteria'
  | 'rare_reason'
  | 'completeness'
  | 'citation'
  | 'url'
  | 'licence'
  | 'notices'
  | 'text_withheld'
> & {
  readonly outcome: Pick<CaseAnswer['outcome'], 'status' | 'follow_up_months'>;
  /** Its opening words where the source gives no title; null where neither may be shown. */
  readonly title: string | null;
};
/** `GET /api/compare`: the first case is what the others are compared with. */
export type CompareAnswer = {
  readonly cases: readonly ComparedCase[];
  readonly groups: Readonly<Record<ComparedGroup, readonly ComparedRow[]>>;
  readonly release: { readonly version: number; readonly generation: string };
  readonly disclaimer: string;
};

export type CompareProblem = { readonly field: 'ids'; readonly message: string };

/** Two to four different ids, or what is wrong with them. */
export function checkCompared(ids: readonly string[]): CompareProblem | null {
  const problem = (message: string): CompareProblem => ({ field: 'ids', message });
  if (ids.length > COMPARED_MAX) return problem(`expected at most ${COMPARED_MAX} cases, came ${ids.length}`);
  if (ids.length < COMPARED_MIN) return problem(`expected at least ${COMPARED_MIN} cases, came ${ids.length}`);
  return new Set(ids).size < ids.length ? problem('expected different cases, came one of them twice') : null;
}

/** Finding by finding, aligned by term. All cases are of one release. */
export function compareCases(cases: readonly CaseAnswer[]): CompareAnswer {
  const [reference] = cases;
  if (!reference) throw new Error('nothing to compare');
  const groups = Object.fromEntries(
    COMPARED_GROUPS.map((group) => [
      group,
      rowsOf(
        cases.map((theCase) => findingsOf(theCase, group)),
        group,
      ),
    ]),
  ) as Record<ComparedGroup, readonly ComparedRow[]>;
  return {
    cases: cases.map(comparedCase),
    groups,
    release: { version: reference.provenance.release, generation: reference.provenance.generation },
    disclaimer: reference.disclaimer,
  };
}

function comparedCase(theCase: CaseAnswer): ComparedCase {
  const { status, follow_up_months } = theCase.outcome;
  const { notices, text_withheld } = theCase;
  return {
    case_id: theCase.case_id,
    title: theCase.title ?? (theCase.text === '' ? null : titleFromText(theCase.text)),
    patient: theCase.patient,
    diagnosis: theCase.diagnosis,
    diagnosis_category: theCase.diagnosis_category,
    secondary_diagnoses: theCase.secondary_diagnoses,
    rare: theCase.rare,
    rarity_criteria: theCase.rarity_criteria,
    rare_reason: theCase.rare_reason,
    outcome: { status, follow_up_months },
    completeness: theCase.completeness,
    citation: theCase.citation,
    url: theCase.url,
    licence: theCase.licence,
    ...(notices && { notices }),
    ...(text_withheld !== undefined && { text_withheld }),
  };
}

const isFacet = (group: ComparedGroup): group is Facet => (FACETS as readonly string[]).includes(group);

function findingsOf(theCase: CaseAnswer, group: ComparedGroup): ReadonlyMap<string, readonly ComparedMention[]> {
  const findings = isFacet(group) ? (theCase.facets[group]?.findings ?? []) : theCase[group];
  const byTerm = new Map<string, CaseFinding[]>();
  for (const finding of findings) {
    // Age and sex stand in the head of the table.
    if (PATIENT_TERMS.has(finding.term)) continue;
    const held = byTerm.get(finding.term);
    if (held) held.push(finding);
    else byTerm.set(finding.term, [finding]);
  }
  return new Map([...byTerm].map(([term, mentions]) => [term, tellingFirst(mentions, theCase.text)]));
}

/** What a reader wants of several mentions: that it was there before that it was not, what is out of range, what was measured. */
function tellingFirst(findings: readonly CaseFinding[], text: string): readonly ComparedMention[] {
  const rank = ({ assertion, flag, value }: CaseFinding): number =>
    4 * TELLING.indexOf(assertion) + (flag === undefined || flag === 'normal' ? 2 : 0) + (value === undefined ? 1 : 0);
  const told = new Map<string, ComparedMention>();
  for (const finding of [...findings].sort((a, b) => rank(a) - rank(b))) {
    const mention = mentionFrom(finding, text);
    const { span: _, quote: __, ...said } = mention;
    const name = JSON.stringify(said);
    if (!told.has(name)) told.set(name, mention);
  }
  return [...told.values()];
}

function mentionFrom(finding: CaseFinding, text: string): ComparedMention {
  const { assertion, comparator, flag, trend, at, qualifiers, range, canonical, value, unit, span } = finding;
  const stated = value === undefined ? null : { value, ...(unit !== undefined && { unit }) };
  return {
    assertion,
    ...(canonical ?? stated),
    ...(canonical && stated && { stated }),
    ...(comparator && { comparator }),
    ...(flag && { flag }),
    // The range is stated in the unit of the text.
    ...(range && !canonical && { range }),
    ...(trend && { trend }),
    ...(at !== undefined && { at }),
    ...(qualifiers && { qualifiers }),
    quote: text.slice(span[0], span[1]) || null,
    span,
  };
}

function rowsOf(
  held: readonly ReadonlyMap<string, readonly ComparedMention[]>[],
  group: ComparedGroup,
): readonly ComparedRow[] {
  const terms = [...new Set(held.flatMap((one) => [...one.keys()]))];
  const cellOf = group === 'symptoms' ? withKinds : (one: (typeof held)[number], term: string) => one.get(term) ?? null;
  const rows = terms.map((term): ComparedRow => {
    const cells = held.map((one) => cellOf(one, term));
    return { term, relation: relationOf(cells), cases: cells.filter((cell) => cell !== null).length, cells };
  });
  // What most cases speak of first; else as the texts have it, that of the reference before the others.
  return rows.sort((a, b) => b.cases - a.cases);
}

/** Who had a tonic-clonic seizure had a seizure, also where earlier ones are denied or the plain word never stands. */
function withKinds(held: ReadonlyMap<string, readonly ComparedMention[]>, term: string): ComparedCell {
  const own = held.get(term) ?? [];
  const isStated = ({ assertion }: ComparedMention) => !isDenied(assertion) && !isOthers(assertion);
  if (own.some(isStated)) return own;
  const kinds = [...held].flatMap(([kind, mentions]) => (isKindOf(kind, term) ? mentions.filter(isStated) : []));
  return kinds.length + own.length === 0 ? null : [...kinds, ...own];
}

function relationOf(cells: readonly ComparedCell[]): ComparedRow['relation'] {
  const said = cells.filter((cell) => cell !== null);
  const [first, ...others] = said;
  if (first && others.some((other) => !agree(first, other))) return 'differs';
  return said.length === cells.length ? 'same' : 'some';
}

/** Whether the most telling mentions of two cases say the same. */
function agree([a]: readonly ComparedMention[], [b]: readonly ComparedMention[]): boolean {
  if (!a || !b) return true;
  if (isDenied(a.assertion) !== isDenied(b.assertion) || isOthers(a.assertion) !== isOthers(b.assertion)) return false;
  if (isDenied(a.assertion) || isOthers(a.assertion)) return true;
  // Certainty is not what is compared here.
  const certain = (one: ComparedMention) => mentionOf({ ...one, term: '', assertion: 'present' });
  return mentionAgreement(certain(a), certain(b)) >= SAME_MIN;
}

const isDenied = (assertion: Assertion): boolean => assertion === 'absent';
const isOthers = (assertion: Assertion): boolean => assertion === 'family' || assertion === 'hypothetical';
