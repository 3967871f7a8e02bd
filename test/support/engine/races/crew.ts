import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Counts } from '../../../../core/engine/index.ts';
import type { Work } from './work.ts';

/** Several real worker processes that stay for a whole test file, since starting one costs a second of CPU. */

/** Opens one connection per owner; earlier ones are closed. */
export type Opened = {
  readonly url: string;
  readonly owners: readonly string[];
  readonly work: Work;
  readonly ledger: string;
};
/** Amid its next batch `owner` stays until the file `until` exists: awake with its heartbeat, or asleep without. */
export type Hold = { readonly owner: string; readonly mode: 'awake' | 'asleep'; readonly until: string };
export type Command =
  | ({ readonly do: 'open' } & Opened)
  | ({ readonly do: 'hold' } & Hold)
  | { readonly do: 'tick'; readonly owner: string; readonly itemsMax?: number }
  | { readonly do: 'drain'; readonly deadlineMs: number }
  | { readonly do: 'clock' };
export type Ticked = {
  readonly counts: Counts;
  readonly batches: number;
  readonly after: string;
  readonly gate: string | null;
};
export type Drained = {
  readonly owner: string;
  readonly ticks: number;
  readonly done: number;
  readonly lost: number;
  /** What ticks threw: what a user would have seen. */
  readonly errors: readonly string[];
  /** False when the deadline came first. */
  readonly idle: boolean;
};
export type Answer = { readonly id: number; readonly result?: unknown; readonly error?: string };

export type WorkerProcess = {
  readonly pid: number;
  readonly open: (opened: Opened) => Promise<void>;
  readonly tick: (owner: string, itemsMax?: number) => Promise<Ticked>;
  readonly drain: (deadlineMs: number) => Promise<readonly Drained[]>;
  /** Says what to stay at; `held` resolves with the lease that it then has in its hands. */
  readonly hold: (hold: Hold) => Promise<{ readonly held: Promise<number> }>;
  /** What the process' own clock shows. */
  readonly clock: () => Promise<number>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<unknown>;
};
export type Crew = {
  readonly workers: readonly WorkerProcess[];
  /** Scratch of this crew; gone with it. */
  readonly folder: string;
  /** Path of a file that was not there before. */
  readonly scratch: (name: string) => string;
  readonly disband: () => Promise<void>;
};

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

export async function startCrew(size: number, env: Readonly<Record<string, string>> = {}): Promise<Crew> {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-races-'));
  let files = 0;
  const workers = Array.from({ length: size }, () => startWorker(env));
  const crew: Crew = {
    workers: workers.map(({ worker }) => worker),
    folder,
    scratch: (name) => {
      files += 1;
      return join(folder, `${files}-${name}`);
    },
    disband: async () => {
      for (const { child } of workers) child.kill('SIGKILL');
      await Promise.all(workers.map(({ worker }) => worker.ended));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await Promise.all(workers.map(({ ready }) => ready)).catch(async (error: unknown) => {
    await crew.disband();
    throw error;
  });
  return crew;
}

/** Makes the file that somebody stays for. */
export const letGo = (until: string): void => writeFileSync(until, '');

function startWorker(env: Readonly<Record<string, string>>): {
  readonly child: ChildProcess;
  readonly worker: WorkerProcess;
  readonly ready: Promise<void>;
} {
  const child = spawn(process.execPath, ['--import', 'tsx', WORKER], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const asked = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  const holds: ((leaseId: number) => void)[] = [];
  let ids = 0;
  let isReady: () => void = () => undefined;
  let isGone: (error: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    isReady = resolve;
    isGone = reject;
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Answer & { readonly ready?: true; readonly holding?: string; leaseId?: number };
    if (line.ready) isReady();
    else if (line.holding !== undefined) holds.shift()?.(line.leaseId ?? 0);
    else if (line.error !== undefined) asked.get(line.id)?.reject(new Error(line.error));
    else asked.get(line.id)?.resolve(line.result);
  });
  const ended = new Promise<void>((resolve) =>
    child.once('close', (code, signal) => {
      const gone = new Error(`the worker process ended (${signal ?? code})`);
      isGone(gone);
      for (const { reject } of asked.values()) reject(gone);
      resolve();
    }),
  );
  // Whoever waits for an answer hears of the end; nobody else has to.
  ready.catch(() => undefined);
  const ask = <Result>(command: Command): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      ids += 1;
      asked.set(ids, { resolve: (result) => resolve(result as Result), reject }); // worker.ts answers so
      child.stdin.write(`${JSON.stringify({ id: ids, command })}\n`);
    });
  const worker: WorkerProcess = {
    pid: child.pid ?? 0,
    open: (opened) => ask({ do: 'open', ...opened }),
    tick: (owner, itemsMax) => ask({ do: 'tick', owner, ...(itemsMax === undefined ? {} : { itemsMax }) }),
    drain: (deadlineMs) => ask({ do: 'drain', deadlineMs }),
    hold: async (hold) => {
      const held = new Promise<number>((resolve) => holds.push(resolve));
      await ask({ do: 'hold', ...hold });
      return { held };
    },
    clock: () => ask({ do: 'clock' }),
    signal: (signal) => child.kill(signal),
    ended,
  };
  return { child, worker, ready };
}
