import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { act, definePipeline, registerPipeline, statement, verifyAudit } from '../core/engine/index.ts';
import { inferenceDistiller } from '../core/models/inference/distiller.ts';
import { webClock } from '../core/sources/http/client.ts';
import { defineDistill } from '../core/stages/distill.ts';
import { openDatabase } from '../space/database.ts';
import { buildProgram } from './support/engine/deaths/program.ts';
import { seeded } from './support/kills.ts';
import { startModelServer } from './support/model-server/server.ts';
import { enterCases, MODEL, madeUpCase } from './support/model-server/world.ts';

const KILLS = 50;
const CASES_AT_ONCE = 40;
/** Where a life ends: at a label of the engine, or after a time. */
const LABELS = [
  'effect.intent.after',
  'effect.call.after',
  'effect.result.after',
  'commit.before',
  'commit.after',
  '',
] as const;

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

test(`${KILLS} kills of a real process: what was paid for and stored is never paid for again, and every case is read once`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-paid-'));
  const server = await startModelServer();
  const program = await buildProgram(new URL('./support/model-server/child.ts', import.meta.url));
  const file = join(folder, 'state.db');
  const { db, close } = await openDatabase({ url: `file:${file}`, deadlineMs: 60_000 });
  try {
    const distiller = inferenceDistiller(
      { model: MODEL, endpoint: server.url, token: null, format: 'json_schema', tokensPerDay: 1e11 },
      { fetch, nowMs: webClock.nowMs, after: webClock.after, log: () => undefined },
    );
    const pipeline = definePipeline('anamnesis', [defineDistill({ db, random: () => 0.5, distiller })], {
      quotas: [distiller.spending.quota],
    });
    await registerPipeline(db, pipeline);
    const number = async (sql: string) => Number(Object.values((await db.read([statement(sql)]))[0]?.rows[0] ?? {})[0]);
    const random = seeded(58);
    // Every fifth case needs a second answer.
    server.manner = async (shown, call) => {
      await new Promise((resolve) => setTimeout(resolve, 5 + random() * 20));
      return / number \d*[05] /.test(shown.text) && call.repair === null ? { kind: 'content', content: 'no' } : null;
    };
    let entered = 0;
    let kills = 0;
    let repaid = 0;
    const stored = new Set<string>();
    const lifeOf = new Map<string, Set<number>>();
    let twiceInOneLife = 0;
    for (let life = 0; kills < KILLS; life++) {
      if ((await number(`SELECT count(*) FROM task WHERE state <> 'done'`)) < CASES_AT_ONCE / 2) {
        await enterCases(
          db,
          pipeline,
          Array.from({ length: CASES_AT_ONCE }, () => madeUpCase(entered++)),
        );
      }
      const label = LABELS[Math.floor(random() * LABELS.length)] ?? '';
      const nth = label.startsWith('commit') ? 1 + Math.floor(random() * 2) : 1 + Math.floor(random() * 12);
      const before = server.calls.length;
      const signal = await live(
        program.path,
        [file, server.url, label, String(nth)],
        label === '' ? 30 + random() * 400 : null,
      );
      if (signal !== null) kills += 1;
      for (const { key } of server.calls.slice(before)) {
        const lives = lifeOf.get(key ?? '') ?? new Set();
        if (lives.has(life)) twiceInOneLife += 1;
        if (stored.has(key ?? '')) repaid += 1;
        lifeOf.set(key ?? '', lives.add(life));
      }
      for (const row of (await db.read([statement(`SELECT key FROM effect WHERE state = 'done'`)]))[0]?.rows ?? [])
        stored.add(String(row.key));
    }
    // Those that were in the hands of a dying worker too often wait for an operator, as any poison does.
    const buried = await number(`SELECT count(*) FROM task WHERE state = 'dead'`);
    await act(db, pipeline, { kind: 'retry', stage: 'distill' }, { actor: 'test' });
    const before = server.calls.length;
    await live(program.path, [file, server.url, '', '0'], null);
    repaid += server.calls.slice(before).filter(({ key }) => stored.has(key ?? '')).length;
    const keys = new Set(server.calls.map(({ key }) => key));
    const extra = server.calls.length - keys.size;
    const mostPerKey = Math.max(...[...lifeOf.values()].map((lives) => lives.size));
    expect(await number(`SELECT count(*) FROM task WHERE state <> 'done'`)).toBe(0);
    expect(await number(`SELECT count(*) FROM distillate`)).toBe(entered);
    expect(repaid).toBe(0);
    expect(twiceInOneLife).toBe(0);
    // In every death, at most those that were on their way at once.
    expect(extra).toBeLessThanOrEqual(kills * distiller.atOnce);
    expect((await verifyAudit(db)).problems).toEqual([]);
    console.info(
      `paid calls under ${kills} kills: ${entered} cases, ${keys.size} calls needed, ${server.calls.length} made: ${extra} extra (answers that a death kept from being stored; at most ${distiller.atOnce} a death), ` +
        `answers paid for again after they were stored ${repaid}, most calls of one answer ${mostPerKey}, twice in one life ${twiceInOneLife}, buried and retried ${buried}`,
    );
  } finally {
    close();
    program.remove();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);
