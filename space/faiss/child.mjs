/**
 * The one process that holds faiss-node: the binding leaks with every search and takes its process down on some input.
 * Started by `process.ts`; answers one request at a time over IPC (`protocol.ts` has the messages).
 *
 * Plain JavaScript on purpose: a forked process does not inherit a TypeScript loader, giving it one costs some 0.2 s a
 * restart on Node 20, and restarts are what this process is for.
 */
import { createRequire } from 'node:module';
import { buildFlat, flatProblem } from './flat.mjs';

/** @typedef {import('./protocol.ts').ChildRequest} ChildRequest */
/** @typedef {import('./protocol.ts').ChildMessage} ChildMessage */

/** @param {ChildMessage} message */
const send = (message) => process.send?.(message);

/** @returns {any} */
function loadFaiss() {
  // The argument names the file from whose place `faiss-node` is looked up.
  const require = createRequire(process.argv[2] ?? import.meta.url);
  try {
    return require('faiss-node');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({ kind: 'missing', reason: message.split('\n')[0] ?? 'it does not load' });
    return null;
  }
}

/** Loaded indices by slot and view. @type {Map<number, Map<string, any>>} */
const slots = new Map();

/** @param {any} faiss @param {ChildRequest} request @returns {unknown} */
function answer(faiss, request) {
  switch (request.kind) {
    case 'load': {
      const problem = flatProblem(request.path, request.rows, request.dimension);
      if (problem !== null) throw new Error(problem);
      const index = faiss.IndexFlatIP.read(request.path);
      if (index.ntotal() !== request.rows) throw new Error(`${index.ntotal()} rows, expected ${request.rows}`);
      const views = slots.get(request.slot) ?? new Map();
      slots.set(request.slot, views.set(request.view, index));
      return null;
    }
    case 'drop':
      slots.delete(request.slot);
      // Megabytes outside of V8's sight: it would keep the wrappers for long.
      globalThis.gc?.();
      return null;
    case 'search': {
      const index = slots.get(request.slot)?.get(request.view);
      if (index === undefined) throw new Error(`${request.view} of slot ${request.slot} is not loaded`);
      const k = Math.min(request.k, index.ntotal());
      // k = 0 and a wrong dimension abort the process; the service has refused both, and this is the last gate.
      if (!(k >= 1) || request.query.length !== index.getDimension()) throw new Error('k or the dimension is wrong');
      const { labels, distances } = index.search(Array.from(request.query), k);
      return { rows: Int32Array.from(labels), scores: Float32Array.from(distances) };
    }
    case 'build':
      return buildFlat(faiss, request);
  }
}

/** Node's system errors name a path, which has no place in what may come to be shown. @param {any} error @returns {string} */
function problemOf(error) {
  if (error?.syscall !== undefined) return `${error.code} (${error.syscall})`;
  return error instanceof Error ? error.message : String(error);
}

// A signal to the whole group (Ctrl-C, a stopping container) is for the parent: it drains, closes, and we end with it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));

const faiss = loadFaiss();
if (faiss === null) {
  process.disconnect();
} else {
  process.on('message', (/** @type {{ id: number, request: ChildRequest }} */ { id, request }) => {
    try {
      send({ kind: 'done', id, value: answer(faiss, request) });
    } catch (error) {
      send({ kind: 'refused', id, problem: problemOf(error) });
    }
  });
  send({ kind: 'ready' });
}
