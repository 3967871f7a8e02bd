import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The peers, at the newest versions that run on Node 20 (pg-boss 11 and graphile-worker 0.18 and better-sqlite3 13 ask for 22).
 * They are installed into a folder of their own and stay there for the next run.
 */
const PINNED: Readonly<Record<string, string>> = {
  plainjob: '0.0.14',
  'better-sqlite3': '12.11.1',
  bullmq: '6.7.0',
  ioredis: '5.11.1',
  'pg-boss': '10.4.2',
  'graphile-worker': '0.17.3',
  pg: '8.23.1',
};

/** Installs what is missing. Returns, for each package that cannot be used, the reason. */
export function installPeers(folder: string): ReadonlyMap<string, string> {
  mkdirSync(folder, { recursive: true });
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  const missing = new Map<string, string>();
  for (const [name, version] of Object.entries(PINNED)) {
    if (existsSync(join(folder, 'node_modules', name, 'package.json'))) continue;
    console.error(`installing ${name}@${version} into ${folder}`);
    try {
      npm(folder, ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`]);
    } catch (error) {
      missing.set(name, `npm could not install it: ${firstLine(error)}`);
    }
  }
  if (!missing.has('better-sqlite3')) {
    const reason = buildSqlite(folder);
    if (reason !== null) missing.set('better-sqlite3', reason);
  }
  return missing;
}

/** Its install script fetches a prebuilt binary or else compiles one: some 3 minutes of one core, once. */
function buildSqlite(folder: string): string | null {
  const load = () => {
    const Sqlite = createRequire(join(folder, 'package.json'))('better-sqlite3');
    new Sqlite(':memory:').close();
  };
  try {
    load();
    return null;
  } catch {
    console.error('building better-sqlite3 (a few minutes, once)');
  }
  try {
    // Node's headers, where a system package brought them; else node-gyp asks the network.
    const headers = existsSync('/usr/include/node/node.h') ? { npm_config_nodedir: '/usr' } : {};
    npm(folder, ['rebuild', '--prefix', folder, 'better-sqlite3', '--ignore-scripts=false'], {
      env: { ...process.env, ...headers },
    });
    load();
    return null;
  } catch (error) {
    return `its native part could not be built: ${firstLine(error)}`;
  }
}

function npm(folder: string, args: readonly string[], options: ExecFileSyncOptions = {}): void {
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], ...options });
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
