import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export type Program = { readonly path: string; readonly remove: () => void };

/**
 * The child program (that of the engine's deaths, or another) as one plain script: it starts in a fifth of a second, most of which is Node's own, where the same
 * files through a TypeScript loader take more than one.
 */
export async function buildProgram(entry = new URL('./child.ts', import.meta.url)): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-deaths-program-'));
  const path = join(folder, 'child.cjs');
  const client = createRequire(createRequire(import.meta.url).resolve('@libsql/client'));
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
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
