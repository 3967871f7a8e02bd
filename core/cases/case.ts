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

/** Half-open range [start, end) of UTF-16 offsets into the text of the case. */
export type Span = readonly [start: number, end: number];

/** One typed fact of a facet, with the words of the text that say it. */
export type Finding = {
  /** Canonical, lower-case name: `chest pain`, `troponin i`, `st elevation`, `lvef`, `age`. */
  readonly term: string;
  readonly assertion: Assertion;
  readonly span: Span;
  readonly value?: number;
  /** As a UCUM code where known: `mmol/L`, `%`, `ms`, `/min`, `a` (years). */
  readonly unit?: string;
  readonly comparator?: Comparator;
  readonly flag?: Flag;
  /** The same amount in the one unit that this term is compared in, where the text used another. */
  readonly canonical?: { readonly value: number; readonly unit: string };
  /** Reference range as the text states it, in `unit`; null where it is open to that side. */
  readonly range?: readonly [low: number | null, high: number | null];
  readonly trend?: Trend;
  readonly severity?: Severity;
  readonly onset?: Onset;
  /** How long it had lasted at presentation. */
  readonly durationDays?: number;
  /** When it was found, in the words of the text, lower case: `on admission`, `day 3`, `at discharge`. */
  readonly at?: string;
  /** `HP:0002094`, where the operator has loaded a vocabulary with codes. */
  readonly code?: string;
  /** Further words of the finding: ECG leads, body site, modality. Lower case. */
  readonly qualifiers?: readonly string[];
};

/** A facet of one case: the text that is embedded and shown, and its findings in text order. */
export type FacetView = { readonly text: string; readonly findings: readonly Finding[] };

export type Patient = { readonly ageYears: number | null; readonly sex: Sex | null };

/**
 * What the normaliser makes of one patient's text. `text` may be that patient's part of a document, its pieces joined by a line
 * end; all spans refer to it. A facet without evidence is absent from `facets`.
 */
export type ExtractedCase = {
  readonly text: string;
  readonly patient: Patient;
  readonly facets: Readonly<Partial<Record<Facet, FacetView>>>;
  /** Share in [0, 1] of the fields a complete report has. */
  readonly completeness: number;
};

/** Words of the case that say something, at most 200 characters. */
export type Claim = { readonly text: string; readonly span: Span };

/** What speaks for one criterion of rarity; `span` is null where the title says it. */
export type RarityEvidence = {
  readonly criterion: RarityCriterion;
  readonly reason: string;
  readonly span: Span | null;
};

/** How it ended for the patient. */
export type CaseOutcome = {
  readonly status: OutcomeStatus;
  readonly span: Span | null;
  readonly followUpMonths: number | null;
};

/** How a distillate came about, for the operator who pays for it and the reader who trusts it. */
export type Review = {
  /** `rules`, or the model that answered: `Qwen/Qwen3-8B`. */
  readonly by: string;
  /** Claims that a model made, and those left out because their words are not in the case. */
  readonly claims: number;
  readonly dropped: number;
  /** Further answers that were asked for because one did not fit the schema. */
  readonly repairs: number;
  /** The model saw only the beginning of the text. */
  readonly truncated: boolean;
  /** The text holds words that read like orders to a model. */
  readonly suspicious: boolean;
};

/** What one case is, how it was treated and how it ended; every claim that is made carries the span that supports it. */
export type Distillate = {
  readonly diagnosis: string | null;
  readonly diagnosisSpan: Span | null;
  readonly diagnosisCategory: DiagnosisCategory;
  /** At most 10. */
  readonly secondaryDiagnoses: readonly Claim[];
  readonly isRare: boolean;
  readonly rarityCriteria: readonly RarityCriterion[];
  /** One or more for each criterion; empty when not rare. */
  readonly rarityEvidence: readonly RarityEvidence[];
  /** At most 500 characters; null when not rare. */
  readonly rareReason: string | null;
  readonly rareSpan: Span | null;
  /** Why it is not rare; at most 300 characters; null when rare. */
  readonly rejectionReason: string | null;
  readonly keySymptoms: readonly string[];
  readonly keyLabs: readonly string[];
  readonly keyEcg: string | null;
  /** In text order; the first qualifier is `medication`, `procedure`, `device` or `therapy`. */
  readonly treatments: readonly Finding[];
  readonly complications: readonly Finding[];
  readonly outcome: CaseOutcome;
  readonly review: Review;
};
