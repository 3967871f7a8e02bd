import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** CPU time of processes that are not ours, from Linux's /proc. */

/** Ticks a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICK_MS = 10;

const LOOKS = 5;
const LOOK_MS = 50;

/**
 * The same, looked at several times: a process that ends between two reads of one look is counted nowhere, so a look may
 * show too little and never too much.
 */
export async function settledCpuMs(roots: readonly number[]): Promise<number> {
  let most = cpuMsOf(roots);
  for (let look = 1; look < LOOKS && roots.length > 0; look++) {
    await sleep(LOOK_MS);
    most = Math.max(most, cpuMsOf(roots));
  }
  return most;
}

/** CPU in ms that the processes under `roots` have used, with those of their children that have ended. */
function cpuMsOf(roots: readonly number[]): number {
  if (roots.length === 0) return 0;
  const children = childrenByParent();
  const treeMs = (pid: number): number => {
    const own = statOf(pid);
    if (own === null) return 0;
    return ownMs(pid, own.ownMs) + own.endedMs + (children.get(pid) ?? []).reduce((sum, id) => sum + treeMs(id), 0);
  };
  return roots.reduce((sum, root) => sum + treeMs(root), 0);
}

/** The scheduler's count in ns is exact but one thread's; with several, the coarser count of the process stands. */
function ownMs(pid: number, coarseMs: number): number {
  try {
    if (readdirSync(`/proc/${pid}/task`).length > 1) return coarseMs;
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000_000;
  } catch {
    return coarseMs;
  }
}

function statOf(pid: number): { parent: number; ownMs: number; endedMs: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold spaces. proc(5): after it, ppid is field 4, utime to cstime are 14 to 17.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (field: number) => Number(fields[field - 3]);
    return {
      parent: ticks(4),
      ownMs: (ticks(14) + ticks(15)) * TICK_MS,
      endedMs: (ticks(16) + ticks(17)) * TICK_MS,
    };
  } catch {
    return null;
  }
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(Number(name));
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(name)]);
  }
  return children;
}
