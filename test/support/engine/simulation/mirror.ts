import type { Change } from './memory.ts';

/** What the oracle remembers of the tables, built from the changes alone, so that it knows how they stood before each. */

export type TaskSeen = {
  readonly stage: string;
  readonly itemId: number;
  readonly state: string;
  readonly leaseId: number | null;
  readonly attempt: number;
  readonly waits: number;
  readonly lost: number;
  readonly inputHash: string | null;
};
export type LeaseSeen = {
  readonly id: number;
  readonly stage: string;
  readonly owner: string;
  readonly state: string;
  readonly expiresMs: number;
  readonly writing: boolean;
};
/** A task before and after one statement; `before` null when it is new, `after` null when it was deleted. */
export type TaskMove = {
  readonly key: string;
  readonly before: TaskSeen | null;
  readonly after: TaskSeen | null;
  readonly errorClass: string | null;
};

export type Mirror = {
  readonly tasks: Map<string, TaskSeen>;
  readonly leases: Map<number, LeaseSeen>;
  readonly counts: Map<string, number>;
  readonly paused: Map<string, boolean>;
  /** When the answer of an effect was stored, by stage, item and input: a number that grows with every change. */
  readonly settledEffects: Map<string, number>;
  /** When the intent to call was stored, by the same and the lease. */
  readonly intents: Map<string, number>;
  changes: number;
};

export const createMirror = (): Mirror => ({
  tasks: new Map(),
  leases: new Map(),
  counts: new Map(),
  paused: new Map(),
  settledEffects: new Map(),
  intents: new Map(),
  changes: 0,
});

export const taskKey = (stage: unknown, itemId: unknown): string => `${String(stage)}/${String(itemId)}`;

const text = (value: unknown): string | null => (value == null ? null : String(value));
const number = (value: unknown): number | null => (value == null ? null : Number(value));

export function taskMove(change: Change, mirror: Mirror): TaskMove {
  const [, stage, itemId, , , state, leaseId, attempt, waits, lost, , inputHash, errorClass] = change;
  const key = taskKey(stage, itemId);
  const after =
    state == null
      ? null
      : {
          stage: String(stage),
          itemId: Number(itemId),
          state: String(state),
          leaseId: number(leaseId),
          attempt: Number(attempt),
          waits: Number(waits),
          lost: Number(lost),
          inputHash: text(inputHash),
        };
  return { key, before: mirror.tasks.get(key) ?? null, after, errorClass: text(errorClass) };
}

export function leaseSeen([, id, stage, owner, state, expiresMs, writing]: Change): LeaseSeen {
  return {
    id: Number(id),
    stage: String(stage),
    owner: String(owner),
    state: String(state),
    expiresMs: Number(expiresMs),
    writing: Number(writing) === 1,
  };
}

/** Brings the mirror up to one change. */
export function reflect(mirror: Mirror, change: Change): void {
  const [what, first, second, third, fourth, fifth] = change;
  mirror.changes += 1;
  switch (what) {
    case 'task': {
      const { key, after } = taskMove(change, mirror);
      if (after) mirror.tasks.set(key, after);
      else mirror.tasks.delete(key);
      return;
    }
    case 'lease': {
      const lease = leaseSeen(change);
      mirror.leases.set(lease.id, lease);
      return;
    }
    case 'stage_count':
      mirror.counts.set(`${String(first)} ${String(second)}`, Number(third));
      return;
    case 'stage_control':
      mirror.paused.set(String(first), Number(second) === 1);
      return;
    case 'effect': {
      const effect = `${String(first)}/${String(second)}/${String(third)}`;
      if (fourth === 'done' && !mirror.settledEffects.has(effect)) mirror.settledEffects.set(effect, mirror.changes);
      if (fourth === 'intent') mirror.intents.set(`${effect}#${String(fifth)}`, mirror.changes);
    }
  }
}
