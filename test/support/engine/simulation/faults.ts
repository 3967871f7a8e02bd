import type { World } from './world.ts';

/** What a seed lets go wrong, as probabilities. Each seed draws its own mix, so that rare meetings of two faults come up. */
export type Faults = {
  /** A database call that never arrives. */
  readonly lost: number;
  /** A call that is applied and whose answer is lost. */
  readonly answerLost: number;
  /** A call that nobody answers until its deadline; it may have been applied, or be applied after that. */
  readonly hangs: number;
  readonly slow: number;
  /** Time passes inside a transaction. */
  readonly slowTransaction: number;
  readonly kill: number;
  readonly stall: number;
  readonly clockJump: number;
  readonly failPoint: number;
  readonly doubleTick: number;
  readonly operator: number;
  /** A batch that takes longer than its lease. */
  readonly longWork: number;
  /** What the stages throw. */
  readonly retryable: number;
  readonly outage: number;
  readonly quota: number;
  readonly outOfMemory: number;
  /** Items that an outside job takes for a while. */
  readonly submits: number;
  readonly workers: number;
  /** How long things go wrong. */
  readonly untilMs: number;
};

export const NO_FAULTS: Faults = {
  lost: 0,
  answerLost: 0,
  hangs: 0,
  slow: 0,
  slowTransaction: 0,
  kill: 0,
  stall: 0,
  clockJump: 0,
  failPoint: 0,
  doubleTick: 0,
  operator: 0,
  longWork: 0,
  retryable: 0,
  outage: 0,
  quota: 0,
  outOfMemory: 0,
  submits: 0,
  workers: 1,
  untilMs: 0,
};

export function drawFaults(world: World): Faults {
  const some = (most: number): number => (world.chance(0.65) ? most * world.dice() : 0);
  return {
    lost: some(0.08),
    answerLost: some(0.1),
    hangs: some(0.04),
    slow: some(0.15),
    slowTransaction: some(0.1),
    kill: some(0.6),
    stall: some(0.6),
    clockJump: some(0.5),
    failPoint: some(0.02),
    doubleTick: some(0.3),
    operator: some(0.6),
    longWork: some(0.2),
    retryable: some(0.15),
    outage: some(0.06),
    quota: some(0.04),
    outOfMemory: some(0.06),
    submits: some(0.2),
    workers: 2 + Math.floor(world.dice() * 3),
    untilMs: world.between(8_000, 24_000),
  };
}
