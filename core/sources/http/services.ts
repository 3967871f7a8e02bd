/** How one service is called: what it asks of its callers, and how much of it is believed. */
export type ServiceSettings = {
  /** Time between the starts of two requests, over all workers. */
  readonly gapMs: number;
  /** Requests in flight at once, over all workers: 1 or 2. */
  readonly lanes: number;
  /** Longest time that a request waits for its turn; past it the caller is told to come back. */
  readonly turnMsMax: number;
  readonly connectMs: number;
  /** From the start of a hop until its status and headers are there, connecting included. */
  readonly firstByteMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
  /** One hop from its start to its last byte. */
  readonly totalMs: number;
  /** Most bytes of a body, as they come and after decoding. */
  readonly bytesMax: number;
  /** How long nobody calls after a 429 that does not say for how long. */
  readonly closedMs: number;
};

const MEGABYTE = 1024 * 1024;
const DEADLINES = { connectMs: 10_000, firstByteMs: 45_000, idleMs: 20_000, totalMs: 120_000, turnMsMax: 30_000 };
/** A body may be as many times as large after decoding: XML of papers has 5 to 15, zeros have 1,030. */
export const RATIO_MAX = 100;

/**
 * Every service by its name. A name with a colon (`web:example.org`) is one of many of a kind and has the settings of what stands before it.
 * NCBI allows 3 requests a second, 10 with a key ("A General Introduction to the E-utilities", NBK25497); Europe PMC asks for no more
 * than about 10, of which half is taken. Gaps are a little longer than that, because a request may travel slowly and the next one fast.
 */
export const serviceSettings = (has: { readonly ncbiKey: boolean }): Readonly<Record<string, ServiceSettings>> => ({
  ncbi: { ...DEADLINES, gapMs: has.ncbiKey ? 120 : 400, lanes: 2, bytesMax: 24 * MEGABYTE, closedMs: 30_000 },
  'europe-pmc': { ...DEADLINES, gapMs: 220, lanes: 2, bytesMax: 24 * MEGABYTE, closedMs: 30_000 },
  web: { ...DEADLINES, gapMs: 5_000, lanes: 1, totalMs: 60_000, bytesMax: 4 * MEGABYTE, closedMs: 300_000 },
});
