import type { Runtime } from '../../../core/engine/index.ts';

/** A host whose clock stands still, whose dice always show the same, and whose timers never ring. */
export const fakeRuntime = (overrides: Partial<Runtime> = {}): Runtime => ({
  monotonicMs: () => 0,
  random: () => 0,
  owner: 'test-host/1',
  every: () => () => undefined,
  sleep: async () => undefined,
  ...overrides,
});

/** Uniform in [0, 1) from a seed. Source: Mulberry32, Tommy Ettinger, public domain. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
