import type { Distillate, ExtractedCase, Finding, Span } from '../cases/case.ts';
import type { StoredCase } from '../search/archive.ts';
import type { Provenance } from '../search/contract.ts';
import { withoutText } from '../search/withhold.ts';
import { sameName, setAgreementOf } from './agreement-measures.ts';

/** One case that a model has distilled, and what that took. */
export type ModelCase = {
  readonly caseId: string;
  readonly title: string | null;
  readonly extracted: ExtractedCase;
  readonly distillate: Distillate;
  /** Units of the quota that its calls used, as the ledger of effects or the service of a job has them; null where neither says. */
  readonly units: number | null;
  readonly calls: number;
  /** Why words of the case may not be shown; null where they may. */
  readonly withheld: string | null;
};

/** What one side says, with the words of the case that say it; null where no words are shown or none are named. */
export type Said = { readonly claim: string | null; readonly quote: string | null };
export const DIFFERENCE_FIELDS = [
  'rare',
  'criteria',
  'diagnosis',
  'category',
  'outcome',
  'treatments',
  'complications',
  'key findings',
] as const;
export type DifferenceField = (typeof DIFFERENCE_FIELDS)[number];
export type Difference = { readonly field: DifferenceField; readonly rules: Said; readonly model: Said };
export type DifferingCase = {
  readonly caseId: string;
  readonly title: string | null;
  readonly by: string;
  readonly units: number | null;
  readonly withheld: string | null;
  readonly differences: readonly Difference[];
};

export type Compared = { readonly theCase: ModelCase; readonly rules: Distillate };

const isOwn = ({ assertion }: Finding): boolean => assertion === 'present' || assertion === 'historical';
export const termsOfField = (field: 'treatments' | 'complications') => (one: Distillate) => [
  ...new Set(one[field].filter(isOwn).map(({ term }) => term)),
];
/** By the names alone; see `MATCHING_RULE`. */
export function compareDiagnoses(rules: string | null, model: string | null) {
  if (rules === null) return model === null ? 'neither' : 'onlyModel';
  if (model === null) return 'onlyRules';
  return sameName(rules, model) ? 'same' : 'different';
}

const NO_PROVENANCE: Provenance = {
  source: '',
  title: null,
  authors: [],
  journal: null,
  publicationDate: null,
  pmid: null,
  pmcid: null,
  doi: null,
  url: null,
  licence: null,
};

/** What may be shown of a distillate: where the text may not, no claim that could be a sentence of it. */
function shownOf({ caseId, extracted, withheld }: ModelCase, distillate: Distillate): Distillate {
  if (withheld === null) return distillate;
  const stored: StoredCase = { caseId, provenance: NO_PROVENANCE, extracted, distillate, withheld };
  const isName = (words: string): boolean => words.length <= NAME_CHARS_MAX;
  const short = (words: readonly string[]) => words.filter(isName);
  const shown = withoutText(stored).distillate;
  return {
    ...shown,
    treatments: shown.treatments.filter(({ term }) => isName(term)),
    complications: shown.complications.filter(({ term }) => isName(term)),
    keySymptoms: short(shown.keySymptoms),
    keyLabs: short(shown.keyLabs),
    keyEcg: short(shown.keyEcg === null ? [] : [shown.keyEcg])[0] ?? null,
  };
}

/** In more words it is no name of a finding or treatment, and may be a sentence of the report. */
const NAME_CHARS_MAX = 80;
const QUOTE_CHARS_MAX = 200;

/** The fields in which both differ, with what each says; none where they do not. */
export function differenceOf({ theCase, rules }: Compared): readonly DifferingCase[] {
  const { caseId, title, distillate: model, units, withheld } = theCase;
  const fields = DIFFERENCE_FIELDS.filter((field) => differs(field, rules, model));
  if (fields.length === 0) return [];
  const shown = [shownOf(theCase, rules), shownOf(theCase, model)] as const;
  const quote = (span: Span | null): string | null => {
    if (span === null || span[1] <= span[0]) return null;
    return theCase.extracted.text.slice(span[0], Math.min(span[1], span[0] + QUOTE_CHARS_MAX));
  };
  const differences = fields.map((field) => ({
    field,
    rules: saidOf(field, shown[0], quote),
    model: saidOf(field, shown[1], quote),
  }));
  return [{ caseId, title, by: model.review.by, units, withheld, differences }];
}

function differs(field: DifferenceField, rules: Distillate, model: Distillate): boolean {
  const sets = (of: (distillate: Distillate) => readonly string[]): boolean => {
    const { onlyRules, onlyModel } = setAgreementOf([[of(rules), of(model)]], sameName);
    return onlyRules + onlyModel > 0;
  };
  switch (field) {
    case 'rare':
      return rules.isRare !== model.isRare;
    case 'criteria':
      return [...rules.rarityCriteria].sort().join() !== [...model.rarityCriteria].sort().join();
    case 'diagnosis':
      return !['same', 'neither'].includes(compareDiagnoses(rules.diagnosis, model.diagnosis));
    case 'category':
      return rules.diagnosisCategory !== model.diagnosisCategory;
    case 'outcome':
      return rules.outcome.status !== model.outcome.status;
    case 'treatments':
    case 'complications':
      return sets(termsOfField(field));
    case 'key findings':
      return sets(keysOf);
  }
}

const keysOf = (one: Distillate): readonly string[] => [
  ...one.keySymptoms,
  ...one.keyLabs,
  ...(one.keyEcg === null ? [] : [one.keyEcg]),
];

function saidOf(field: DifferenceField, one: Distillate, quote: (span: Span | null) => string | null): Said {
  const list = (words: readonly string[]) => (words.length === 0 ? null : words.join(', '));
  const quotes = (spans: readonly (Span | null)[]) => spans.flatMap((span) => quote(span) ?? []).join(' … ') || null;
  switch (field) {
    case 'rare':
      return {
        claim: one.isRare ? `rare: ${one.rareReason ?? ''}` : `not rare: ${one.rejectionReason ?? ''}`,
        quote: quote(one.rareSpan),
      };
    case 'criteria':
      return { claim: list(one.rarityCriteria), quote: quotes(one.rarityEvidence.map(({ span }) => span)) };
    case 'diagnosis':
      return { claim: one.diagnosis, quote: quote(one.diagnosisSpan) };
    case 'category':
      return { claim: one.diagnosisCategory, quote: quote(one.diagnosisSpan) };
    case 'outcome':
      return { claim: one.outcome.status, quote: quote(one.outcome.span) };
    case 'treatments':
    case 'complications':
      return { claim: list(termsOfField(field)(one)), quote: quotes(one[field].filter(isOwn).map(({ span }) => span)) };
    case 'key findings':
      return { claim: list(keysOf(one)), quote: null };
  }
}
