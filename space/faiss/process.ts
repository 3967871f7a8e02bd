import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FaissUnavailableError } from './errors.ts';
import type { ChildMessage, ChildRequest } from './protocol.ts';

/** The process ended before it answered; `message` says how. */
export class ChildExitError extends Error {
  override readonly name = 'ChildExitError';
}
/** No answer within the deadline; the process has been killed. */
export class ChildTimeoutError extends Error {
  override readonly name = 'ChildTimeoutError';
}
/** The process is well and says that this request cannot be done. */
export class ChildRefusal extends Error {
  override readonly name = 'ChildRefusal';
}

export type FaissProcess = {
  readonly pid: number;
  /** One request at a time; rejects with one of the three errors above. */
  request(request: ChildRequest, deadlineMs: number): Promise<unknown>;
  /** Resolves when the process has ended, with how in words. */
  readonly exited: Promise<string>;
  /** Ends it: asks, and kills after two seconds. */
  stop(): Promise<void>;
};

export const REMEDY =
  'To install or build it: node space/faiss/setup.mjs. Search serves from the exact scan without it.';
const STOP_MS = 2_000;
const STDERR_CHARS = 2_000;

/** Only what a dynamic linker needs: FAISS has no business with our tokens. One thread, because two have crashed it. */
function childEnvironment(): Record<string, string> {
  const kept = ['PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SYSTEMROOT', 'HOME', 'TMPDIR'];
  const inherited = kept.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
}

function forkChild(faissFrom: string | undefined): ChildProcess {
  const args = faissFrom === undefined ? [] : [faissFrom];
  return fork(fileURLToPath(new URL('./child.mjs', import.meta.url)), args, {
    // Typed arrays pass as they are only so.
    serialization: 'advanced',
    // Replaces what the parent runs with (`--import tsx`): the child is plain JavaScript.
    execArgv: ['--expose-gc'],
    env: childEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/**
 * Starts a process and waits until faiss-node is loaded in it.
 * @throws FaissUnavailableError when it cannot be loaded, ChildExitError or ChildTimeoutError when the start failed.
 */
export async function spawnFaiss(options: {
  readonly faissFrom?: string | undefined;
  readonly startDeadlineMs: number;
}): Promise<FaissProcess> {
  const child = forkChild(options.faissFrom);
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-STDERR_CHARS);
  });
  let nextId = 1;
  type Waiting = { readonly id: number; settle(message: ChildMessage | Error): void };
  let waiting: Waiting | null = null;
  let ended: string | null = null;
  const settle = (message: ChildMessage | Error): void => {
    const settled = waiting;
    waiting = null;
    settled?.settle(message);
  };
  const exited = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      ended ??= `the FAISS process ${how}${lastWords === '' ? '' : ` (${lastWords.trim()})`}`;
      settle(new ChildExitError(ended));
      resolve(ended);
    };
    child.on('exit', (code, signal) => end(signal === null ? `ended with code ${code}` : `was ended by ${signal}`));
    child.on('error', (error) => end(`did not start: ${error.message}`));
  });
  child.on('message', (message: ChildMessage) => {
    // An answer to a request that was given up on is nobody's.
    if (!('id' in message) || message.id === waiting?.id) settle(message);
  });

  const exchange = (id: number, deadlineMs: number, start: () => void): Promise<ChildMessage> =>
    new Promise((resolve, reject) => {
      if (ended !== null) return reject(new ChildExitError(ended));
      if (waiting !== null) return reject(new Error('one request at a time'));
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        settle(new ChildTimeoutError(`the FAISS process gave no answer within ${deadlineMs} ms and was killed`));
      }, deadlineMs);
      waiting = {
        id,
        settle(message) {
          clearTimeout(timer);
          if (message instanceof Error) reject(message);
          else resolve(message);
        },
      };
      start();
    });

  const hello = await exchange(0, options.startDeadlineMs, () => {});
  if (hello.kind === 'missing') {
    await exited;
    throw new FaissUnavailableError(`faiss-node does not load: ${hello.reason}`, REMEDY);
  }
  return {
    pid: child.pid ?? 0,
    exited,
    async request(request, deadlineMs) {
      const id = nextId++;
      // A failed send shows as the exit that caused it; a callback keeps it from being thrown as well.
      const message = await exchange(id, deadlineMs, () => child.connected && child.send({ id, request }, () => {}));
      if (message.kind === 'refused') throw new ChildRefusal(message.problem);
      return message.kind === 'done' ? message.value : undefined;
    },
    async stop() {
      if (ended !== null) return;
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      if (child.connected) child.disconnect();
      await exited;
      clearTimeout(timer);
    },
  };
}
