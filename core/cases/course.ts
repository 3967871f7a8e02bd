import type { CaseOutcome, Finding } from './case.ts';
import type { Reading } from './reading.ts';

/** What was done for the patient, what went wrong on the way, and how it ended. */
export type Course = {
  readonly treatments: readonly Finding[];
  readonly complications: readonly Finding[];
  readonly outcome: CaseOutcome;
};

const UNKNOWN: CaseOutcome = { status: 'unknown', span: null, followUpMonths: null };

/** Reads the course of the patient's own story. Pure; linear in the length of the text. */
export function findCourse(_reading: Reading): Course {
  return { treatments: [], complications: [], outcome: UNKNOWN };
}
