import type { CaseOutcome, Finding } from './case.ts';
import { findComplications } from './complications.ts';
import { findOutcome } from './outcome.ts';
import type { Reading } from './reading.ts';
import { findTreatments } from './treatments.ts';

/** What was done for the patient, what went wrong on the way, and how it ended. */
export type Course = {
  readonly treatments: readonly Finding[];
  readonly complications: readonly Finding[];
  readonly outcome: CaseOutcome;
};

/** Reads the course of the patient's own story. Pure; linear in the length of the text. */
export function findCourse(reading: Reading): Course {
  return {
    treatments: findTreatments(reading),
    complications: findComplications(reading),
    outcome: findOutcome(reading),
  };
}
