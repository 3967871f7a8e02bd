import type { Exportable } from '../../core/cases/exports/export.ts';
import { extractCase } from '../../core/cases/extract.ts';
import { distillByRules } from '../../core/models/rules.ts';
import type {
  CaseAnswer,
  EvaluationAnswer,
  FindingMatch,
  SearchAnswer,
  SearchResult,
  SourceAnswer,
  StatusAnswer,
} from '../../core/search/contract.ts';
import type { Facet } from '../../schema/vocabulary.ts';
import type { AppDeps, LogLine } from '../../space/http/app.ts';

/** What a hostile source may put into any text. Each tries to run a script that counts itself in `window.hits`. */
export const HOSTILE = [
  '<script>window.hits=1</script>',
  '<img src=x onerror="window.hits=1">',
  '"><svg onload=window.hits=1>',
  "' onmouseover='window.hits=1' autofocus onfocus='window.hits=1",
  '</title></textarea></script><script>window.hits=1</script>',
  '\u202egnihtyreve sesrever\u202c',
  '{{constructor.constructor("window.hits=1")()}}',
  '</script><!--\u2028',
  'W'.repeat(400),
] as const;

const DISCLAIMER = 'Research and education support, not a diagnosis.';
const RELEASE = { version: 3, case_count: 232, generation: 'builtin-lsa-1:4f0c9a2e' };
const WEIGHTS = { symptoms: 0.3, ecg: 0.25, labs: 0.25, demographics: 0.1, imaging: 0.1 };

/** The query that the answer below is to. */
export const QUERY_TEXT =
  'A 39-year-old man collapsed at dinner with fever, gasping at night, palpitations; he vomited once. ECG: coved ST elevation V1–V2, inverted T. Labs: troponin 6 ng/L, K 4.0, lactate 1.1 mmol/L.';

function match(term: string, query: string | null, theCase: string | null, agreement = 1): FindingMatch {
  const placeIn = (text: string, words: string | null): readonly [number, number] | null =>
    words === null || !text.includes(words) ? null : spanOf(text, words);
  return {
    term,
    query,
    case: theCase,
    query_span: placeIn(QUERY_TEXT, query),
    case_span: placeIn(CASE_TEXT, theCase),
    case_term: theCase === null ? null : term,
    query_assertion: query === null ? null : 'present',
    case_assertion: theCase === null ? null : 'present',
    agreement,
  };
}

type Row = readonly [
  score: number | null,
  matched?: FindingMatch[],
  missing?: FindingMatch[],
  contradicted?: FindingMatch[],
];

function facets(rows: Readonly<Partial<Record<Facet, Row>>>): SearchResult['facets'] {
  return Object.fromEntries(
    Object.entries(rows).map(([facet, [score, matched = [], missing = [], contradicted = []]]) => {
      const weight = WEIGHTS[facet as Facet];
      const contribution = 0.8 * weight * (score ?? 0.18);
      const percentile = score === null ? null : 99;
      return [facet, { score, percentile, level: null, weight, contribution, matched, missing, contradicted }];
    }),
  );
}

