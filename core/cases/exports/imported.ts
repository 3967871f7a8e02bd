import type { Facet, OutcomeStatus } from '../../../schema/vocabulary.ts';
import type { Finding, Patient } from '../case.ts';

/** What a reader makes of one exported case. A finding of a format without the text has the span [0, 0). */
export type ImportedCase = {
  readonly id: string;
  readonly patient: Patient;
  readonly findings: Readonly<Partial<Record<Facet, readonly Finding[]>>>;
  readonly diagnosis: string | null;
  readonly secondaryDiagnoses: readonly string[];
  readonly treatments: readonly Finding[];
  readonly complications: readonly Finding[];
  readonly outcome: { readonly status: OutcomeStatus; readonly followUpMonths: number | null };
  /** `PMID:12345678`, `DOI:10.1000/1`, `PMC:PMC123`; as the file has them, in its order. */
  readonly references: readonly string[];
  /** The text of the case, where the format carries it. */
  readonly text: string | null;
};

/** A file is not of the format that it should be; the message names the place. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

export const NO_SPAN = [0, 0] as const;
