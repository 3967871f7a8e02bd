import type { Facet, Preset } from '../../schema/vocabulary.ts';
import type { Engine, Leg } from './contract.ts';
import type { Bm25 } from './lexical.ts';

/** A rule that looks at the query and moves weights (`adjust.ts`). */
export type AdjustmentRule = 'detailed_ecg' | 'abnormal_labs' | 'paediatric' | 'imaging_main';
/** What makes a match more or less reliable than its percentile says (`confidence.ts`). */
export type ConfidenceFactor =
  | 'strong_facets'
  | 'missing_facets'
  | 'both_rare'
  | 'incomplete'
  | 'arrhythmia_without_ecg'
  | 'rare_without_symptoms'
  | 'other_age_group';

/** What decides ranks and flags. `version` is stored with every answer and changes with any number here. */
export type SearchSettings = {
  readonly version: string;
  readonly presets: Readonly<Record<Preset, Readonly<Record<Facet, number>>>>;
  readonly preset: Preset;
  /** Parts of the score, shared out over the legs that run; that of the facets is theirs where the whole query was understood. */
  readonly shares: { readonly facets: number; readonly whole: number; readonly lexical: number };
  readonly bm25: Bm25;
  readonly flag: {
    readonly compositeMin: number;
    readonly leadMin: number;
    readonly facetMin: number;
    readonly facets: number;
  };
  /** Scores from which a facet agrees at all, strongly, critically. */
  readonly levels: Readonly<
    Record<Facet, { readonly minimum: number; readonly strong: number; readonly critical: number }>
  >;
  readonly adjustments: Readonly<
    Record<AdjustmentRule, { readonly on: boolean; readonly change: Readonly<Partial<Record<Facet, number>>> }>
  >;
  readonly confidence: Readonly<Record<ConfidenceFactor, { readonly on: boolean; readonly change: number }>>;
  /** Weight in the default preset from which a facet is missed where a case lacks it. */
  readonly leadWeightMin: number;
  /** Results that are the same document, or nearly the same text, stand as one. `cosineMin` is that of whole cases. */
  readonly fold: { readonly on: boolean; readonly cosineMin: number; readonly containmentMin: number };
  /** Near cases whose diagnoses are counted. */
  readonly rollupOf: number;
  readonly alerts: { readonly significantMin: number; readonly criticalMin: number };
  /** Which engine answers where the request names none: the faster one at every size that was measured (decision 0015). */
  readonly engine: Engine;
  /** Rows asked of each FAISS index: more make the bound on the others tighter, fewer make the search faster. */
  readonly faissRows: { readonly perResult: number; readonly min: number };
  /**
   * Where `from` cases or more may be answers, they are chosen by their sign bits first: `perResult` for each that is wanted, no fewer than
   * `width`, of which the best are then exact. Below, every answer is exact (decision 0015).
   */
  readonly coarse: { readonly from: number; readonly width: number; readonly perResult: number };
  readonly kDefault: number;
  readonly kMax: number;
  readonly textCharsMax: number;
  readonly legs: readonly Leg[];
  readonly disclaimer: string;
};

export const SETTINGS: SearchSettings = {
  version: '2',
  presets: {
    balanced: { symptoms: 0.3, ecg: 0.25, labs: 0.25, demographics: 0.1, imaging: 0.1 },
    arrhythmia: { symptoms: 0.2, ecg: 0.4, labs: 0.15, demographics: 0.1, imaging: 0.15 },
    structural: { symptoms: 0.2, ecg: 0.15, labs: 0.15, demographics: 0.1, imaging: 0.4 },
    metabolic: { symptoms: 0.2, ecg: 0.15, labs: 0.4, demographics: 0.15, imaging: 0.1 },
    symptom: { symptoms: 0.5, ecg: 0.15, labs: 0.15, demographics: 0.1, imaging: 0.1 },
    rare: { symptoms: 0.25, ecg: 0.2, labs: 0.2, demographics: 0.2, imaging: 0.15 },
  },
  preset: 'balanced',
  // Measured with test/bench/retrieval.ts (decision 0017): the optimum is flat.
  shares: { facets: 0.4, whole: 0.35, lexical: 0.45 },
  // The defaults of Anserini (Yang 2017). Other constants rank better alone and worse in the sum (decision 0018).
  bm25: { k1: 0.9, b: 0.4, k3: Number.POSITIVE_INFINITY, idfPower: 1 },
  flag: { compositeMin: 0.5, leadMin: 0.45, facetMin: 0.4, facets: 2 },
  levels: {
    symptoms: { minimum: 0.5, strong: 0.75, critical: 0.9 },
    ecg: { minimum: 0.55, strong: 0.8, critical: 0.95 },
    labs: { minimum: 0.5, strong: 0.75, critical: 0.9 },
    demographics: { minimum: 0.4, strong: 0.7, critical: 0.85 },
    imaging: { minimum: 0.45, strong: 0.7, critical: 0.85 },
  },
  // None of them moves a rank for the better on labelled cases (decision 0017).
  adjustments: {
    detailed_ecg: { on: false, change: { ecg: 0.1, symptoms: -0.05, labs: -0.05 } },
    abnormal_labs: { on: false, change: { labs: 0.1, demographics: -0.05, imaging: -0.05 } },
    paediatric: { on: false, change: { demographics: 0.1, labs: -0.05, imaging: -0.05 } },
    imaging_main: { on: false, change: { imaging: 0.15, symptoms: -0.05, ecg: -0.05, labs: -0.05 } },
  },
  // Only what was seen to tell relevant results from others is on (decision 0017).
  confidence: {
    strong_facets: { on: false, change: 0.05 },
    missing_facets: { on: true, change: -0.1 },
    both_rare: { on: false, change: 0.08 },
    incomplete: { on: false, change: -0.08 },
    arrhythmia_without_ecg: { on: false, change: -0.15 },
    rare_without_symptoms: { on: false, change: -0.1 },
    other_age_group: { on: false, change: -0.05 },
  },
  leadWeightMin: 0.2,
  fold: { on: true, cosineMin: 0.95, containmentMin: 0.8 },
  rollupOf: 50,
  alerts: { significantMin: 0.65, criticalMin: 0.8 },
  engine: 'fused',
  faissRows: { perResult: 20, min: 200 },
  coarse: { from: 25_000, width: 2_048, perResult: 64 },
  kDefault: 10,
  kMax: 100,
  textCharsMax: 200_000,
  legs: ['dense', 'lexical', 'findings'],
  disclaimer:
    'For research and education. Similar published cases are no diagnosis and no advice; a qualified person must judge them.',
};
