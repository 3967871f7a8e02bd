import type { Facet, Preset } from '../../schema/vocabulary.ts';
import type { Leg } from './contract.ts';
import type { Bm25 } from './lexical.ts';

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
  readonly alerts: { readonly significantMin: number; readonly criticalMin: number };
  /** Rows asked of each FAISS index: more make the bound on the others tighter, fewer make the search faster. */
  readonly faissRows: { readonly perResult: number; readonly min: number };
  /**
   * Where `from` cases or more may be answers, they are chosen by their sign bits first: `width` of them, of which the best are then exact. Below,
   * every answer is exact.
   */
  readonly coarse: { readonly from: number; readonly width: number };
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
  // The defaults of Anserini (Yang 2017). The textbook's 1.2 and 0.75 rank whole articles below abstracts.
  bm25: { k1: 0.9, b: 0.4 },
  flag: { compositeMin: 0.5, leadMin: 0.45, facetMin: 0.4, facets: 2 },
  alerts: { significantMin: 0.65, criticalMin: 0.8 },
  faissRows: { perResult: 20, min: 200 },
  coarse: { from: 400_000, width: 2_048 },
  kDefault: 10,
  kMax: 100,
  textCharsMax: 200_000,
  legs: ['dense', 'lexical', 'findings'],
  disclaimer:
    'For research and education. Similar published cases are no diagnosis and no advice; a qualified person must judge them.',
};
