import { createHash } from 'node:crypto';
import { type Database, type FailPoint, registerPipeline } from '../../../../core/engine/index.ts';
import type { PlantedBug } from './bugs.ts';
import { drawFaults, type Faults, NO_FAULTS } from './faults.ts';
import type { Memory } from './memory.ts';
import { pressAtClaim, unleash } from './nemesis.ts';
import { createNetwork } from './network.ts';
import { createOperator } from './operator.ts';
import { createOracle } from './oracle.ts';
import { type Load, pagesOf, pipelineFactory } from './pipeline.ts';
import { canonicalDump, judgeRest } from './rest.ts';
import { createWitness, type Witness } from './witness.ts';
import { createWorkers } from './workers.ts';
import { type Actor, createWorld, type Violation, type World } from './world.ts';

/** Everything about one seed that somebody may want to know. */
export type History = {
  readonly seed: number;
  readonly violation: Violation | null;
  /** Over every line of the trace: two runs of one seed have the same. */
  readonly hash: string;
  readonly events: number;
  readonly simulatedMs: number;
  readonly workers: number;
  readonly commits: number;
  readonly claims: number;
  readonly paidCalls: number;
  readonly extraCalls: Witness['extraCalls'];
  readonly mishaps: ReadonlyMap<string, number>;
  readonly reached: ReadonlySet<FailPoint>;
  readonly killedAt: ReadonlySet<FailPoint>;
  readonly dump: readonly string[];
};

/** A world that has not come to rest by then is stuck; the quota of a day may hold it for some days. */
const CALM_MS_MAX = 4 * 86_400_000;
const EVENTS_MAX = 20_000;
/** The latest that a request may be applied after it was sent. */
const LATE_MS = 5_000;
/** Longer than any request may be on its way, and any lease may live that nobody holds. */
const QUIET_MS = 8_000;

function drawLoad(world: World): Load {
  const documents = 2 + Math.floor(world.dice() * 3);
  const keys = Array.from({ length: documents }, (_, n) => `d${n + 1}`);
  const pages = keys.flatMap(pagesOf);
  return {
    documents,
    poison: world.chance(0.5) ? (world.pick(world.chance(0.3) ? keys.slice(1) : pages.slice(3)) ?? null) : null,
    permanent: world.chance(0.5) ? (pages[1] ?? null) : null,
    changes: world.chance(0.3),
    unitsPerDay: world.chance(0.25) ? 14 : 10_000,
    asks: world.chance(0.5),
  };
}

/** Golden runs by what flows; which item kills and what is asked makes no difference to them. */
const goldens = new Map<string, readonly string[]>();

async function goldenOf(memory: Memory, load: Load): Promise<readonly string[]> {
  const plain: Load = { ...load, poison: null, asks: false, unitsPerDay: 10_000 };
  const name = JSON.stringify(plain);
  let dump = goldens.get(name);
  if (!dump) {
    const history = await live(memory, { seed: 0, load: plain, faults: NO_FAULTS, bug: null, golden: null });
    if (history.violation) throw new Error(`a run without faults: ${history.violation.message}`);
    dump = history.dump;
    goldens.set(name, dump);
  }
  const { poison } = load;
  return poison === null ? dump : dump.filter((line) => !isOf(line, poison));
}

/** Lines begin with what they are; a key is a word of its own. */
const isOf = (line: string, key: string): boolean => {
  const words = line.split(' ');
  const own = words[0] === 'item' ? words[2] : words[1];
  return own === key || own?.startsWith(`${key}/`) === true;
};

/** One whole history from one seed. */
export async function simulate(
  memory: Memory,
  seed: number,
  options: { readonly bug?: PlantedBug | undefined; readonly trace?: (line: string) => void } = {},
): Promise<History> {
  const drawing = createWorld(seed);
  const load = drawLoad(drawing);
  const faults = drawFaults(drawing);
  const golden = await goldenOf(memory, load);
  options.trace?.(JSON.stringify({ seed, load, faults }));
  return live(memory, { seed, load, faults, golden, bug: options.bug ?? null, trace: options.trace });
}

