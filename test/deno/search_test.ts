import type { SearchAnswer } from '../../core/search/contract.ts';
import { createApp } from '../../functions/app.ts';
import { edgeHost } from '../../functions/connect.ts';
import { asked, QUERIES, searchSpace } from '../support/search.ts';

const WALK_SPACE_URL = Deno.env.get('WALK_SPACE_URL');
const KERNEL = new URL('../../core/search/kernel/kernel.wasm', import.meta.url);
const host = edgeHost('deno', async () => WebAssembly.compile(await Deno.readFile(KERNEL)));
const app = createApp({ ...host, log: () => undefined });

Deno.test({
  name: 'Deno answers every query as Node does, from the files of the release alone',
  ignore: WALK_SPACE_URL === undefined,
  fn: async () => {
    const space = searchSpace(WALK_SPACE_URL ?? '');
    const env = { DATABASE_URL: (await space.facts()).database, RELEASE_URL: space.storeUrl('deno') };
    for (const query of QUERIES) {
      const response = await app.request('/api/search', asked(query), env);
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
      const { took_ms: _, ...answer } = (await response.json()) as SearchAnswer;
      const [found, expected] = [answer, await space.answer(query)].map((one) => JSON.stringify(one));
      if (found !== expected) throw new Error(`Deno answers otherwise:\n${found}\n${expected}`);
      if (!answer.exact || answer.results.length === 0) throw new Error('the answer is empty, or no exact one');
    }
    if ((await space.traffic('deno')).parts === 0) throw new Error('nothing was read in parts');
  },
});
