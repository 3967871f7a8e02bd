import type { Space } from '../space.ts';
import { createWebhook, type Webhook } from '../webhook.ts';

const EVERY_MS = 2_000;
/** How long a command that has ended its work still tries to tell the rest. */
const REST_WITHIN_MS = 5_000;

export type Telling = {
  /** To be called after a tick: what it did is told at once. */
  readonly now: () => void;
  /** Tells the rest, for a few seconds at most; what is left stays in the audit for the next process. */
  readonly end: () => Promise<void>;
};

/**
 * Tells the webhook of the settings what happens, beside the ticks and never in their way, until `asked` aborts. Nothing where none
 * is set.
 */
export async function startTelling(
  { config, db, log }: Pick<Space, 'config' | 'db' | 'log'>,
  asked: AbortSignal,
): Promise<Telling> {
  if (config.webhookUrl === undefined) return { now: () => undefined, end: () => Promise.resolve() };
  const webhook: Webhook = createWebhook({ db, url: config.webhookUrl, secret: config.webhookSecret, log });
  await webhook.open();
  const ended = new AbortController();
  const until = AbortSignal.any([asked, ended.signal]);
  const following = webhook.follow(EVERY_MS, until);
  return {
    now: () => void webhook.deliver(until),
    end: async () => {
      const late = setTimeout(() => ended.abort(), REST_WITHIN_MS);
      await webhook.deliver(until);
      clearTimeout(late);
      ended.abort();
      await following;
    },
  };
}
