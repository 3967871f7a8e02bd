import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Real servers on loopback, each with its data in the folder of the measurement. */

export type Server = {
  readonly pid: number;
  readonly port: number;
  readonly version: string;
  readonly stop: () => Promise<void>;
};

const UP_WITHIN_MS = 30_000;
const GRACE_MS = 5_000;

export async function startRedis(folder: string, appendFsync: 'always' | 'everysec'): Promise<Server> {
  const port = await freePort();
  const options = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync: appendFsync };
  const child = spawn(
    'redis-server',
    // No snapshots beside the log: they would be work that the others do not do.
    [...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]), '--save', ''],
    { stdio: 'ignore' },
  );
  await listening(child, port);
  const version = /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
  return { pid: child.pid ?? 0, port, version, stop: () => end(child, 'SIGTERM') };
}

export type Postgres = Server & { readonly url: string };

/** Defaults of PostgreSQL, of which fsync, synchronous_commit and full_page_writes are on; said again so that it shows. */
const POSTGRES_SETTINGS = ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on', 'listen_addresses=127.0.0.1'];

export async function startPostgres(folder: string): Promise<Postgres> {
  const data = join(folder, 'pg');
  mkdirSync(data);
  const as = postgresUser();
  if (as) {
    chmodSync(folder, 0o755);
    chownSync(data, as.uid, as.gid);
  }
  execFileSync(
    postgresTool('initdb'),
    ['-D', data, '--auth=trust', '--username=bench', '--no-sync', '--encoding=UTF8', '--locale=C'],
    { stdio: ['ignore', 'ignore', 'inherit'], cwd: '/', ...as },
  );
  const port = await freePort();
  const settings = [...POSTGRES_SETTINGS, `port=${port}`, `unix_socket_directories=${data}`];
  const child = spawn(postgresTool('postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
    stdio: 'ignore',
    cwd: '/',
    ...as,
  });
  await listening(child, port);
  // It listens a moment before it lets anybody in.
  await sleep(300);
  const text = execFileSync(postgresTool('postgres'), ['--version'], { encoding: 'utf8' });
  return {
    pid: child.pid ?? 0,
    port,
    version: /(\d+\.\d+)/.exec(text)?.[1] ?? 'unknown',
    url: `postgres://bench@127.0.0.1:${port}/postgres`,
    stop: () => end(child, 'SIGINT'), // fast shutdown: ends the sessions
  };
}

/** PostgreSQL refuses to run as root; Debian's package made a user for it. */
function postgresUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function postgresTool(name: string): string {
  for (const folder of ['/usr/local/bin', '/usr/bin', '/usr/lib/postgresql/15/bin'])
    if (existsSync(join(folder, name))) return join(folder, name);
  throw new Error(`no ${name} here: apt-get install postgresql-15`);
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

async function listening(child: ChildProcess, port: number): Promise<void> {
  let failed: unknown = null;
  child.once('error', (error) => {
    failed = error;
  });
  const untilMs = performance.now() + UP_WITHIN_MS;
  while (performance.now() < untilMs) {
    if (failed !== null) throw failed;
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    if (await answers(port)) return;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnfile} did not come up within ${UP_WITHIN_MS} ms`);
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(force);
}
