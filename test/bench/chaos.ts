import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Answered, quantile } from '../support/engine/races/load.ts';
import { live, seeded } from '../support/kills.ts';
import { DAMAGES, MOMENTS, type Moment, openStorm } from '../support/storm/storm.ts';

/**
 * Search under load while what may happen to releases happens, drawn at random: built, killed amid a build, damaged, rolled back and forward, a
 * server that starts anew or beside the other. Every answer is judged by the release that it names; any that is mixed, of a bad release or an
 * error is printed, and the exit code is 1.
 * Usage: node --import tsx test/bench/chaos.ts [--minutes N] [--seed S] [--connections N]
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    connections: { type: 'string', default: '20' },
  },
});
const [minutes, seed, connections] = [Number(values.minutes), Number(values.seed), Number(values.connections)];
/** Between an answer and the next question of the same client. */
const THINK_MS = 500;
/** Answers waited for between two events. */
const BETWEEN = 60;

const random = seeded(seed);
const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
const storm = await openStorm(mkdtempSync(join(tmpdir(), 'anamnesis-storm-')), random, (args, env) =>
  live(env.DATA_DIR ?? '', args, null, env),
);
const counts = new Map<string, number>();
const counted = (event: string): void => {
  counts.set(event, (counts.get(event) ?? 0) + 1);
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${event}\n`);
};

try {
  for (let n = 0; n < 2; n += 1) {
    await storm.ingest(25);
    await storm.build();
  }
  let server = await storm.serve(connections, THINK_MS);
  await server.more(100);
  const first = server.heard().answers.length;
  await server.more(200);
  const before = server.heard().answers.slice(first);
  const calmUntil = first + before.length;

  const build = async (): Promise<void> => {
    await storm.ingest(1 + Math.floor(random() * 4));
    const version = await storm.build();
    await server.serves((served) => served === version);
    counted('release built and served');
  };
  const kill = async (): Promise<void> => {
    const moment = one(Object.keys(MOMENTS) as Moment[]);
    counted((await storm.killBuild(moment)) ? `builder killed: ${moment}` : 'builder was faster than its killer');
  };
  const rollBack = async (): Promise<void> => {
    const from = await storm.current();
    const version = one((await storm.whole()).filter((whole) => whole !== from));
    await storm.rollBack(version);
    await server.serves((served) => served === version);
    counted(version < from ? 'rolled back' : 'rolled forward');
  };
  const restart = async (): Promise<void> => {
    const by = one(['SIGTERM', 'SIGKILL'] as const);
    await server.end(by);
    server = await storm.serve(connections, THINK_MS);
    await server.more(BETWEEN);
    counted(`server ended by ${by} and started anew`);
  };
  const damage = async (): Promise<void> => {
    // One good release has to be left to serve.
    if ((await storm.whole()).length < 2) await build();
    const file = one(DAMAGES);
    await storm.damage(await storm.current(), file);
    counted(`a bit turned in ${file}`);
    if (random() < 0.5) await restart();
    else {
      const other = await storm.serve(Math.ceil(connections / 2), THINK_MS);
      await other.more(BETWEEN);
      await other.end('SIGTERM');
      counted('second server opened and ended');
    }
    await build();
  };

  const untilMs = performance.now() + minutes * 60_000;
  while (performance.now() < untilMs) {
    await one([build, kill, kill, rollBack, rollBack, restart, damage])();
    await server.more(BETWEEN);
  }
  await server.end('SIGTERM');

  const verdict = await storm.judge();
  const answered = storm.heard().flatMap(({ answers }) => answers.filter(({ status }) => status === 200));
  const p99 = (some: readonly Answered[]): string =>
    quantile(
      some.map(({ tookMs }) => tookMs),
      0.99,
    ).toFixed(0);
  process.stdout.write(
    `| Event (seed ${seed}, ${minutes} minutes, ${connections} connections) | Times |\n|---|---:|\n`,
  );
  for (const [event, times] of [...counts].sort()) process.stdout.write(`| ${event} | ${times} |\n`);
  for (const problem of [...verdict.mixed, ...verdict.bad, ...verdict.errors].slice(0, 20))
    process.stdout.write(`${problem}\n`);
  const { answers, releases, mixed, bad, errors, stopping, unheard } = verdict;
  process.stdout.write(
    `chaos: ${answers} answers of ${releases.length} releases: ${mixed.length} mixed, ${bad.length} of a bad release, ${errors.length} errors; ` +
      `${stopping} turned away by a server that stops, ${unheard} while none ran; p99 ${p99(before)} ms before, ${p99(answered.slice(calmUntil))} ms during\n`,
  );
  process.exitCode = mixed.length + bad.length + errors.length > 0 ? 1 : 0;
} finally {
  await storm.close();
}
