import type {
  AlertLevel,
  Assertion,
  Facet,
  Preset,
  Sex,
  SourceState,
  View,
  WindowState,
} from '../../schema/vocabulary.ts';
import type { Distillate, ExtractedCase } from '../cases/case.ts';
import type { Notice } from '../sources/record.ts';
import type { SourceKind, WindowBy } from '../sources/source.ts';
import type { Summary } from './evaluate.ts';

export type { CaseAnswer, CaseFinding } from './case-contract.ts';

/** Where a case was published; what a reader needs to cite it and to know what may be shown. */
export type Provenance = {
  readonly source: string;
  readonly title: string | null;
  readonly authors: readonly string[];
  readonly journal: string | null;
  /** ISO 8601 date or year; null where the source does not say. */
  readonly publicationDate: string | null;
  readonly pmid: string | null;
  readonly pmcid: string | null;
  readonly doi: string | null;
  readonly url: string | null;
  readonly licence: string | null;
  /** Other documents of the same article, by key; their cases are this one. */
  readonly also?: readonly Link[] | undefined;
};
export type Link = {
  readonly key: string;
  readonly pmid: string | null;
  readonly pmcid: string | null;
  readonly doi: string | null;
  readonly url: string | null;
};

/** One embedded case as it enters a release. */
export type ReleaseCase = {
  readonly caseId: string;
  /** Equal for the patients of one document; without it the document is told by provenance and id. */
  readonly documentKey?: string | undefined;
  readonly provenance: Provenance;
  readonly extracted: ExtractedCase;
  readonly distillate: Distillate;
  /** What was published about it later. */
  readonly notices?: readonly Notice[] | undefined;
  /** Hash of all that the database holds of it: equal where it would enter a release unchanged. */
  readonly fingerprint?: string | undefined;
  /** Why its text may not be given away; absent where it may. Then the archive holds none of it. */
  readonly withheld?: string | undefined;
  /** Unit vectors of `DIMENSION`; a view without text has none. */
  readonly vectors: Readonly<Partial<Record<View, Float32Array>>>;
};

/** A case that the next release takes over from an earlier one as it stands there, at `ordinal`. */
export type TakenCase = {
  readonly taken: number;
  readonly caseId: string;
  readonly documentKey: string;
  /** Its ids, where other documents of its article carry them too. */
  readonly provenance: Pick<Provenance, 'pmid' | 'pmcid' | 'also'>;
};

/** Receives the bytes of a release, file by file, append only. Durable and hashed by whoever implements it. */
export type ReleaseSink = {
  append(file: string, bytes: Uint8Array): Promise<void>;
};
export type ReleaseFile = { readonly file: string; readonly bytes: number; readonly sha256: string };

/** `manifest.json`: published last; a release without one does not exist. Times and version stay out of `contentHash`. */
export type ReleaseManifest = {
  readonly format: 1;
  readonly version: number;
  readonly createdAt: string;
  readonly generation: string;
  readonly caseCount: number;
  /** Rows per view: how many cases have a vector there. */
  readonly viewCounts: Readonly<Record<View, number>>;
  readonly files: readonly ReleaseFile[];
  /** sha256 over the names and hashes of the files that `core` wrote (not the FAISS files): equal corpora give equal hashes. */
  readonly contentHash: string;
  /** Files written by FAISS; empty where it was not to be had, and then `degraded` says so. */
  readonly faissFiles: readonly ReleaseFile[];
};

export type Leg = 'dense' | 'lexical' | 'findings';
export type Engine = 'fused' | 'faiss';

/** A search that passed validation; names as on the wire (design, section 8). One of text, facets, case_id is set, or keywords, which may stand beside each. */
export type SearchRequest = {
  readonly text?: string | undefined;
  readonly facets?: Readonly<Partial<Record<Facet, string>>> | undefined;
  readonly case_id?: string | undefined;
  /** Words, phrases and operators that every answer must satisfy; ranked by them where nothing else is asked. */
  readonly keywords?: string | undefined;
  readonly k: number;
  readonly preset?: Preset | undefined;
  readonly weights?: Readonly<Partial<Record<Facet, number>>> | undefined;
  readonly filters?: SearchFilters | undefined;
  readonly engine?: Engine | undefined;
  readonly legs: readonly Leg[];
  readonly explain: boolean;
};
export type SearchFilters = {
  readonly age_min?: number | undefined;
  readonly age_max?: number | undefined;
  readonly sex?: Sex | undefined;
  readonly rare?: boolean | undefined;
  readonly category?: string | undefined;
  readonly year_min?: number | undefined;
  readonly year_max?: number | undefined;
  readonly source?: string | undefined;
  readonly licence?: string | undefined;
  /** Facets that a case must have something in. */
  readonly has?: readonly Facet[] | undefined;
};

/**
 * A finding in an explanation. `query` and `case` quote the words on each side and the spans say where they stand, in UTF-16 offsets of the
 * query's text (of that facet, where facets were given) and of the case's; null where that side has none.
 */
