import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeRevision, ENTRY_REVISION } from '../core/sources/revision.ts';
import type { Days } from '../core/sources/source.ts';
import {
  mayWithdraw,
  type PlannedWindow,
  planRun,
  revisionChanges,
  revisionKept,
  splitWindow,
} from '../core/sources/windows.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-01-01T00:00:00Z');
const dayAt = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const daysOf = ({ from, to }: Days): readonly string[] => {
  const all: string[] = [];
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += DAY_MS) all.push(dayAt(ms));
  return all;
};
const told = (windows: readonly PlannedWindow[]): readonly string[] =>
  windows.map(({ by, days }) => `${by} ${days.from}..${days.to}`);
const never = { entryThrough: null, changeThrough: null, sweptDay: null };

describe('the windows of a run', () => {
  test('the first asks by entry from the first day on', () => {
    expect(told(planRun({ since: '2015-01-01', changes: 'day' }, never, '2026-11-22'))).toEqual([
      'entry 2015-01-01..2026-11-22',
    ]);
  });

  test('a later one asks the last two days again, changes day by day where a service knows days', () => {
    const standing = { entryThrough: '2026-11-20', changeThrough: '2026-11-20', sweptDay: '2026-11-20' };
    expect(told(planRun({ since: '2015-01-01', changes: 'day' }, standing, '2026-11-21'))).toEqual([
      'change 2026-11-18..2026-11-18',
      'change 2026-11-19..2026-11-19',
      'change 2026-11-20..2026-11-20',
      'change 2026-11-21..2026-11-21',
      'entry 2026-11-18..2026-11-21',
    ]);
    expect(told(planRun({ since: '2015-01-01', changes: 'range' }, standing, '2026-11-21'))).toEqual([
      'change 2026-11-18..2026-11-21',
      'entry 2026-11-18..2026-11-21',
    ]);
    expect(told(planRun({ since: '2015-01-01', changes: 'none' }, standing, '2026-11-21'))).toEqual([
      'entry 2026-11-18..2026-11-21',
    ]);
  });

  test('a week after the last sweep, and when one was asked for, the whole listing is asked', () => {
    const through = { entryThrough: '2026-11-21', changeThrough: '2026-11-21' };
    const sweeps = (sweptDay: string | null) =>
      told(planRun({ since: '2026-11-01', changes: 'none' }, { ...through, sweptDay }, '2026-11-22')).filter((one) =>
        one.startsWith('sweep'),
      );
    expect(sweeps('2026-11-16')).toEqual([]);
    expect(sweeps('2026-11-15')).toEqual(['sweep 2026-11-01..2026-11-22']);
    expect(sweeps(null)).toEqual(['sweep 2026-11-01..2026-11-22']);
  });

  test('before its first day there is nothing to ask, and never a day before it', () => {
    expect(planRun({ since: '2026-11-23', changes: 'day' }, never, '2026-11-22')).toEqual([]);
    const standing = { entryThrough: '2026-11-22', changeThrough: null, sweptDay: '2026-11-22' };
    expect(told(planRun({ since: '2026-11-21', changes: 'range' }, standing, '2026-11-22'))).toEqual([
      'change 2026-11-21..2026-11-22',
      'entry 2026-11-21..2026-11-22',
    ]);
  });

  test('a clock that went back asks up to its today, not nothing', () => {
    const standing = { entryThrough: '2026-12-24', changeThrough: '2026-12-24', sweptDay: '2026-12-24' };
    expect(told(planRun({ since: '2026-01-01', changes: 'range' }, standing, '2026-11-22'))).toEqual([
      'change 2026-11-20..2026-11-22',
      'entry 2026-11-20..2026-11-22',
    ]);
  });

  test.each(['2026-13-01', 'yesterday', '2026-1-1', ''])('%j is refused as a day', (day) => {
    expect(() => planRun({ since: day, changes: 'day' }, never, '2026-11-22')).toThrow(RangeError);
  });

  test('over any number of runs, however far apart, no day is left out and every one is asked again when it is over', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 * 24 }), { minLength: 2, maxLength: 15 }),
        fc.constantFrom('day', 'range'),
        (hours, changes) => {
          const since = '2026-01-01';
          let standing: Parameters<typeof planRun>[1] = never;
          let ms = START_MS;
          const askedMs = { entry: new Map<string, number>(), change: new Map<string, number>() };
          for (const gap of hours) {
            ms += gap * HOUR_MS;
            const today = dayAt(ms);
            const windows = planRun({ since, changes }, standing, today);
            for (const { by, days } of windows)
              if (by !== 'sweep') for (const day of daysOf(days)) askedMs[by].set(day, ms);
            expect(windows.every(({ days }) => days.from >= since && days.to <= today && days.from <= days.to)).toBe(
              true,
            );
            const isSwept = windows.some(({ by }) => by === 'sweep');
            standing = { entryThrough: today, changeThrough: today, sweptDay: isSwept ? today : standing.sweptDay };
          }
          const first = START_MS + (hours[0] ?? 0) * HOUR_MS;
          const last = dayAt(ms);
          for (const day of daysOf({ from: since, to: last })) {
            expect(askedMs.entry.has(day)).toBe(true);
            // What changed before the first run was listed by it as it was.
            if (day >= dayAt(first)) expect(askedMs.change.has(day)).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('splitting a window', () => {
  test('halves, the earlier first; one day cannot be split', () => {
    expect(splitWindow({ from: '2026-01-01', to: '2026-01-04' })).toEqual([
      { from: '2026-01-01', to: '2026-01-02' },
      { from: '2026-01-03', to: '2026-01-04' },
    ]);
    expect(splitWindow({ from: '2024-02-28', to: '2024-03-01' })).toEqual([
      { from: '2024-02-28', to: '2024-02-29' },
      { from: '2024-03-01', to: '2024-03-01' },
    ]);
    expect(splitWindow({ from: '2026-01-01', to: '2026-01-01' })).toBeNull();
  });

  test('down to single days, every day of the window is in exactly one part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 900 }), (start, length) => {
        const from = dayAt(start * DAY_MS);
        const to = dayAt((start + length) * DAY_MS);
        const days: string[] = [];
        const open: Days[] = [{ from, to }];
        for (let part = open.pop(); part; part = open.pop()) {
          const halves = splitWindow(part);
          if (halves === null) days.push(part.from);
          else open.push(halves[1], halves[0]);
        }
        expect(days).toEqual(daysOf({ from, to }));
      }),
      { numRuns: 50 },
    );
  });
});