/** A result that fits the example query; a test overrides what it is about. */
export function result(over: Partial<SearchResult> = {}): SearchResult {
  return {
    case_id: 'sample-001',
    title: 'Fever, fainting and a coved ST segment in a kitchen worker [made-up sample case]',
    diagnosis: 'Brugada syndrome',
    score: 0.81,
    percentile: 99.97,
    flagged: true,
    flag_reason: 'Score 0.81 with ECG 0.92 and three facets above 0.40.',
    alert_level: 'critical',
    confidence: { value: 0.98, factors: [] },
    folded: [],
    facets: facets({
      symptoms: [
        0.78,
        [
          match('syncope', 'collapsed', 'fainted'),
          match('fever', 'fever', 'temperature 39.1 °C'),
          match('nocturnal gasping', 'gasping at night', 'loud, gasping breathing', 0.8),
        ],
        [match('vomiting', 'vomited once', null, 0)],
        [
          {
            ...match('palpitations', 'palpitations', 'denied chest pain and palpitations', 0),
            case_assertion: 'absent',
          },
        ],
      ],
      ecg: [
        0.92,
        [
          match('st elevation', 'coved ST elevation V1–V2', 'coved ST elevation of 3 mm in V1 and V2'),
          match('t wave inversion', 'inverted T', 'inverted T wave'),
        ],
      ],
      labs: [
        0.71,
        [match('troponin i', 'troponin 6 ng/L', '8 ng/L', 0.95), match('potassium', 'K 4.0', '4.2 mmol/L', 0.97)],
        [match('lactate', 'lactate 1.1 mmol/L', null, 0)],
      ],
      demographics: [0.88, [match('age', '39-year-old', '41-year-old', 0.94), match('sex', 'man', 'his', 1)]],
      imaging: [null],
    }),
    lexical: { score: 0.62, contribution: 0.12, terms: ['coved', 'fever', 'brother', 'sleep', 'defibrillator'] },
    whole: { score: 0.7, contribution: 0.08 },
    evidence: [
      {
        facet: 'symptoms',
        quote:
          'A 41-year-old cook was brought in after he fainted beside the stove on the second day of a throat infection.',
        span: [0, 107],
      },
      {
        facet: 'ecg',
        quote:
          'The electrocardiogram showed sinus tachycardia and a coved ST elevation of 3 mm in V1 and V2 running into an inverted T wave.',
        span: [520, 640],
      },
      {
        facet: 'demographics',
        quote: 'A brother had died in his sleep at 33; the post-mortem found nothing.',
        span: [280, 350],
      },
      {
        facet: 'labs',
        quote: 'High-sensitivity troponin I was 8 ng/L (reference <26), potassium 4.2 mmol/L (3.5–5.1).',
        span: [660, 745],
      },
    ],
    citation:
      'Anamnesis. Fever, fainting and a coved ST segment in a kitchen worker. Anamnesis Sample Cases (made up), 2019.',
    url: 'https://example.org/cases/sample-001',
    licence: 'CC0-1.0',
    rare: true,
    rare_reason: 'Brugada syndrome affects fewer than 1 in 2,000 people.',
    ...over,
  };
}

export function searchAnswer(over: Partial<SearchAnswer> = {}): SearchAnswer {
  return {
    results: [
      result(),
      result({
        case_id: 'sample-003',
        title: 'Brugada pattern unmasked by flecainide in a woman with palpitations [made-up sample case]',
        score: 0.66,
        percentile: 98.41,
        alert_level: 'significant',
        flag_reason: 'Score 0.66 with ECG 0.74 and two facets above 0.40.',
        rare_reason: 'Unmasked by a drug; less often seen in women.',
        evidence: [
          {
            facet: 'ecg',
            quote: '2.5 mm of downsloping ST elevation with T-wave inversion confined to V1–V2.',
            span: [10, 85],
          },
        ],
      }),
      result({
        case_id: 'sample-031',
        title: 'Chest pain and ST elevation after a viral illness [made-up sample case]',
        diagnosis: 'acute pericarditis',
        score: 0.44,
        percentile: 91.2,
        flagged: false,
        alert_level: null,
        flag_reason: 'Score 0.44 is below 0.50.',
        rare: false,
        rare_reason: null,
        url: null,
      }),
    ],
    release: RELEASE,
    weights: WEIGHTS,
    thresholds_version: 'clinical-1',
    engine: 'fused',
    adjustments: [],
    legs: ['dense', 'lexical', 'findings'],
    understood: {
      symptoms: ['syncope', 'fever', 'gasping at night', 'palpitations', 'vomiting', 'no chest pain'],
      ecg: ['st elevation V1–V2, coved', 't wave inversion'],
      labs: ['troponin i 6 ng/L (normal)', 'potassium 4.0 mmol/L (normal)', 'lactate 1.1 mmol/L (normal)'],
      demographics: ['39 years', 'male'],
    },
    degraded: [],
    disclaimer: DISCLAIMER,
    took_ms: 23.4,
    ...over,
  };
}

const CASE_TEXT = `A 41-year-old cook was brought in after he fainted beside the stove on the second day of a throat infection. His wife recalled two nights of loud, gasping breathing. He denied chest pain and palpitations. A brother had died in his sleep at 33.

On arrival: temperature 39.1 °C, heart rate 104/min, blood pressure 118/72 mmHg. The tonsils were red; there were no murmurs.

The electrocardiogram showed sinus tachycardia, QTc 418 ms, and a coved ST elevation of 3 mm in V1 and V2 running into an inverted T wave. High-sensitivity troponin I was 8 ng/L (reference <26), C-reactive protein 64 mg/L (<5). Echocardiography was normal with an LVEF of 62%.

A spontaneous type 1 pattern with arrhythmic syncope established Brugada syndrome; myocarditis was thought possible at first. He received an implantable defibrillator, and quinidine 300 mg twice daily was begun. A pocket haematoma needed no drainage. After 14 months he is well.`;

