/**
 * The run of must-show 2 at length: a corpus through the literature server, calmly and then with faults and SIGKILLs.
 *   node --import tsx test/bench/sources.ts [--kind pubmed,pmc,europe-pmc] [--documents 500] [--kills 20] [--share 0.3] [--seed 1]
 * Prints what each side cost; exit 1 when a document is lost, is there twice, or the final states differ. With `--pace real` services
 * are asked as seldom as the product asks them, under the limit of three requests in a second.
 */
import { parseArgs } from 'node:util';
import { runTrial, type TrialOptions, type TrialSide } from '../support/literature/trial.ts';

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'pubmed,pmc,europe-pmc' },
    documents: { type: 'string', default: '500' },
    kills: { type: 'string', default: '20' },
    share: { type: 'string', default: '0.3' },
    seed: { type: 'string', default: '1' },
    pace: { type: 'string', default: 'fast' },
  },
});
/** Of the articles of a world, so many are in each service. */
const SHARE_LISTED: Readonly<Record<TrialOptions['kind'], number>> = { pubmed: 0.92, pmc: 0.58, 'europe-pmc': 1 };
const isReal = values.pace === 'real';

for (const kind of values.kind.split(',') as TrialOptions['kind'][]) {
  const { expected, calm, disturbed } = await runTrial({
    kind,
    articles: Math.ceil(Number(values.documents) / SHARE_LISTED[kind]),
    seed: Number(values.seed),
    faults: { share: Number(values.share) },
    kills: Number(values.kills),
    latencyMs: 60,
    limitPerSecond: isReal ? { without: 3, withKey: 10 } : { without: 40, withKey: 40 },
    corpus: isReal ? {} : { settings: { gapMs: 30 }, atOnce: { listed: 50, retrieved: 20 } },
  });
  const line = (name: string, side: TrialSide): void =>
    console.log(
      `${kind} ${name}: ${side.keys.length} documents, ${side.cases} cases, ${side.ledger.requests} requests ` +
        `(${(side.ledger.requests / side.keys.length).toFixed(2)} a document), ${side.kills} kills, ${(side.tookMs / 1_000).toFixed(0)} s, ` +
        `at most ${side.ledger.requestsInASecondMost} a second and ${side.ledger.inFlightMost} at once; ${JSON.stringify(side.ledger.byOutcome)}`,
    );
  line('calm', calm);
  line('disturbed', disturbed);
  const lost = expected.filter((key) => !disturbed.keys.includes(key));
  const strange = disturbed.keys.filter((key) => !expected.includes(key));
  const differences = differencesOf(calm, disturbed);
  const same = differences.length === 0;
  for (const difference of differences) console.log(difference);
  console.log(
    `${kind}: lost ${lost.length}, not asked for ${strange.length}, newer versions ${disturbed.newerVersions}, final state ${same ? 'SAME' : 'DIFFERENT'}`,
  );
  if (lost.length > 0 || strange.length > 0 || disturbed.newerVersions > 0 || !same) process.exitCode = 1;
}

/** The first rows of each table that only one side has. */
function differencesOf(calm: TrialSide, disturbed: TrialSide): readonly string[] {
  return Object.keys(calm.dump).flatMap((table) => {
    const [ours, theirs] = [calm, disturbed].map(({ dump }) => (dump[table] ?? []).map((row) => JSON.stringify(row)));
    const only = (these: readonly string[] = [], those: readonly string[] = []): readonly string[] =>
      these.filter((row) => !those.includes(row)).slice(0, 3);
    const [left, right] = [only(ours, theirs), only(theirs, ours)];
    return left.length + right.length === 0 ? [] : [`${table}: calm ${left.join(' ')} | disturbed ${right.join(' ')}`];
  });
}
