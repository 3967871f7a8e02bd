import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client';
import { readConfig } from '../../space/config.ts';
import { migrateSchema } from '../../space/database.ts';
import { createLog } from '../../space/host/log.ts';
import { ingestFile } from '../../space/ingest/ingest.ts';
import { sampleFile } from '../../space/sample/sample.ts';
import { openSpace, type Space } from '../../space/space.ts';
import { runUntilIdle } from '../../space/ticking/run.ts';
import { dumpState, type State } from './dump.ts';
import { type Sqld, startSqld } from './sqld.ts';
import { WALK_FILE, walkJsonl } from './walk.ts';

export const walkDocuments = (): string => walkJsonl(readFileSync(sampleFile, 'utf8'));

/** Opens a Space with a folder of its own on `databaseUrl` (null: a file in that folder), and closes both afterwards. */
export async function inSpace<Result>(
  databaseUrl: string | null,
  act: (space: Space) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-walk-'));
  const env = { DATA_DIR: folder, LOG_LEVEL: 'silent', ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }) };
  try {
    const config = readConfig(env);
    const space = await openSpace(config, createLog(config.logLevel));
    try {
      return await act(space);
    } finally {
      await space.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The walk from a file to SERVING in one Space: what every other host must end like. */
export async function walkInSpace(space: Space): Promise<State> {
  const file = join(space.config.dataDir, WALK_FILE);
  writeFileSync(file, walkDocuments());
  const [first] = space.pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  await ingestFile(space.db, first, file, { stopping: () => false, onProgress: () => undefined });
  return runToServing(space);
}

/** Lets a Space run whatever is left on its database. */
export async function runToServing(space: Space): Promise<State> {
  const report = await runUntilIdle(space, {
    stopping: () => false,
    onProgress: () => undefined,
    waitMsMax: 10_000,
  });
  if (report.end !== 'idle') throw new Error(`the run ended ${report.end}: ${report.gate}`);
  return dumpState(space.db);
}

/** A new server with a database of this build's schema, or with nothing in it. */
export async function freshSqld(schema: 'migrated' | 'none'): Promise<Sqld> {
  const sqld = await startSqld();
  if (schema === 'migrated') {
    const client = createClient({ url: sqld.url });
    await migrateSchema(client);
    client.close();
  }
  return sqld;
}
