import { lossesMax } from '../../../../core/engine/index.ts';
import type { Change } from './memory.ts';
import { createMirror, leaseSeen, type Mirror, reflect, type TaskMove, taskKey, taskMove } from './mirror.ts';
import { ATTEMPTS_MAX, CONCURRENCY_MAX } from './pipeline.ts';
import type { PaidCall, Witness } from './witness.ts';
import type { Actor, World } from './world.ts';

/** Judges every transaction by what it changed, against what the tables and the outside were before it. */
export type Oracle = {
  readonly mirror: Mirror;
  readonly applied: (actor: Actor, beganMs: number, changes: readonly Change[]) => void;
  /** Called at the instant at which somebody begins to pay. */
  readonly paid: (call: PaidCall, asks: boolean) => void;
  /** How often each task was finished, by stage, item and input. */
  readonly finished: ReadonlyMap<string, number>;
  /** Called when a worker says that an item is done. */
  readonly told: (worker: Actor, stage: string, itemId: number) => void;
  readonly openTasks: () => number;
  readonly commits: () => number;
};

type Wrong = (invariant: string, why: string) => void;

/** Batches of the stages that settle one by one. */
const BATCH_MAX = 4;
const SETTLED = new Set(['done', 'skipped', 'dead']);

export function createOracle(world: World, witness: Witness): Oracle {
  const mirror = createMirror();
  /** The highest lease that a task was ever held under. */
  const fences = new Map<string, number>();
  /** Failures that counted, by what the stages said, since the task last began anew. */
  const failures = new Map<string, number>();
  const finished = new Map<string, number>();
  const everDone = new Set<string>();
  /** When an operator last made a task work again; a retry says that he looked after the calls whose answer never came. */
  const actedMs = new Map<string, number>();
  const requests = new Set<string>();
  let leaseIdMax = 0;
  let commits = 0;

  const show = ({ key, before, after }: TaskMove): string =>
    `${key} ${before ? `${before.state}${before.leaseId === null ? '' : `#${before.leaseId}`}` : 'none'}>${
      after
        ? `${after.state}${after.leaseId === null ? '' : `#${after.leaseId}`} a${after.attempt}w${after.waits}l${after.lost}`
        : 'none'
    }`;

  const applied = (actor: Actor, beganMs: number, changes: readonly Change[]): void => {
    if (changes.length === 0) return;
    const acts = changes.filter(([what]) => what === 'audit').map(([, act]) => String(act));
    const moves = new Map<string, TaskMove>();
    const live = (id: number): boolean => {
      const lease = mirror.leases.get(id);
      return lease !== undefined && lease.state === 'live' && lease.expiresMs > beganMs;
    };
    const fresh = new Set<number>();
    for (const change of changes) {
      if (change[0] === 'lease') {
        const { id, owner } = leaseSeen(change);
        if (mirror.leases.has(id) || fresh.has(id)) continue;
        fresh.add(id);
        if (id <= leaseIdMax) world.violate('I3', `lease #${id} was given after #${leaseIdMax}`);
        if (owner !== actor.name) world.violate('I3', `${actor.name} made lease #${id} for ${owner}`);
        leaseIdMax = Math.max(leaseIdMax, id);
      }
      if (change[0] === 'task') {
        const move = taskMove(change, mirror);
        moves.set(move.key, move);
      }
    }

    const holder = (id: number): string => mirror.leases.get(id)?.owner ?? 'nobody';
    const written = (id: number, what: string): void => {
      if (!live(id)) world.violate('I2', `${what} under lease #${id} of ${holder(id)}, which was not live`);
      else if (holder(id) !== actor.name)
        world.violate('I2', `${actor.name} wrote ${what} under lease #${id} of ${holder(id)}`);
    };
    const asked = new Set(
      changes.flatMap(([what, , , , request]) => (what === 'audit' && request != null ? [String(request)] : [])),
    );
    for (const request of asked) {
      if (requests.has(request)) world.violate('I2', `request ${request} acted twice`);
      requests.add(request);
    }
    for (const [what, ...values] of changes) {
      if (what === 'made') {
        const [stage, itemId, leaseId] = values;
        const key = taskKey(stage, itemId);
        written(Number(leaseId), `a result of ${key}`);
        if (mirror.tasks.get(key)?.leaseId !== leaseId)
          world.violate('I2', `a result of ${key} under lease #${leaseId}, which did not hold it`);
      } else if (what === 'output') written(Number(values[1]), `an output of item ${values[0]}`);
      else if (what === 'effect') paidRow(actor, values);
    }
    for (const move of moves.values()) judge(actor, beganMs, move, acts, live);
    if (acts.includes('claim') || fresh.size > 0) judgeClaim(beganMs, moves);
    // The second group of acts moves no task; any other move must have its row in the same transaction.
    if (moves.size > 0 && acts.length === 0)
      world.violate('I6', `no audit row for ${[...moves.values()].map(show).join(', ')}`);

    for (const change of changes) {
      reflect(mirror, change);
      if (change[0] === 'lease') fresh.add(Number(change[1]));
    }
    for (const id of fresh)
      if (mirror.leases.get(id)?.writing) world.violate('I3', `lease #${id} was left open for writing`);
    recount();
    const said = [...acts, ...[...moves.values()].map(show)].join(' ');
    if (said !== '') world.log(`${actor.name} ${said}`);
  };

  const paidRow = (_actor: Actor, values: readonly unknown[]): void => {
    const [stage, itemId, inputHash, state, , before] = values;
    if (before === 'done' && state !== 'done')
      world.violate(
        'I2',
        `the stored answer of ${String(stage)}/${String(itemId)} ${String(inputHash)} was taken back`,
      );
  };

  const judge = (
    actor: Actor,
    beganMs: number,
    move: TaskMove,
    acts: readonly string[],
    live: (id: number) => boolean,
  ): void => {
    const { key, before, after } = move;
    const wrong = (invariant: string, why: string) =>
      world.violate(invariant, `${why}: ${show(move)} by ${actor.name}`);
    if (after === null) {
      wrong('I1', 'a task was deleted');
      return;
    }
    const anew = before !== null && (after.inputHash !== before.inputHash || acts.includes('again'));
    if (anew || before === null) failures.set(key, 0);
    if (anew) actedMs.set(key, world.nowMs());
    if (before === null) {
      if (after.state !== 'ready') wrong('I1', 'a task began otherwise than ready');
      return;
    }
    if (after.state === 'leased') judgeHold(move, wrong);
    else if (before.state === 'leased' && anew) return;
    else if (before.state === 'leased' && acts.includes('abandon')) {
      if (after.attempt !== before.attempt - 1) wrong('I9', 'given back, and the attempt was kept');
    } else if (before.state === 'leased' && (after.lost > before.lost || acts.includes('lose')))
      judgeLoss(beganMs, move, wrong);
    else if (before.state === 'leased') judgeCommit(actor, move, live, wrong);
    else if (SETTLED.has(before.state) && !anew) wrong('I3', 'a settled task moved by no act and no new input');
    else if (before.state === 'submitted' && !anew && !(after.state === 'ready' && acts.includes('return')))
      wrong('I3', 'a submitted task moved otherwise than by its return');
    else if (before.state === 'ready' && after.state !== 'ready') wrong('I1', 'a waiting task was settled by nobody');
  };

  const judgeHold = ({ key, before, after }: TaskMove, wrong: Wrong): void => {
    if (before === null || after === null) return;
    if (before.state === after.state && before.leaseId === after.leaseId) return;
    if (before.state !== 'ready') wrong('I2', 'claimed while it was not ready');
    if (mirror.paused.get(after.stage)) wrong('F30', 'claimed while its stage was paused');
    if (after.attempt !== before.attempt + 1) wrong('I9', 'claimed without counting the attempt');
    if ((after.leaseId ?? 0) <= (fences.get(key) ?? 0))
      wrong('I3', `claimed under a fence not above #${fences.get(key)}`);
    fences.set(key, after.leaseId ?? 0);
  };

  const judgeLoss = (beganMs: number, move: TaskMove, wrong: Wrong): void => {
    const { before, after } = move;
    if (before?.leaseId == null || after === null) return;
    const lease = mirror.leases.get(before.leaseId);
    if (lease && lease.expiresMs > beganMs)
      wrong('I2', `taken from a lease with ${lease.expiresMs - beganMs} ms to live`);
    if (after.lost !== before.lost + 1) wrong('I9', 'taken back without counting the loss');
    const most = before.stage === 'bind' ? Number.POSITIVE_INFINITY : lossesMax({ batchMax: BATCH_MAX });
    if ((after.state === 'dead') !== after.lost >= most) wrong('I9', `lost ${after.lost} times of at most ${most}`);
  };

  const judgeCommit = (actor: Actor, move: TaskMove, live: (id: number) => boolean, wrong: Wrong): void => {
    const { key, before, after } = move;
    if (before?.leaseId == null || after === null) return;
    commits += 1;
    if (!live(before.leaseId)) wrong('I2', 'zombie commit');
    const owner = mirror.leases.get(before.leaseId)?.owner;
    if (owner !== actor.name) wrong('I2', `settled under the lease of ${owner}`);
    const answer = witness.answers.get(before.leaseId)?.get(before.itemId);
    const failed = failures.get(key) ?? 0;
    if (answer === 'retry') failures.set(key, failed + 1);
    const expected =
      answer === 'done' || answer === 'submitted'
        ? answer
        : answer === 'dead' || (answer === 'retry' && failed + 1 >= ATTEMPTS_MAX)
          ? 'dead'
          : 'ready';
    if (after.state === 'done') {
      const result = `${key}/${before.inputHash}`;
      finished.set(result, (finished.get(result) ?? 0) + 1);
      everDone.add(key);
    }
    if (after.state !== expected) wrong('I1', `the stage said ${answer} after ${failed} failures`);
    const counted = after.attempt - after.waits - after.lost;
    const due = failed + (answer === 'wait' || answer === 'submitted' ? 0 : 1);
    if (counted !== due) wrong('I9', `${counted} attempts counted instead of ${due} (${answer})`);
  };

  /** What the gates of a claim promise. */
  const judgeClaim = (beganMs: number, moves: ReadonlyMap<string, TaskMove>): void => {
    const stage = [...moves.values()].find(({ after }) => after?.state === 'leased')?.after?.stage;
    if (stage !== 'read' && stage !== 'bind') return;
    const most = stage === 'read' ? CONCURRENCY_MAX : 1;
    const others = [...mirror.leases.values()].filter(
      (lease) => lease.stage === stage && lease.state === 'live' && lease.expiresMs > beganMs,
    ).length;
    if (others >= most) world.violate('I9', `${others + 1} claims of ${stage} live at once, of at most ${most}`);
  };

  const recount = (): void => {
    const real = new Map<string, number>();
    for (const { stage, state } of mirror.tasks.values()) {
      const name = `${stage} ${state}`;
      real.set(name, (real.get(name) ?? 0) + 1);
    }
    for (const [name, n] of mirror.counts)
      if (n !== (real.get(name) ?? 0))
        world.violate('I4', `the counter says ${n} ${name}, there are ${real.get(name) ?? 0}`);
    for (const [name, n] of real)
      if (mirror.counts.get(name) !== n) world.violate('I4', `the counter knows nothing of ${n} ${name}`);
  };

  const paid = (call: PaidCall, asks: boolean): void => {
    world.log(`${call.worker.name} pays ${call.effect} #${call.leaseId}`);
    const now = world.nowMs();
    const isLive = (id: number): boolean => {
      const lease = mirror.leases.get(id);
      return lease !== undefined && lease.state === 'live' && lease.expiresMs > now;
    };
    // A process that was stopped between its intent and its call: only the key at the service can help then.
    call.zombie = !isLive(call.leaseId);
    // An answer may come between an intent and its call only from a zombie, whose call is judged below.
    const intended = mirror.intents.get(`${call.effect}#${call.leaseId}`);
    const settled = mirror.settledEffects.get(call.effect);
    const known = settled === undefined ? '' : ', though its answer was stored';
    if (intended === undefined)
      world.violate('I2', `${call.effect} was paid under #${call.leaseId} without an intent${known}`);
    else if (settled !== undefined && settled < intended) world.violate('I2', `${call.effect} was paid again${known}`);
    for (const earlier of witness.calls.get(call.effect) ?? []) {
      if (call.zombie || earlier.zombie) witness.extraCalls.zombie += 1;
      else if ((actedMs.get(call.task) ?? 0) >= earlier.atMs) witness.extraCalls.operator += 1;
      else if (asks) world.violate('I2', `${call.effect} was paid again though the service could be asked`);
      else if (earlier.answerLost) witness.extraCalls.answerLost += 1;
      else if (earlier.worker.dead) witness.extraCalls.crash += 1;
      else if (!isLive(earlier.leaseId)) witness.extraCalls.lease += 1;
      else if ((witness.failedCallMs.get(earlier.worker.name) ?? 0) >= earlier.atMs) witness.extraCalls.network += 1;
      else
        world.violate(
          'I2',
          `${call.effect} was paid again under #${call.leaseId} while #${earlier.leaseId} of ${earlier.worker.name} lived`,
        );
    }
  };

  const told = (worker: Actor, stage: string, itemId: number): void => {
    if (!everDone.has(taskKey(stage, itemId)))
      world.violate('I10', `${worker.name} told that ${taskKey(stage, itemId)} is done, and it never was`);
  };

  return {
    mirror,
    finished,
    told,
    applied,
    paid,
    openTasks: () => [...mirror.tasks.values()].filter(({ state }) => !SETTLED.has(state)).length,
    commits: () => commits,
  };
}
