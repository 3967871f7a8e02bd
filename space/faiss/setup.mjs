/**
 * Makes `faiss-node` loadable. Exit 0: ready. Exit 2: not available, with what to do about it.
 *
 * In order: use what is there; the official prebuilt; else one g++ call against the distribution's libfaiss, which needs
 * no cmake, no git and no copy of FAISS itself. Plain JavaScript, because it runs before anything else is set up.
 * `FAISS_BUILD_FROM_SOURCE=1` skips the prebuilt, `FAISS_NO_APT=1` leaves the system's packages alone.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const PACKAGES = 'g++ libfaiss-dev libopenblas-dev';
const WITHOUT = 'search serves from the exact scan without it';
const KILL_AFTER_MS = 5_000;
const startedMs = Date.now();

const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
const say = (line) => console.log(`faiss: ${line}`);

/** Group ids of running children, so that an interrupt or the end of this process leaves none behind. */
const running = new Set();
function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself in the meantime.
  }
}
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => {
    for (const pid of running) killGroup(pid, 'SIGKILL');
    process.exit(code);
  });
}

/**
 * Runs a program in a process group of its own, so that the time limit also ends what it started (cc1plus, dpkg).
 * Resolves on `exit`, not on `close`: a grandchild that keeps a pipe open cannot hold us.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ limitMs: number, cwd?: string, env?: Record<string, string> }} options
 * @returns {Promise<{ ok: boolean, timedOut: boolean, output: string }>} output: the last 4,000 characters it said
 */
