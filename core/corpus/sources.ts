import type { SourceState, WindowState } from '../../schema/vocabulary.ts';
import type { SourceKind, WindowBy } from '../sources/source.ts';

/** What an operator collects. Names are 1 to 64 of a-z, 0-9 and -, beginning with a letter. */
export type SourceDefinition = {
  readonly name: string;
  readonly kind: SourceKind;
  readonly query: string;
  /** First day, ISO 8601. */
  readonly since: string;
  /** Most documents in all; null without a limit. */
  readonly documentsMax: number | null;
  /** Time between the starts of two runs; null where it runs only when told to. */
  readonly everyMs: number | null;
};

/** A window of the run at hand or the last one. */
export type WindowStanding = {
  readonly by: WindowBy | 'sweep';
  readonly from: string;
  readonly to: string;
  readonly state: WindowState;
  readonly stated: number | null;
  readonly received: number;
  readonly remark: string | null;
};

/** A definition and how it stands. Times are the database's, in ms. */
export type SourceStanding = SourceDefinition & {
  readonly state: SourceState;
  readonly reason: string | null;
  readonly running: boolean;
  readonly run: number;
  /** When it goes on by itself; null when only an act starts it. */
  readonly dueMs: number | null;
  readonly startedMs: number | null;
  readonly finishedMs: number | null;
  readonly entryThrough: string | null;
  readonly changeThrough: string | null;
  readonly sweptDay: string | null;
  /** Of the run at hand or the last. */
  readonly found: number;
  readonly fresh: number;
  readonly changed: number;
  /** Documents that it has listed in all, those that are retracted or withdrawn, and those that no longer are listed. */
  readonly listed: number;
  readonly retracted: number;
  readonly missing: number;
  readonly failures: number;
  readonly error: string | null;
  readonly remarks: readonly string[];
  readonly windowsOpen: number;
  readonly lastWindow: WindowStanding | null;
};