describe('whether a listing brought a change', () => {
  const noon = (day: string, hour = 12) => Date.parse(`${day}T${String(hour).padStart(2, '0')}:00:00Z`);
  const open = changeRevision('2026-11-22', noon('2026-11-22'));
  const later = changeRevision('2026-11-22', noon('2026-11-22', 15));
  const night = changeRevision('2026-11-22', noon('2026-11-23', 11));
  const over = changeRevision('2026-11-22', noon('2026-11-23', 12));
  const next = changeRevision('2026-11-23', noon('2026-11-23', 13));

  test('a day is over when it is over twelve hours west of Greenwich', () => {
    expect(open).toBe('changed:2026-11-22@2026-11-22T12');
    expect(night).toBe('changed:2026-11-22@2026-11-23T11');
    expect(over).toBe('changed:2026-11-22');
    expect(changeRevision('2026-11-22', noon('2027-01-01'))).toBe(over);
  });

  const order = [ENTRY_REVISION, open, later, night, over];
  test.each(order.flatMap((before, i) => order.map((now, j) => [before, now, j > i] as const)))(
    'of one day: %s, then %s: %s',
    (before, now, expected) => {
      expect(revisionChanges(before, now)).toBe(expected);
    },
  );

  test.each([
    ['never seen, by entry', null, ENTRY_REVISION, true],
    ['never seen, by change', null, over, true],
    ['another day', over, next, true],
    ['an earlier day than was seen: the service dated it back', next, over, true],
    ['the same words of Europe PMC', '2026-11-20/-/0123', '2026-11-20/-/0123', false],
    ['other words of Europe PMC', '2026-11-20/-/0123', '2026-11-20/-/4567', true],
    ['another kind than was kept', 'file:1', over, true],
  ] as const)('%s', (_, before, now, expected) => {
    expect(revisionChanges(before, now)).toBe(expected);
  });

  test('a listing by entry does not hide which change was seen', () => {
    expect(revisionKept(over, ENTRY_REVISION)).toBe(over);
    expect(revisionKept(null, ENTRY_REVISION)).toBe(ENTRY_REVISION);
    expect(revisionKept(ENTRY_REVISION, over)).toBe(over);
    expect(revisionKept(over, open)).toBe(over);
  });

  /**
   * A service in some zone west of Greenwich with one document that changes now and then, and runs now and then: whatever changed
   * before the last day that was over is held in the end, and nothing is retrieved that did not change but for the days that went on.
   */
  test('no change is missed, whatever the hours of the changes and the runs are', () => {
    const hours = fc.array(fc.integer({ min: 1, max: 24 * 30 }), { minLength: 1, maxLength: 12 });
    let retrievals = 0;
    let changed = 0;
    fc.assert(
      fc.property(
        hours,
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 5, maxLength: 25 }),
        fc.integer({ min: -12, max: 0 }),
        (changes, gaps, zone) => {
          const changesMs = [...new Set(changes)].sort((a, b) => a - b).map((hour) => START_MS + hour * HOUR_MS);
          const since = dayAt(START_MS);
          let standing: Parameters<typeof planRun>[1] = never;
          let kept: string | null = null;
          let heldMs = Number.NEGATIVE_INFINITY;
          let nowMs = START_MS + HOUR_MS;
          // The last two runs come when all days are over.
          for (const gap of [...gaps, 24 * 40, 48]) {
            nowMs += gap * HOUR_MS;
            const lastMs = changesMs.filter((ms) => ms <= nowMs).at(-1) ?? START_MS;
            const windows = planRun({ since, changes: 'day' }, standing, dayAt(nowMs));
            for (const { by, days } of windows) {
              const isListed =
                by === 'change' ? dayAt(lastMs + zone * HOUR_MS) === days.from && lastMs > START_MS : true;
              if (!isListed) continue;
              const now = by === 'change' ? changeRevision(days.from, nowMs) : ENTRY_REVISION;
              if (revisionChanges(kept, now)) {
                heldMs = nowMs;
                retrievals += 1;
              }
              kept = revisionKept(kept, now);
            }
            standing = { entryThrough: dayAt(nowMs), changeThrough: dayAt(nowMs), sweptDay: dayAt(nowMs) };
          }
          changed += changesMs.length;
          expect(heldMs).toBeGreaterThanOrEqual(changesMs.at(-1) ?? 0);
        },
      ),
      { numRuns: 500 },
    );
    console.info(
      `F53: ${changed} changes at random hours in zones of UTC-12 to UTC: 0 missed, ${retrievals} retrievals`,
    );
  });
});

describe('the shrink guard', () => {
  const look = (held: number, missing: number, allowedUntilMs = 0) =>
    mayWithdraw({ held, missing, allowedUntilMs, nowMs: 1_000 });

  test.each([
    [0, 0, true],
    [3, 3, true],
    [10, 3, true],
    [10, 4, false],
    [40, 4, true],
    [40, 5, false],
    [100, 10, true],
    [100, 11, false],
    [1_000, 970, false],
  ])('of %i held, %i missing at once: allowed is %s', (held, missing, allowed) => {
    expect(look(held, missing).allowed).toBe(allowed);
  });

  test('the reason gives the numbers', () => {
    expect(look(100, 97)).toMatchObject({ allowed: false, missing: 97, most: 10 });
    expect(look(100, 97)).toHaveProperty('reason', expect.stringMatching(/97 of 100 .* at most 10/));
  });

  test('an operator lets any number go, until a time', () => {
    expect(look(100, 97, 1_001).allowed).toBe(true);
    expect(look(100, 97, 1_000).allowed).toBe(false);
  });
});
