import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { act, registerPipeline, statement, verifyAudit } from '../core/engine/index.ts';
import { PROBE_TEXTS } from '../core/models/inference-embedder/probe.ts';
import { openDatabase } from '../space/database.ts';
import { vectorOf } from './support/embedding-server/fake-embedding.ts';
import { startEmbeddingServer } from './support/embedding-server/server.ts';
import { depsOf, embedPipeline, openWorld, settingsFor, storedVectors } from './support/embedding-server/world.ts';
import { buildProgram } from './support/engine/deaths/program.ts';
import { seeded } from './support/kills.ts';
import { enterCases, madeUpCase, madeUpCases } from './support/model-server/world.ts';

const KILLS = 16;
const CASES_AT_ONCE = 48;
/** Where a life ends: at a label of the engine, or after a time. */
const LABELS = ['claim.after', 'process.before', 'process.after', 'commit.before', 'commit.after', '', ''] as const;

/** One life of a worker; killed at its label by itself, or after `killMs` by us. */
function live(program: string, args: readonly string[], killMs: number | null): Promise<NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => undefined);
    let timer: NodeJS.Timeout | null = null;
    child.stdout.once('data', () => {
      if (killMs !== null) timer = setTimeout(() => child.kill('SIGKILL'), killMs);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (timer) clearTimeout(timer);
      if (code !== null && code !== 0) reject(new Error(`a worker ended with ${code}`));
      else resolve(signal);
    });
  });
}

test(`${KILLS} kills of a real process: every vector is that of an undisturbed run, and a death costs one claim's texts at most`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-embedded-'));
  const server = await startEmbeddingServer();
  const program = await buildProgram(new URL('./support/embedding-server/child.ts', import.meta.url));
  const file = join(folder, 'state.db');
  const { db, close } = await openDatabase({ url: `file:${file}`, deadlineMs: 60_000 });
  try {
    const { pipeline, remote } = embedPipeline(db, settingsFor(server.openAiUrl), depsOf());
    await registerPipeline(db, pipeline);
    const number = async (sql: string) => Number(Object.values((await db.read([statement(sql)]))[0]?.rows[0] ?? {})[0]);
    const random = seeded(61);
    server.manner = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5 + random() * 20));
      return null;
    };
    let entered = 0;
    let kills = 0;
    for (let life = 0; kills < KILLS; life++) {
      if ((await number(`SELECT count(*) FROM task WHERE state <> 'done'`)) < CASES_AT_ONCE / 2)
        await enterCases(
          db,
          pipeline,
          Array.from({ length: CASES_AT_ONCE }, () => madeUpCase(entered++)),
        );
      const label = LABELS[life % LABELS.length] ?? '';
      const signal = await live(
        program.path,
        [file, server.openAiUrl, label, String(1 + Math.floor(random() * 2))],
        label === '' ? 20 + random() * 200 : null,
      );
      if (signal !== null) kills += 1;
    }
    // Those that were in the hands of a dying worker too often wait for an operator, as any poison does.
    const buried = await number(`SELECT count(*) FROM task WHERE state = 'dead'`);
    await act(db, pipeline, { kind: 'retry', stage: 'embed' }, { actor: 'test' });
    await live(program.path, [file, server.openAiUrl, '', '0'], null);
    expect(await number(`SELECT count(*) FROM task WHERE state <> 'done'`)).toBe(0);
    expect(await number(`SELECT count(*) FROM generation`)).toBe(1);

    const undisturbed = await openWorld(settingsFor(server.openAiUrl), { cases: madeUpCases(entered) });
    const sentUnderKills = server.calls.flatMap(({ texts }) => texts.slice(1, -1));
    await undisturbed.drain();
    const expected = new Map((await undisturbed.stored()).map((one) => [`${one.caseId} ${one.view}`, one.vector]));
    undisturbed.close();
    const stored = await storedVectors(db);
    expect(stored).toHaveLength(expected.size);
    for (const { caseId, view, text, vector } of stored) {
      expect(vector).toEqual(expected.get(`${caseId} ${view}`));
      expect(vector[0]).toBeCloseTo(vectorOf(text)[0] ?? 0, 5);
    }
    const needed = stored.length;
    const extra = sentUnderKills.filter((text) => !PROBE_TEXTS.includes(text as never)).length - needed;
    const mostOfAClaim = remote.embedder.batchMax * 6;
    expect(extra).toBeLessThanOrEqual(kills * mostOfAClaim);
    expect((await verifyAudit(db)).problems).toEqual([]);
    console.info(
      `embedding under ${kills} kills: ${entered} cases, ${needed} texts needed, ${needed + extra} sent: ${extra} extra, ${(extra / kills).toFixed(1)} a death ` +
        `(bound ${mostOfAClaim}, one claim), other vectors than an undisturbed run 0, buried and retried ${buried}`,
    );
  } finally {
    close();
    program.remove();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);
