import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sampleFile } from '../space/sample/sample.ts';
import { finalState, live, seeded } from './support/kills.ts';

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'anamnesis-kill-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

const KILLS = 8;

test(`killed ${KILLS} times at random and resumed, ingest and run end in the same state and release as undisturbed`, async () => {
  const undisturbed = folder();
  const ingested = await live(undisturbed, ['ingest', '--file', sampleFile], null);
  expect(ingested.exitCode, ingested.output).toBe(0);
  const startedMs = performance.now();
  const ran = await live(undisturbed, ['run', '--until-idle'], null);
  const tookMs = performance.now() - startedMs;
  expect(ran.exitCode, ran.output).toBe(0);

  const disturbed = folder();
  const random = seeded(20_261_122);
  const killed: string[] = [];
  const killOnce = async (args: readonly string[]) => {
    const life = await live(disturbed, args, 50 + random() * 0.6 * tookMs);
    killed.push(life.signal ?? `ended with ${life.exitCode}`);
  };
  for (let i = 0; i < 2; i++) await killOnce(['ingest', '--file', sampleFile]);
  const again = await live(disturbed, ['ingest', '--file', sampleFile], null);
  expect([0, 3], again.output).toContain(again.exitCode);
  for (let i = 2; i < KILLS; i++) await killOnce(['run', '--until-idle']);
  const resumed = await live(disturbed, ['run', '--until-idle'], null);
  expect([0, 3], resumed.output).toContain(resumed.exitCode);

  expect(killed.filter((how) => how === 'SIGKILL').length).toBeGreaterThan(2);
  const golden = await finalState(undisturbed);
  expect(golden).toMatchObject({ liveLeases: [], integrity: [{ integrity_check: 'ok' }] });
  expect(await finalState(disturbed)).toEqual(golden);
}, 180_000);
