import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { CorpusOptions } from './corpus.ts';

export type Program = { readonly path: string; readonly remove: () => void };

/** The worker as one plain script: it starts in a fraction of the time that its files take through a TypeScript loader. */
export async function buildWorker(): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-worker-'));
  const path = join(folder, 'worker.cjs');
  const client = createRequire(createRequire(import.meta.url).resolve('@libsql/client'));
  await build({
    entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
    // Migrations are found from the file that opens the database.
    define: { 'import.meta.url': JSON.stringify(new URL('../../../space/database.ts', import.meta.url).href) },
    plugins: [
      {
        // The native part cannot be bundled; outside the project its name would not be found.
        name: 'native-libsql',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^libsql$/ }, () => ({ path: client.resolve('libsql'), external: true })),
      },
    ],
  });
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly errors: string };
export type Life = {
  /** Resolves when it has opened everything and begins to work, or has ended. */
  readonly ready: Promise<void>;
  readonly ended: Promise<Ended>;
  readonly kill: () => void;
};

/** A child that does not end is a fault of its own; this keeps a test from hanging on it. */
const LONGEST_LIFE_MS = 120_000;

export function beginLife(program: Program, opened: CorpusOptions): Life {
  const child = spawn(process.execPath, [program.path, JSON.stringify(opened)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_LIFE_MS);
  let errors = '';
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, errors });
    });
  });
  const ready = new Promise<void>((resolve) => {
    child.stdout.once('data', () => resolve());
    child.once('close', () => resolve());
  });
  return { ready, ended, kill: () => child.kill('SIGKILL') };
}
