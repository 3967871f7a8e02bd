import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Miniflare } from 'miniflare';
import { WebSocket } from 'undici';
import { descendants } from './process.ts';

/** Serves a folder with ranges; what is asked for is counted. */
export async function serveFolder(root: string) {
  const traffic = { whole: 0, parts: 0, bytes: 0 };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = await open(join(root, path)).catch(() => null);
    if (file === null) {
      response.writeHead(404).end();
      return;
    }
    try {
      const { size } = await file.stat();
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      const from = first === undefined ? 0 : Number(first);
      const length = last === undefined ? size : Number(last) - from + 1;
      const bytes = new Uint8Array(length);
      await file.read(bytes, 0, length, from);
      traffic[first === undefined ? 'whole' : 'parts'] += 1;
      traffic.bytes += length;
      const range = first === undefined ? {} : { 'content-range': `bytes ${from}-${from + length - 1}/${size}` };
      response.writeHead(first === undefined ? 200 : 206, { 'content-length': length, ...range }).end(bytes);
    } finally {
      await file.close();
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    traffic,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** The Worker as it is deployed, in workerd. */
export async function startWorker(bindings: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-bundle-'));
  execFileSync('npx', ['wrangler', 'deploy', '--dry-run', '--outdir', folder], { stdio: 'ignore' });
  const modules = readdirSync(folder)
    .filter((name) => /\.(?:js|wasm)$/.test(name))
    // The first one is the Worker.
    .sort((a, b) => Number(b.endsWith('.js')) - Number(a.endsWith('.js')))
    .map((name) => {
      const contents = new Uint8Array(readFileSync(join(folder, name)));
      return { type: name.endsWith('.js') ? ('ESModule' as const) : ('CompiledWasm' as const), path: name, contents };
    });
  rmSync(folder, { recursive: true, force: true });
  const before = new Set(descendants(process.pid, 'workerd'));
  const miniflare = new Miniflare({
    modules,
    bindings,
    compatibilityDate: '2026-04-20',
    inspectorPort: 0,
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      stdout.resume();
      stderr.pipe(process.stderr);
    },
  });
  const url = await miniflare.ready;
  const [pid] = descendants(process.pid, 'workerd').filter((one) => !before.has(one));
  if (pid === undefined) throw new Error('workerd is not to be found');
  return {
    url,
    pid,
    heap: async () => heapOf(await miniflare.getInspectorURL()),
    stop: () => miniflare.dispose(),
  };
}

/** MB of the isolate, as V8 counts them. */
export type Heap = { readonly usedMb: number; readonly buffersMb: number };

/** Asks the inspector of the isolate (Chrome DevTools protocol, `Runtime.getHeapUsage`). */
async function heapOf(inspector: URL): Promise<Heap> {
  const targets = (await (await fetch(new URL('/json', inspector.href.replace(/^ws/, 'http')))).json()) as {
    readonly id: string;
    readonly webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets.find(({ id }) => id === 'core:user:')?.webSocketDebuggerUrl ?? '');
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
  });
  let next = 0;
  const ask = (method: string) =>
    new Promise<Record<string, number>>((resolve) => {
      next += 1;
      const id = next;
      socket.addEventListener('message', ({ data }) => {
        const said = JSON.parse(String(data)) as { id?: number; result?: Record<string, number> };
        if (said.id === id) resolve(said.result ?? {});
      });
      socket.send(JSON.stringify({ id, method }));
    });
  const { usedSize = Number.NaN, backingStorageSize = Number.NaN } = await ask('Runtime.getHeapUsage');
  socket.close();
  return { usedMb: usedSize / 2 ** 20, buffersMb: backingStorageSize / 2 ** 20 };
}