/** The first place where `words` stand in `text`. */
export function spanOf(text: string, words: string): readonly [number, number] {
  const start = text.indexOf(words);
  if (start < 0) throw new Error(`the sample text does not hold "${words}"`);
  return [start, start + words.length];
}
const at = (words: string) => spanOf(CASE_TEXT, words);

export function caseAnswer(over: Partial<CaseAnswer> = {}): CaseAnswer {
  return {
    case_id: 'sample-001',
    source: 'file',
    url: 'https://example.org/cases/sample-001',
    citation:
      'Anamnesis. Fever, fainting and a coved ST segment in a kitchen worker. Anamnesis Sample Cases (made up), 2019.',
    licence: 'CC0-1.0',
    title: 'Fever, fainting and a coved ST segment in a kitchen worker [made-up sample case]',
    text: CASE_TEXT,
    patient: { age_years: 41, sex: 'male' },
    completeness: 0.95,
    facets: {
      symptoms: {
        text: 'fainted beside the stove; gasping breathing; denied chest pain and palpitations',
        findings: [
          {
            term: 'syncope',
            assertion: 'present',
            severity: 'severe',
            onset: 'acute',
            code: 'HP:0001279',
            span: at('fainted'),
          },
          { term: 'throat infection', assertion: 'present', span: at('throat infection') },
          { term: 'gasping at night', assertion: 'historical', duration_days: 2, span: at('gasping breathing') },
          { term: 'chest pain', assertion: 'absent', span: at('chest pain') },
          { term: 'palpitations', assertion: 'absent', span: at('palpitations') },
          {
            term: 'fever',
            assertion: 'present',
            value: 39.1,
            unit: 'Cel',
            flag: 'high',
            at: 'on arrival',
            trend: 'falling',
            span: at('temperature 39.1 °C'),
          },
          { term: 'murmur', assertion: 'absent', span: at('no murmurs') },
          { term: 'myocarditis', assertion: 'possible', span: at('myocarditis') },
        ],
      },
      ecg: {
        text: 'sinus tachycardia, QTc 418 ms, coved ST elevation of 3 mm in V1 and V2, inverted T wave',
        findings: [
          {
            term: 'heart rate',
            assertion: 'present',
            value: 104,
            unit: '/min',
            flag: 'high',
            span: at('heart rate 104/min'),
          },
          { term: 'sinus tachycardia', assertion: 'present', span: at('sinus tachycardia') },
          { term: 'qtc', assertion: 'present', value: 418, unit: 'ms', flag: 'normal', span: at('QTc 418 ms') },
          {
            term: 'st elevation',
            assertion: 'present',
            value: 3,
            unit: 'mm',
            qualifiers: ['coved', 'v1', 'v2'],
            span: at('coved ST elevation of 3 mm in V1 and V2'),
          },
          { term: 'brugada type 1 pattern', assertion: 'present', span: at('type 1 pattern') },
          { term: 't wave inversion', assertion: 'present', span: at('inverted T wave') },
        ],
      },
      labs: {
        text: 'High-sensitivity troponin I was 8 ng/L, C-reactive protein 64 mg/L',
        findings: [
          {
            term: 'troponin i',
            assertion: 'present',
            value: 8,
            unit: 'ng/L',
            flag: 'normal',
            range: [null, 26],
            span: at('troponin I was 8 ng/L'),
          },
          {
            term: 'c-reactive protein',
            assertion: 'present',
            value: 64,
            unit: 'mg/L',
            flag: 'high',
            range: [0, 5],
            canonical: { value: 6.4, unit: 'mg/dL' },
            span: at('C-reactive protein 64 mg/L'),
          },
        ],
      },
      demographics: {
        text: '41-year-old cook',
        findings: [
          { term: 'age', assertion: 'present', value: 41, unit: 'a', span: at('41-year-old') },
          { term: 'sudden death', assertion: 'family', span: at('A brother had died in his sleep at 33') },
        ],
      },
      imaging: {
        text: 'Echocardiography was normal with an LVEF of 62%.',
        findings: [
          {
            term: 'lvef',
            assertion: 'present',
            value: 62,
            unit: '%',
            flag: 'normal',
            qualifiers: ['echocardiography'],
            span: at('LVEF of 62%'),
          },
        ],
      },
    },
    diagnosis: 'Brugada syndrome',
    diagnosis_span: at('Brugada syndrome'),
    diagnosis_category: 'arrhythmia',
    secondary_diagnoses: [{ text: 'throat infection', span: at('throat infection') }],
    rare: true,
    rarity_criteria: ['prevalence', 'rare_ecg_pattern'],
    rare_reason: 'Brugada syndrome affects fewer than 1 in 2,000 people.',
    rarity_evidence: [
      {
        criterion: 'prevalence',
        reason: '"Brugada syndrome" affects fewer than 1 in 2,000 people.',
        quote: 'Brugada syndrome',
        span: at('Brugada syndrome'),
      },
      {
        criterion: 'rare_ecg_pattern',
        reason: 'A type 1 Brugada pattern is rare.',
        quote: 'spontaneous type 1 pattern',
        span: at('spontaneous type 1 pattern'),
      },
    ],
    rejection_reason: null,
    key_symptoms: ['syncope', 'fever'],
    key_labs: ['c-reactive protein high'],
    key_ecg: 'brugada type 1 pattern',
    treatments: [
      {
        term: 'implantable defibrillator',
        assertion: 'present',
        qualifiers: ['device'],
        span: at('implantable defibrillator'),
      },
      {
        term: 'quinidine',
        assertion: 'present',
        value: 300,
        unit: 'mg',
        qualifiers: ['medication', 'twice daily'],
        span: at('quinidine 300 mg twice daily'),
      },
    ],
    complications: [{ term: 'pocket hematoma', assertion: 'present', span: at('pocket haematoma') }],
    outcome: {
      status: 'recovered',
      follow_up_months: 14,
      quote: 'After 14 months he is well',
      span: at('After 14 months he is well'),
    },
    review: { by: 'rules', claims: 0, dropped: 0, repairs: 0, truncated: false, suspicious: false },
    provenance: {
      source: 'file',
      title: 'Fever, fainting and a coved ST segment in a kitchen worker',
      authors: ['Anamnesis'],
      journal: 'Anamnesis Sample Cases (made up)',
      publicationDate: '2019-03-14',
      pmid: null,
      pmcid: null,
      doi: null,
      url: 'https://example.org/cases/sample-001',
      licence: 'CC0-1.0',
      release: RELEASE.version,
      generation: RELEASE.generation,
    },
    disclaimer: DISCLAIMER,
    ...over,
  };
}

