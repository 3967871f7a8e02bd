/**
 * Deterministic simulation of the engine (fault F37): many seeds without a violation, and planted bugs that are found.
 *   npx tsx test/bench/simulate.ts [--seeds 2000] [--from 1] [--bug NAME|all] [--trace SEED]
 * Exit 1 when a seed of the engine as it is shows a violation, or a planted bug stays hidden.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { FAIL_POINTS, type FailPoint } from '../../core/engine/index.ts';
import { PLANTED_BUGS, type PlantedBug } from '../support/engine/simulation/bugs.ts';
import { openMemory } from '../support/engine/simulation/memory.ts';
import { type History, simulate } from '../support/engine/simulation/simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    bug: { type: 'string' },
    trace: { type: 'string' },
  },
});
/** A planted bug must show itself within so many. */
const BUG_SEEDS_MAX = 200;
const from = Number(values.from);
const memory = openMemory();
const said = ({ seed, violation }: History): string =>
  violation
    ? `seed ${seed} at ${violation.atMs} ms, ${violation.invariant}: ${violation.message}`
    : `seed ${seed}: none`;

const wanted = values.bug === 'all' ? PLANTED_BUGS : PLANTED_BUGS.filter(({ name }) => name === values.bug);
if (values.bug !== undefined && wanted.length === 0)
  throw new Error(`no planted bug ${values.bug}: one of all, ${PLANTED_BUGS.map(({ name }) => name).join(', ')}`);

if (values.trace !== undefined) await trace(Number(values.trace), wanted[0]);
else if (wanted.length > 0) for (const bug of wanted) await hunt(bug);
else await survey(Number(values.seeds));
memory.close();

async function trace(seed: number, bug: PlantedBug | undefined): Promise<void> {
  const history = await simulate(memory, seed, { bug, trace: (line) => console.log(line) });
  console.log(`${said(history)}; trace ${history.hash}, ${history.events} events`);
}

async function hunt(bug: PlantedBug): Promise<void> {
  for (let seed = from; seed < from + BUG_SEEDS_MAX; seed++) {
    const history = await simulate(memory, seed, { bug });
    if (!history.violation) continue;
    console.log(`${bug.name}: found after ${seed - from + 1} seeds; ${said(history)}`);
    return;
  }
  console.log(`${bug.name}: NOT found in ${BUG_SEEDS_MAX} seeds`);
  process.exitCode = 1;
}

async function survey(seeds: number): Promise<void> {
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const all: History[] = [];
  const killedAt = new Set<FailPoint>();
  const traces = createHash('sha256');
  for (let seed = from; seed < from + seeds; seed++) {
    const history = await simulate(memory, seed);
    // What the native binding gives back, it gives back between turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    all.push(history);
    for (const point of history.killedAt) killedAt.add(point);
    traces.update(history.hash);
    if (history.violation) console.log(said(history));
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const used = process.cpuUsage(startedCpu);
  const cpuSeconds = (used.user + used.system) / 1_000_000;
  const violations = all.filter(({ violation }) => violation !== null).length;
  const sum = (of: (history: History) => number): number => all.reduce((total, history) => total + of(history), 0);
  const extra = (kind: keyof History['extraCalls']): number => sum(({ extraCalls }) => extraCalls[kind]);
  const mishaps = new Map<string, number>();
  for (const history of all) for (const [name, n] of history.mishaps) mishaps.set(name, (mishaps.get(name) ?? 0) + n);
  console.log(
    `F37: ${violations} of ${seeds} seeds with a violation, ${(seeds / seconds).toFixed(1)} seeds/s, ${(seeds / cpuSeconds).toFixed(1)} per CPU second; ` +
      `${sum(({ events }) => events)} events, ${(sum(({ simulatedMs }) => simulatedMs) / 3_600_000).toFixed(1)} h simulated, ` +
      `${sum(({ workers }) => workers)} workers, ${sum(({ claims }) => claims)} claims, ${sum(({ commits }) => commits)} commits, ` +
      `${sum(({ paidCalls }) => paidCalls)} paid calls (again after: crash ${extra('crash')}, operator ${extra('operator')}, lease over ${extra('lease')}, ` +
      `zombie ${extra('zombie')}, answer lost ${extra('answerLost')}, database away ${extra('network')}); ` +
      `${[...mishaps].map(([name, n]) => `${n} ${name}`).join(', ')}; ` +
      `killed at ${killedAt.size} of ${FAIL_POINTS.length} fail points; traces ${traces.digest('hex').slice(0, 16)}`,
  );
  if (violations > 0) process.exitCode = 1;
}
