import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client';
import { parseSearchRequest } from '../../core/search/request.ts';
import { readConfig } from '../../space/config.ts';
import { createLog } from '../../space/host/log.ts';
import { ingestFile } from '../../space/ingest/ingest.ts';
import { sampleFile } from '../../space/sample/sample.ts';
import { createServing } from '../../space/serving.ts';
import { openSpace } from '../../space/space.ts';
import { storeServer } from './store-server.ts';
import { freshSqld, runToServing } from './walk-space.ts';

/**
 * A Space on a real sqld whose release of the sample corpus is published over HTTP: what an edge host answers from, and the answers
 * that it must give.
 */
export async function startSearchSpace() {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-search-'));
  const sqld = await freshSqld('migrated');
  const config = readConfig({ DATA_DIR: folder, LOG_LEVEL: 'silent', DATABASE_URL: sqld.url });
  const space = await openSpace(config, createLog(config.logLevel));
  const [first] = space.pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  await ingestFile(space.db, first, sampleFile, { stopping: () => false, onProgress: () => undefined });
  await runToServing(space);
  const serving = createServing(space);
  const version = await serving.refresh();
  if (version === null) throw new Error('the sample corpus gave no release');
  const root = config.storeDir;
  return {
    database: sqld.url,
    version,
    store: storeServer(root, version),
    /** The files of the release by their path in the store, in base64: for a bucket. */
    files(): Readonly<Record<string, string>> {
      const { files } = JSON.parse(readFileSync(join(root, 'releases', String(version), 'manifest.json'), 'utf8')) as {
        files: { file: string }[];
      };
      const names = [
        'faiss_version.json',
        ...[{ file: 'manifest.json' }, ...files].map(({ file }) => `releases/${version}/${file}`),
      ];
      return Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name)).toString('base64')]));
    },
    /** What the Space itself answers, but for the time that it took. */
    async answer(body: unknown): Promise<unknown> {
      const parsed = parseSearchRequest(body);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      await serving.refreshTombstones();
      const { took_ms: _, ...answer } = await serving.search(parsed.request);
      return answer;
    },
    caseById: (id: string) => serving.caseById(id),
    /** Takes a case out of the answers, as a retraction does. */
    async retract(caseId: string, reason: string): Promise<void> {
      const client = createClient({ url: sqld.url });
      await client.execute({
        sql: `INSERT OR REPLACE INTO tombstone(case_id, document_key, reason, at_ms)
              SELECT case_id, document_key, ?, unixepoch() * 1000 FROM patient_case WHERE case_id = ?`,
        args: [reason, caseId],
      });
      client.close();
    },
    async restore(caseId: string): Promise<void> {
      const client = createClient({ url: sqld.url });
      await client.execute({ sql: `DELETE FROM tombstone WHERE case_id = ?`, args: [caseId] });
      client.close();
    },
    async stop(): Promise<void> {
      await space.close();
      await sqld.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
export type SearchSpace = Awaited<ReturnType<typeof startSearchSpace>>;
