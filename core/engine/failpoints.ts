/**
 * Labelled places of a tick where a test's host may die. The list is closed, so that a test can show that it died at
 * each of them.
 */
export const FAIL_POINTS = [
  'tick.begin',
  'reclaim.before',
  'reclaim.after',
  'claim.before',
  'claim.after',
  'process.before',
  'process.after',
  'commit.before',
  'commit.after',
  'effect.intent.before',
  'effect.intent.after',
  'effect.call.after',
  'effect.result.after',
  'report.before',
  'report.after',
] as const;
export type FailPoint = (typeof FAIL_POINTS)[number];
