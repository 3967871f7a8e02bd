import { ASSERTIONS, FACETS, type Facet, FLAGS } from '../../schema/vocabulary.ts';
import type { ExtractedCase, Finding, Patient } from '../cases/case.ts';
import { arrayOf, Growing, groupByKey, packArrays, packStrings, unpackArrays, unpackStrings } from './binary.ts';
import type { Cards } from './cards.ts';
import { inverseFrequency } from './lexical.ts';
import type { PostingColumns } from './merge.ts';

/** Postings of finding term t are at termStart[t] .. termStart[t + 1], by case ordinal; `values` holds NaN for none. */
export type FindingIndex = {
  readonly termOf: ReadonlyMap<string, number>;
  readonly termStart: Uint32Array;
  readonly cases: Uint32Array;
  readonly facets: Uint8Array;
  readonly assertions: Uint8Array;
  /** Place in `FLAGS` plus one; 0 for none. */
  readonly flags: Uint8Array;
  readonly values: Float32Array;
};

/** Age and sex are compared as numbers of the patient, not as words. */
export const PATIENT_TERMS: ReadonlySet<string> = new Set(['age', 'sex']);

/** Weight of age: that of a property which one case in seven has. Of sex: one in two. Same scale as the idf of a finding. */
const AGE_WEIGHT = Math.log(7);
const SEX_WEIGHT = Math.log(2);
/** Softens the ratio of two ages in the first years of life. */
const AGE_SOFTENING_YEARS = 5;

/** How much a finding counts by its assertion; what is absent, a relative's or not the case is shown, not ranked by (design, section 7). */
const ASSERTION_WEIGHT: Readonly<Record<Finding['assertion'], number>> = {
  present: 1,
  possible: 0.5,
  historical: 0.5,
  absent: 0,
  family: 0,
  hypothetical: 0,
};

/** Agreement of two mentions whose values cannot be compared. */
const MENTION_AGREEMENT = 0.7;

/** The amount in the one unit that its term is compared in; NaN for none. */
function comparedValue(finding: Finding): number {
  return finding.canonical?.value ?? finding.value ?? Number.NaN;
}

/** What a build that takes cases over has to know of the arrays of `findings.bin`. */
export const FINDINGS_COLUMNS: PostingColumns = {
  byPosting: ['facets', 'assertions', 'flags', 'values'],
  byCase: [],
  constant: [],
  order: 'utf-16',
};

export type FindingsBuilder = { add(extracted: ExtractedCase): void; finish(): Uint8Array };

/** Takes case 0, 1, 2 … and gives the bytes of `findings.bin`. */
export function createFindingsBuilder(): FindingsBuilder {
  const idOf = new Map<string, number>();
  const u8 = () => new Growing((length) => new Uint8Array(length));
  const u32 = () => new Growing((length) => new Uint32Array(length));
  const terms = u32();
  const cases = u32();
  const facets = u8();
  const assertions = u8();
  const flags = u8();
  const values = new Growing((length) => new Float32Array(length));
  let ordinal = 0;
  return {
    add(extracted) {
      for (const [place, facet] of FACETS.entries()) {
        for (const finding of extracted.facets[facet]?.findings ?? []) {
          if (PATIENT_TERMS.has(finding.term)) continue;
          const id = idOf.get(finding.term) ?? idOf.size;
          idOf.set(finding.term, id);
          terms.push(id);
          cases.push(ordinal);
          facets.push(place);
          assertions.push(ASSERTIONS.indexOf(finding.assertion));
          flags.push(finding.flag === undefined ? 0 : FLAGS.indexOf(finding.flag) + 1);
          values.push(comparedValue(finding));
        }
      }
      ordinal += 1;
    },
    finish() {
      const names = [...idOf.keys()].sort();
      const rank = new Uint32Array(names.length);
      for (const [place, name] of names.entries()) rank[idOf.get(name) ?? 0] = place;
      const { start, order } = groupByKey(
        terms.taken().map((id) => rank[id] ?? 0),
        names.length,
      );
      return packArrays({
        terms: packStrings(names),
        termStart: start,
        cases: order.map((at) => cases.at(at)),
        facets: Uint8Array.from(order, (at) => facets.at(at)),
        assertions: Uint8Array.from(order, (at) => assertions.at(at)),
        flags: Uint8Array.from(order, (at) => flags.at(at)),
        values: Float32Array.from(order, (at) => values.at(at)),
      });
    },
  };
}

/** Throws `ReleaseFormatError`. */
export function readFindings(bytes: Uint8Array): FindingIndex {
  const unpacked = unpackArrays('findings.bin', bytes);
  const termStart = arrayOf(unpacked, 'termStart', Uint32Array);
  const termOf = new Map<string, number>();
  const names = unpackStrings(arrayOf(unpacked, 'terms', Uint8Array), termStart.length - 1);
  for (const [id, name] of names.entries()) termOf.set(name, id);
  return {
    termOf,
    termStart,
    cases: arrayOf(unpacked, 'cases', Uint32Array),
    facets: arrayOf(unpacked, 'facets', Uint8Array),
    assertions: arrayOf(unpacked, 'assertions', Uint8Array),
    flags: arrayOf(unpacked, 'flags', Uint8Array),
    values: arrayOf(unpacked, 'values', Float32Array),
  };
}

/** What is compared of two mentions of one finding. `value` is NaN and `flag` 0 where there is none. */
export type Mention = { readonly assertion: number; readonly flag: number; readonly value: number };

export function mentionOf(finding: Finding): Mention {
  return {
    assertion: ASSERTIONS.indexOf(finding.assertion),
    flag: finding.flag === undefined ? 0 : FLAGS.indexOf(finding.flag) + 1,
    value: comparedValue(finding),
  };
}

