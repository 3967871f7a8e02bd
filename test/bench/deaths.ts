/**
 * The engine under SIGKILL, in real processes on real files: at every labelled fail point, then at random times.
 *   node --import tsx test/bench/deaths.ts [--kills 3000] [--seed 1] [--lanes 2] [--sqld]
 * Prints progress with rate and time left, and at the end trials, violations with their bound, ticks to converge and extra
 * paid calls. Ctrl-C ends it after the trials at hand with the numbers so far. Exit 1 on any violation.
 */
import { parseArgs } from 'node:util';
import { FAIL_POINTS } from '../../core/engine/index.ts';
import { buildProgram } from '../support/engine/deaths/program.ts';
import {
  boundOf,
  killTrial,
  makeGolden,
  median,
  randomDeaths,
  type Trial,
  zombieTrial,
} from '../support/engine/deaths/trials.ts';
import { makeWorlds } from '../support/engine/deaths/world.ts';
import { HOSTS } from '../support/engine/host.ts';
import { seededRandom } from '../support/engine/runtime.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    sqld: { type: 'boolean', default: false },
  },
});
const [killsWanted, seed, lanes] = [Number(values.kills), Number(values.seed), Number(values.lanes)];
const host = values.sqld ? HOSTS[1] : HOSTS[0];
const KILLS_PER_LIFE = 20;
const PASSES = [1, 2, 3];

type Tally = Trial & {
  readonly kind: string;
  readonly what: string;
  readonly kills: number;
  readonly midBatch: number;
  readonly buried: number;
};
const tallies: Tally[] = [];
const sum = (of: (tally: Tally) => number, kind?: string): number =>
  tallies.filter((tally) => kind === undefined || tally.kind === kind).reduce((all, tally) => all + of(tally), 0);

const program = await buildProgram();
const worlds = makeWorlds();
const golden = makeGolden(program, worlds, host);
const one = (kind: string, what: string, trial: Trial, kills: number): Tally => {
  // A label that is never reached shows nothing.
  const violations = trial.hit ? trial.violations : [...trial.violations, 'the fault did not happen'];
  return { ...trial, violations, kind, what, kills, midBatch: 0, buried: 0 };
};

/** Trials in the order in which they run; the random lives go on until the kills are enough. */
function* trials(): Generator<() => Promise<Tally>> {
  for (const label of FAIL_POINTS)
    for (const nth of PASSES)
      yield async () => {
        const trial = await killTrial(program, worlds, golden, { label, act: 'kill', nth }, host);
        return one('fail points', `${label} ${nth}`, trial, 1);
      };
  for (const label of FAIL_POINTS)
    yield async () => {
      const trial = await zombieTrial(program, worlds, golden, { label, act: 'stop', nth: 1 }, host);
      return one('zombies', label, trial, 0);
    };
  for (let life = 0; ; life++) {
    const workers = 1 + (life % 3);
    yield async () => {
      const random = seededRandom(seed * 1_000_003 + life);
      const options = {
        kills: KILLS_PER_LIFE,
        workers,
        documentsEach: 2 + 2 * workers,
        itemMs: 4,
        killWithinMs: 80,
        random,
      };
      const report = await randomDeaths(program, worlds, golden, options, host);
      return { ...report, kind: 'random times', what: `life ${life} with ${workers} at work` };
    };
  }
}

let stopping = false;
process.once('SIGINT', () => {
  stopping = true;
  console.log('ending after the trials at hand …');
});
const SHOW_EVERY_MS = 5_000;
const startedMs = performance.now();
let shownMs = startedMs;
const progress = (): void => {
  const kills = sum((tally) => tally.kills);
  const perSecond = (kills * 1_000) / (performance.now() - startedMs);
  const left = Math.max(0, killsWanted - kills) / perSecond;
  console.log(
    `${kills} of ${killsWanted} kills, ${perSecond.toFixed(1)}/s, ${Math.ceil(left / 60)} min left; ${tallies.length} trials, ${sum((tally) => tally.violations.length)} violations`,
  );
};

/** A run that does not come to its end is a violation like any other. */
const failed = (error: unknown): Tally => ({
  kind: 'not converged',
  what: 'a trial that threw',
  hit: true,
  violations: [error instanceof Error ? error.message : String(error)],
  ticks: 0,
  extraCalls: 0,
  kills: 0,
  midBatch: 0,
  buried: 0,
});

const queue = trials();
const lane = async (): Promise<void> => {
  while (!stopping && sum((tally) => tally.kills) < killsWanted) {
    const next = queue.next();
    if (next.done) return;
    const tally = await next.value().catch(failed);
    tallies.push(tally);
    for (const violation of tally.violations) console.log(`VIOLATION ${tally.kind}, ${tally.what}: ${violation}`);
    if (performance.now() - shownMs < SHOW_EVERY_MS) continue;
    shownMs = performance.now();
    progress();
  }
};
try {
  await Promise.all(Array.from({ length: lanes }, lane));
} finally {
  worlds.close();
  program.remove();
}

progress();
for (const kind of new Set(tallies.map((tally) => tally.kind))) {
  const own = tallies.filter((tally) => tally.kind === kind);
  const [kills, broken] = [sum((tally) => tally.kills, kind), sum((tally) => tally.violations.length, kind)];
  const trials = kills || own.length;
  console.log(
    `${kind}: ${broken} violations, ${kills} kills in ${own.length} trials (${boundOf(trials)}); median ${median(own.map(({ ticks }) => ticks))} ticks to converge; ` +
      `${(sum((tally) => tally.extraCalls, kind) / trials).toFixed(3)} extra paid calls per death; ${sum((tally) => tally.midBatch, kind)} mid batch; ${sum((tally) => tally.buried, kind)} buried`,
  );
}
const kills = sum((tally) => tally.kills);
console.log(
  `all: ${sum((tally) => tally.violations.length)} violations over ${kills} kills (${boundOf(kills)}) in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s on ${host}, seed ${seed}`,
);
process.exitCode = sum((tally) => tally.violations.length) === 0 ? 0 : 1;
