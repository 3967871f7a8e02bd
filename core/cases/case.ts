import type {
  Assertion,
  Comparator,
  DiagnosisCategory,
  Facet,
  Flag,
  RarityCriterion,
  Sex,
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
  /** Further words of the finding: ECG leads, body site, modality, severity. Lower case. */
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

/** Primary diagnosis and rarity of one case; every claim that is made carries the span that supports it. */
export type Distillate = {
  readonly diagnosis: string | null;
  readonly diagnosisSpan: Span | null;
  readonly diagnosisCategory: DiagnosisCategory;
  readonly isRare: boolean;
  readonly rarityCriteria: readonly RarityCriterion[];
  /** At most 500 characters; null when not rare. */
  readonly rareReason: string | null;
  readonly rareSpan: Span | null;
  /** Why it is not rare; at most 300 characters; null when rare. */
  readonly rejectionReason: string | null;
  readonly keySymptoms: readonly string[];
  readonly keyLabs: readonly string[];
  readonly keyEcg: string | null;
};