export type FindingMatch = {
  readonly term: string;
  readonly query: string | null;
  readonly case: string | null;
  /** What the case calls it: another name where it is met in other words, as a low sodium by hyponatremia. */
  readonly case_term: string | null;
  readonly query_span: readonly [number, number] | null;
  readonly case_span: readonly [number, number] | null;
  /** Whether that side states it, denies it, …; null for a side without it. */
  readonly query_assertion: Assertion | null;
  readonly case_assertion: Assertion | null;
  readonly agreement: number;
};
/** How far a facet agrees, by thresholds of its own. */
export type FacetLevel = 'minimum' | 'strong' | 'critical';
export type FacetScore = {
  /** In [0, 1]; null where the query or the case has nothing in this facet. */
  readonly score: number | null;
  /** Share in [0, 100) of random pairs that have this facet and are less alike in it; null without a score. */
  readonly percentile: number | null;
  readonly level: FacetLevel | null;
  readonly weight: number;
  /** What this facet adds to the result's score: those of all facets, of `whole` and of `lexical` add up to it. */
  readonly contribution: number;
  readonly matched: readonly FindingMatch[];
  readonly missing: readonly FindingMatch[];
  readonly contradicted: readonly FindingMatch[];
};
/** How far a result may be relied on: `value` in [0, 1] is the percentile's share changed by each factor that applies; 0 where it is switched off. */
export type Confidence = {
  readonly value: number;
  readonly factors: readonly { readonly name: string; readonly change: number; readonly reason: string }[];
};
/** A diagnosis among the nearest cases: how many of them have it, and the best of those. */
export type RollupEntry = {
  readonly diagnosis: string;
  readonly cases: number;
  /** Share in (0, 1] of the scores of the cases that state a diagnosis. */
  readonly share: number;
  readonly best_case_id: string;
  readonly best_score: number;
};
/** A rule that looks at the query and moves weights; `applied` is false where it holds but is switched off. */
export type Adjustment = { readonly rule: string; readonly reason: string; readonly applied: boolean };

export type SearchResult = {
  readonly case_id: string;
  readonly title: string;
  readonly diagnosis: string | null;
  readonly score: number;
  /** Share in [0, 100) of random pairs of this release that are less alike, scored in the same parts; cut to tenths. */
  readonly percentile: number;
  readonly flagged: boolean;
  /** Why it is flagged, or what it lacks to be. */
  readonly flag_reason: string;
  readonly alert_level: AlertLevel | null;
  readonly confidence: Confidence;
  /** Other patients of the same document, and cases nearly the same, that this one stands for. */
  readonly folded: readonly string[];
  readonly facets: Readonly<Partial<Record<Facet, FacetScore>>>;
  /** What the word-by-word leg adds to the score. */
  readonly lexical: { readonly score: number; readonly contribution: number; readonly terms: readonly string[] };
  /** What the vector of the whole case adds to the score. */
  readonly whole: { readonly score: number; readonly contribution: number };
  /** Sentences of the case that carry the match, with UTF-16 offsets into its text. */
  readonly evidence: readonly {
    readonly facet: Facet | 'lexical';
    readonly quote: string;
    readonly span: readonly [number, number];
  }[];
  readonly citation: string;
  readonly url: string | null;
  readonly licence: string | null;
  readonly rare: boolean;
  readonly rare_reason: string | null;
  /** Errata, expressions of concern, updates; absent where there are none. */
  readonly notices?: readonly Notice[] | undefined;
  /** Why no words of the case are shown; absent where they are. */
  readonly text_withheld?: string | undefined;
};
export type SearchAnswer = {
  readonly results: readonly SearchResult[];
  /** Why there is no result; absent when there is one. */
  readonly reason?: string | undefined;
  readonly release: { readonly version: number; readonly case_count: number; readonly generation: string };
  readonly weights: Readonly<Record<Facet, number>>;
  readonly thresholds_version: string;
  readonly engine: Engine;
  readonly legs: readonly Leg[];
  /** Whether these are the best cases there are, or the best of those that an estimate has chosen in a large release. */
  readonly exact?: boolean;
  readonly adjustments: readonly Adjustment[];
  /** Diagnoses of the nearest cases (`of` of them), most telling first; never a diagnosis of the patient. Absent without explanations. */
  readonly rollup?: { readonly of: number; readonly entries: readonly RollupEntry[] };
  /** What was understood of the query, so that a person can see what was searched for. */
  readonly understood: Readonly<Partial<Record<Facet, readonly string[]>>>;
  /** What runs below its best, in words; empty when nothing does. */
  readonly degraded: readonly string[];
  readonly disclaimer: string;
  readonly took_ms: number;
};

