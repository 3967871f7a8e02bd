/** The closed lists of the clinical part. SQL CHECKs, TypeScript unions and validators derive from these. */

/** The five views of a case, in the order in which they are shown and stored. */
export const FACETS = ['symptoms', 'ecg', 'labs', 'demographics', 'imaging'] as const;
export type Facet = (typeof FACETS)[number];

/** What gets a vector: each facet that has text, and the case as a whole. The order is the order of bits in `vector.views`. */
export const VIEWS = [...FACETS, 'whole'] as const;
export type View = (typeof VIEWS)[number];

/** How the text asserts a finding (Chapman's NegEx and ConText classes, with history and family apart). Stored by place: add at the end. */
export const ASSERTIONS = ['present', 'absent', 'possible', 'historical', 'family', 'hypothetical'] as const;
export type Assertion = (typeof ASSERTIONS)[number];

export const SEXES = ['female', 'male'] as const;
export type Sex = (typeof SEXES)[number];

/** Where a value lies against its reference range; `abnormal` where the text says so without saying which way. */
export const FLAGS = ['low', 'normal', 'high', 'abnormal'] as const;
export type Flag = (typeof FLAGS)[number];

export const SEVERITIES = ['mild', 'moderate', 'severe'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const ONSETS = ['acute', 'subacute', 'chronic', 'intermittent'] as const;
export type Onset = (typeof ONSETS)[number];

/** Where a finding or a value is going. */
export const TRENDS = ['rising', 'falling', 'stable', 'normalised', 'resolved', 'worsening', 'improving'] as const;
export type Trend = (typeof TRENDS)[number];

export const AGE_GROUPS = ['0-17', '18-39', '40-64', '65+'] as const;
export type AgeGroup = (typeof AGE_GROUPS)[number];

export const OUTCOME_STATUSES = ['recovered', 'improved', 'stable', 'deteriorated', 'deceased', 'unknown'] as const;
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number];

export const COMPARATORS = ['<', '<=', '>', '>=', '~'] as const;
export type Comparator = (typeof COMPARATORS)[number];

/** Cardiology first, then the body by system. */
export const DIAGNOSIS_CATEGORIES = [
  'arrhythmia',
  'cardiomyopathy',
  'coronary',
  'valvular',
  'congenital',
  'pericardial',
  'vascular',
  'respiratory',
  'neurological',
  'gastrointestinal',
  'renal',
  'endocrine',
  'haematological',
  'infectious',
  'rheumatological',
  'dermatological',
  'oncological',
  'musculoskeletal',
  'ophthalmological',
  'psychiatric',
  'obstetric',
  'toxic',
  'other',
] as const;
export type DiagnosisCategory = (typeof DIAGNOSIS_CATEGORIES)[number];

/** A case is rare when at least one of these holds. */
export const RARITY_CRITERIA = [
  'prevalence',
  'atypical_presentation',
  'rare_ecg_pattern',
  'rare_complication',
  'rare_drug_reaction',
  'rare_for_demographic',
] as const;
export type RarityCriterion = (typeof RARITY_CRITERIA)[number];

/** Why a document was set aside; shown to the operator with the document's id. */
export const SET_ASIDE_REASONS = [
  'not_english',
  'web_page',
  'too_short',
  'no_case',
  'no_text',
  'incomplete',
  'veterinary',
  'review',
  'research',
  'letter',
  'editorial',
  'correction',
  'retraction_notice',
  'not_current',
  'duplicate',
  'missing',
  'merged',
] as const;
export type SetAsideReason = (typeof SET_ASIDE_REASONS)[number];

/** A document that is not current is in no answer; it was retracted, withdrawn by its journal, or is gone from its source. */
export const PUBLICATION_STATES = ['current', 'retracted', 'withdrawn', 'gone'] as const;
export type PublicationState = (typeof PUBLICATION_STATES)[number];

/** What was published about a document later. */
export const NOTICE_KINDS = ['retraction', 'expression_of_concern', 'erratum', 'update', 'comment'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export const IDENTITY_KINDS = ['pmid', 'pmcid', 'doi', 'title', 'shingle'] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

/** `parked`: it waits for a decision of the operator, and says which. */
export const SOURCE_STATES = ['active', 'paused', 'parked'] as const;
export type SourceState = (typeof SOURCE_STATES)[number];
export const WINDOW_STATES = ['open', 'done', 'split', 'failed'] as const;
export type WindowState = (typeof WINDOW_STATES)[number];

export const PRESETS = ['balanced', 'arrhythmia', 'structural', 'metabolic', 'symptom', 'rare'] as const;
export type Preset = (typeof PRESETS)[number];

export const ALERT_LEVELS = ['routine', 'significant', 'critical'] as const;
export type AlertLevel = (typeof ALERT_LEVELS)[number];

/**
 * A job of a model service. `intent`: about to be submitted, or whether it was is not known; `submitted`: the service has it; `ended`:
 * the service is done and its answers are being fetched; `applied`: they are stored; `abandoned`: never submitted, or given up.
 */
export const BATCH_JOB_STATES = ['intent', 'submitted', 'ended', 'applied', 'abandoned'] as const;
export type BatchJobState = (typeof BATCH_JOB_STATES)[number];
export const OPEN_JOB_STATES = ['intent', 'submitted', 'ended'] as const satisfies readonly BatchJobState[];

/**
 * A case in a job. `waiting` for the job; `answered`, `refused` or `unanswered` when it ended; then `used` by its stage, or `failed`:
 * it came to nothing, and the case needs another job.
 */
export const BATCH_ITEM_STATES = ['waiting', 'answered', 'refused', 'unanswered', 'used', 'failed'] as const;
export type BatchItemState = (typeof BATCH_ITEM_STATES)[number];
