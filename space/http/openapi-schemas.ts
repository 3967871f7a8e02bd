import { COMPARED_GROUPS } from '../../core/search/compare.ts';
import { MEASURES } from '../../core/search/evaluate.ts';
import { SOURCE_KINDS } from '../../core/sources/source.ts';
import {
  ALERT_LEVELS,
  ASSERTIONS,
  COMPARATORS,
  DIAGNOSIS_CATEGORIES,
  FACETS,
  FLAGS,
  NOTICE_KINDS,
  ONSETS,
  OUTCOME_STATUSES,
  PRESETS,
  RARITY_CRITERIA,
  SEVERITIES,
  SEXES,
  SOURCE_STATES,
  TRENDS,
  WINDOW_STATES,
} from '../../schema/vocabulary.ts';

type Schema = { readonly [keyword: string]: unknown };

const string: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const integer: Schema = { type: 'integer' };
const boolean: Schema = { type: 'boolean' };
const share: Schema = { type: 'number', minimum: 0, maximum: 1 };
const oneOf = (values: readonly string[]): Schema => ({ type: 'string', enum: values });
const list = (items: Schema): Schema => ({ type: 'array', items });
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const range = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum });

/** An object whose fields are all there, but for those named in `optional`. */
function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) };
}

/** An object with any of the facets. */
function byFacet(schema: Schema) {
  const properties = Object.fromEntries(FACETS.map((facet) => [facet, schema]));
  return { type: 'object', properties, additionalProperties: false };
}

const span: Schema = {
  type: 'array',
  items: integer,
  minItems: 2,
  maxItems: 2,
  description: 'UTF-16 offsets [start, end)',
};
const leg = oneOf(['dense', 'lexical', 'findings']);
const engine = oneOf(['fused', 'faiss']);
const notices: Schema = { ...list(ref('Notice')), description: 'errata, expressions of concern, updates' };
const textWithheld: Schema = { ...string, description: 'why no words of the case are shown' };
const part = object({ score: number, contribution: number });

const filters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    age_min: number,
    age_max: number,
    sex: oneOf(SEXES),
    rare: boolean,
    category: oneOf(DIAGNOSIS_CATEGORIES),
    year_min: integer,
    year_max: integer,
    source: string,
    licence: string,
    has: { ...list(oneOf(FACETS)), minItems: 1, description: 'facets that a case must have something in' },
  },
};

