import { createHash } from 'node:crypto';
import { seededRandom } from '../runtime.ts';

/** Who acts in a world: a worker process, the operator, or nobody (`null`: the network and the database). */
export type Actor = {
  readonly name: string;
  dead: boolean;
  /** Stopped until then, as by SIGSTOP or a frozen machine: its timers and answers wait. */
  stalledUntilMs: number;
  /** What its wall clock is wrong by. */
  skewMs: number;
};

export type Violation = { readonly atMs: number; readonly invariant: string; readonly message: string };

type Event = { atMs: number; readonly owner: Actor | null; readonly fire: () => void };

/** Virtual time with a queue of events. All chance comes from one seed, so that a seed is a whole history. */
export type World = {
  readonly nowMs: () => number;
  readonly dice: () => number;
  /** True with probability `p`. */
  readonly chance: (p: number) => boolean;
  /** A multiple of 5 ms in [fromMs, toMs]: coarse, so that events meet and their order is up to the dice. */
  readonly between: (fromMs: number, toMs: number) => number;
  readonly pick: <T>(all: readonly T[]) => T | undefined;
  readonly after: (delayMs: number, owner: Actor | null, fire: () => void) => void;
  readonly sleep: (delayMs: number, owner: Actor | null) => Promise<void>;
  /** Time that passes inside a transaction. */
  readonly advance: (ms: number) => void;
  readonly log: (line: string) => void;
  readonly violate: (invariant: string, message: string) => void;
  readonly violation: () => Violation | null;
  /** Whose event is being carried out. */
  readonly current: () => Actor | null;
  readonly events: () => number;
  /** Carries out events until `done`, a violation, or `untilMs`. */
  readonly run: (untilMs: number, done: () => boolean) => Promise<void>;
  readonly hash: () => string;
};

/** Every world begins shortly before midnight (UTC), when the quotas of a day begin anew. */
const BEGIN_MS = 20_834 * 86_400_000 - 30_000;

export function createWorld(seed: number, trace?: (line: string) => void): World {
  const dice = seededRandom(seed);
  const digest = createHash('sha256');
  const queue: Event[] = [];
  let nowMs = BEGIN_MS;
  let events = 0;
  let current: Actor | null = null;
  let violation: Violation | null = null;

  const log = (line: string): void => {
    const full = `${nowMs - BEGIN_MS} ${line}\n`;
    digest.update(full);
    trace?.(full.trimEnd());
  };
  const between = (fromMs: number, toMs: number): number =>
    fromMs + 5 * Math.floor(dice() * (Math.floor((toMs - fromMs) / 5) + 1));
  const after = (delayMs: number, owner: Actor | null, fire: () => void): void => {
    queue.push({ atMs: nowMs + Math.max(0, Math.round(delayMs)), owner, fire });
  };

  /** The earliest event; among several at one instant the dice decide. */
  const next = (): Event | undefined => {
    let atMs = Number.POSITIVE_INFINITY;
    let ties = 0;
    for (const event of queue) {
      if (event.atMs < atMs) {
        atMs = event.atMs;
        ties = 1;
      } else if (event.atMs === atMs) ties += 1;
    }
    if (ties === 0) return undefined;
    let nth = ties === 1 ? 0 : Math.floor(dice() * ties);
    for (const [i, event] of queue.entries()) {
      if (event.atMs !== atMs || nth-- > 0) continue;
      const last = queue.pop();
      if (last && last !== event) queue[i] = last;
      return event;
    }
    return undefined;
  };

  const run = async (untilMs: number, done: () => boolean): Promise<void> => {
    while (violation === null && !done()) {
      const event = next();
      if (event === undefined || event.atMs > BEGIN_MS + untilMs) return;
      nowMs = Math.max(nowMs, event.atMs);
      const { owner } = event;
      if (owner?.dead) continue;
      if (owner !== null && owner.stalledUntilMs > nowMs) {
        event.atMs = owner.stalledUntilMs;
        queue.push(event);
        continue;
      }
      events += 1;
      current = owner;
      event.fire();
      // Node empties the queue of microtasks before the next one of these: whatever the event set going has come to rest.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      current = null;
    }
  };

  return {
    nowMs: () => nowMs,
    dice,
    chance: (p) => dice() < p,
    between,
    pick: (all) => all[Math.floor(dice() * all.length)],
    after,
    sleep: (delayMs, owner) => new Promise((resolve) => after(delayMs, owner, resolve)),
    advance: (ms) => {
      nowMs += ms;
    },
    log,
    violate: (invariant, message) => {
      if (violation !== null) return;
      violation = { atMs: nowMs - BEGIN_MS, invariant, message };
      log(`VIOLATION ${invariant}: ${message}`);
    },
    violation: () => violation,
    current: () => current,
    events: () => events,
    run,
    hash: () => digest.copy().digest('hex').slice(0, 16),
  };
}
