import { createApp } from '../../functions/app.ts';
import { edgeHost } from '../../functions/connect.ts';
import { acceptWalk, tickUntilItWaits, walkSpace } from '../support/walk.ts';

const WALK_SPACE_URL = Deno.env.get('WALK_SPACE_URL');
const TICK_SECRET = 'a secret of the test';
const host = { ...edgeHost('deno'), log: () => undefined };
const app = createApp(host);

/** A fresh database with the walk's documents, brought in from Deno; and a tick of it by HTTP. */
async function begin(space: ReturnType<typeof walkSpace>, itemsMax: number) {
  const env = { DATABASE_URL: await space.freshDatabase(), TICK_SECRET, TICK_ITEMS_MAX: String(itemsMax) };
  const edge = host.connect(env);
  await acceptWalk(edge.db, edge.pipeline, await space.documents());
  edge.close();
  const init = { method: 'POST', headers: { authorization: `Bearer ${TICK_SECRET}` } };
  return { database: env.DATABASE_URL, tick: async () => await app.request('/api/ticks', init, env) };
}

for (const [atOnce, itemsMax] of [
  [1, 100],
  [2, 6],
] as const) {
  Deno.test({
    name: `Deno, ${atOnce} tick(s) at once, ends the walk as an embedded file does`,
    ignore: WALK_SPACE_URL === undefined,
    fn: async () => {
      const space = walkSpace(WALK_SPACE_URL ?? '');
      const { database, tick } = await begin(space, itemsMax);
      const last = (await tickUntilItWaits(tick, atOnce)).at(-1);
      if (last?.after.stage !== 'index' || last.after.gate?.kind !== 'host')
        throw new Error(`expected to wait for a host that runs index, got ${JSON.stringify(last?.after)}`);
      const [state, reference] = [await space.finish(database), await space.reference()].map((s) => JSON.stringify(s));
      if (state !== reference)
        throw new Error(`the state differs from the embedded file's:\n${difference(state, reference)}`);
    },
  });
}

/** The first place where two texts differ, with what stands around it. */
function difference(found = '', expected = ''): string {
  const at = [...expected].findIndex((char, i) => char !== found[i]);
  const around = (text: string) => text.slice(Math.max(0, at - 200), at + 100);
  return `${around(found)}\n${around(expected)}`;
}