async function live(
  memory: Memory,
  options: {
    readonly seed: number;
    readonly load: Load;
    readonly faults: Faults;
    readonly bug: PlantedBug | null;
    readonly golden: readonly string[] | null;
    readonly trace?: ((line: string) => void) | undefined;
  },
): Promise<History> {
  const { seed, load, bug, golden } = options;
  const world = createWorld(seed, options.trace);
  const beganMs = world.nowMs();
  let calm = true;
  const faults = (): Faults => (calm ? NO_FAULTS : options.faults);
  const witness = createWitness();
  const oracle = createOracle(world, witness);
  const network = createNetwork({ world, memory, oracle, witness, faults, bug });
  const pipelineOf = pipelineFactory({
    world,
    witness,
    oracle,
    load,
    faults,
    kill: (worker, why) => workers.kill(worker, why),
    collect: () => void operator.collect(),
  });
  const workers = createWorkers({
    world,
    witness,
    faults,
    calm: () => calm,
    connect: network.connect,
    pipelineOf,
    oracle,
    passed: (point) => {
      if (point === 'claim.before') pressAtClaim(world, faults(), operator);
    },
  });
  const pipeline = pipelineOf(NOBODY);
  const operator = createOperator({ world, pipeline, connect: network.connect, repeats: () => !calm });

  let ended = false;
  const story = async (): Promise<void> => {
    await registerPipeline(network.connect(operator.actor), pipeline, 'operator');
    await operator.enter(load, load.changes && golden === null ? 2 : 1);
    calm = false;
    for (let n = 0; n < options.faults.workers; n++) workers.spawn();
    if (golden !== null) unleash({ world, faults: options.faults, workers, operator, witness, load });
    if (load.changes && golden !== null) {
      await world.sleep(world.between(0, options.faults.untilMs), null);
      await operator.enter(load, 2, 1);
    }
    const left = options.faults.untilMs - (world.nowMs() - beganMs);
    await world.sleep(Math.max(0, left), null);
    calm = true;
    world.log('calm');
    // What is still on its way would undo what follows; the longest comes after the deadline of a call.
    while (operator.pending() > 0) await world.sleep(1_000, null);
    await world.sleep(LATE_MS, null);
    for (const { name } of pipeline.stages) await operator.act({ kind: 'resume', stage: name });
    await rest();
    // Dead letters that only bad luck made live again; those of the poison and of the unreadable page stay.
    for (const { name } of pipeline.stages) {
      const keys = deadKeys(memory).filter(
        ({ stage, key }) => stage === name && key !== load.poison && key !== load.permanent,
      );
      if (keys.length > 0) await operator.act({ kind: 'retry', stage: name, keys: keys.map(({ key }) => key) });
    }
    await rest();
    ended = true;
  };
  const rest = async (): Promise<void> => {
    for (let quietMs = 0, lookMs = 1_000; quietMs < QUIET_MS; lookMs = Math.min(2 * lookMs, 600_000)) {
      await world.sleep(lookMs, null);
      if ([...oracle.mirror.tasks.values()].some(({ state }) => state === 'submitted')) await operator.collect();
      const busy = oracle.openTasks() > 0 || [...oracle.mirror.leases.values()].some(({ state }) => state === 'live');
      quietMs = busy ? 0 : quietMs + lookMs;
    }
  };

  memory.begin();
  const restore = hostClockOf(world);
  try {
    world.after(0, operator.actor, () => {
      story().catch((error: unknown) => {
        world.violate('story', error instanceof Error ? (error.stack ?? error.message) : String(error));
      });
    });
    await world.run(options.faults.untilMs + CALM_MS_MAX, () => ended || world.events() > EVENTS_MAX);
    if (!ended && world.violation() === null) world.violate('I7', `not at rest: ${openOf(memory).join(', ')}`);
    const plain: Database = {
      read: async (statements) => memory.read(statements, world.nowMs),
      write: async () => [],
    };
    if (world.violation() === null) await judgeRest({ world, memory, oracle, witness, db: plain, load, golden });
    return {
      seed,
      violation: world.violation(),
      hash: world.hash(),
      events: world.events(),
      simulatedMs: world.nowMs() - beganMs,
      workers: workers.started(),
      commits: oracle.commits(),
      claims: oracle.mirror.leases.size,
      paidCalls: [...witness.calls.values()].reduce((sum, calls) => sum + calls.length, 0),
      extraCalls: witness.extraCalls,
      mishaps: witness.mishaps,
      reached: witness.reached,
      killedAt: witness.killedAt,
      dump: world.violation() === null ? canonicalDump(memory, load) : [],
    };
  } finally {
    restore();
    memory.end();
  }
}

const NOBODY: Actor = { name: 'nobody', dead: true, stalledUntilMs: 0, skewMs: 0 };

const deadKeys = (memory: Memory): readonly { stage: string; key: string }[] =>
  memory
    .rows(`SELECT t.stage, i.key FROM task t JOIN item i ON i.id = t.item_id WHERE t.state = 'dead' ORDER BY 1, 2`)
    .map((row) => ({ stage: String(row.stage), key: String(row.key) }));

const openOf = (memory: Memory): readonly string[] =>
  memory
    .rows(
      `SELECT t.stage, i.key, t.state FROM task t JOIN item i ON i.id = t.item_id
       WHERE t.state IN ('ready', 'leased', 'submitted') ORDER BY 1, 2 LIMIT 5`,
    )
    .map((row) => `${String(row.stage)} ${String(row.key)} ${String(row.state)}`);

/**
 * The clock of the host is the wrong one of whoever is at work, its dice are forbidden, and its hash functions answer at
 * once, for those of the real one come back from a thread when they please.
 */
function hostClockOf(world: World): () => void {
  const { now } = Date;
  const { random } = Math;
  const { subtle } = globalThis.crypto;
  Date.now = () => world.nowMs() + (world.current()?.skewMs ?? 0);
  Math.random = () => {
    world.violate('dice', 'something asked the host for chance');
    return 0.5;
  };
  Object.defineProperty(subtle, 'digest', {
    configurable: true,
    value: (algorithm: string, data: Uint8Array) => {
      if (algorithm !== 'SHA-256') throw new Error(`no ${algorithm} in a simulation`);
      const hash = createHash('sha256').update(data).digest();
      return Promise.resolve(hash.buffer.slice(hash.byteOffset, hash.byteOffset + hash.byteLength));
    },
  });
  return () => {
    Date.now = now;
    Math.random = random;
    Reflect.deleteProperty(subtle, 'digest');
  };
}
