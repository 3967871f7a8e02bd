import type { FailPoint } from '../../../../core/engine/index.ts';
import type { Actor } from './world.ts';

/** What a stage said of one item, before anybody committed it. */
export type Answer = 'done' | 'retry' | 'wait' | 'dead' | 'submitted';

/** One call to the outside that cost money. */
export type PaidCall = {
  /** Stage, id of the item, input hash: what must be paid for once. */
  readonly effect: string;
  readonly task: string;
  /** The idempotency key that came with it. */
  readonly key: string;
  readonly leaseId: number;
  readonly worker: Actor;
  readonly atMs: number;
  /** The caller never saw the answer, though the service had done the work. */
  answerLost: boolean;
  /** Sent after the claim behind it was over. */
  zombie: boolean;
};

/** What the outside knows, which never trusts the engine: the paid calls, and what every batch came to. */
export type Witness = {
  readonly calls: Map<string, PaidCall[]>;
  /** By lease, then by item. */
  readonly answers: Map<number, Map<number, Answer>>;
  /** When a worker last saw a database call fail. */
  readonly failedCallMs: Map<string, number>;
  /** Ids of the items that a stage saw, by key. */
  readonly itemIds: Map<string, number>;
  /** Fail points that a worker passed, and those at which one was killed. */
  readonly reached: Set<FailPoint>;
  readonly killedAt: Set<FailPoint>;
  /** What happened, by its name: how hard a world was. */
  readonly mishaps: Map<string, number>;
  /** Calls beyond the first for one effect, by what excused them. */
  readonly extraCalls: {
    crash: number;
    operator: number;
    lease: number;
    zombie: number;
    answerLost: number;
    network: number;
  };
};

export const createWitness = (): Witness => ({
  calls: new Map(),
  answers: new Map(),
  failedCallMs: new Map(),
  itemIds: new Map(),
  reached: new Set(),
  killedAt: new Set(),
  mishaps: new Map(),
  extraCalls: { crash: 0, operator: 0, lease: 0, zombie: 0, answerLost: 0, network: 0 },
});

export function noteAnswer(witness: Witness, leaseId: number, itemId: number, answer: Answer): void {
  const known = witness.answers.get(leaseId);
  if (known) known.set(itemId, answer);
  else witness.answers.set(leaseId, new Map([[itemId, answer]]));
}

export function count(witness: Witness, mishap: string): void {
  witness.mishaps.set(mishap, (witness.mishaps.get(mishap) ?? 0) + 1);
}
