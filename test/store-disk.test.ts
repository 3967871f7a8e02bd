import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openReleaseStore, StoreIoError } from '../space/store/releases.ts';

const root = mkdtempSync(join(tmpdir(), 'anamnesis-disk-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const releases = fileURLToPath(new URL('../space/store/releases.ts', import.meta.url));
const mountable = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', root], { timeout: 10_000 }).status === 0;
const traceable = spawnSync('strace', ['-o', '/dev/null', 'true'], { timeout: 10_000 }).status === 0;

/** Runs the body in a process of its own, since the fault is in what the system answers it; returns what it prints. */
function inProcess(before: readonly string[], disk: string, body: string): unknown {
  const script = `
    const { openReleaseStore } = await import(${JSON.stringify(releases)});
    const { readdirSync } = await import('node:fs');
    const { join } = await import('node:path');
    const disk = ${JSON.stringify(disk)};
    const store = openReleaseStore(disk);
    const caught = (promise) => promise.then(() => null, (error) => ({ ...error, name: error.name }));
    const left = () => readdirSync(disk, { recursive: true }).filter((name) => /\\.(tmp|f32|json)$/.test(name));
    const say = (value) => console.log(JSON.stringify(value));
    ${body}`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const [command = process.execPath, ...args] = [...before, ...node];
  const run = spawnSync(command, args, { encoding: 'utf8', timeout: 40_000 });
  return JSON.parse(run.stdout);
}

test.skipIf(!mountable)(
  `on a full disk the writer fails with the path and the remedy, and leaves nothing behind${
    mountable ? '' : ' (skipped: no right to mount a small disk here)'
  }`,
  () => {
    const disk = join(root, 'small');
    mkdirSync(disk);
    const mount = ['unshare', '-m', 'bash', '-c', `mount -t tmpfs -o size=600k tmpfs ${disk} && exec "$@"`, 'bash'];
    const body = `
      const writer = await store.begin(1);
      await writer.append('small.f32', new Uint8Array(1000));
      const first = await caught(writer.append('big.f32', new Uint8Array(1_000_000)));
      const later = await caught(writer.append('small.f32', new Uint8Array(10)));
      const found = left();
      await writer.abandon();
      const again = await store.begin(1);
      await again.append('small.f32', new Uint8Array(1000));
      const files = await again.finish();
      say({ first, later, found, files: files.length });`;
    expect(inProcess(mount, disk, body)).toEqual({
      first: {
        name: 'StoreIoError',
        code: 'ENOSPC',
        path: expect.stringContaining('big.f32'),
        remedy: expect.stringContaining('free space'),
      },
      later: expect.objectContaining({ name: 'StoreIoError', code: 'ENOSPC' }),
      found: [],
      files: 1,
    });
  },
  60_000,
);

// Syncs in their order: the two folders that begin makes in, the file, the release's folder, the staged version file,
// the store's folder, the manifest, the release's folder again.
for (const [what, nth] of [
  ['the file', 3],
  ["the release's folder", 4],
  ['the version file', 5],
  ['the manifest', 7],
  ["the manifest's folder", 8],
] as const) {
  test.skipIf(!traceable)(
    `after a failed sync of ${what} nothing is published, and the sync is not tried again${
      traceable ? '' : ' (skipped: strace cannot trace here)'
    }`,
    () => {
      const disk = join(root, `failing-${nth}`);
      mkdirSync(disk);
      const inject = `inject=fsync,fdatasync:error=EIO:when=${nth}`;
      // One thread for the file system, because the count is kept for each thread.
      const strace = ['strace', '-f', '-qq', '-o', join(root, 'trace'), '-e', 'trace=fsync,fdatasync', '-e', inject];
      const body = `
        const writer = await store.begin(1);
        const run = async () => {
          await writer.append('a.f32', new Uint8Array(1000));
          const files = await writer.finish();
          const viewCounts = { symptoms: 0, ecg: 0, labs: 0, demographics: 0, imaging: 0, whole: 0 };
          await writer.publish({ format: 1, version: 1, createdAt: '', generation: 'g', caseCount: 0, viewCounts, files,
            contentHash: 'c', faissFiles: [] });
        };
        const first = await caught(run());
        const later = await caught(writer.finish());
        say({ first, later, temporary: left().filter((name) => name.endsWith('.tmp')), listed: await store.list() });`;
      expect(inProcess(['env', 'UV_THREADPOOL_SIZE=1', ...strace], disk, body)).toEqual({
        first: expect.objectContaining({ name: 'StoreIoError', code: 'EIO', remedy: expect.stringContaining('disk') }),
        later: expect.objectContaining({ name: 'StoreIoError', code: 'EIO' }),
        temporary: [],
        listed: [],
      });
    },
    60_000,
  );
}

test('a folder that cannot be used is named, with its remedy', async () => {
  const path = join(root, 'file');
  writeFileSync(path, 'not a folder');
  const error = await openReleaseStore(path)
    .begin(1)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreIoError);
  expect(error).toMatchObject({ code: 'ENOTDIR', path: expect.stringContaining(path) });
  // The message may end up on a public page.
  expect((error as StoreIoError).message).not.toContain(root);
});
