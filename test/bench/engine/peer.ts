/** What one way of working off a backlog looks like from the bench: every engine and peer stands behind this. */
export type Peer = {
  /** What ran, by name: libraries and servers. */
  readonly versions: Readonly<Record<string, string>>;
  /** Root processes of the servers behind it; their children count too. */
  readonly serverPids: readonly number[];
  /** Puts `items` due items in, acknowledged. */
  readonly enqueue: (items: number) => Promise<void>;
  /**
   * Works off the backlog with a handler that does nothing, and stops early once `budgetMs` is over. `items` are those whose
   * completion was acknowledged; `tookMs` is the time from the start to the last acknowledgement.
   */
  readonly drain: (items: number, budgetMs: number) => Promise<Drained>;
  readonly close: () => Promise<void>;
};
export type Drained = { readonly items: number; readonly tookMs: number };

export type Setting = 'durable' | 'default';
export type Place = {
  /** Empty folder of this measurement; removed after it. */
  readonly folder: string;
  /** Where the peers were installed. */
  readonly peers: string;
  /** Items of one claim, where the peer knows such a thing. */
  readonly batch: number;
  /** `durable`: an acknowledged completion survives a power cut. `default`: as the peer comes. */
  readonly setting: Setting;
};
export type Open = (place: Place) => Promise<Peer>;

/** Calls `step` until it settled `items` or nothing more, or the budget is over. */
export async function repeat(items: number, budgetMs: number, step: () => Promise<number>): Promise<Drained> {
  const startedMs = performance.now();
  let settled = 0;
  while (settled < items && performance.now() - startedMs < budgetMs) {
    const now = await step();
    if (now === 0) break;
    settled += now;
  }
  return { items: settled, tookMs: performance.now() - startedMs };
}

/** `count` numbers from 0 in parts of `size`, for bulk inserts. */
export function* parts(count: number, size: number): Generator<number[]> {
  for (let at = 0; at < count; at += size) yield Array.from({ length: Math.min(size, count - at) }, (_, i) => at + i);
}
