import { DatabaseError } from '../../engine/index.ts';
import { BREAKER, type Call, type HttpDeps } from './call.ts';
import { ServiceClosedError } from './errors.ts';
import { type Ended, giveBack, nextStart, takeTurn } from './pace.ts';
import { SAYS_NOTHING } from './verdicts.ts';

/** Most time between two looks whether a lane is free. */
const LOOK_MS_MAX = 2_000;

/** Waits for a lane and for the start that comes with it. The token names the lane. @throws ServiceClosedError */
export async function turn(call: Call): Promise<string> {
  const { deps, request, settings, redact } = call;
  const { service } = request;
  const closed = (why: ServiceClosedError['why'], text: string, retryMs: number) =>
    new ServiceClosedError(redact(`${service} is not called: ${text}`), { why, retryAfterMs: retryMs, service });
  const stopped = () => closed('stopping', 'the host is stopping', 0);
  const begunMs = deps.monotonicMs();
  const token = deps.newId();
  for (;;) {
    if (deps.signal?.aborted) throw stopped();
    const taken = await takeTurn(deps.db, service, settings, token);
    if (taken.kind === 'granted') {
      if (await atStart(call, token, taken.waitMs)) return token;
      await end(call, token, SAYS_NOTHING);
      throw stopped();
    }
    if (taken.kind === 'closed') {
      const what = taken.why === 'asked' ? 'it asked to be left alone' : 'its breaker is open';
      throw closed(
        taken.why,
        `${what} for ${Math.ceil(taken.retryMs / 1_000)} s more (${taken.reason ?? 'no reason kept'})`,
        taken.retryMs,
      );
    }
    const leftMs = settings.turnMsMax - (deps.monotonicMs() - begunMs);
    if (leftMs <= 0) throw closed('busy', `all its places are taken`, Math.min(taken.retryMs, settings.turnMsMax));
    const lookMs = Math.min(Math.max(20, settings.gapMs / 2), LOOK_MS_MAX) * (0.5 + deps.random());
    await slept(deps, Math.min(lookMs, taken.retryMs + 1, leftMs));
  }
}

/**
 * Waits for the start. A host that wakes late asks for another one, or its request would meet that of the next; one that is always late
 * goes at last, since its lanes bound what it can do. False where the host stopped meanwhile.
 */
async function atStart({ deps, request, settings }: Call, token: string, firstMs: number): Promise<boolean> {
  let waitMs = firstMs;
  for (let tries = 0; tries < STARTS_MAX; tries++) {
    const dueMs = deps.monotonicMs() + waitMs;
    if (!(await slept(deps, waitMs))) return false;
    if (deps.monotonicMs() - dueMs <= Math.max(LATE_MS, settings.gapMs / 8) || settings.gapMs === 0) return true;
    waitMs = (await nextStart(deps.db, request.service, settings, token)) ?? 0;
  }
  return slept(deps, waitMs);
}
const STARTS_MAX = 4;
const LATE_MS = 20;

/** False where the host stopped meanwhile. */
const slept = ({ after, signal }: HttpDeps, ms: number): Promise<boolean> =>
  new Promise((resolve) => {
    if (signal?.aborted) {
      resolve(false);
      return;
    }
    const stop = () => {
      cancel();
      resolve(false);
    };
    const cancel = after(ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve(true);
    });
    signal?.addEventListener('abort', stop, { once: true });
  });

/** Gives the turn back. Where the database cannot be told, the lane frees itself, and what was fetched is not thrown away. */
export async function end({ deps, request }: Call, token: string, ended: Ended): Promise<number> {
  try {
    return await giveBack(deps.db, request.service, token, deps.breaker ?? BREAKER, ended);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    deps.log?.('the end of a request could not be noted', { service: request.service, error: error.message });
    return 0;
  }
}
