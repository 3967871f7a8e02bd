import { type Database, DatabaseError, type Result, type Statement } from '../../../../core/engine/index.ts';
import { GATE, type PlantedBug } from './bugs.ts';
import type { Faults } from './faults.ts';
import type { Memory } from './memory.ts';
import type { Oracle } from './oracle.ts';
import { count, type Witness } from './witness.ts';
import type { Actor, World } from './world.ts';

/** The deadline of a database call, as `connectDatabase` sets it on a real client. */
const DEADLINE_MS = 2_000;

type Mode = 'read' | 'transaction';

/** The way from one actor to the database, with all that happens on it. */
export type Network = { readonly connect: (actor: Actor) => Database };

export function createNetwork(options: {
  readonly world: World;
  readonly memory: Memory;
  readonly oracle: Oracle;
  readonly witness: Witness;
  readonly faults: () => Faults;
  readonly bug: PlantedBug | null;
}): Network {
  const { world, memory, oracle, witness, faults, bug } = options;

  /** The instant of one transaction. */
  const apply = (actor: Actor, mode: Mode, sent: readonly Statement[]): readonly Result[] | DatabaseError => {
    const slow = world.chance(faults().slowTransaction) ? world.between(5, 1_500) : 0;
    // Not before the first look at the clock: that is the instant by which the transaction is judged.
    const stopsAt = slow > 0 ? 1 + Math.floor(world.dice() * sent.length) : -1;
    const statements = bug?.rewrite ? sent.map((one) => bug.rewrite?.(one, { world, actor }) ?? one) : sent;
    const beganMs = world.nowMs();
    let asked = 0;
    const clock = (): number => {
      if (asked++ === stopsAt) world.advance(slow);
      return bug?.clock ? bug.clock(world.nowMs(), actor) : world.nowMs();
    };
    try {
      const results = memory[mode](statements, clock);
      if (sent[0]?.sql.startsWith(GATE) && results[0]?.changed === 0) count(witness, 'commits refused');
      if (mode === 'transaction') oracle.applied(actor, beganMs, memory.changes());
      return bug?.answer ? bug.answer(sent, results) : results;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      world.violate('SQL', `${actor.name}: ${message}`);
      return new DatabaseError(message, { cause: error });
    }
  };

  const send = (actor: Actor, mode: Mode, statements: readonly Statement[]): Promise<readonly Result[]> =>
    new Promise((resolve, reject) => {
      // A dead process sends nothing, and nobody waits in it.
      if (actor.dead) return;
      const { lost, answerLost, hangs, slow } = faults();
      const delay = () => (world.chance(slow) ? world.between(100, 1_200) : world.between(5, 20));
      const fail = (why: string) => {
        world.log(`${actor.name} ${why}`);
        count(witness, why);
        witness.failedCallMs.set(actor.name, world.nowMs());
        reject(new DatabaseError(why));
      };
      const answer = (result: readonly Result[] | DatabaseError) =>
        world.after(delay(), actor, () => (result instanceof DatabaseError ? reject(result) : resolve(result)));
      if (world.chance(lost)) return world.after(delay(), actor, () => fail('lost requests'));
      if (world.chance(hangs)) {
        if (world.chance(0.6))
          world.after(world.between(5, 2 * DEADLINE_MS), null, () => apply(actor, mode, statements));
        return world.after(DEADLINE_MS, actor, () => fail('deadlines missed'));
      }
      const answerIsLost = world.chance(answerLost);
      // What was sent arrives, whatever becomes of its sender; sometimes its machine goes down with the bytes.
      const diesWithSender = world.chance(0.5);
      world.after(delay(), null, () => {
        if (actor.dead && diesWithSender) return;
        const result = apply(actor, mode, statements);
        if (answerIsLost) world.after(delay(), actor, () => fail('lost answers'));
        else answer(result);
      });
    });

  return {
    connect: (actor) => ({
      read: (statements) => send(actor, 'read', statements),
      write: (statements) => send(actor, 'transaction', statements),
    }),
  };
}
