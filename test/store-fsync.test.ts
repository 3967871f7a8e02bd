import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { sampleFile } from '../space/sample/sample.ts';

const lint = fileURLToPath(new URL('../../shared/tools/fsynclint.py', import.meta.url));
const command = fileURLToPath(new URL('../space/anamnesis.mjs', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'anamnesis-fsync-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const runs = (name: string, ...args: string[]): boolean => spawnSync(name, args, { timeout: 10_000 }).status === 0;
const missing = [
  ...(runs('strace', '-o', '/dev/null', 'true') ? [] : ['strace cannot trace here']),
  ...(runs('python3', '--version') ? [] : ['there is no python3']),
  ...(existsSync(lint) ? [] : ['fsynclint.py is not beside this repository']),
];
const CALLS = [
  ...[
    'openat',
    'creat',
    'write',
    'pwrite64',
    'writev',
    'pwritev',
    'ftruncate',
    'truncate',
    'fallocate',
    'fsync',
    'fdatasync',
  ],
  ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'link', 'linkat', 'mkdir', 'close'],
];

/** Runs a command of the product and adds what it asks of the file system to the trace. */
function traced(data: string, trace: string, ...args: string[]): void {
  const strace = ['-f', '-y', '-qq', '-s', '0', '--seccomp-bpf', '-A', '-o', trace, '-e', `trace=${CALLS.join(',')}`];
  const run = spawnSync('strace', [...strace, process.execPath, command, ...args], {
    env: { ...process.env, DATA_DIR: data, STORE_DIR: '', DATABASE_URL: '', LOG_LEVEL: 'error' },
    encoding: 'utf8',
    timeout: 100_000,
  });
  if (run.status !== 0) throw new Error(`anamnesis ${args.join(' ')} ended with ${run.status}: ${run.stderr}`);
}

test.skipIf(missing.length > 0)(
  `nothing that a whole run publishes could be lost or torn by a power cut${
    missing.length > 0 ? ` (skipped: ${missing.join(', ')})` : ''
  }`,
  () => {
    const [data, trace] = [join(root, 'data'), join(root, 'trace')];
    const samples = readFileSync(sampleFile, 'utf8').split('\n');
    // Twice, since the second release is built on the first.
    for (const [from, to] of [
      [0, 20],
      [20, 30],
    ] as const) {
      const file = join(root, `${from}.jsonl`);
      writeFileSync(file, samples.slice(from, to).join('\n'));
      traced(data, trace, 'ingest', '--file', file);
      traced(data, trace, 'run', '--until-idle');
    }
    traced(data, trace, 'index', 'build', '--force');
    traced(data, trace, 'index', 'rollback', '1', '--yes');
    // The lint can find nothing in what it was not shown.
    const text = readFileSync(trace, 'utf8');
    for (const file of ['keywords.db', 'lexical.bin', 'manifest.json', 'faiss_version.json', 'state.db'])
      expect(text, file).toContain(file);
    // Shared memory beside the database is made anew by whoever opens it first; its log counts like any other file.
    const { stdout } = spawnSync('python3', [lint, trace, '--root', data, '--ignore', '-shm'], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    const findings = stdout.split('\n').filter((line) => line.startsWith('line '));
    expect(findings).toEqual([]);
    const stats = /stats (\{.*\})/.exec(stdout)?.[1]?.replaceAll("'", '"') ?? '{}';
    const { writes, fsync, dirsync, renames } = JSON.parse(stats) as Readonly<Record<string, number>>;
    expect(renames).toBeGreaterThan(30);
    console.info(
      `F16: ${findings.length} findings in a run of six commands and three releases: ${writes} writes, ${fsync} syncs (${dirsync} of folders), ${renames} renames`,
    );
  },
  300_000,
);
