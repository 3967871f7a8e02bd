import type { Serving } from '../serving.ts';

/** What the thread answers; everything else of `Serving` stays inside of it. */
export const ASKABLE = ['search', 'caseById', 'exportable', 'refresh', 'refreshTombstones'] as const;
export type Askable = (typeof ASKABLE)[number];

/** How serving stands: what `ready` and `degraded` say on the other side. */
export type ServingState = { readonly ready: ReturnType<Serving['ready']>; readonly degraded: readonly string[] };

export type ThreadRequest =
  | { readonly kind: 'ask'; readonly id: number; readonly method: Askable; readonly args: readonly unknown[] }
  | { readonly kind: 'follow'; readonly everyMs: number }
  | { readonly kind: 'end' };

/** An error as data: its name tells what it was, the fields are its own. */
export type SentError = {
  readonly name: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
};

export type ThreadMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'state'; readonly state: ServingState };

/** Own fields that are plain data: a cause or a stack stays where it was logged. */
export function sent(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), fields: {} };
  const plain = Object.entries(error).filter(
    ([key, value]) => key !== 'name' && ['string', 'number', 'boolean'].includes(typeof value),
  );
  return { name: error.name, message: error.message, fields: Object.fromEntries(plain) };
}

/** The error with its name and fields, which is what a caller tells it by. */
export function received({ name, message, fields }: SentError): Error {
  return Object.assign(new Error(message), fields, { name });
}
