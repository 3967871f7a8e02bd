import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { act, verifyAudit } from '../core/engine/index.ts';
import { type BatchServer, startBatchServer } from './support/batch-server/server.ts';
import {
  type BatchWorld,
  distillerOf,
  goodAnswer,
  letTimePass,
  misassigned,
  openBatchWorld,
} from './support/batch-server/world.ts';
import { seededRandom } from './support/engine/runtime.ts';

/** F48, F49 and the orphans of a crash: real processes that end by SIGKILL at every moment of a job's life. */

const KILLS = 50;
const CASES = 30;
const root = fileURLToPath(new URL('..', import.meta.url));
/** Inside the repository, so that packages are found; one file, so that a start costs little. */
const program = join(root, 'node_modules', '.cache', `batch-child-${process.pid}.mjs`);

let server: BatchServer;
let world: BatchWorld;
beforeAll(async () => {
  server = await startBatchServer();
  await build({
    entryPoints: [join(root, 'test/support/batch-server/child.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
});
afterAll(async () => {
  await server?.close();
  rmSync(program, { force: true });
});

/** One life of a worker; null where it ended by itself. */
function live(plan: object, started: (kill: () => void) => void): Promise<NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, JSON.stringify(plan)], {
      cwd: tmpdir(),
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
    child.once('error', reject);
    child.once('close', (code, signal) =>
      signal === null && code !== 0 ? reject(new Error(errors)) : resolve(signal),
    );
    started(() => child.kill('SIGKILL'));
  });
}

test.each(['openai', 'gemini'] as const)(
  `${KILLS / 2} kills at every moment of jobs of %s: each case is paid for once, and gets its own answer`,
  async (provider) => {
    server.shop.clear();
    server.shop.plan.answer = goodAnswer;
    server.shop.plan.polls = 1;
    world = await openBatchWorld(distillerOf(provider, server[provider]));
    const plan = { file: world.url.slice('file:'.length), provider, endpoint: server[provider] };
    const random = seededRandom(provider.length);
    const killedAt = new Map<string, number>();
    let kills = 0;
    let lives = 0;
    try {
      await world.enter(CASES);
      let entered = 1;
      while (kills < KILLS / 2) {
        // The last moment of this life, counted from its beginning: a request has arrived, or has done its work and nobody hears so.
        let left = Math.floor(random() * 14);
        lives += 1;
        let last = '';
        const signal = await live(plan, (kill) => {
          server.watch = ({ operation, when }) => {
            if (left-- > 0) return true;
            server.watch = () => false;
            last = `${operation} ${when}`;
            kill();
            return false;
          };
        });
        server.watch = null;
        if (signal === 'SIGKILL') {
          kills += 1;
          killedAt.set(last, (killedAt.get(last) ?? 0) + 1);
        }
        await letTimePass(world.client);
        const [open] = await world.all(
          `SELECT count(*) AS n FROM task WHERE state IN ('ready', 'leased', 'submitted')`,
        );
        // More work, of other content: what was paid for is counted by content.
        if (Number(open?.n) === 0) await world.enter(CASES, ++entered);
        if (lives > 6 * KILLS) throw new Error(`only ${kills} kills in ${lives} lives`);
      }
      await world.settle();
      // A case that was held by five workers that died counts as what killed them; whoever looks finds it innocent.
      const buried = await world.all(`SELECT DISTINCT error_class FROM task WHERE state = 'dead'`);
      for (const { error_class } of buried) expect(error_class).toBe('lost');
      await act(world.db, world.pipeline, { kind: 'retry' }, { actor: 'test' });
      await world.settle();
      expect(await world.all('SELECT state, count(*) AS n FROM task GROUP BY state')).toEqual([
        { state: 'done', n: CASES },
      ]);
      const perKey = [...server.shop.jobsByKey().values()];
      const paid = [...server.shop.paid().values()];
      const wrong = await misassigned(world.client);
      console.info(
        `F48/F49: ${provider}, ${kills} kills (${[...killedAt].map(([at, n]) => `${at} ${n}`).join(', ')}) in ${lives} lives: ${perKey.length} jobs, ` +
          `at most ${Math.max(...perKey)} per key; ${paid.length} prompts paid for, at most ${Math.max(...paid)} times each; ` +
          `${await count(`reason LIKE '%found by its key%' OR state = 'applied'`)} jobs came through, ${wrong.length} answers mis-assigned`,
      );
      expect(Math.max(...perKey)).toBe(1);
      expect(Math.max(...paid)).toBe(1);
      expect(paid).toHaveLength(entered * CASES);
      expect(wrong).toEqual([]);
      expect(killedAt.size).toBeGreaterThan(5);
      expect((await verifyAudit(world.db)).problems).toEqual([]);
      expect(await world.all(`SELECT stage, state, n FROM stage_count WHERE n > 0`)).toEqual([
        { stage: 'distill', state: 'done', n: CASES },
      ]);
    } finally {
      server.watch = null;
      await world.close();
    }
  },
  240_000,
);

const count = async (where: string): Promise<unknown> =>
  Object.values((await world.all(`SELECT count(*) AS n FROM batch_job WHERE ${where}`))[0] ?? {})[0];
