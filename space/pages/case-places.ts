import type { CaseAnswer, CaseFinding } from '../../core/search/case-contract.ts';
import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import { RARITY_LABELS } from '../client/words.js';
import type { Mark } from './highlight.ts';

/** What of a case stands in its text, by the list that it is shown in. */
export type PlaceGroup = Facet | 'diagnosis' | 'secondary' | 'evidence' | 'treatment' | 'complication' | 'outcome';

/** The marks of a case, numbered over the whole page; the nth of a group has the key `first[group] + n`. */
export type Places = {
  readonly marks: readonly Mark[];
  readonly first: ReadonlyMap<PlaceGroup, number>;
};

type Unnumbered = Omit<Mark, 'key'>;
const NOWHERE = [0, 0] as const;

export function placesOf(theCase: CaseAnswer): Places {
  const groups: readonly (readonly [PlaceGroup, readonly Unnumbered[]])[] = [
    ...FACETS.map(
      (facet) => [facet, (theCase.facets[facet]?.findings ?? []).map((one) => ofFinding(facet, one))] as const,
    ),
    ['diagnosis', [inCourse(`diagnosis ${theCase.diagnosis ?? ''}`, theCase.diagnosis_span)]],
    ['secondary', theCase.secondary_diagnoses.map(({ text, span }) => inCourse(`diagnosis ${text}`, span))],
    [
      'evidence',
      theCase.rarity_evidence.map(({ criterion, span }) => inCourse(RARITY_LABELS[criterion] ?? criterion, span)),
    ],
    ['treatment', theCase.treatments.map((one) => ofCourse('treatment', one))],
    ['complication', theCase.complications.map((one) => ofCourse('complication', one))],
    ['outcome', [inCourse(`outcome ${theCase.outcome.status}`, theCase.outcome.span)]],
  ];
  const first = new Map<PlaceGroup, number>();
  const marks: Mark[] = [];
  for (const [group, unnumbered] of groups) {
    first.set(group, marks.length);
    marks.push(...unnumbered.map((mark, at) => ({ ...mark, key: marks.length + at })));
  }
  return { marks, first };
}

const ofFinding = (facet: Facet, { term, assertion, span }: CaseFinding): Unnumbered => ({
  facet,
  assertion,
  term,
  span,
});

const ofCourse = (what: string, { term, assertion, span }: CaseFinding): Unnumbered => ({
  facet: 'course',
  assertion,
  term: `${what} ${term}`,
  span,
});

const inCourse = (term: string, span: Mark['span'] | null): Unnumbered => ({
  facet: 'course',
  assertion: 'present',
  term,
  span: span ?? NOWHERE,
});

/** Where a link to the nth of a group leads on the page of the case. */
export function hrefOf(places: Places, group: PlaceGroup, at: number): string {
  return `#finding-${(places.first.get(group) ?? 0) + at}`;
}
