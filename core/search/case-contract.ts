import type {
  Assertion,
  Comparator,
  DiagnosisCategory,
  Facet,
  Flag,
  Onset,
  OutcomeStatus,
  RarityCriterion,
  Severity,
  Sex,
  Trend,
} from '../../schema/vocabulary.ts';
import type { Notice } from '../sources/record.ts';
import type { Provenance } from './contract.ts';

/** Half-open range of UTF-16 offsets into the text of the case; [0, 0] where the text is withheld. */
type WireSpan = readonly [number, number];

/** A finding as on the wire; what it says nothing of is absent. */
export type CaseFinding = {
  readonly term: string;
  readonly assertion: Assertion;
  readonly value?: number;
  /** UCUM where known. */
  readonly unit?: string;
  readonly comparator?: Comparator;
  readonly flag?: Flag;
  /** The same amount in the one unit that this term is compared in. */
  readonly canonical?: { readonly value: number; readonly unit: string };
  /** Reference range as the text states it, in `unit`; null where it is open to that side. */
  readonly range?: readonly [low: number | null, high: number | null];
  readonly trend?: Trend;
  readonly severity?: Severity;
  readonly onset?: Onset;
  readonly duration_days?: number;
  /** When it was found: `on admission`, `day 3`. */
  readonly at?: string;
  readonly code?: string;
  readonly qualifiers?: readonly string[];
  readonly span: WireSpan;
};

/** What was made of a case as a whole. Words of a language model are text like any other: never a link, never markup. */
export type CaseJudgement = {
  readonly diagnosis: string | null;
  /** Null where the title alone says it, or the text is withheld. */
  readonly diagnosis_span: WireSpan | null;
  readonly diagnosis_category: DiagnosisCategory;
  readonly secondary_diagnoses: readonly { readonly text: string; readonly span: WireSpan }[];
  readonly rare: boolean;
  readonly rarity_criteria: readonly RarityCriterion[];
  readonly rare_reason: string | null;
  /** What speaks for each criterion; `quote` and `span` are null where the title says it, or the text is withheld. */
  readonly rarity_evidence: readonly {
    readonly criterion: RarityCriterion;
    readonly reason: string;
    readonly quote: string | null;
    readonly span: WireSpan | null;
  }[];
  /** Why it is not rare; null when it is. */
  readonly rejection_reason: string | null;
  readonly key_symptoms: readonly string[];
  readonly key_labs: readonly string[];
  readonly key_ecg: string | null;
  /** The first qualifier of each is `medication`, `procedure`, `device` or `therapy`. */
  readonly treatments: readonly CaseFinding[];
  readonly complications: readonly CaseFinding[];
  readonly outcome: {
    readonly status: OutcomeStatus;
    readonly follow_up_months: number | null;
    readonly quote: string | null;
    readonly span: WireSpan | null;
  };
  /** By what the diagnosis, rarity, treatment and outcome were read: `rules`, or the name of a model. */
  readonly review: {
    readonly by: string;
    /** Claims that a model made, and those left out because their words are not in the case. */
    readonly claims: number;
    readonly dropped: number;
    /** Further answers that were asked for because one did not fit. */
    readonly repairs: number;
    /** The model saw only the beginning of the text. */
    readonly truncated: boolean;
    /** The text holds words that read like orders to a model. */
    readonly suspicious: boolean;
  };
};

/** `GET /api/cases/:id`. */
export type CaseAnswer = CaseJudgement & {
  readonly case_id: string;
  readonly source: string;
  readonly url: string | null;
  readonly citation: string;
  readonly licence: string | null;
  readonly title: string | null;
  readonly text: string;
  readonly patient: { readonly age_years: number | null; readonly sex: Sex | null };
  /** Share in [0, 1] of the fields a complete report has. */
  readonly completeness: number;
  readonly facets: Readonly<
    Partial<Record<Facet, { readonly text: string; readonly findings: readonly CaseFinding[] }>>
  >;
  readonly notices?: readonly Notice[] | undefined;
  /** Why `text` and the texts of the facets are empty; absent where they are not. */
  readonly text_withheld?: string | undefined;
  readonly provenance: Provenance & { readonly release: number; readonly generation: string };
  readonly disclaimer: string;
};
