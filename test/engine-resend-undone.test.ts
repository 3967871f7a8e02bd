import { type Client, createClient, LibsqlError } from '@libsql/client';
import { describe, expect, test } from 'vitest';
import { connectDatabase, statement } from '../core/engine/index.ts';

const ROW = statement(`INSERT INTO seen (n) VALUES (1)`);

/** An in-memory database whose first batches fail with `codes`, one each, and do nothing. */
async function failingFirst(codes: readonly string[]) {
  const real = createClient({ url: ':memory:' });
  await real.execute('CREATE TABLE seen (n INTEGER CHECK (n = 1))');
  const left = [...codes];
  const client: Client = Object.assign(Object.create(real) as Client, {
    batch: (...sent: Parameters<Client['batch']>) => {
      const code = left.shift();
      return code === undefined ? real.batch(...sent) : Promise.reject(new LibsqlError(`${code} it says`, code));
    },
  });
  const count = async () => Number((await real.execute('SELECT count(*) AS n FROM seen')).rows[0]?.n);
  return { client, count, left };
}

describe('what the database says that it did not do', () => {
  test.each(['SQLITE_BUSY', 'TRANSACTION_TIMEOUT', 'TRANSACTION_BUSY'])(
    '%s is sent again, and lands once',
    async (code) => {
      const { client, count } = await failingFirst([code, code]);
      await connectDatabase(client, { deadlineMs: 5_000 }).write([ROW]);
      expect(await count()).toBe(1);
    },
  );

  test.each(['SQLITE_CONSTRAINT', 'SERVER_ERROR', 'HRANA_CLOSED_ERROR'])(
    '%s is told and not sent again',
    async (code) => {
      const { client, count, left } = await failingFirst([code, code]);
      await expect(connectDatabase(client, { deadlineMs: 5_000 }).write([ROW])).rejects.toThrow(`${code} it says`);
      expect([await count(), left.length]).toEqual([0, 1]);
    },
  );

  test('a database that stays busy fails at the deadline with words', async () => {
    const { client, count } = await failingFirst(Array.from({ length: 1_000 }, () => 'TRANSACTION_TIMEOUT'));
    await expect(connectDatabase(client, { deadlineMs: 60 }).write([ROW])).rejects.toThrow(
      'no answer from the database within 60 ms',
    );
    expect(await count()).toBe(0);
  });
});