const WEIGHT_BY_ASSERTION = ASSERTIONS.map((assertion) => ASSERTION_WEIGHT[assertion]);
const ABNORMAL = FLAGS.indexOf('abnormal') + 1;
const NORMAL = FLAGS.indexOf('normal') + 1;

/**
 * How far two mentions of one finding say the same, in [0, 1]: side of the reference range first, then the ratio of the values
 * (their log ratio to the reference range, in which the range cancels out).
 */
export function mentionAgreement(query: Mention, found: Mention): number {
  const asserted = WEIGHT_BY_ASSERTION[found.assertion] ?? 0;
  if (asserted === 0) return 0;
  const sameSide =
    query.flag === 0 || found.flag === 0
      ? null
      : query.flag === found.flag ||
        (query.flag === ABNORMAL && found.flag !== NORMAL) ||
        (found.flag === ABNORMAL && query.flag !== NORMAL);
  if (sameSide === false) return 0;
  const comparable = query.value > 0 && found.value > 0;
  const ratio = comparable ? Math.min(query.value, found.value) / Math.max(query.value, found.value) : null;
  if (ratio !== null) return asserted * (sameSide === true ? (1 + ratio) / 2 : ratio);
  return asserted * (sameSide === true ? 1 : query.flag === 0 && found.flag === 0 ? 1 : MENTION_AGREEMENT);
}

/** One finding of the query that is ranked by, with its weight in its facet. */
type Clause = { readonly id: number | undefined; readonly weight: number; readonly mention: Mention };

/** Agreement of the query's findings with every case, by facet; NaN where the case lacks the facet, no entry where the query does. */
export function agreementScores(
  index: FindingIndex,
  cards: Cards,
  query: Pick<ExtractedCase, 'facets' | 'patient'>,
): Partial<Record<Facet, Float32Array>> {
  const scores: Partial<Record<Facet, Float32Array>> = {};
  for (const [place, facet] of FACETS.entries()) {
    const clauses = clausesOf(index, cards.count, query.facets[facet]?.findings ?? []);
    const patient = facet === 'demographics' ? query.patient : null;
    const weight = clauses.reduce((sum, clause) => sum + clause.weight, 0) + patientWeight(patient);
    if (weight === 0) continue;
    const sums = new Float32Array(cards.count);
    for (const clause of clauses) addClause(sums, index, place, clause, clause.weight / weight);
    if (patient) addPatient(sums, cards, patient, 1 / weight);
    for (let i = 0; i < cards.count; i += 1) {
      if (((cards.facets[i] ?? 0) & (1 << place)) === 0) sums[i] = Number.NaN;
    }
    scores[facet] = sums;
  }
  return scores;
}

function clausesOf(index: FindingIndex, caseCount: number, findings: readonly Finding[]): readonly Clause[] {
  const clauses = new Map<string, Clause>();
  for (const finding of findings) {
    const asserted = ASSERTION_WEIGHT[finding.assertion];
    if (asserted === 0 || PATIENT_TERMS.has(finding.term)) continue;
    const id = index.termOf.get(finding.term);
    const mentions = id === undefined ? 0 : (index.termStart[id + 1] ?? 0) - (index.termStart[id] ?? 0);
    const weight = asserted * inverseFrequency(caseCount, Math.min(caseCount, mentions));
    const held = clauses.get(finding.term);
    // A repeated finding counts once: as the mention that says most.
    if (!held || weight > held.weight || (weight === held.weight && Number.isNaN(held.mention.value))) {
      clauses.set(finding.term, { id, weight, mention: mentionOf(finding) });
    }
  }
  return [...clauses.values()];
}

/** Adds the best agreement of each case's mentions; a case's postings are neighbours. */
function addClause(sums: Float32Array, index: FindingIndex, place: number, clause: Clause, scale: number): void {
  if (clause.id === undefined) return;
  const end = index.termStart[clause.id + 1] ?? 0;
  let best = 0;
  for (let at = index.termStart[clause.id] ?? 0; at < end; at += 1) {
    const ordinal = index.cases[at] as number;
    if (index.facets[at] === place) {
      const found = {
        assertion: index.assertions[at] as number,
        flag: index.flags[at] as number,
        value: index.values[at] as number,
      };
      best = Math.max(best, mentionAgreement(clause.mention, found));
    }
    if (at + 1 === end || index.cases[at + 1] !== ordinal) {
      sums[ordinal] = (sums[ordinal] as number) + scale * best;
      best = 0;
    }
  }
}

function patientWeight(patient: Patient | null): number {
  if (!patient) return 0;
  return (patient.ageYears === null ? 0 : AGE_WEIGHT) + (patient.sex === null ? 0 : SEX_WEIGHT);
}

/** Ages agree by the ratio of the smaller to the larger, in [0, 1]. */
export function ageAgreement(a: number, b: number): number {
  return (Math.min(a, b) + AGE_SOFTENING_YEARS) / (Math.max(a, b) + AGE_SOFTENING_YEARS);
}

function addPatient(sums: Float32Array, cards: Cards, patient: Patient, scale: number): void {
  for (let i = 0; i < cards.count; i += 1) {
    let sum = sums[i] as number;
    const age = cards.ageYears[i] as number;
    if (patient.ageYears !== null && !Number.isNaN(age)) {
      sum += scale * AGE_WEIGHT * ageAgreement(patient.ageYears, age);
    }
    if (patient.sex !== null && cards.sexOf(i) === patient.sex) sum += scale * SEX_WEIGHT;
    sums[i] = sum;
  }
}
