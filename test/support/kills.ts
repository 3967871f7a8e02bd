import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createClient } from '@libsql/client';

const command = fileURLToPath(new URL('../../space/anamnesis.mjs', import.meta.url));

/** A uniform draw in [0, 1) from a 32-bit seed (mulberry32), so that a failing schedule can be run again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Life = {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
};

/** Runs one command of the product in `dataDir`; after `killAfterMs` it is killed with SIGKILL. */
export function live(
  dataDir: string,
  args: readonly string[],
  killAfterMs: number | null,
  env: Readonly<Record<string, string>> = {},
): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, ...args], {
      env: { ...process.env, DATA_DIR: dataDir, STORE_DIR: '', DATABASE_URL: '', LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr.on('data', (part: Buffer) => (output += part.toString()));
    const timer = killAfterMs === null ? null : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      if (timer) clearTimeout(timer);
      resolve({ exitCode, signal, output });
    });
  });
}

/** What must be the same however a run was disturbed: items per stage and state, rows per table, the hash of the release. */
export async function finalState(dataDir: string): Promise<Readonly<Record<string, unknown>>> {
  const client = createClient({ url: `file:${dataDir}/state.db` });
  try {
    const all = async (sql: string) => (await client.execute(sql)).rows.map((row) => ({ ...row }));
    return {
      tasks: await all(`SELECT stage, state, count(*) AS n FROM task GROUP BY stage, state ORDER BY stage, state`),
      counters: await all(`SELECT stage, state, n FROM stage_count WHERE n > 0 ORDER BY stage, state`),
      rows: await all(
        `SELECT (SELECT count(*) FROM document) AS documents, (SELECT count(*) FROM publication) AS publications,
           (SELECT count(*) FROM patient_case WHERE withdrawn = 0) AS cases, (SELECT count(*) FROM facet) AS facets,
           (SELECT count(*) FROM distillate) AS distillates, (SELECT count(*) FROM vector) AS vectors,
           (SELECT count(*) FROM item) AS items`,
      ),
      generations: await all(`SELECT fingerprint FROM generation ORDER BY fingerprint`),
      release: await all(
        `SELECT case_count, content_hash, generation FROM release WHERE state = 'published' ORDER BY version DESC LIMIT 1`,
      ),
      liveLeases: await all(`SELECT id FROM lease WHERE state = 'live'`),
      integrity: await all(`PRAGMA integrity_check`),
    };
  } finally {
    client.close();
  }
}
