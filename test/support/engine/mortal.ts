import { type Database, DatabaseError } from '../../../core/engine/index.ts';

/** A process that may die at a call: every call from then on throws, and nothing more is sent. */
export type Mortal = { readonly db: Database; readonly calls: () => number; readonly die: () => void };

/** Dies at database call `nth`, either before it is sent or after it was applied; never by itself without `nth`. */
export function mortal(db: Database, nth = Number.POSITIVE_INFINITY, when: 'before' | 'after' = 'before'): Mortal {
  let calls = 0;
  let dead = false;
  const guarded = async <T>(send: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls === nth && when === 'after') await send();
    if (calls >= nth || dead) {
      dead = true;
      throw new DatabaseError(`the process died ${when} database call ${nth}`);
    }
    return send();
  };
  return {
    db: {
      read: (statements) => guarded(() => db.read(statements)),
      write: (statements) => guarded(() => db.write(statements)),
    },
    calls: () => calls,
    die: () => {
      dead = true;
    },
  };
}
