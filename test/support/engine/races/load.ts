import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One answered request. `status` 0 stands for a connection that broke. */
export type Answered = {
  readonly query: number;
  /** When it was asked, as `performance.now()` has it. */
  readonly beganMs: number;
  readonly status: number;
  readonly tookMs: number;
  readonly body: string;
};

export type Load = {
  /** Answers since the last call. */
  readonly take: () => readonly Answered[];
  /** Resolves when `count` more requests have been answered. */
  readonly more: (count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * `connections` clients that post one of `bodies` after the other. Each reads an answer for `thinkMs` before its next question:
 * without that they would take the whole machine, and the builders in it would stand still.
 */
export function startLoad(url: string, connections: number, bodies: readonly string[], thinkMs: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let going = true;
  let all = 0;
  let answers: Answered[] = [];
  const waiting: { readonly at: number; readonly resolve: () => void }[] = [];
  const post = (query: number): Promise<Answered> =>
    new Promise((resolve) => {
      const beganMs = performance.now();
      const end = (status: number, body: string) =>
        resolve({ query, beganMs, status, tookMs: performance.now() - beganMs, body });
      const sent = request(
        url,
        { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => end(response.statusCode ?? 0, Buffer.concat(parts).toString()));
          response.on('error', (error) => end(0, String(error)));
        },
      );
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // The server ended a connection that was idle just as this question went out on it (RFC 9112, 9.3.1): asked again.
        if (sent.reusedSocket && error.code === 'ECONNRESET') void post(query).then(resolve);
        else end(0, String(error));
      });
      sent.end(bodies[query]);
    });
  const client = async (first: number): Promise<void> => {
    // Not all at once.
    await sleep((first * thinkMs) / connections);
    for (let n = first; going; n++) {
      answers.push(await post(n % bodies.length));
      all += 1;
      for (const waiter of waiting.filter(({ at }) => at <= all)) {
        waiting.splice(waiting.indexOf(waiter), 1);
        waiter.resolve();
      }
      await sleep(thinkMs);
    }
  };
  const clients = Promise.all(Array.from({ length: connections }, (_, i) => client(i)));
  return {
    take: () => {
      const taken = answers;
      answers = [];
      return taken;
    },
    more: (count) => new Promise((resolve) => waiting.push({ at: all + count, resolve })),
    stop: async () => {
      going = false;
      await clients;
      agent.destroy();
    },
  };
}

/** The smallest value that `share` of them do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
