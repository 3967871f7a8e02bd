import { type Env, redacted } from './config.ts';
import type { Host } from './connect.ts';
import { runTick } from './tick.ts';

/** A tick by the host's own clock. What it throws is logged and thrown again, so that the host counts the run as failed. */
export async function scheduledTick(host: Host, env: Env): Promise<void> {
  try {
    const edge = host.connect(env);
    try {
      const { stage, counts, batches, tookMs, after } = await runTick(edge);
      host.log({
        level: 'info',
        message: 'tick',
        stage,
        counts,
        batches,
        took_ms: Math.round(tookMs),
        after: after.kind,
      });
    } finally {
      edge.close();
    }
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    host.log({ level: 'error', message: redacted(text, env) });
    throw error;
  }
}
