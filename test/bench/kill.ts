/**
 * The whole pipeline on a corpus, undisturbed and then killed with SIGKILL at random times and resumed.
 *   node --import tsx test/bench/kill.ts [--kills 20] [--seed 1] FILE…
 * Prints times and both final states; exit 1 when they differ.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { finalState, live, seeded } from '../support/kills.ts';

const { values, positionals: files } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const folders = [mkdtempSync(join(tmpdir(), 'undisturbed-')), mkdtempSync(join(tmpdir(), 'killed-'))] as const;
const [undisturbed, disturbed] = folders;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const timed = async (dataDir: string, args: readonly string[], killAfterMs: number | null) => {
  const startedMs = performance.now();
  const life = await live(dataDir, args, killAfterMs);
  return { ...life, tookMs: performance.now() - startedMs };
};

const ingested = await timed(undisturbed, ['ingest', '--file', ...files], null);
console.log(`undisturbed ingest: exit ${ingested.exitCode}, ${seconds(ingested.tookMs)}`);
const ran = await timed(undisturbed, ['run', '--until-idle'], null);
console.log(`undisturbed run: exit ${ran.exitCode}, ${seconds(ran.tookMs)}\n${ran.output}`);

const random = seeded(Number(values.seed));
await live(disturbed, ['ingest', '--file', ...files], random() * ingested.tookMs);
await live(disturbed, ['ingest', '--file', ...files], null);
for (let i = 1; i < Number(values.kills); i++) {
  // Short lives first, or the work would be done before the kills are; longer ones reach the late stages.
  const share = i < (Number(values.kills) * 3) / 4 ? 1 / 8 : 1 / 2;
  const afterMs = random() * share * ran.tookMs;
  const life = await timed(disturbed, ['run', '--until-idle'], afterMs);
  console.log(`kill ${i + 1} after ${seconds(afterMs)}: ${life.signal ?? `had ended with ${life.exitCode}`}`);
}
const resumed = await timed(disturbed, ['run', '--until-idle'], null);
console.log(`resumed run: exit ${resumed.exitCode}, ${seconds(resumed.tookMs)}`);

const [golden, after] = [await finalState(undisturbed), await finalState(disturbed)];
console.log('undisturbed', JSON.stringify(golden));
console.log('killed     ', JSON.stringify(after));
const same = JSON.stringify(golden) === JSON.stringify(after);
console.log(same ? 'SAME final state and release hash' : 'DIFFERENT');
for (const made of folders) rmSync(made, { recursive: true, force: true });
process.exitCode = same ? 0 : 1;
