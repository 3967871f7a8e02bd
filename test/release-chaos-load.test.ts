import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { command } from './support/command.ts';
import { seeded } from './support/kills.ts';
import { BODIES, sameTold } from './support/storm/alone.ts';
import { DAMAGES, openStorm, type Storm } from './support/storm/storm.ts';

const CONNECTIONS = 10;
const THINK_MS = 1_000;
let storm: Storm;

beforeAll(async () => {
  storm = await openStorm(mkdtempSync(join(tmpdir(), 'anamnesis-storm-')), seeded(23), (args, env) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    return command(...args);
  });
  await storm.ingest(50);
  await storm.build();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await storm?.close();
});

test('while releases are built, killed, damaged and rolled back, every answer is that of the one release it names', async () => {
  const events: string[] = [];
  let server = await storm.serve(CONNECTIONS, THINK_MS);
  await server.more(40);

  // Built.
  await storm.ingest(15);
  const second = await storm.build();
  events.push('built');
  await server.serves((version) => version === second);

  // Killed amid a build, then built.
  await storm.ingest(15);
  for (const moment of ['files are being written', 'indices are being written'] as const)
    if (await storm.killBuild(moment)) events.push(`killed as ${moment}`);
  expect(await storm.current()).toBe(second);
  await server.more(20);
  const third = await storm.build();
  events.push('built after the kills');
  await server.serves((version) => version === third);

  // Back and forward.
  for (const version of [second, third]) {
    await storm.rollBack(version);
    events.push(`rolled ${version === second ? 'back' : 'forward'}`);
    await server.serves((served) => served === version);
  }

  // Damaged: under a server that has it open, with another that starts; and in two ways with a server that starts anew.
  for (const file of DAMAGES) {
    const newest = await storm.current();
    await storm.damage(newest, file);
    // A server that starts on it answers from the release before, asks for a new one and, at its first tick, builds it.
    const another = (version: number): boolean => version > 0 && version !== newest;
    events.push(`damaged ${file}`);
    await server.more(20);
    if (file === 'whole.f32') {
      const other = await storm.serve(CONNECTIONS / 2, THINK_MS);
      await other.serves(another);
      await other.more(10);
      await other.end('SIGTERM');
      events.push('a second server opened and ended');
    } else {
      const by = file === 'lexical.bin' ? 'SIGTERM' : 'SIGKILL';
      await server.end(by);
      events.push(`restarted by ${by}`);
      server = await storm.serve(CONNECTIONS, THINK_MS);
      await server.serves(another);
      await server.more(20);
    }
    const rebuilt = await storm.build();
    events.push('built after the damage');
    await server.serves((version) => version === rebuilt);
  }
  await server.more(20);
  await server.end('SIGTERM');

  const { answers, releases, mixed, bad, errors, stopping, unheard } = await storm.judge();
  expect(mixed.slice(0, 3)).toEqual([]);
  expect(bad.slice(0, 3)).toEqual([]);
  expect(errors.slice(0, 3)).toEqual([]);
  expect(events.filter((event) => event.startsWith('killed')).length, 'builds that were killed').toBeGreaterThan(0);
  // Releases of other cases answer otherwise, else nothing above could show.
  const [first, last] = [storm.expected.get(1), storm.expected.get(third)];
  const alike = BODIES.filter(
    (_, i) => first?.[i] && last?.[i] && sameTold(first[i], { ...last[i], ...{ version: 1, cases: first[i].cases } }),
  );
  expect(alike).toEqual([]);
  expect(releases.length).toBeGreaterThanOrEqual(6);
  console.info(
    `F35: ${answers} answers of ${releases.length} releases on ${CONNECTIONS} connections through ${events.length} events (${events.join(', ')}): ` +
      `${mixed.length} mixed, ${bad.length} of a bad release, ${errors.length} errors; ${stopping} turned away by a server that stops, ` +
      `${unheard} while none ran`,
  );
}, 300_000);
