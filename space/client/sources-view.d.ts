import type { StatusAnswer } from '../../core/search/contract.ts';

export type SourceView = {
  readonly name: string;
  readonly kind: string;
  readonly query: string;
  /** `running`, `waiting`, `paused`, `parked`, `complete` or `idle`; its colour. */
  readonly state: string;
  readonly stateLabel: string;
  readonly plan: string;
  /** Whole per cent of the window at hand, cut; null where none is read or nobody knows how much there is. */
  readonly share: number | null;
  readonly window: string;
  /** Two groups: of the run, and in all. */
  readonly counts: readonly (readonly [group: string, pairs: readonly (readonly [label: string, value: string])[]])[];
  readonly next: string;
  /** What holds it and until when; empty where nothing does. */
  readonly waits: string;
  readonly notes: readonly string[];
};
export type ServiceView = { readonly name: string; readonly closed: boolean; readonly words: string };
export type SourcesView = { readonly sources: readonly SourceView[]; readonly services: readonly ServiceView[] };
export declare function viewSources(status: StatusAnswer | null, nowMs: number): SourcesView;
