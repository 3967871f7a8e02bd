import type { Distillate } from './case.ts';

/** A case of which nothing is known. */
export const NOTHING_DISTILLED: Distillate = {
  diagnosis: null,
  diagnosisSpan: null,
  diagnosisCategory: 'other',
  secondaryDiagnoses: [],
  isRare: false,
  rarityCriteria: [],
  rarityEvidence: [],
  rareReason: null,
  rareSpan: null,
  rejectionReason: null,
  keySymptoms: [],
  keyLabs: [],
  keyEcg: null,
  treatments: [],
  complications: [],
  outcome: { status: 'unknown', span: null, followUpMonths: null },
  review: { by: 'rules', claims: 0, dropped: 0, repairs: 0, truncated: false, suspicious: false },
};

/** A stored distillate; what an older version did not store is unknown until `distill` runs again. */
export const distillateOf = (stored: Partial<Distillate>): Distillate => ({ ...NOTHING_DISTILLED, ...stored });
