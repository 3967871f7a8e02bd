import type { StatusAnswer } from '../../core/search/contract.ts';
import type { SourcesView } from './sources-view.d.ts';

export type StageView = {
  readonly name: string;
  readonly label: string;
  readonly purpose: string;
  readonly state: string;
  readonly stateLabel: string;
  readonly current: boolean;
  /** Whole per cent of items settled, cut. */
  readonly share: number;
  readonly progress: string;
  readonly counts: readonly (readonly [label: string, value: string])[];
  readonly hasDead: boolean;
  /** Nothing came through: its colour says so. */
  readonly failed: boolean;
  readonly pace: string;
  readonly record: string;
  /** What holds the stage first. */
  readonly gate: string;
  /** What else holds it, and what is worth a look. */
  readonly notes: readonly string[];
};
export type StatusView = SourcesView & {
  readonly headline: string;
  readonly detail: string;
  readonly tone: 'good' | 'warn' | 'bad';
  readonly stages: readonly StageView[];
  readonly facts: Readonly<
    Record<'documents' | 'cases' | 'release' | 'published' | 'generation' | 'tick' | 'host' | 'worked', string>
  >;
  readonly degraded: readonly string[];
  /** `stale` is empty where it is of the release that is served; rows of variant, hit@10, MRR, nDCG@10, recall@100. */
  readonly evaluation: { readonly line: string; readonly stale: string; readonly rows: readonly (readonly string[])[] };
  /** Rows of key, stage, state, reason, when. */
  readonly setAside: readonly (readonly string[])[];
};
export declare const STAGES: readonly { readonly name: string; readonly label: string; readonly purpose: string }[];
export declare function viewStatus(status: StatusAnswer | null, nowMs: number): StatusView;
export declare function ago(iso: string, nowMs: number): string;
