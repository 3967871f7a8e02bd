import { isDroppedStep } from '../core/engine/index.ts';
import { createApp } from './app.ts';
import { edgeHost } from './connect.ts';
import { scheduledTick } from './scheduled.ts';

let compiled: WebAssembly.Module | null = null;
const KERNEL = new URL('../core/search/kernel/kernel.wasm', import.meta.url);

const host = edgeHost('deno', async () => {
  compiled ??= await WebAssembly.compile(await Deno.readFile(KERNEL));
  return compiled;
});
const app = createApp(host);
const env = Deno.env.toObject();

addEventListener('unhandledrejection', (event) => {
  if (isDroppedStep(event.reason)) event.preventDefault();
});

// Deno Deploy finds schedules at the top level only.
Deno.cron('tick', '* * * * *', () => scheduledTick(host, env));
Deno.serve({ port: Number(env.PORT || 8000), hostname: env.HOST || '127.0.0.1' }, (request) => app.fetch(request, env));
