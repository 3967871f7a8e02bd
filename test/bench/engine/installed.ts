import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A module of the folder where the peers were installed. Typed by what the bench calls of it, since it is not ours. */
export async function load<T>(peers: string, name: string): Promise<T> {
  const from = createRequire(join(peers, 'package.json'));
  const loaded: { default?: unknown } = await import(pathToFileURL(from.resolve(name)).href);
  // CommonJS hides its names under `default`.
  return { ...(loaded.default as object), ...loaded, default: loaded.default } as T;
}

export function versionOf(peers: string, name: string): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(peers, 'node_modules', name, 'package.json'), 'utf8'),
  );
  return manifest.version;
}