/** `components.schemas` of the OpenAPI document: what `core/search/contract.ts` says, for programs in other languages. */
export const schemas = {
  SearchRequest: {
    type: 'object',
    description:
      'One of text, facets and case_id, or keywords alone; keywords may stand beside each. Send either a preset or weights.',
    additionalProperties: false,
    properties: {
      text: string,
      facets: byFacet(string),
      case_id: string,
      keywords: {
        ...string,
        maxLength: 1_000,
        description: 'what every answer must have: words, "phrases", AND, OR, NOT',
      },
      k: { ...range(1, 100), default: 10 },
      preset: { ...oneOf(PRESETS), default: 'balanced' },
      weights: byFacet({ type: 'number', minimum: 0 }),
      filters,
      engine,
      legs: { ...list(leg), default: ['dense', 'lexical', 'findings'] },
      explain: { type: 'boolean', default: true },
    },
  },
  FindingMatch: object({
    term: string,
    query: orNull(string),
    case: orNull(string),
    case_term: {
      ...orNull(string),
      description:
        'what the case calls it: another name where it is met in other words, as a low sodium by hyponatremia',
    },
    query_span: orNull({
      ...span,
      description: 'UTF-16 offsets [start, end) into the text of the query, or of its facet',
    }),
    case_span: orNull({ ...span, description: 'UTF-16 offsets [start, end) into the text of the case' }),
    query_assertion: orNull(oneOf(ASSERTIONS)),
    case_assertion: orNull(oneOf(ASSERTIONS)),
    agreement: number,
  }),
  FacetScore: object({
    score: { ...orNull(share), description: 'null where the query or the case has nothing in this facet' },
    percentile: {
      ...orNull(number),
      description: 'share in [0, 100) of random pairs that are less alike in this facet',
    },
    level: orNull(oneOf(['minimum', 'strong', 'critical'])),
    weight: number,
    contribution: number,
    matched: list(ref('FindingMatch')),
    missing: list(ref('FindingMatch')),
    contradicted: list(ref('FindingMatch')),
  }),
  Notice: object({ kind: oneOf(NOTICE_KINDS), reference: orNull(string) }),
  SearchResult: object(
    {
      case_id: string,
      title: string,
      diagnosis: orNull(string),
      score: number,
      percentile: {
        type: 'number',
        minimum: 0,
        maximum: 100,
        description: 'share of random pairs that are less alike',
      },
      flagged: boolean,
      flag_reason: string,
      alert_level: orNull(oneOf(ALERT_LEVELS)),
      facets: byFacet(ref('FacetScore')),
      lexical: object({ score: number, contribution: number, terms: list(string) }),
      whole: part,
      evidence: list(object({ facet: oneOf([...FACETS, 'lexical']), quote: string, span })),
      citation: string,
      url: orNull(string),
      licence: orNull(string),
      rare: boolean,
      rare_reason: orNull(string),
      confidence: {
        ...object({ value: share, factors: list(object({ name: string, change: number, reason: string })) }),
        description: 'how far the match may be relied on, and what raised or lowered that',
      },
      folded: { ...list(string), description: 'ids of other patients of the report and of nearly the same cases' },
      notices,
      text_withheld: textWithheld,
    },
    ['confidence', 'folded', 'notices', 'text_withheld'],
  ),
  SearchAnswer: object(
    {
      results: list(ref('SearchResult')),
      reason: { ...string, description: 'why there is no result' },
      release: object({ version: integer, case_count: integer, generation: string }),
      weights: byFacet(number),
      thresholds_version: string,
      engine,
      legs: list(leg),
      exact: {
        ...boolean,
        description:
          'false where the cases were chosen by an estimate first, in a large release: scores are exact, a case may be missing',
      },
      adjustments: {
        ...list(object({ rule: string, reason: string, applied: boolean })),
        description: 'rules that looked at the query to move weights',
      },
      rollup: {
        ...object({
          of: integer,
          entries: list(object({ diagnosis: string, cases: integer, share, best_case_id: string, best_score: number })),
        }),
        description: 'diagnoses of the nearest cases, never one of the patient',
      },
      understood: byFacet(list(string)),
      degraded: list(string),
      disclaimer: string,
      took_ms: number,
    },
    ['reason', 'exact', 'adjustments', 'rollup'],
  ),
  Finding: object(
    {
      term: string,
      assertion: oneOf(ASSERTIONS),
      value: number,
      unit: { ...string, description: 'UCUM where known' },
      comparator: oneOf(COMPARATORS),
      flag: oneOf(FLAGS),
      canonical: {
        ...object({ value: number, unit: string }),
        description: 'the same amount in the unit that this term is compared in',
      },
      range: {
        ...list(orNull(number)),
        minItems: 2,
        maxItems: 2,
        description: 'reference range of the text; null where it is open',
      },
      trend: oneOf(TRENDS),
      severity: oneOf(SEVERITIES),
      onset: oneOf(ONSETS),
      duration_days: number,
      at: { ...string, description: 'when it was found, in the words of the text' },
      code: { ...string, description: 'of a vocabulary that the operator has loaded: HP:0002094' },
      qualifiers: list(string),
      span,
    },
    [
      'value',
      'unit',
      'comparator',
      'flag',
      'canonical',
      'range',
      'trend',
      'severity',
      'onset',
      'duration_days',
      'at',
      'code',
      'qualifiers',
    ],
  ),
  Case: object(
    {
      case_id: string,
      source: string,
      url: orNull(string),
      citation: string,
      licence: orNull(string),
      title: orNull(string),
      text: string,
      patient: object({ age_years: orNull(number), sex: orNull(oneOf(SEXES)) }),
      completeness: { ...share, description: 'share of the fields that a complete report has' },
      facets: byFacet(object({ text: string, findings: list(ref('Finding')) })),
      diagnosis: orNull(string),
      diagnosis_span: orNull(span),
      diagnosis_category: oneOf(DIAGNOSIS_CATEGORIES),
      secondary_diagnoses: list(object({ text: string, span })),
      rare: boolean,
      rarity_criteria: list(oneOf(RARITY_CRITERIA)),
      rare_reason: orNull(string),
      rarity_evidence: list(
        object({ criterion: oneOf(RARITY_CRITERIA), reason: string, quote: orNull(string), span: orNull(span) }),
      ),
      rejection_reason: { ...orNull(string), description: 'why it is not rare' },
      key_symptoms: list(string),
      key_labs: list(string),
      key_ecg: orNull(string),
      treatments: {
        ...list(ref('Finding')),
        description: 'the first qualifier is medication, procedure, device or therapy',
      },
      complications: list(ref('Finding')),
      outcome: object({
        status: oneOf(OUTCOME_STATUSES),
        follow_up_months: orNull(number),
        quote: orNull(string),
        span: orNull(span),
      }),
      review: object({
        by: { ...string, description: 'rules, or the name of a model' },
        claims: { ...integer, description: 'made by a model' },
        dropped: { ...integer, description: 'claims left out because their words are not in the case' },
        repairs: integer,
        truncated: { ...boolean, description: 'a model saw only the beginning of the text' },
        suspicious: { ...boolean, description: 'the text holds words that read like orders to a model' },
      }),
      notices,
      text_withheld: textWithheld,
      provenance: { type: 'object' },
      disclaimer: string,
    },
    ['notices', 'text_withheld'],
  ),
  Compare: object({
    cases: {
      ...list({ type: 'object' }),
      description: 'id, title, patient, diagnosis, rarity, outcome, citation and licence of each, the reference first',
    },
    groups: {
      type: 'object',
      properties: Object.fromEntries(COMPARED_GROUPS.map((group) => [group, list(ref('ComparedRow'))])),
      required: COMPARED_GROUPS,
    },
    release: object({ version: integer, generation: string }),
    disclaimer: string,
  }),
  ComparedRow: object({
    term: string,
    relation: { ...oneOf(['same', 'differs', 'some']), description: 'some: not every case mentions it' },
    cases: { ...integer, description: 'how many mention it' },
    cells: {
      ...list(orNull(list(ref('ComparedMention')))),
      description: 'in the order of the cases, most telling mention first; null where it is not mentioned',
    },
  }),
  ComparedMention: object(
    {
      assertion: oneOf(ASSERTIONS),
      value: { ...number, description: 'in the unit that this term is compared in, where it is known' },
      unit: string,
      stated: { ...object({ value: number, unit: string }, ['unit']), description: 'what the text says' },
      comparator: oneOf(COMPARATORS),
      flag: oneOf(FLAGS),
      range: list(orNull(number)),
      trend: oneOf(TRENDS),
      at: string,
      qualifiers: list(string),
      quote: orNull(string),
      span,
    },
    ['value', 'unit', 'stated', 'comparator', 'flag', 'range', 'trend', 'at', 'qualifiers'],
  ),
  Stage: object({
    name: string,
    state: oneOf(['idle', 'ready', 'running', 'waiting', 'paused', 'complete']),
    lifecycle: oneOf(['initialized', 'running', 'paused', 'completed', 'failed', 'recovering']),
    stale: { ...boolean, description: 'items are open and none was settled for a day' },
    ready: integer,
    leased: integer,
    submitted: integer,
    done: integer,
    dead: integer,
    skipped: integer,
    rate_per_s: orNull(number),
    eta_s: orNull(number),
    eta_s_range: orNull({ ...list(number), minItems: 2, maxItems: 2, description: 'fewest and most seconds left' }),
    success_rate: orNull(number),
    elapsed_s: orNull(number),
    gate: orNull(object({ reason: string, opens_at: orNull(string) })),
    gates: list(object({ kind: string, reason: string, row: orNull(string), opens_at: orNull(string) })),
    warnings: list(string),
  }),
  Status: object({
    stage: { ...string, description: 'the current stage, or SERVING' },
    stages: list(ref('Stage')),
    release: orNull(object({ version: integer, case_count: integer, generation: string, created_at: string })),
    evaluation: orNull(ref('Evaluation')),
    degraded: list(string),
    last_tick: orNull(
      object({
        at: string,
        host: string,
        stage: orNull(string),
        counts: { type: 'object', additionalProperties: integer },
      }),
    ),
    set_aside: list(object({ key: string, stage: string, state: string, reason: string, at: string })),
    documents: integer,
    cases: integer,
    sources: list(ref('Source')),
    services: list(ref('Service')),
  }),
  Evaluation: object({
    release: integer,
    current: { ...boolean, description: 'of the release that is served' },
    file: string,
    judgements_sha256: string,
    questions: integer,
    left_out: { ...integer, description: 'questions that the release cannot answer' },
    thresholds_version: string,
    program: string,
    at: string,
    rows: list(
      object({
        variant: string,
        measures: object(
          Object.fromEntries(MEASURES.map((name) => [name, object({ mean: share, low: share, high: share })])),
        ),
      }),
    ),
  }),
  Source: object({
    name: string,
    kind: oneOf(SOURCE_KINDS),
    query: string,
    since: { ...string, description: 'first day, ISO 8601' },
    limit: orNull(integer),
    every_s: orNull(integer),
    state: oneOf(SOURCE_STATES),
    reason: orNull(string),
    running: boolean,
    last_window: orNull(
      object({
        by: oneOf(['entry', 'change', 'sweep']),
        from: string,
        to: string,
        state: oneOf(WINDOW_STATES),
        stated: orNull({ ...integer, description: 'hits as the service states them' }),
        received: integer,
        remark: orNull(string),
      }),
    ),
    windows_open: integer,
    last_run: orNull(string),
    next_run: orNull(string),
    found: { ...integer, description: 'listed by the run at hand or the last' },
    new: integer,
    changed: integer,
    listed: { ...integer, description: 'listed by all runs' },
    retracted: integer,
    missing: integer,
    error: orNull(string),
    remarks: list(string),
    waiting: orNull(object({ reason: string, until: orNull(string) })),
  }),
  Service: object({ name: string, open_until: orNull(string), reason: orNull(string), requests: integer }),
  Releases: object({
    releases: list(
      object({
        version: integer,
        state: oneOf(['building', 'published', 'abandoned', 'rolled_back', 'unknown']),
        current: { ...boolean, description: 'the one that is to be served' },
        created_at: orNull(string),
        case_count: integer,
        generation: orNull(string),
        content_hash: orNull({ ...string, description: 'equal for equal corpora' }),
        bytes: orNull({ ...integer, description: 'of all its files; null where it is not on this disk' }),
        problem: orNull({ ...string, description: 'why it cannot be served' }),
      }),
    ),
  }),
  Problem: object(
    {
      type: string,
      title: string,
      status: integer,
      code: { ...string, description: 'stable name of this kind of problem' },
      detail: string,
      instance: { ...string, description: 'the request id' },
      errors: list(object({ field: string, message: string })),
    },
    ['errors'],
  ),
};
