import type { Assertion, Facet, NoticeKind, OutcomeStatus, Preset, RarityCriterion } from '../../schema/vocabulary.ts';

export declare const FACETS: readonly Facet[];
export declare const FACET_LABELS: Readonly<Record<Facet | 'lexical' | 'whole' | 'course', string>>;
export declare const ASSERTION_LABELS: Readonly<Record<Assertion, string>>;
export declare const OUTCOME_LABELS: Readonly<Record<OutcomeStatus, string>>;
export declare const PRESETS: Readonly<Record<Preset, { readonly label: string; readonly weights: readonly number[] }>>;
export declare const NOTICE_LABELS: Readonly<Record<NoticeKind, string>>;
export declare const RARITY_LABELS: Readonly<Record<RarityCriterion, string>>;
export declare function count(n: number): string;
export declare function sentence(text: string): string;
export declare function percentile(value: number): string;
export declare function percent(share: number): string;
export declare function duration(seconds: number): string;
export declare function safeHref(url: string | null | undefined): string | null;
export declare function termWords(term: string): string;
export declare function ago(iso: string, nowMs: number): string;
export declare function clock(iso: string): string;
