import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SearchAnswer } from '../../../core/search/contract.ts';
import { type Answered, type Load, startLoad } from '../engine/races/load.ts';
import { BODIES } from './alone.ts';

export const command = fileURLToPath(new URL('../../../space/anamnesis.mjs', import.meta.url));

/** Answers of one server, in the order in which they came. */
export type Heard = {
  readonly answers: readonly Answered[];
  /** Releases that were damaged when it started: it must not name one of them. */
  readonly refused: ReadonlySet<number>;
  /** When it was told to stop or was killed; null while it runs. */
  readonly ended: { readonly atMs: number; readonly by: 'SIGTERM' | 'SIGKILL' } | null;
};

export type StormServer = {
  readonly pid: number;
  /** Resolves when an answer named this release, or any that `wanted` takes. */
  serves(wanted: (version: number) => boolean): Promise<number>;
  more(count: number): Promise<void>;
  /** Ends it under load. */
  end(by: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  heard(): Heard;
};

const WITHIN_MS = 60_000;
const QUESTIONS = BODIES.map((body) => JSON.stringify(body));

/** The command `serve`, and clients that ask it from the moment it listens. */
export async function startStormServer(options: {
  readonly env: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly thinkMs: number;
  readonly refused: ReadonlySet<number>;
}): Promise<StormServer> {
  const child: ChildProcess = spawn(process.execPath, [command, 'serve'], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const found = /https?:\/\/localhost:\d+/.exec(line)?.[0];
      if (found !== undefined) resolve(found.replace('localhost', '127.0.0.1'));
    });
    child.once('close', () => reject(new Error('the server ended before it listened')));
  });
  const load: Load = startLoad(`${url}/api/search`, options.connections, QUESTIONS, options.thinkMs);
  const answers: Answered[] = [];
  let ended: Heard['ended'] = null;
  const hear = (): readonly Answered[] => {
    const taken = load.take();
    answers.push(...taken);
    return taken;
  };
  return {
    pid: child.pid ?? 0,
    async serves(wanted) {
      const untilMs = performance.now() + WITHIN_MS;
      for (;;) {
        for (const { status, body } of hear()) {
          const version = status === 200 ? (JSON.parse(body) as SearchAnswer).release.version : 0;
          if (wanted(version)) return version;
        }
        if (performance.now() > untilMs) throw new Error('the server did not come to serve that release');
        await sleep(20);
      }
    },
    more: (count) => load.more(count),
    async end(by) {
      if (ended !== null) return;
      ended = { atMs: performance.now(), by };
      child.kill(by);
      const force = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
      await closed;
      clearTimeout(force);
      await load.stop();
      hear();
    },
    heard() {
      hear();
      return { answers, refused: options.refused, ended };
    },
  };
}
