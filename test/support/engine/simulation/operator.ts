import {
  act,
  type Database,
  DatabaseError,
  enterStatements,
  type OperatorAct,
  type Pipeline,
  returnStatements,
} from '../../../../core/engine/index.ts';
import { documentsOf, type Load } from './pipeline.ts';
import type { Actor, World } from './world.ts';

/** Somebody at the command line: acts go over the same network, and are sent until they are answered. */
export type Operator = {
  readonly actor: Actor;
  readonly act: (request: OperatorAct) => Promise<void>;
  /** Requests that are still on their way. */
  readonly pending: () => number;
  /** Whoever asks about outside jobs finds that all of them have ended. */
  readonly collect: () => Promise<void>;
  readonly enter: (load: Load, version: number, documents?: number) => Promise<void>;
};

export function createOperator(options: {
  readonly world: World;
  readonly pipeline: Pipeline;
  readonly connect: (actor: Actor) => Database;
  /** Whether a request may come again. */
  readonly repeats: () => boolean;
}): Operator {
  const { world, pipeline, connect, repeats } = options;
  const actor: Actor = { name: 'operator', dead: false, stalledUntilMs: 0, skewMs: 0 };
  const db = connect(actor);
  let requests = 0;
  let pending = 0;

  /** Until an answer comes. */
  const insist = async (send: () => Promise<unknown>): Promise<void> => {
    pending += 1;
    for (;;) {
      try {
        await send();
        pending -= 1;
        return;
      } catch (error) {
        if (!(error instanceof DatabaseError)) {
          world.violate('act', error instanceof Error ? (error.stack ?? error.message) : String(error));
          return;
        }
        await world.sleep(world.between(200, 1_000), actor);
      }
    }
  };

  return {
    actor,
    pending: () => pending,
    act: (request) => {
      requests += 1;
      const by = { actor: 'operator', requestId: `r${requests}`, reason: 'simulation' };
      world.log(`operator asks ${by.requestId} ${JSON.stringify(request)}`);
      const send = () => insist(() => act(db, pipeline, request, by));
      // A nervous finger, or a proxy that held a copy back.
      if (repeats() && world.chance(0.3)) {
        pending += 1;
        world.after(world.between(50, 9_000), actor, () => {
          pending -= 1;
          void send();
        });
      }
      return send();
    },
    collect: () => {
      const all = `SELECT item_id FROM task WHERE stage = 'read' AND state = 'submitted'`;
      const back = { stage: 'read', items: all, job: 'job', reason: 'ended', actor: actor.name };
      return insist(() => db.write(returnStatements(back, 'true')));
    },
    enter: (load, version, documents) => {
      const [first] = pipeline.stages;
      if (!first) throw new Error('a pipeline without stages');
      return insist(() => db.write(enterStatements(first, documentsOf(load, version).slice(0, documents))));
    },
  };
}
