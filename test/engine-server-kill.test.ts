import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '@libsql/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  breakLeases,
  connectDatabase,
  type Database,
  DatabaseError,
  enterStatements,
  liveLeases,
  registerPipeline,
  statement,
  tick,
} from '../core/engine/index.ts';
import { openDatabase } from '../space/database.ts';
import { oneOf, rowsOf } from './support/engine/ledger.ts';
import { faultyIn, itemsOf, keysOf, outcomeOf, paidTwice, traffic, WHOLE } from './support/engine/network/lossy.ts';
import { type MortalSqld, startMortalSqld } from './support/engine/network/mortal-sqld.ts';
import { seededRandom } from './support/engine/runtime.ts';

/** F39 of the fault catalogue: the database server is killed with SIGKILL while transactions are on their way. */

const KILLS = 30;
/** New items for the engine after each start of the server. */
const ITEMS_PER_LIFE = 6;
const DEADLINE_MS = 10_000;

const SCRATCH = [
  'CREATE TABLE made(stage TEXT NOT NULL, key TEXT NOT NULL, input TEXT)',
  // Without a key: what is written twice stands there twice.
  'CREATE TABLE pair(op TEXT NOT NULL, half TEXT NOT NULL)',
];
/** Keeps a transaction open for some ten ms between its two halves; one in `SLOW_EVERY` pairs does. */
const SLOW = statement(
  'SELECT max(n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) SELECT n FROM c)',
);
const SLOW_EVERY = 8;

let sqld: MortalSqld;
let observer: Client;
beforeAll(async () => {
  sqld = await startMortalSqld();
  (await openDatabase({ url: sqld.url, deadlineMs: DEADLINE_MS })).close();
  observer = createClient({ url: sqld.url });
  await observer.batch(SCRATCH, 'write');
});
afterAll(async () => {
  observer?.close();
  await sqld?.stop();
});

const connect = (): Database => connectDatabase(createClient({ url: sqld.url }), { deadlineMs: DEADLINE_MS });

/** Calls until the server answers: it was killed, and comes back. */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    const outcome = await outcomeOf(call());
    if (outcome.ok) return outcome.value;
    await sleep(5);
  }
}

type Ledger = { readonly acknowledged: string[]; unknown: number; landed: number; sentAgain: number };

/** Writes pairs, each in one transaction. An unknown outcome is resolved by reading, and only then sent again. */
async function writePairs(name: string, ledger: Ledger, stopping: () => boolean): Promise<void> {
  const db = connect();
  for (let n = 0; !stopping(); n++) {
    const op = `${name}-${n}`;
    const half = (which: string) => statement('INSERT INTO pair(op, half) VALUES (?, ?)', [op, which]);
    for (;;) {
      const between = n % SLOW_EVERY === 0 ? [SLOW] : [];
      const written = await outcomeOf(db.write([half('left'), ...between, half('right')]));
      if (written.ok) break;
      ledger.unknown += 1;
      // Read by a server that was started after the write failed: nothing that an older one did can still come.
      const [found] = await answered(() => db.read([statement('SELECT count(*) AS n FROM pair WHERE op = ?', [op])]));
      if (Number(found?.rows[0]?.n) > 0) {
        ledger.landed += 1;
        break;
      }
      ledger.sentAgain += 1;
    }
    ledger.acknowledged.push(op);
  }
}