/** The same case as its exports take it. */
export function exportable(): Exportable {
  const { provenance } = caseAnswer();
  const extracted = extractCase(CASE_TEXT);
  return {
    stored: {
      caseId: 'sample-001',
      provenance,
      extracted,
      distillate: distillByRules({ extracted, title: provenance.title }),
    },
    release: { version: RELEASE.version, createdAt: '2026-11-20T09:12:00Z' },
  };
}

type Stage = StatusAnswer['stages'][number];

export function stage(name: string, over: Partial<Stage> = {}): Stage {
  const empty = { ready: 0, leased: 0, submitted: 0, done: 0, dead: 0, skipped: 0 };
  const unknown = { rate_per_s: null, eta_s: null, eta_s_range: null, success_rate: null, elapsed_s: null, gate: null };
  return {
    name,
    state: 'idle',
    lifecycle: 'initialized',
    stale: false,
    ...empty,
    ...unknown,
    gates: [],
    warnings: [],
    ...over,
  };
}

export const source = (name: string, over: Partial<SourceAnswer> = {}): SourceAnswer => ({
  name,
  kind: 'europe-pmc',
  query: 'cardiomyopathy AND OPEN_ACCESS:y',
  since: '2015-01-01',
  limit: null,
  every_s: 86_400,
  state: 'active',
  reason: null,
  running: false,
  last_window: {
    by: 'entry',
    from: '2026-11-14',
    to: '2026-11-22',
    state: 'done',
    stated: 41,
    received: 41,
    remark: null,
  },
  windows_open: 0,
  last_run: '2026-11-22T03:00:41Z',
  next_run: '2026-11-23T03:00:00Z',
  found: 41,
  new: 40,
  changed: 1,
  listed: 3_412,
  retracted: 3,
  missing: 0,
  error: null,
  remarks: [],
  waiting: null,
  ...over,
});

const interval = (mean: number) => ({ mean, low: mean - 0.1, high: mean + 0.1 });

export const evaluation = (over: Partial<EvaluationAnswer> = {}): EvaluationAnswer => ({
  release: RELEASE.version,
  current: true,
  file: 'judged.jsonl',
  judgements_sha256: '9f'.repeat(32),
  questions: 57,
  left_out: 2,
  thresholds_version: 'clinical-1',
  program: '0.1.0',
  at: '2026-11-20T10:00:00Z',
  rows: [
    {
      variant: 'default',
      measures: { hit10: interval(0.614), mrr: interval(0.432), ndcg10: interval(0.471), recall100: interval(0.802) },
    },
    {
      variant: 'words alone',
      measures: { hit10: interval(0.526), mrr: interval(0.328), ndcg10: interval(0.371), recall100: interval(0.7) },
    },
  ],
  ...over,
});