function run(command, args, { limitMs, cwd, env }) {
  return new Promise((resolve) => {
    let output = '';
    let timedOut = false;
    const child = spawn(command, args, {
      cwd,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk) => {
      output = (output + chunk).slice(-4_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timers = [];
    const finish = (ok) => {
      for (const timer of timers) clearTimeout(timer);
      running.delete(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ ok, timedOut, output: output.trim() });
    };
    child.on('error', (error) => {
      keep(String(error));
      finish(false);
    });
    // One turn later, so that what the pipes still hold is read first.
    child.on('exit', (code) => setImmediate(() => finish(code === 0)));
    if (child.pid === undefined) return;
    running.add(child.pid);
    timers.push(
      setTimeout(() => {
        timedOut = true;
        killGroup(child.pid, 'SIGTERM');
        timers.push(setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS));
      }, limitMs),
    );
  });
}

function resolved(request, from) {
  try {
    return require.resolve(request, from === undefined ? undefined : { paths: [from] });
  } catch {
    return null;
  }
}

/** Loads and searches in a process of its own: a wrong binary can take its process down. */
function probe() {
  const script =
    `const { IndexFlatIP } = require(${JSON.stringify(resolved('faiss-node') ?? 'faiss-node')});` +
    'const index = new IndexFlatIP(2); index.add([1, 0, 0, 1]);' +
    'process.exit(index.search([0, 1], 1).labels[0] === 1 ? 0 : 1);';
  return run(process.execPath, ['-e', script], { limitMs: 20_000, env: { OMP_NUM_THREADS: '1', NODE_OPTIONS: '' } });
}

function unavailable(why, remedy) {
  say(`not available: ${why}`);
  say(`to do: ${remedy}`);
  say(`${WITHOUT}.`);
  process.exit(2);
}

function lastLine(text) {
  return text.split('\n').at(-1) || 'no message';
}

/** @returns {Promise<string | null>} why it did not work; null when faiss-node loads now */
async function tryPrebuilt(folder) {
  const program = resolved('prebuild-install/bin.js', folder);
  if (program === null) return 'prebuild-install is not installed';
  const sinceMs = Date.now();
  say('prebuilt: asking GitHub for the official binary (at most 60 s; FAISS_BUILD_FROM_SOURCE=1 skips this)');
  const download = await run(process.execPath, [program, '--runtime', 'napi'], { cwd: folder, limitMs: 60_000 });
  if (!download.ok) {
    const reason = download.timedOut ? 'no answer in time' : lastLine(download.output);
    return `not to be had after ${seconds(sinceMs)} (${reason})`;
  }
  const check = await probe();
  if (check.ok) return null;
  // A binary for another libc would shadow ours in the order in which `bindings` looks.
  rmSync(join(folder, 'build'), { recursive: true, force: true });
  return `downloaded in ${seconds(sinceMs)} but does not load (${lastLine(check.output)})`;
}

const includeFolder = () =>
  ['/usr/local/include', '/usr/include'].find((dir) => existsSync(join(dir, 'faiss/Index.h')));

/** What a compile lacks on this machine, in words; empty when nothing. */
async function missingTools() {
  const missing = [];
  const openblas = await run('g++', ['-print-file-name=libopenblas.so'], { limitMs: 10_000 });
  if (!openblas.ok) missing.push('g++');
  if (includeFolder() === undefined) missing.push("FAISS's headers (libfaiss-dev)");
  // g++ prints a full path when it finds the file and echoes the bare name when it does not.
  if (openblas.ok && !openblas.output.startsWith('/')) missing.push('libopenblas-dev');
  return missing;
}

async function aptInstall() {
  const sinceMs = Date.now();
  say(`installing the Debian packages ${PACKAGES} with apt-get (FAISS_NO_APT=1 forbids it)`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const patience = ['-o', 'DPkg::Lock::Timeout=60', '-o', 'Acquire::Retries=2', '-o', 'Acquire::http::Timeout=30'];
  await run('apt-get', [...patience, 'update'], { limitMs: 120_000, env });
  const install = [...patience, 'install', '-y', '--no-install-recommends', ...PACKAGES.split(' ')];
  const done = await run('apt-get', install, { limitMs: 600_000, env });
  say(done.ok ? `installed them in ${seconds(sinceMs)}` : `apt-get failed: ${lastLine(done.output)}`);
}

/** FAISS's version as one number that compares: 1.7.4 is 10704. Null when the header does not say. */
function faissVersion(include) {
  const header = readFileSync(join(include, 'faiss/Index.h'), 'utf8');
  const part = (name) => header.match(new RegExp(`#define FAISS_VERSION_${name} (\\d+)`))?.[1];
  const [major, minor, patch] = [part('MAJOR'), part('MINOR'), part('PATCH')];
  if (major === undefined || minor === undefined || patch === undefined) return null;
  return { text: `${major}.${minor}.${patch}`, number: Number(major) * 10_000 + Number(minor) * 100 + Number(patch) };
}

async function compile(folder, headers) {
  const include = includeFolder();
  const version = faissVersion(include);
  const sinceMs = Date.now();
  const out = join(folder, 'build', 'Release');
  // Two set-ups at once must not see each other's half-written files: write beside, then rename.
  const temporary = join(out, `faiss-node.${process.pid}.tmp`);
  const compat = join(out, `compat.${process.pid}.h`);
  mkdirSync(out, { recursive: true });
  say(`compiling the binding against FAISS ${version?.text ?? 'of unknown version'} (at most 5 min)`);
  const flags = ['-shared', '-fPIC', '-std=c++17', '-O2', '-fopenmp'];
  const defines = ['-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=faiss_node', '-DBUILDING_NODE_EXTENSION'];
  const includes = ['-I', headers.addon, '-I', headers.node, '-I', include];
  if (version !== null && version.number < 10_704) {
    // 1.7.4 moved idx_t out of Index, and the binding is written against 1.7.4.
    writeFileSync(compat, '#include <faiss/Index.h>\nnamespace faiss { using idx_t = Index::idx_t; }\n');
    includes.push('-include', compat);
  }
  const libraries = ['-lfaiss', '-lopenblas', '-lgomp'];
  const source = join(folder, 'src', 'faiss.cc');
  try {
    const args = [...flags, ...defines, ...includes, source, '-o', temporary, ...libraries];
    const built = await run('g++', args, { limitMs: 300_000 });
    if (!built.ok)
      return built.timedOut ? 'the compiler ran out of time' : built.output.split('\n').slice(-8).join('\n');
    renameSync(temporary, join(out, 'faiss-node.node'));
  } finally {
    rmSync(compat, { force: true });
    rmSync(temporary, { force: true });
  }
  const check = await probe();
  if (!check.ok) return `it compiled but does not load: ${lastLine(check.output)}`;
  say(`compiled in ${seconds(sinceMs)}`);
  return null;
}

async function main() {
  const packageFile = resolved('faiss-node/package.json');
  if (packageFile === null) {
    unavailable(
      'npm left out the optional package faiss-node',
      'npm install --no-save --ignore-scripts faiss-node@0.5.1',
    );
  }
  const ready = () => say(`ready (${seconds(startedMs)})`);
  if ((await probe()).ok) return ready();
  const folder = dirname(packageFile);
  if (!process.env.FAISS_BUILD_FROM_SOURCE) {
    const failure = await tryPrebuilt(folder);
    if (failure === null) return ready();
    say(`prebuilt: ${failure}`);
  }

  const addon = resolved('node-addon-api/package.json', folder);
  const node = resolved('node-api-headers/package.json', folder) ?? resolved('node-api-headers/package.json');
  const absent = [addon === null && 'node-addon-api', node === null && 'node-api-headers'].filter(Boolean);
  if (absent.length > 0) {
    const names = absent.join(' ');
    unavailable(
      `no prebuilt, and no headers to compile with: ${names}`,
      `npm install --no-save --ignore-scripts ${names}`,
    );
  }
  const debian = existsSync('/etc/debian_version');
  let missing = await missingTools();
  if (missing.length > 0 && debian && process.getuid?.() === 0 && !process.env.FAISS_NO_APT) {
    await aptInstall();
    missing = await missingTools();
  }
  if (missing.length > 0) {
    const remedy = debian
      ? `sudo apt-get install -y ${PACKAGES} && node space/faiss/setup.mjs`
      : 'install a C++ compiler, FAISS and OpenBLAS with their headers, then: node space/faiss/setup.mjs';
    unavailable(`no prebuilt, and to compile there is no ${missing.join(', no ')}`, remedy);
  }
  const failure = await compile(folder, { addon: dirname(addon), node: join(dirname(node), 'include') });
  if (failure !== null) {
    unavailable(`the build failed:\n${failure}`, 'read the compiler above, then: node space/faiss/setup.mjs');
  }
  ready();
}

try {
  await main();
} catch (error) {
  // For example a folder that this user may not write to: FAISS is optional, so this is an answer and not a crash.
  unavailable(error instanceof Error ? error.message : String(error), 'mend this, then: node space/faiss/setup.mjs');
}
