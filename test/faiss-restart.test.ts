import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RESTART_POLICY, restartDelayMs } from '../space/faiss/restart.ts';

const policy = { crashesMax: 4, windowMs: 1_000, delayMsFirst: 10, delayMsMax: 25 };

test.each([
  ['a first crash restarts at once', [5_000], 0],
  ['a second within the window waits', [4_900, 5_000], 10],
  ['a third waits twice as long', [4_800, 4_900, 5_000], 20],
  ['no wait is longer than the longest', [4_700, 4_800, 4_900, 5_000], 25],
  ['one crash too many gives up', [4_600, 4_700, 4_800, 4_900, 5_000], null],
  ['crashes before the window do not count', [1, 2, 3, 4, 4_000, 5_000], 0],
])('%s', (_, crashesAtMs, delayMs) => {
  expect(restartDelayMs(crashesAtMs, 5_000, policy)).toBe(delayMs);
});

test('a process that crashes for ever is started a bounded number of times', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2_000), { minLength: 40, maxLength: 40 }), (gapsMs) => {
      let nowMs = 0;
      let starts = 0;
      const crashesAtMs: number[] = [];
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        crashesAtMs.push(nowMs);
        const delayMs = restartDelayMs(crashesAtMs, nowMs, RESTART_POLICY);
        if (delayMs === null) break;
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(RESTART_POLICY.delayMsMax);
        starts += 1;
      }
      // Each gap is under 2 s, so six crashes always fall into one window of a minute.
      expect(starts).toBe(RESTART_POLICY.crashesMax);
    }),
  );
});
