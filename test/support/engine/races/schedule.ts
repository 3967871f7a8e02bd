import type { Database, Pipeline, Runtime, Statement, TickReport } from '../../../../core/engine/index.ts';
import { tick } from '../../../../core/engine/index.ts';
import { fakeRuntime } from '../runtime.ts';

/** Yields a random number of turns before and after each call, so that ticks in one process meet in every order. */
export function jittered(db: Database, random: () => number): Database {
  const pause = async (): Promise<void> => {
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await new Promise(setImmediate);
  };
  const calm = async <T>(send: () => Promise<T>): Promise<T> => {
    await pause();
    const result = await send();
    await pause();
    return result;
  };
  return {
    read: (statements: readonly Statement[]) => calm(() => db.read(statements)),
    write: (statements: readonly Statement[]) => calm(() => db.write(statements)),
  };
}

/** Ticks of one schedule: which begin at each step, and for how many steps each is held amid its work. */
export type Delivery = { readonly heldSteps: number };
export type Schedule = readonly (readonly Delivery[])[];

const onTime: Delivery = { heldSteps: 0 };
const oneEach = (steps: number): Delivery[][] => Array.from({ length: steps }, () => [onTime]);

/** `random` is uniform in [0, 1). */
export const SCHEDULES: Readonly<Record<string, (steps: number, random: () => number) => Schedule>> = {
  'late ticks, up to three steps': (steps, random) =>
    oneEach(steps).map(() => [{ heldSteps: Math.floor(random() * 4) }]),
  // A tick carries no number: what was sent third and fourth ends before what was sent fifth but began first.
  'ticks 5, 3, 4': (steps) => oneEach(steps).map((_, step) => [{ heldSteps: step % 3 === 0 ? 2 : 0 }]),
  'four of ten ticks lost': (steps, random) => oneEach(steps).map((each) => (random() < 0.4 ? [] : each)),
  'ten ticks dropped in a row, then ten at once': (steps) => {
    const after = Math.floor(steps / 4);
    return [
      ...oneEach(after),
      ...Array.from({ length: 10 }, () => []),
      Array.from({ length: 10 }, () => onTime),
      ...oneEach(steps),
    ];
  },
  'each tick twice': (steps) => oneEach(steps).map(() => [onTime, onTime]),
  'all of it': (steps, random) =>
    oneEach(2 * steps).map(() =>
      Array.from({ length: random() < 0.3 ? 0 : random() < 0.2 ? 10 : 1 }, () => ({
        heldSteps: Math.floor(random() * 4),
      })),
    ),
};

export type Played = { readonly ticks: number; readonly steps: number; readonly reports: readonly TickReport[] };

/**
 * Plays a schedule until a tick finds that the pipeline serves; then on with one tick a step. `connections` are used in
 * turn; `pipelineOf` makes the definition of one tick from the wait that belongs amid its work.
 */
export async function play(
  connections: readonly Database[],
  pipelineOf: (amid: () => Promise<void>) => Pipeline,
  schedule: Schedule,
  itemsMax: number,
  stepsMax: number,
  runtime: (nth: number) => Runtime = (nth) => fakeRuntime({ owner: `tick${nth}` }),
): Promise<Played> {
  const reports: TickReport[] = [];
  const held: { readonly untilStep: number; readonly letGo: () => void }[] = [];
  const running = new Set<Promise<unknown>>();
  let ticks = 0;
  let serving = false;
  let step = 0;
  for (; !(serving && running.size === 0) && step < stepsMax; step++) {
    for (const at of held.filter(({ untilStep }) => untilStep <= step)) {
      at.letGo();
      held.splice(held.indexOf(at), 1);
    }
    const begin = step < schedule.length ? (schedule[step] ?? []) : [onTime];
    const settledOrHeld = begin.map(({ heldSteps }) => {
      ticks += 1;
      const db = connections[ticks % connections.length];
      if (!db) throw new Error('no connection');
      return new Promise<void>((resolve, reject) => {
        let heldOnce = heldSteps === 0;
        const amid = (): Promise<void> => {
          if (heldOnce) return Promise.resolve();
          heldOnce = true;
          resolve();
          return new Promise((letGo) => held.push({ untilStep: step + heldSteps, letGo }));
        };
        const whole = tick(db, pipelineOf(amid), runtime(ticks), { budgetMs: 60_000, itemsMax }).then((report) => {
          reports.push(report);
          serving ||= report.after.kind === 'serving';
        });
        running.add(whole);
        whole.then(resolve, reject).finally(() => running.delete(whole));
      });
    });
    await Promise.all(settledOrHeld);
    // A tick that was let go ends within this step.
    if (held.length === 0) await Promise.all(running);
  }
  if (!serving) throw new Error(`the pipeline did not come to rest in ${stepsMax} steps`);
  return { ticks, steps: step, reports };
}
