import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { BEHAVIOURS } from './support/engine/network/behaviours.ts';
import { type Shown, show } from './support/engine/network/conformance.ts';

/** One list of behaviours on every host: each must answer what the list says, and all of them the same. */

const hosts = new Map<string, EngineHost>();
beforeAll(async () => {
  for (const name of HOSTS) hosts.set(name, await openHost(name));
});
afterAll(async () => {
  for (const host of hosts.values()) await host.close();
});

describe.each(BEHAVIOURS)('$name', (behaviour) => {
  const shown = new Map<string, Shown>();

  test.each(HOSTS)('on %s', async (name) => {
    const host = hosts.get(name);
    if (!host) throw new Error(`no host is called ${name}`);
    const all = await show(host, behaviour);
    shown.set(name, all);
    behaviour.steps.forEach((step, i) => {
      const answer = { step: i, does: step.do, gives: all.results[i] };
      if (step.gives !== undefined) expect(answer).toMatchObject({ ...answer, gives: step.gives });
    });
  });

  test('the same on every host', () => {
    const [first, ...others] = HOSTS.map((name) => shown.get(name));
    expect(first).toBeDefined();
    for (const other of others) expect(other).toEqual(first);
  });
});

test('the list is as long as it says', () => {
  const steps = BEHAVIOURS.reduce((sum, behaviour) => sum + behaviour.steps.length, 0);
  const checked = BEHAVIOURS.flatMap((behaviour) => behaviour.steps).filter(({ gives }) => gives !== undefined).length;
  console.info(
    `conformance: ${BEHAVIOURS.length} behaviours, ${steps} steps (${checked} with their answer) on ${HOSTS.length} hosts`,
  );
  expect(checked).toBeGreaterThan(steps / 2);
});
