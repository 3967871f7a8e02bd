import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { freeSource, heldSources } from '../../core/corpus.ts';
import { breakLeases, type Database, liveLeases, type Runtime } from '../../core/engine/index.ts';

/** Reads a file of /proc; null where there is none (no Linux, or the process is gone). */
function procFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Clock ticks since boot when a process began: with the pid it names one process, a pid alone comes back. */
function startOf(pid: number): string | null {
  const stat = procFile(`/proc/${pid}/stat`);
  // The second field is the command in brackets and may hold blanks; the start time is the 20th field after it.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

const machine = (): string =>
  `${hostname()}/${(procFile('/proc/sys/kernel/random/boot_id') ?? 'noboot').trim().slice(0, 8)}`;

/** How this process stands on its leases: machine, boot, pid, start, and a nonce. */
export const ownerOfThisProcess = (): string =>
  `${machine()}/${process.pid}/${startOf(process.pid) ?? '0'}/${randomBytes(4).toString('hex')}`;

/** True when `owner` is a process of this machine and boot that no longer runs. */
export function isDeadHere(owner: string): boolean {
  const here = machine();
  if (!owner.startsWith(`${here}/`)) return false;
  const [pid, start] = owner.slice(here.length + 1).split('/');
  const running = startOf(Number(pid));
  return running !== null ? running !== start : !pidExists(Number(pid));
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Breaks the leases of this machine's dead processes, so that a restart need not wait for their expiry. Returns how many. */
export async function recoverDeadLeases(db: Database): Promise<number> {
  const dead = (await liveLeases(db)).filter(({ owner }) => isDeadHere(owner));
  await breakLeases(
    db,
    dead.map(({ id }) => id),
  );
  return dead.length;
}

/** Lets go of the sources that this machine's dead processes were reading. */
export async function freeDeadSources(db: Database): Promise<void> {
  for (const held of await heldSources(db)) if (isDeadHere(held.owner)) await freeSource(db, held);
}

export const nodeRuntime = (owner: string): Runtime => ({
  monotonicMs: () => performance.now(),
  random: Math.random,
  owner,
  every: (everyMs, callback) => {
    const timer = setInterval(callback, everyMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
  newId: randomUUID,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});