test(`F39: a server killed ${KILLS} times in the middle of transactions loses nothing that it acknowledged and does nothing twice`, async () => {
  const random = seededRandom(39);
  const ledger: Ledger = { acknowledged: [], unknown: 0, landed: 0, sentAgain: 0 };
  const all = traffic();
  const [first] = all.pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  await registerPipeline(connect(), all.pipeline);
  let over = false;
  let ticks = 0;
  let ticksFailed = 0;
  /** Calls of the engine that ended in an error, most of which it gets over by itself. */
  let callsFailed = 0;
  const counting = (db: Database): Database => {
    const counted = async <T>(call: Promise<T>): Promise<T> => {
      call.catch(() => {
        callsFailed += 1;
      });
      return call;
    };
    return { read: (all) => counted(db.read(all)), write: (all) => counted(db.write(all)) };
  };

  /** As a host ticks: for ever, and after an error again. What a failed tick held is given back as dead processes' is. */
  const work = async (owner: string): Promise<void> => {
    const db = counting(connect());
    for (;;) {
      const ticked = await outcomeOf(tick(db, all.pipeline, all.runtime(owner), { budgetMs: 60_000 }));
      ticks += 1;
      if (ticked.ok) {
        if (over && ticked.value.after.kind === 'serving') return;
        await sleep(5);
        continue;
      }
      ticksFailed += 1;
      await answered(async () => {
        const own = (await liveLeases(db)).filter((lease) => lease.owner === owner);
        await breakLeases(
          db,
          own.map(({ id }) => id),
        );
      });
    }
  };

  const writers = ['a', 'b', 'c'].map((name) => writePairs(name, ledger, () => over));
  const workers = ['one', 'two'].map((owner) => work(`${owner}/1`));
  const db = connect();
  const keys: string[] = [];
  let startMsMax = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const added = keysOf((kill + 1) * ITEMS_PER_LIFE).slice(kill * ITEMS_PER_LIFE);
    keys.push(...added);
    const entering = answered(() => db.write(enterStatements(first, itemsOf(added))));
    await sleep(30 + random() * 120);
    await sqld.kill();
    startMsMax = Math.max(startMsMax, await sqld.start());
    await entering;
  }
  over = true;
  await Promise.all([...writers, ...workers]);

  const halves = await rowsOf(
    observer,
    'SELECT op, count(*) AS n, count(DISTINCT half) AS halves FROM pair GROUP BY op',
  );
  const whole = new Map(
    halves.map(({ op, n, halves: distinct }) => [String(op), { n: Number(n), distinct: Number(distinct) }]),
  );
  const lost = ledger.acknowledged.filter((op) => !whole.has(op));
  const torn = [...whole.values()].filter(({ distinct }) => distinct !== 2);
  const doubled = [...whole.values()].filter(({ n }) => n > 2);
  const faulty = await faultyIn(observer, all.pipeline, keys);
  const leases = await rowsOf(observer, `SELECT state, count(*) AS n FROM lease GROUP BY state ORDER BY state`);
  console.info(
    `F39: ${KILLS} kills, slowest start ${Math.round(startMsMax)} ms. Pairs: ${ledger.acknowledged.length} acknowledged, ${lost.length} lost, ` +
      `${torn.length} torn, ${doubled.length} doubled; ${ledger.unknown} unknown outcomes, of them ${ledger.landed} had landed. ` +
      `Engine: ${keys.length} items x 2 stages, ${JSON.stringify(faulty)}, ${callsFailed} calls and ${ticksFailed} of ${ticks} ticks failed, ` +
      `${paidTwice(all, 'fetch')} calls paid twice where the service cannot be asked, ${paidTwice(all, 'keep')} where it can, leases ${JSON.stringify(leases)}`,
  );
  expect(lost).toEqual([]);
  expect(torn).toEqual([]);
  expect(doubled).toEqual([]);
  expect(faulty).toEqual(WHOLE);
  // Where the service can be asked nothing is paid twice; where not, each kill may have taken the answers of two workers.
  expect(paidTwice(all, 'keep')).toBe(0);
  expect(paidTwice(all, 'fetch')).toBeLessThanOrEqual(2 * KILLS);
  // The kills must have met something: else this shows nothing.
  expect(ledger.unknown).toBeGreaterThan(KILLS / 2);
  expect(callsFailed).toBeGreaterThan(KILLS / 2);
  expect(await oneOf(observer, `SELECT integrity_check FROM pragma_integrity_check`)).toBe('ok');
});

test('a call to a server that is not there ends at once with a DatabaseError', async () => {
  await sqld.kill();
  await expect(connect().read([statement('SELECT 1')])).rejects.toBeInstanceOf(DatabaseError);
});
