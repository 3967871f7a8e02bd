import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { definePipeline, registerPipeline, statement, tick } from '../core/engine/index.ts';
import { type Embedder, EmbedderAwayError } from '../core/models/ports.ts';
import { defineEmbed } from '../core/stages/embed.ts';
import { openDatabase } from '../space/database.ts';
import { nodeRuntime, ownerOfThisProcess } from '../space/host/owner.ts';
import { vectorOf } from './support/embedding-server/fake-embedding.ts';
import { enterCases, madeUpCases } from './support/model-server/world.ts';

test('a model that dies over one text: claims are halved until that text stands alone and is buried, and all others are embedded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-away-'));
  const { db, close } = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 60_000 });
  onTestFinished(() => {
    close();
    rmSync(folder, { recursive: true, force: true });
  });
  const mortal: Embedder = {
    name: 'mortal',
    fingerprint: 'mortal-1',
    embed: async (texts) => {
      if (texts.some((text) => text.includes('deadly'))) throw new EmbedderAwayError('it was killed', { died: true });
      return texts.map((text) => Float32Array.from(vectorOf(text)));
    },
  };
  const stage = defineEmbed({ db, random: () => 0.5, embedderName: 'mortal', embedder: async () => mortal });
  const pipeline = definePipeline('anamnesis', [stage], {});
  await registerPipeline(db, pipeline);
  await enterCases(db, pipeline, [...madeUpCases(31), { id: 'deadly', text: 'A deadly 40-year-old man had fever.' }]);
  const rows = async (sql: string) => (await db.read([statement(sql)]))[0]?.rows ?? [];
  for (let round = 0; round < 12; round += 1) {
    await tick(db, pipeline, nodeRuntime(ownerOfThisProcess()), { budgetMs: 20_000 });
    await db.write([
      statement(`UPDATE task SET due_ms = 1 WHERE state = 'ready'`),
      statement(`UPDATE stage_control SET open_until_ms = 0`),
    ]);
  }
  expect(await rows(`SELECT count(*) AS n FROM vector`)).toEqual([expect.objectContaining({ n: 31 })]);
  const [dead] = await rows(
    `SELECT i.key, t.attempt - t.waits AS tries FROM task t JOIN item i ON i.id = t.item_id WHERE t.state = 'dead'`,
  );
  expect(dead).toMatchObject({ key: 'deadly', tries: 5 });
});
