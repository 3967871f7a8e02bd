import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Progress } from './measure.ts';

const MEASURE = fileURLToPath(new URL('measure.ts', import.meta.url));

/** Runs one step of measure.ts in a process of its own. Rejects with how far it came when it does not end in time. */
export function run<T>(step: 'build' | 'serve' | 'nothing', args: readonly string[], limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that what it started ends with it.
    const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', MEASURE, step, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let late = false;
    const kill = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const interrupted = () => {
      kill();
      process.exit(130);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, limitMs);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
      const last = text.trim().split('\n').at(-1) ?? '';
      if (code === 0) resolve(JSON.parse(last) as T);
      else if (!late) reject(new Error(`${step} of ${args[0]} ended with ${code ?? 'a signal'}`));
      else reject(new Error(`${step} not finished within ${(limitMs / 60_000).toFixed(0)} min${reached(last)}`));
    });
  });
}

const reached = (line: string): string =>
  line === '' ? '' : `; it had come to ${(JSON.parse(line) as Progress).progress}`;
