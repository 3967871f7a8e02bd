import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BASIC, type FailPointSpec, failPointText, type Plan, type Said } from './plan.ts';
import type { Program } from './program.ts';
import { onLine } from './witness.ts';
import type { World } from './world.ts';

export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: readonly Said[];
  /** What it wrote to standard error. */
  readonly errors: string;
};
export type Life = {
  readonly number: number;
  readonly pid: number;
  /** Resolves when it has opened everything and begins to work, or has ended. */
  readonly ready: Promise<void>;
  readonly ended: Promise<Ended>;
  readonly kill: (signal: NodeJS.Signals) => void;
};

/** A child that does not end is a fault of its own; this keeps a test from hanging on it. */
const LONGEST_LIFE_MS = 60_000;

/** Starts one life of the child program on the database of `world`. */
export function beginLife(
  program: Program,
  world: World,
  plan: Partial<Omit<Plan, 'url' | 'witness' | 'life'>> = {},
  options: {
    readonly failPoint?: FailPointSpec;
    readonly nodeArgs?: readonly string[];
    readonly through?: readonly string[];
  } = {},
): Life {
  const number = world.nextLife();
  const full: Plan = { ...BASIC, ...plan, url: world.url, witness: world.witness.port, life: number };
  const [command = process.execPath, ...before] = [...(options.through ?? []), process.execPath];
  const child = spawn(command, [...before, ...(options.nodeArgs ?? []), program.path, JSON.stringify(full)], {
    env: { PATH: process.env.PATH, ...(options.failPoint ? { FAILPOINT: failPointText(options.failPoint) } : {}) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  const said: Said[] = [];
  let errors = '';
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString();
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_LIFE_MS);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      world.witness.ended(number);
      resolve({ code, signal, said, errors });
    });
  });
  const ready = new Promise<void>((resolve) => {
    onLine(child.stdout, (line) => {
      const one = parsed(line);
      if (one === null) return;
      said.push(one);
      if (one.say === 'ready') resolve();
    });
    child.once('close', () => resolve());
  });
  return { number, pid: child.pid ?? 0, ready, ended, kill: (signal) => child.kill(signal) };
}

/** A killed process may leave half a line. */
function parsed(line: string): Said | null {
  try {
    return JSON.parse(line) as Said;
  } catch {
    return null;
  }
}

/** Lives to the end of the work, and gives the ticks that it took. @throws when it ends in another way */
export async function finish(
  program: Program,
  world: World,
  plan: Partial<Omit<Plan, 'url' | 'witness' | 'life'>> = {},
): Promise<number> {
  const { code, signal, said, errors } = await beginLife(program, world, plan).ended;
  const end = said.find((one) => one.say === 'end');
  if (code !== 0 || end?.say !== 'end' || end.end !== 'idle')
    throw new Error(`the last life ended with ${code ?? signal}, ${JSON.stringify(end)}: ${errors}`);
  return end.ticks;
}

/** Waits until a child has stopped itself; false when it ended instead. */
export async function stopped(child: Life): Promise<boolean> {
  let over = false;
  void child.ended.then(() => {
    over = true;
  });
  while (!over) {
    if (stateOf(child.pid) === 'T') return true;
    await sleep(2);
  }
  return false;
}

/** The state letter of `/proc/<pid>/stat`; it follows the command, which stands in brackets. */
export function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return '';
  }
}
