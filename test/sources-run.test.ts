import { expect, test } from 'vitest';
import { runTrial, type TrialOptions, type TrialSide } from './support/literature/trial.ts';

/** `test/bench/sources.ts` has the same with 500 documents and 20 kills for each source. */
const ARTICLES = 80;
const KILLS: Readonly<Record<TrialOptions['kind'], number>> = { pubmed: 5, pmc: 5, 'europe-pmc': 5 };

const perDocument = ({ ledger, keys }: TrialSide): string => (ledger.requests / keys.length).toFixed(2);
const faultsOf = ({ ledger }: TrialSide): string =>
  Object.entries(ledger.byOutcome)
    .filter(([outcome]) => outcome !== 'whole' && outcome !== 'gone')
    .map(([outcome, n]) => `${outcome} ${n}`)
    .join(', ');

test.each(['pubmed', 'pmc', 'europe-pmc'] as const)(
  '%s: with faults on and killed at random, every document arrives exactly once and the corpus ends as an undisturbed one',
  async (kind) => {
    const { expected, calm, disturbed } = await runTrial({
      kind,
      articles: ARTICLES,
      seed: 20_261_122,
      faults: { share: 0.3 },
      kills: KILLS[kind],
      latencyMs: 60,
      limitPerSecond: { without: 40, withKey: 40 },
      corpus: { settings: { gapMs: 30 }, atOnce: { listed: 10, retrieved: 5 } },
    });
    console.info(
      `must-show 2, ${kind}: ${expected.length} documents, ${calm.cases} cases; calm ${calm.ledger.requests} requests ` +
        `(${perDocument(calm)} a document); with ${disturbed.kills} kills and faults ${disturbed.ledger.requests} ` +
        `(${perDocument(disturbed)} a document; ${faultsOf(disturbed)}); most in a second ` +
        `${disturbed.ledger.requestsInASecondMost}, most at once ${disturbed.ledger.inFlightMost}`,
    );
    expect(calm.keys).toEqual(expected);
    expect(disturbed.keys).toEqual(expected);
    expect([calm.newerVersions, disturbed.newerVersions]).toEqual([0, 0]);
    expect(disturbed.kills).toBeGreaterThan(2);
    expect(faultsOf(disturbed)).not.toBe('');
    // One worker of two lanes at a time, and what a killed one had open.
    expect(disturbed.ledger.inFlightMost).toBeLessThanOrEqual(3);
    expect(calm.dump.release).toHaveLength(1);
    expect(disturbed.dump).toEqual(calm.dump);
  },
  240_000,
);
