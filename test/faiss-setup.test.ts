import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../space/faiss/setup.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'anamnesis-setup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function packageFolder(name: string): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

/** A copy of the script beside its own `node_modules`, with these packages in it and nothing built. */
function place(name: string, packages: readonly string[]): string {
  const modules = join(folder, name, 'node_modules');
  mkdirSync(modules, { recursive: true });
  cpSync(script, join(folder, name, 'setup.mjs'));
  for (const each of packages) {
    const source = packageFolder(each);
    if (source === null) throw new Error(`${each} is not installed`);
    const withoutBuild = (path: string): boolean => path !== join(source, 'build');
    cpSync(source, join(modules, each), { recursive: true, filter: withoutBuild });
  }
  return join(folder, name, 'setup.mjs');
}

function setUp(file: string, path = process.env.PATH) {
  const env = { PATH: path, FAISS_BUILD_FROM_SOURCE: '1', FAISS_NO_APT: '1' };
  const { status, stdout } = spawnSync(process.execPath, [file], { env, encoding: 'utf8', timeout: 50_000 });
  return { status, stdout };
}

const faiss = packageFolder('faiss-node');
const built = faiss !== null && existsSync(join(faiss, 'build', 'Release', 'faiss-node.node'));
const noPackage = faiss === null ? ' (skipped: npm left out faiss-node)' : '';

test.skipIf(!built)(
  `the set-up says ready and does nothing where faiss-node loads${built ? '' : ' (skipped: not built)'}`,
  () => {
    const { status, stdout } = setUp(script);
    expect(stdout).toMatch(/^faiss: ready \(\d+\.\d s\)\n$/);
    expect(status).toBe(0);
  },
);

test('without the package the set-up exits with 2 and the line to type', () => {
  const { status, stdout } = setUp(place('bare', []));
  expect(status).toBe(2);
  expect(stdout).toContain('to do: npm install --no-save --ignore-scripts faiss-node@0.5.1');
  expect(stdout).toContain('search serves from the exact scan without it');
});

test.skipIf(faiss === null)(`without headers to compile with the set-up names them${noPackage}`, () => {
  const { status, stdout } = setUp(place('headless', ['faiss-node', 'bindings', 'file-uri-to-path']));
  expect(status).toBe(2);
  expect(stdout).toContain('node-addon-api node-api-headers');
});

test.skipIf(faiss === null)(
  `without a compiler, and told to leave apt alone, the set-up says what to install${noPackage}`,
  () => {
    const packages = ['faiss-node', 'bindings', 'file-uri-to-path', 'node-addon-api', 'node-api-headers'];
    const { status, stdout } = setUp(place('tools', packages), folder);
    expect(status).toBe(2);
    expect(stdout).toContain('there is no g++');
    expect(stdout).not.toContain('apt-get with');
    expect(stdout).toMatch(
      /to do: (sudo apt-get install -y g\+\+ libfaiss-dev libopenblas-dev|install a C\+\+ compiler)/,
    );
  },
);
