import { readFile } from 'node:fs/promises';

let compiled: Promise<WebAssembly.Module> | null = null;

/** The search kernel, compiled once for the process. */
export function searchKernel(): Promise<WebAssembly.Module> {
  compiled ??= readFile(new URL('../core/search/kernel/kernel.wasm', import.meta.url)).then((bytes) =>
    WebAssembly.compile(bytes),
  );
  return compiled;
}
