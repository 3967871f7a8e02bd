import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@libsql/client';
import {
  connectDatabase,
  type Database,
  enterStatements,
  type NewItem,
  registerPipeline,
} from '../../../../core/engine/index.ts';
import { openDatabase } from '../../../../space/database.ts';
import { startSqld } from '../../sqld.ts';
import type { HostName } from '../host.ts';
import { firstStage } from '../walk.ts';
import { deathsPipeline } from './pipeline.ts';
import type { Plan } from './plan.ts';
import { startWitness, type Witness } from './witness.ts';

/** One database, its witness outside, and what was brought in: all that outlives the processes. */
export type World = {
  readonly url: string;
  readonly client: Client;
  readonly db: Database;
  readonly witness: Witness;
  readonly entered: readonly NewItem[];
  readonly enter: (items: readonly NewItem[]) => Promise<void>;
  readonly nextLife: () => number;
  readonly close: () => Promise<void>;
};

export type Worlds = {
  readonly open: (host?: HostName, plan?: Partial<Omit<Plan, 'url' | 'witness' | 'life'>>) => Promise<World>;
  readonly close: () => void;
};

/** `made` has a row per commit and no key, so that whatever is done twice stands there twice. */
const SCRATCH = [
  'CREATE TABLE made(stage TEXT NOT NULL, key TEXT NOT NULL, input TEXT, lease INTEGER NOT NULL)',
  'CREATE TABLE page(key TEXT PRIMARY KEY, document TEXT NOT NULL, text TEXT NOT NULL)',
  'CREATE TABLE bound(lease INTEGER NOT NULL, pages INTEGER NOT NULL, hash TEXT NOT NULL)',
];
const DEADLINE_MS = 30_000;

/** Makes worlds; the schema is migrated once, and every further embedded file is a copy of that one. */
export function makeWorlds(): Worlds {
  const home = mkdtempSync(join(tmpdir(), 'anamnesis-deaths-'));
  const template = join(home, 'template.db');
  let files = 0;
  let made: Promise<void> | null = null;
  const migrated = async (url: string): Promise<void> => {
    const { db, close } = await openDatabase({ url, deadlineMs: DEADLINE_MS });
    await db.write(SCRATCH.map((sql) => ({ sql, args: [] })));
    close();
  };
  const fresh = async (): Promise<string> => {
    made ??= migrated(`file:${template}`);
    await made;
    files += 1;
    const path = join(home, `${files}.db`);
    for (const end of ['', '-wal']) if (existsSync(template + end)) copyFileSync(template + end, path + end);
    return path;
  };
  return {
    open: async (host = 'an embedded file', plan = {}) => {
      const server = host === 'sqld over HTTP' ? await startSqld() : null;
      const path = server ? '' : await fresh();
      const url = server?.url ?? `file:${path}`;
      if (server) await migrated(url);
      const client = createClient({ url, ...(server ? {} : { concurrency: 1, timeout: 10_000 }) });
      const db = connectDatabase(client, { deadlineMs: DEADLINE_MS });
      const pipeline = deathsPipeline(plan);
      await registerPipeline(db, pipeline);
      const witness = await startWitness();
      const entered: NewItem[] = [];
      let lives = 0;
      return {
        url,
        client,
        db,
        witness,
        entered,
        enter: async (items) => {
          await db.write(enterStatements(firstStage(pipeline), items));
          entered.push(...items);
        },
        nextLife: () => {
          lives += 1;
          return lives;
        },
        close: async () => {
          client.close();
          await witness.close();
          await server?.stop();
          if (path) for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
        },
      };
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}
