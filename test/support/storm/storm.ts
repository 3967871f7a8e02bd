import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { knownReleases } from '../../../core/corpus.ts';
import { tick } from '../../../core/engine/index.ts';
import { readConfig } from '../../../space/config.ts';
import { startFaiss } from '../../../space/faiss/service.ts';
import { createLog } from '../../../space/host/log.ts';
import { ingestFile } from '../../../space/ingest/ingest.ts';
import { sampleFile } from '../../../space/sample/sample.ts';
import { openPipeline } from '../../../space/space.ts';
import { openReleaseStore } from '../../../space/store/releases.ts';
import { answersAlone } from './alone.ts';
import { command, type Heard, type StormServer, startStormServer } from './server.ts';
import { judge, type Told, type Verdict } from './verdict.ts';

/** How far a build has come, by what is in its folder. */
export const MOMENTS = {
  'its folder is made': () => true,
  'files are being written': (names) => names.some((name) => name.endsWith('.tmp')),
  'keywords are being written': (names) => names.includes('keywords.db'),
  'its files are finished': (names) => names.includes('cards.bin'),
  'indices are being written': (names) => names.some((name) => name.includes('.index')),
  'its manifest is written': (names) => names.includes('manifest.json'),
} as const satisfies Readonly<Record<string, (names: readonly string[]) => boolean>>;
export type Moment = keyof typeof MOMENTS;

/** Files of a release of which one bit turns. */
export const DAMAGES = ['whole.f32', 'lexical.bin', 'manifest.json'] as const;
export type Damage = (typeof DAMAGES)[number];

const PUBLISHED = new Set(['published', 'rolled_back']);
const log = createLog('silent');
const samples = readFileSync(sampleFile, 'utf8').trim().split('\n');

export type Storm = Awaited<ReturnType<typeof openStorm>>;

/** Runs a command of the product to its end. */
type Run = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<{ readonly exitCode: number | null; readonly output: string }>;

/**
 * A folder of data, servers of it with clients, and what may happen to its releases. All acts are commands of the product; servers, and
 * builders that are killed, are processes of their own, and `runs` says how the others are run.
 */
export async function openStorm(folder: string, random: () => number, runs: Run) {
  const env = {
    ...{ DATA_DIR: folder, STORE_DIR: '', DATABASE_URL: '', LOG_LEVEL: 'silent', PORT: '0' },
    // Builds are begun by the storm, and no release is swept before it was looked at.
    ...{ TICK_EVERY_MS: '3600000', RELEASES_KEPT: '1000' },
  };
  const config = readConfig({ ...env });
  const store = openReleaseStore(config.storeDir);
  const faiss = await startFaiss({ onEvent: () => undefined });
  const mine = await openPipeline(config, log, null);
  const releases = join(config.storeDir, 'releases');
  const expected = new Map<number, readonly Told[]>();
  const damaged = new Set<number>();
  const servers: StormServer[] = [];
  let ingested = 0;

  const known = () => knownReleases(mine.db);
  const current = async (): Promise<number> =>
    Math.max(0, ...(await known()).filter(({ state }) => state === 'published').map(({ version }) => version));
  const learn = async (): Promise<void> => {
    for (const { version, state } of await known())
      if (PUBLISHED.has(state) && !expected.has(version))
        expected.set(version, await answersAlone({ ...mine, store, faiss }, version));
  };

  return {
    current,
    expected,
    damaged,
    /** Versions that can be gone back to. */
    async whole(): Promise<readonly number[]> {
      const held = (await known()).filter(({ state, version }) => PUBLISHED.has(state) && !damaged.has(version));
      return held.map(({ version }) => version).sort((a, b) => a - b);
    },
    /** Brings in the next documents of the sample and works them until a release is all they lack; says how many there were. */
    async ingest(documents: number): Promise<number> {
      const next = samples.slice(ingested, ingested + documents);
      if (next.length === 0) return 0;
      const file = join(folder, `round-${ingested}.jsonl`);
      writeFileSync(file, `${next.join('\n')}\n`);
      ingested += next.length;
      const [first] = mine.pipeline.stages;
      if (!first) throw new Error('the pipeline has no stage');
      await ingestFile(mine.db, first, file, { stopping: () => false, onProgress: () => undefined });
      while ((await tick(mine.db, mine.pipeline, mine.runtime, { budgetMs: 60_000 })).batches > 0);
      return next.length;
    },
    /** Builds a release, or waits for that of a server which was faster; returns its version. */
    async build(): Promise<number> {
      const before = await current();
      const { exitCode, output } = await runs(['index', 'build', '--force'], env);
      for (let waits = 0; (await current()) === before; waits += 1) {
        if (waits === 600) throw new Error(`nothing was built, and index build ended with ${exitCode}: ${output}`);
        await sleep(100);
      }
      await learn();
      return current();
    },
    /** Kills a build with SIGKILL where it has come to that moment; false where it was over before. */
    async killBuild(moment: Moment): Promise<boolean> {
      const before = new Set(readdirSync(releases));
      const child = spawn(process.execPath, [command, 'index', 'build', '--force'], {
        env: { ...process.env, ...env },
        stdio: 'ignore',
      });
      const closed = new Promise<NodeJS.Signals | null>((resolve) =>
        child.once('close', (_, signal) => resolve(signal)),
      );
      const there = (): boolean => {
        const name = readdirSync(releases).find((one) => !before.has(one));
        return (
          name !== undefined && existsSync(join(releases, name)) && MOMENTS[moment](readdirSync(join(releases, name)))
        );
      };
      while (child.exitCode === null && !there()) await sleep(1);
      child.kill('SIGKILL');
      const killed = (await closed) === 'SIGKILL';
      await learn();
      return killed;
    },
    async rollBack(version: number): Promise<void> {
      const { exitCode, output } = await runs(['index', 'rollback', String(version), '--yes'], env);
      if (exitCode !== 0) throw new Error(`index rollback ${version} ended with ${exitCode}: ${output}`);
    },
    /** Turns one bit of a file in its place, as a disk would. */
    async damage(version: number, file: Damage): Promise<void> {
      await learn();
      const path = store.path(version, file);
      const bytes = readFileSync(path);
      const at = Math.floor(random() * bytes.length);
      const fd = openSync(path, 'r+');
      writeSync(fd, Uint8Array.of((bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))), 0, 1, at);
      closeSync(fd);
      damaged.add(version);
    },
    async serve(connections: number, thinkMs: number): Promise<StormServer> {
      const server = await startStormServer({ env, connections, thinkMs, refused: new Set(damaged) });
      servers.push(server);
      return server;
    },
    heard: (): readonly Heard[] => servers.map((server) => server.heard()),
    async judge(): Promise<Verdict> {
      await learn();
      return judge(
        servers.map((server) => server.heard()),
        expected,
      );
    },
    async close(): Promise<void> {
      for (const server of servers) await server.end('SIGKILL');
      await faiss.close();
      await mine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