/** `GET /api/status` and `status --json`. */
export type StatusAnswer = {
  /** The stage that the pipeline works on now, or `SERVING`. */
  readonly stage: string;
  readonly stages: readonly {
    readonly name: string;
    /** What the stage does at this moment; `lifecycle` is how it stands as a whole. */
    readonly state: 'idle' | 'ready' | 'running' | 'waiting' | 'paused' | 'complete';
    readonly lifecycle: 'initialized' | 'running' | 'paused' | 'completed' | 'failed' | 'recovering';
    /** Items are open and none was settled for a day. */
    readonly stale: boolean;
    readonly ready: number;
    readonly leased: number;
    readonly submitted: number;
    readonly done: number;
    readonly dead: number;
    readonly skipped: number;
    /** Items settled a second, exponentially weighted; null under too few samples. */
    readonly rate_per_s: number | null;
    readonly eta_s: number | null;
    /** Fewest and most seconds left, from the spread of the last commits; null under too few of them. */
    readonly eta_s_range: readonly [number, number] | null;
    /** Share in [0, 1] of done among done and dead; null before the first of them. */
    readonly success_rate: number | null;
    /** Seconds from its first claim that was committed to now, or to its last commit where nothing is open; null before. */
    readonly elapsed_s: number | null;
    /** Why nothing is claimed now and when that ends: the first of `gates`; null when the stage may claim. */
    readonly gate: { readonly reason: string; readonly opens_at: string | null } | null;
    /** All that holds the stage, in the order that a claim looks at it, each with the row that says so (null: this host). */
    readonly gates: readonly {
      readonly kind: string;
      readonly reason: string;
      readonly row: string | null;
      readonly opens_at: string | null;
    }[];
    /** What is no gate yet: a quota from 75 % on, small batches after crashes. */
    readonly warnings: readonly string[];
  }[];
  readonly release: {
    readonly version: number;
    readonly case_count: number;
    readonly generation: string;
    readonly created_at: string;
  } | null;
  /** What `eval` measured last of the release that is served, or of an older one (`current` is false); null where it never did. */
  readonly evaluation: EvaluationAnswer | null;
  readonly degraded: readonly string[];
  readonly last_tick: {
    readonly at: string;
    readonly host: string;
    readonly stage: string | null;
    readonly counts: Readonly<Record<string, number>>;
  } | null;
  /** The newest documents that were set aside or died, newest first. */
  readonly set_aside: readonly {
    readonly key: string;
    readonly stage: string;
    readonly state: string;
    readonly reason: string;
    readonly at: string;
  }[];
  readonly documents: number;
  readonly cases: number;
  /** What the operator collects, by name. */
  readonly sources: readonly SourceAnswer[];
  /** Outside services that were called, by name. */
  readonly services: readonly ServiceAnswer[];
};

/** How well a release answers questions with known answers. */
export type EvaluationAnswer = {
  readonly release: number;
  /** Of the release that is served. */
  readonly current: boolean;
  /** The judgements: name of their file, sha256 of what it holds. */
  readonly file: string;
  readonly judgements_sha256: string;
  readonly questions: number;
  /** Questions that this release cannot answer. */
  readonly left_out: number;
  readonly thresholds_version: string;
  readonly program: string;
  readonly at: string;
  /** The default first where it was measured; 95 % intervals. */
  readonly rows: readonly { readonly variant: string; readonly measures: Summary }[];
};

/** One definition of a source and how it stands. */
export type SourceAnswer = {
  readonly name: string;
  readonly kind: SourceKind;
  /** As it was given; of a file or folder its name without the path. */
  readonly query: string;
  /** First day, ISO 8601. */
  readonly since: string;
  /** Most documents in all; null without a limit. */
  readonly limit: number | null;
  /** Seconds between the starts of two runs; null where it runs only when told to. */
  readonly every_s: number | null;
  readonly state: SourceState;
  /** Why it is paused or parked. */
  readonly reason: string | null;
  readonly running: boolean;
  /** The window of the run that was read last; `stated` is what the service says that it holds. */
  readonly last_window: {
    readonly by: WindowBy | 'sweep';
    readonly from: string;
    readonly to: string;
    readonly state: WindowState;
    readonly stated: number | null;
    readonly received: number;
    readonly remark: string | null;
  } | null;
  /** Windows of the run at hand that are not read to their end. */
  readonly windows_open: number;
  /** When the last run ended. */
  readonly last_run: string | null;
  /** When the next run begins by itself; null while one is at hand, and where only an act starts it. */
  readonly next_run: string | null;
  /** Of the run at hand or the last: listed, new, changed. */
  readonly found: number;
  readonly new: number;
  readonly changed: number;
  /** Of all runs: listed, retracted or withdrawn by their journal, no longer listed. */
  readonly listed: number;
  readonly retracted: number;
  readonly missing: number;
  readonly error: string | null;
  /** What the service did that was not asked for, newest last. */
  readonly remarks: readonly string[];
  /** What holds it, and until when; `until` is null where somebody has to act. */
  readonly waiting: { readonly reason: string; readonly until: string | null } | null;
};

/** One outside service: asked so often, and left alone until `open_until` (null: it may be called). */
export type ServiceAnswer = {
  readonly name: string;
  readonly open_until: string | null;
  readonly reason: string | null;
  readonly requests: number;
};
