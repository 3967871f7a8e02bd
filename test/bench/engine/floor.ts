import { join } from 'node:path';
import { statement } from '../../../core/engine/index.ts';
import { openEmbedded } from '../../../space/embedded.ts';
import { type Open, parts, repeat } from './peer.ts';

/**
 * The least that libSQL must do through the same driver and connection settings: one table, one transaction that claims a
 * batch and one that completes it, both on disk. No lease, no fence, no gate, no history, no counters.
 */
export const floor: Open = async ({ folder, batch, setting }) => {
  const pragmas = [
    'journal_mode = WAL',
    `synchronous = ${setting === 'durable' ? 'FULL' : 'NORMAL'}`,
    'cache_size = -65536',
  ];
  const { db, close } = openEmbedded(join(folder, 'floor.db'), pragmas);
  await db.write([
    statement(
      `CREATE TABLE work(id INTEGER PRIMARY KEY, state INTEGER NOT NULL, holder INTEGER, payload TEXT NOT NULL)`,
    ),
    statement(`CREATE INDEX work_ready ON work(id) WHERE state = 0`),
  ]);
  let holder = 0;
  let lastId = 0;
  return {
    versions: {},
    serverPids: [],
    enqueue: async (items) => {
      for (const part of parts(items, 1_000))
        await db.write([
          statement(`INSERT INTO work(state, payload) SELECT 0, value FROM json_each(?)`, [
            JSON.stringify(part.map((i) => `item-${i}`)),
          ]),
        ]);
    },
    drain: (items, budgetMs) =>
      repeat(items, budgetMs, async () => {
        holder += 1;
        // One JSON value, as ours: a row for each item costs the driver more than the claim costs the database.
        const claimed = await db.write([
          statement(
            `UPDATE work SET state = 1, holder = ? WHERE id IN
               (SELECT id FROM work INDEXED BY work_ready WHERE state = 0 ORDER BY id LIMIT ?)`,
            [holder, batch],
          ),
          statement(
            `SELECT json_group_array(json_array(id, payload)) AS items
             FROM (SELECT id, payload FROM work WHERE id > ? AND holder = ? ORDER BY id LIMIT ?)`,
            [lastId, holder, batch],
          ),
        ]);
        const held = JSON.parse(String(claimed[1]?.rows[0]?.items ?? '[]')) as [number, string][];
        const [first] = held;
        const last = held.at(-1);
        if (first === undefined || last === undefined) return 0;
        lastId = last[0];
        const completed = await db.write([
          statement(`UPDATE work SET state = 2, holder = NULL WHERE id BETWEEN ? AND ? AND holder = ?`, [
            first[0],
            last[0],
            holder,
          ]),
        ]);
        return completed[0]?.changed ?? 0;
      }),
    close: async () => close(),
  };
};
