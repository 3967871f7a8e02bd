import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookEvent } from '../../space/webhook.ts';

export type Post = {
  readonly events: readonly WebhookEvent[];
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
};
export type Receiver = {
  readonly url: string;
  /** Every post that came in whole, also those that were refused. */
  readonly posts: Post[];
  /** What it answers next: by default 200. */
  answer: (response: ServerResponse, post: Post) => void;
  readonly close: () => Promise<void>;
};

/** A receiver of webhooks on a real socket. */
export async function startReceiver(): Promise<Receiver> {
  const posts: Post[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const post = { events: JSON.parse(body) as WebhookEvent[], body, headers: request.headers };
      posts.push(post);
      receiver.answer(response, post);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    posts,
    answer: (response) => response.end('ok'),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}