export function statusAnswer(over: Partial<StatusAnswer> = {}): StatusAnswer {
  return {
    stage: 'distill',
    stages: [
      stage('scrape', { state: 'complete', done: 7675 }),
      stage('normalize', { state: 'complete', done: 7498, skipped: 171, dead: 6 }),
      stage('distill', {
        state: 'running',
        ready: 2210,
        leased: 64,
        submitted: 200,
        done: 5188,
        dead: 2,
        rate_per_s: 41.3,
        eta_s: 58,
      }),
      stage('embed', {
        state: 'waiting',
        ready: 5188,
        gate: { reason: 'Quota of the day is spent', opens_at: '2026-11-23T00:00:00Z' },
      }),
      stage('index', { state: 'idle' }),
    ],
    release: { ...RELEASE, created_at: '2026-11-20T09:12:00Z' },
    evaluation: evaluation(),
    degraded: ['FAISS is not installed: search runs on the fused engine alone.'],
    last_tick: {
      at: '2026-11-22T04:40:00Z',
      host: 'space-1',
      stage: 'distill',
      counts: { done: 64, retry: 1, dead: 0 },
    },
    set_aside: [
      {
        key: 'PMC_10754557',
        stage: 'normalize',
        state: 'skipped',
        reason: 'not_english: the text reads as Spanish',
        at: '2026-11-22T04:31:00Z',
      },
      {
        key: 'case-upload.jsonl:17',
        stage: 'scrape',
        state: 'dead',
        reason: 'line 17 is not JSON: expected a comma',
        at: '2026-11-22T04:12:00Z',
      },
      {
        key: 'PMID_38211904',
        stage: 'normalize',
        state: 'skipped',
        reason: 'duplicate_text of PMC_10754001',
        at: '2026-11-21T22:05:00Z',
      },
    ],
    documents: 7675,
    cases: 7664,
    sources: [
      source('cardiomyopathy'),
      source('rare-ecg', {
        kind: 'pubmed',
        query: '"case reports"[Publication Type] AND electrocardiography[MeSH]',
        running: true,
        every_s: 43_200,
        next_run: null,
        last_window: {
          by: 'entry',
          from: '2019-07-01',
          to: '2021-03-31',
          state: 'open',
          stated: 8_912,
          received: 3_400,
          remark: null,
        },
        windows_open: 3,
        found: 12_120,
        new: 12_120,
        changed: 0,
        listed: 12_120,
        retracted: 0,
        error: 'HTTP 429 from ncbi',
        waiting: { reason: 'ncbi: too many requests', until: '2026-11-22T12:05:00Z' },
      }),
      source('hospital-folder', {
        kind: 'file',
        query: 'case-letters',
        state: 'parked',
        reason: '61 of 64 documents are no longer listed; nothing was withdrawn',
        next_run: null,
        found: 3,
        new: 0,
        changed: 0,
        listed: 64,
        retracted: 0,
        missing: 61,
        waiting: { reason: '61 of 64 documents are no longer listed; nothing was withdrawn', until: null },
      }),
    ],
    services: [
      { name: 'europe-pmc', open_until: null, reason: null, requests: 1_204 },
      { name: 'ncbi', open_until: '2026-11-22T12:05:00Z', reason: 'too many requests', requests: 388 },
    ],
    ...over,
  };
}

/** Working stubs; `lines` collects what was logged. */
export function stubDeps(over: Partial<AppDeps> = {}): AppDeps & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  let calls = 0;
  return {
    search: async () => searchAnswer(),
    caseById: async (id) => (id === 'sample-001' ? caseAnswer() : null),
    exportable: async (id) => (id === 'sample-001' ? exportable() : null),
    status: async () => statusAnswer(),
    releases: async () => [],
    ready: () => ({ ready: true, reason: null }),
    exampleQueries: [
      'A 39-year-old man collapsed at dinner during a fever of 39 °C. His brother died in his sleep at 31. ECG: coved ST elevation in V1 and V2. Troponin normal, potassium 4.0 mmol/L, echo normal.',
      'A 71-year-old woman with chest pain after the funeral of her husband; ST elevation V3 to V5, troponin slightly raised, apical ballooning, coronary arteries smooth.',
      'A three-week-old girl with poor feeding, heart rate 260/min and narrow QRS complexes; potassium 6.9 mmol/L.',
    ],
    log: (line) => lines.push(line),
    requestId: () => `request-${++calls}`,
    ...over,
    lines,
  };
}
