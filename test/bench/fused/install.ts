import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Package = {
  /** What npm installs: the peer and, where its binary is a package of its own, that one too. */
  readonly specs: readonly string[];
  /** Modules that must load. */
  readonly modules: readonly string[];
  /** The one of them that has to be compiled here. */
  readonly compiled?: string;
};

const platform = `${process.platform}-${process.arch}`;

/** The newest versions that run on Node 20 (usearch 2.26, better-sqlite3 13 and LanceDB 0.38 ask for 22). */
const PACKAGES: Readonly<Record<string, Package>> = {
  usearch: { specs: ['usearch@2.25.3'], modules: ['usearch'] },
  hnswlib: { specs: ['hnswlib-node@3.0.0'], modules: ['hnswlib-node'], compiled: 'hnswlib-node' },
  'sqlite-vec': {
    specs: ['sqlite-vec@0.1.9', `sqlite-vec-${platform}@0.1.9`, 'better-sqlite3@12.11.1'],
    modules: ['sqlite-vec', 'better-sqlite3'],
    compiled: 'better-sqlite3',
  },
  lancedb: {
    specs: [
      '@lancedb/lancedb@0.37.1',
      `@lancedb/lancedb-${platform}${process.platform === 'linux' ? '-gnu' : ''}@0.37.1`,
    ],
    modules: ['@lancedb/lancedb'],
  },
};

/**
 * Makes a peer's packages loadable in `folder`, which is its own: npm fails as a whole where one of many does. Null when they are, else
 * the reason why not.
 */
export function installPeer(name: string, folder: string): string | null {
  const wanted = PACKAGES[name];
  if (!wanted) return `no package ${name} is known here`;
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  if (loadProblem(wanted, folder) === null) return null;
  try {
    console.error(`installing ${wanted.specs.join(' ')} into ${folder}`);
    // Without what is optional: LanceDB would bring whole model runtimes. The binaries are named above.
    const quiet = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
    npm(folder, ['install', '--prefix', folder, ...quiet, ...wanted.specs]);
    if (wanted.compiled !== undefined && loadProblem(wanted, folder) !== null) compile(wanted.compiled, folder);
  } catch (error) {
    return `npm could not install it: ${lastLine(error)}`;
  }
  const problem = loadProblem(wanted, folder);
  return problem === null ? null : `it does not load: ${problem}`;
}

function compile(name: string, folder: string): void {
  console.error(`compiling ${name} (up to a few minutes, once)`);
  // Node's headers, where a system package brought them; else node-gyp asks the network.
  const headers = existsSync('/usr/include/node/node.h') ? { npm_config_nodedir: '/usr' } : {};
  npm(folder, ['rebuild', '--prefix', folder, name, '--ignore-scripts=false'], headers);
}

/** In a process of its own: a wrong binary can take its process down. SQLite's is looked for only when a database is opened. */
function loadProblem({ modules }: Package, folder: string): string | null {
  const script = `const { createRequire } = require('node:module');
    const load = createRequire(${JSON.stringify(join(folder, 'package.json'))});
    for (const name of ${JSON.stringify(modules)}) {
      const loaded = load(name);
      if (name === 'better-sqlite3') new loaded(':memory:').close();
    }`;
  try {
    execFileSync(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'pipe'] });
    return null;
  } catch (error) {
    return lastLine(error);
  }
}

function npm(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
}

/** Of what a process said, the line that names the error. */
function lastLine(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n').map((line) => line.trim());
  return lines.find((line) => /^(Error|npm error)\b/.test(line)) ?? lines[0] ?? '';
}
