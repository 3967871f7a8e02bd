import kernel from '../core/search/kernel/kernel.wasm';
import { createApp } from './app.ts';
import type { Env } from './config.ts';
import { edgeHost } from './connect.ts';
import { scheduledTick } from './scheduled.ts';

const host = edgeHost('worker', async () => kernel);
const app = createApp(host);

/** Cloudflare Workers; the schedule stands in wrangler.toml. */
export default {
  fetch: (request: Request, env: Env, context: ExecutionContext) => app.fetch(request, env, context),
  scheduled: (_controller: ScheduledController, env: Env) => scheduledTick(host, env),
} satisfies ExportedHandler<Env>;
