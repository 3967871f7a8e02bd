import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { statement } from '../core/engine/index.ts';
import { PROBE_TEXTS } from '../core/models/inference-embedder/probe.ts';
import type { InferenceEmbedderSettings } from '../core/models/inference-embedder/settings.ts';
import { cutText, estimatedTokens } from '../core/models/inference-embedder/texts.ts';
import { type OpenAiAnswer, openAiAnswer, vectorOf } from './support/embedding-server/fake-embedding.ts';
import { type EmbeddingServer, type Manner, startEmbeddingServer } from './support/embedding-server/server.ts';
import { openWorld, settingsFor, TOKEN, type World } from './support/embedding-server/world.ts';
import { seeded } from './support/kills.ts';
import { madeUpCases, type TestCase } from './support/model-server/world.ts';

let server: EmbeddingServer;
beforeAll(async () => {
  server = await startEmbeddingServer();
});
afterAll(() => server.close());

/** A corpus of cases before `embed`, and the server as it comes. */
async function worldOf(
  cases: readonly TestCase[],
  over: Partial<InferenceEmbedderSettings> = {},
  deps: Parameters<typeof openWorld>[1] = {},
): Promise<World> {
  Object.assign(server, { model: 'a', width: 384, textsMax: 32, tokensMax: 1_000_000, manner: () => null });
  server.calls.length = 0;
  const world = await openWorld(settingsFor(server.openAiUrl, over), { cases, ...deps });
  onTestFinished(() => world.close());
  return world;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

/** Stored vectors that are not those of their own text. The server's vector of a text says which text it is. */
async function misassigned(world: World, tokensMax = 512): Promise<number> {
  const stored = await world.stored();
  return stored.filter(({ text, vector }) => dot(vector, vectorOf(cutText(text, tokensMax), server.model)) < 0.999)
    .length;
}

const outcomes = (world: World) =>
  world.rows(`SELECT state, count(*) AS n FROM task WHERE stage = 'embed' GROUP BY state`);

describe('vectors come from a service', () => {
  test.each([
    ['openai', () => server.openAiUrl],
    ['openai-base64', () => server.openAiUrl],
    ['feature-extraction', () => server.featureUrl],
  ] as const)(
    'in the format %s: each text gets its own, of length 1, and the tokens are counted',
    async (format, url) => {
      const world = await worldOf(madeUpCases(20), { format, endpoint: url() });
      await world.drain();
      expect(await world.number(`SELECT count(*) FROM task WHERE state = 'done'`)).toBe(20);
      expect(await misassigned(world)).toBe(0);
      const stored = await world.stored();
      expect(stored.length).toBeGreaterThan(60);
      for (const { vector } of stored) expect(dot(vector, vector)).toBeCloseTo(1, 5);
      const billed = server.calls.reduce((sum, call) => sum + call.billed, 0);
      expect(await world.number(`SELECT used FROM quota_window WHERE name = 'embedding'`)).toBe(billed);
      expect(server.calls.every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
    },
  );

  test('that are longer than 1 are scaled, and the log says so once', async () => {
    const world = await worldOf(madeUpCases(20));
    server.manner = ({ texts }) => {
      const vectors = texts.map((text) => vectorOf(text).map((value) => value * 12));
      return { kind: 'answer', body: openAiAnswer(texts, vectors, false) };
    };
    await world.drain();
    for (const { vector } of await world.stored()) expect(dot(vector, vector)).toBeCloseTo(1, 5);
    expect(world.logged.filter((line) => line.includes('not of length 1'))).toHaveLength(1);
  });

  test('a text without a sign is not sent and has no vector; a case of nothing else is done', async () => {
    const world = await worldOf([{ id: 'blank', text: ' \n\t ' }, ...madeUpCases(1)]);
    await world.drain();
    expect(await world.number(`SELECT count(*) FROM task WHERE state = 'done'`)).toBe(2);
    expect(server.calls.flatMap(({ texts }) => texts).every((text) => text.trim() === text && text !== '')).toBe(true);
  });

  test('no text reaches the log, a reason or an error, and no token either', async () => {
    const world = await worldOf(madeUpCases(8));
    const echoes: Manner[] = [400, 401, 422, 429, 500, 503].map((status) => ({
      kind: 'refusal',
      status,
      body: { error: { message: `you sent ${TOKEN}: A 20-year-old woman number`, code: TOKEN } },
    }));
    server.manner = () => echoes.shift() ?? null;
    for (let i = 0; i < 8; i += 1) {
      await world.tick();
      await world.passTime();
    }
    const said = JSON.stringify([
      world.logged,
      await world.rows(`SELECT * FROM audit`),
      await world.rows(`SELECT * FROM service`),
      await world.rows(`SELECT * FROM stage_control`),
    ]);
    expect(said).toContain('embedding: status');
    expect(said).not.toContain(TOKEN);
    expect(said).not.toContain('year-old');
  });
});

type Damage = (answer: OpenAiAnswer, random: () => number) => unknown;
const some = (answer: OpenAiAnswer, random: () => number): number => Math.floor(random() * answer.data.length);
const shuffled = (answer: OpenAiAnswer, random: () => number): OpenAiAnswer => ({
  ...answer,
  data: [...answer.data]
    .map((datum) => ({ datum, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ datum }) => datum),
});
const replaced =
  (embedding: (datum: readonly number[]) => unknown): Damage =>
  (answer, random) => {
    const at = some(answer, random);
    const data = answer.data.map((datum, i) =>
      i === at ? { ...datum, embedding: embedding(datum.embedding as number[]) } : datum,
    );
    return { ...answer, data };
  };

/** F49, and what else was seen of real services. */
const DAMAGES: Readonly<Record<string, Damage>> = {
  'three are missing': (answer, random) => {
    const gone = new Set([some(answer, random), some(answer, random), some(answer, random)]);
    return { ...answer, data: answer.data.filter(({ index }) => !gone.has(index)) };
  },
  reordered: shuffled,
  'reordered without places': (answer, random) => ({
    ...answer,
    data: shuffled(answer, random).data.map(({ embedding }) => ({ embedding })),
  }),
  'reversed without places': (answer) => ({
    ...answer,
    data: [...answer.data].reverse().map(({ embedding }) => ({ embedding })),
  }),
  'a duplicate place': (answer, random) => {
    const [from, to] = [some(answer, random), some(answer, random)];
    return { ...answer, data: answer.data.map((datum) => (datum.index === from ? { ...datum, index: to } : datum)) };
  },
  'places past the end': (answer) => ({
    ...answer,
    data: [...answer.data, { ...answer.data[0], index: answer.data.length }, { ...answer.data[0], index: 1e9 }],
  }),
  'places from 1': (answer) => ({
    ...answer,
    data: answer.data.map((datum) => ({ ...datum, index: datum.index + 1 })),
  }),
  'the place 0 for each': (answer) => ({ ...answer, data: answer.data.map((datum) => ({ ...datum, index: 0 })) }),
  'places that are no numbers': (answer) => ({
    ...answer,
    data: answer.data.map((datum) => ({ ...datum, index: String(datum.index) })),
  }),
  'one too narrow': replaced((vector) => vector.slice(0, 383)),
  'one too wide': replaced((vector) => [...vector, 0.1]),
  'one null': replaced(() => null),
  'a null within one': replaced((vector) => vector.map((value, i) => (i === 17 ? null : value))),
  'a text within one': replaced((vector) => vector.map((value, i) => (i === 17 ? '0.5' : value))),
  'one zero': replaced((vector) => vector.map(() => 0)),
  'one infinite': replaced((vector) => vector.map((value, i) => (i === 17 ? Number.MAX_VALUE : value))),
  'one that is another text’s': (answer, random) => {
    const [from, to] = [some(answer, random), some(answer, random)];
    const copied = answer.data[from]?.embedding;
    return { ...answer, data: answer.data.map((datum, i) => (i === to ? { ...datum, embedding: copied } : datum)) };
  },
  'one vector for all': (answer) => ({
    ...answer,
    data: answer.data.map((datum) => ({ ...datum, embedding: answer.data[0]?.embedding })),
  }),
  'no data': (answer) => ({ ...answer, data: [] }),
  'data that is no list': (answer) => ({ ...answer, data: 'none' }),
  'base64 that is none': replaced(() => '***'),
};

describe('F49: an answer of which a part is no good', () => {
  test('never gives a text the vector of another: good vectors are committed, and the rest is asked for again', async () => {
    const tally: string[] = [];
    for (const [name, damage] of Object.entries(DAMAGES)) {
      const world = await worldOf(madeUpCases(25));
      const random = seeded(49);
      // The very first begins the generation.
      server.manner = ({ texts }, nth) =>
        nth % 2 === 0 && nth <= 12
          ? { kind: 'answer', body: damage(openAiAnswer(texts, server.vectorsOf(texts), false), random) }
          : null;
      await world.tick();
      const first = await world.number(`SELECT count(*) FROM vector`);
      expect(await misassigned(world), name).toBe(0);
      for (let round = 0; round < 12; round += 1) {
        await world.passTime();
        await world.tick();
      }
      expect(await misassigned(world), name).toBe(0);
      expect(await world.number(`SELECT count(*) FROM vector`), name).toBe(25);
      tally.push(`${name} ${first}`);
      world.close();
    }
    console.info(
      `F49: ${Object.keys(DAMAGES).length} kinds of damage in every second of the first 12 answers, 25 cases each: mis-assigned vectors 0, all cases embedded in the end; of 25, committed at once: ${tally.join(', ')}`,
    );
  });

  test('of 100 sent 97 come back: the cases of the other three are tried again, and no other', async () => {
    const world = await worldOf(madeUpCases(16));
    server.manner = ({ texts }, nth) => {
      if (nth !== 2) return null;
      const answer = openAiAnswer(texts, server.vectorsOf(texts), false);
      return { kind: 'answer', body: { ...answer, data: answer.data.filter(({ index }) => index !== 3) } };
    };
    await world.tick();
    expect(await outcomes(world)).toEqual([
      expect.objectContaining({ state: 'done', n: 15 }),
      expect.objectContaining({ state: 'ready', n: 1 }),
    ]);
    await world.drain();
    expect(await misassigned(world)).toBe(0);
  });

  test('rows without places are taken only where their number is that of the texts', async () => {
    const world = await worldOf(madeUpCases(16), { format: 'feature-extraction', endpoint: server.featureUrl });
    server.manner = ({ texts }, nth) =>
      nth === 2 ? { kind: 'answer', body: server.vectorsOf(texts).filter((_, i) => i !== 5) } : null;
    await world.drain();
    expect(await misassigned(world)).toBe(0);
    expect(await world.number(`SELECT count(*) FROM vector`)).toBe(16);
  });

  test('bare NaN, which JSON does not have, costs only the text that it was said of', async () => {
    const world = await worldOf(madeUpCases(16));
    server.manner = ({ texts }, nth) => {
      if (nth !== 2) return null;
      const text = JSON.stringify(openAiAnswer(texts, server.vectorsOf(texts), false));
      return { kind: 'text', text: text.replace(/("index":4,"embedding":\[)[^,]+/, '$1NaN') };
    };
    await world.tick();
    expect(await world.number(`SELECT count(*) FROM task WHERE state = 'done'`)).toBe(15);
    await world.drain();
    expect(await misassigned(world)).toBe(0);
  });
});

describe('a service that serves another model', () => {
  test('is found out in the next call: nothing is kept, no attempt is spent, and the reason names the remedy', async () => {
    const world = await worldOf(madeUpCases(40));
    server.manner = (_, nth) => {
      if (nth === 4) server.model = 'b';
      return null;
    };
    await world.tick();
    const kept = await world.number(`SELECT count(*) FROM vector`);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(40);
    for (const { text, vector } of await world.stored())
      expect(dot(vector, vectorOf(text, 'a'))).toBeGreaterThan(0.999);
    const [service] = await world.rows(`SELECT * FROM service WHERE name = 'embedding'`);
    expect(service).toMatchObject({ state: 'open' });
    expect(String(service?.open_reason)).toMatch(/another model.*EMBEDDING_REVISION/s);
    for (let i = 0; i < 8; i += 1) {
      await world.passTime();
      await world.tick();
    }
    expect(await world.number(`SELECT count(*) FROM vector`)).toBe(kept);
    expect(await world.number(`SELECT count(*) FROM task WHERE state = 'dead'`)).toBe(0);
    expect(await world.number(`SELECT max(attempt - waits) FROM task WHERE state = 'ready'`)).toBe(0);
    // The earlier model is back: the generation is finished by it.
    server.model = 'a';
    await world.passTime();
    await world.drain();
    expect(await misassigned(world)).toBe(0);
    expect(await world.number(`SELECT count(DISTINCT generation) FROM vector`)).toBe(1);
  });

  test('by a whisker, as other hardware gives it, is the same model', async () => {
    const world = await worldOf(madeUpCases(20));
    const random = seeded(3);
    server.manner = ({ texts }) => {
      const vectors = texts.map((text) => vectorOf(text).map((value) => value + (random() - 0.5) * 0.002));
      return { kind: 'answer', body: openAiAnswer(texts, vectors, false) };
    };
    await world.drain();
    expect(await world.number(`SELECT count(*) FROM task WHERE state = 'done'`)).toBe(20);
  });

  test('is a generation of its own under another EMBEDDING_REVISION, and the two are never compared', async () => {
    const world = await worldOf(madeUpCases(4));
    await world.drain();
    const other = await worldOf(madeUpCases(4), { revision: '2' });
    expect(other.remote.embedder.fingerprint).not.toBe(world.remote.embedder.fingerprint);
  });

  test('of another width is refused before a vector is stored, with what to do', async () => {
    const world = await worldOf(madeUpCases(4));
    server.width = 1_024;
    await world.tick();
    expect(await world.number(`SELECT count(*) FROM vector`)).toBe(0);
    const [service] = await world.rows(`SELECT open_reason FROM service WHERE name = 'embedding'`);
    expect(String(service?.open_reason)).toMatch(/1024 numbers.*384.*EMBEDDING_DIMENSIONS=384/s);
  });

  test('is asked for 384 dimensions only where that is set, and says so where it cannot', async () => {
    const world = await worldOf(madeUpCases(4), { shortened: true });
    server.manner = () => ({
      kind: 'refusal',
      status: 400,
      body: { error: { message: 'Model does not support matryoshka representation', param: 'dimensions' } },
    });
    await world.tick();
    expect(server.calls[0]?.body.dimensions).toBe(384);
    const [service] = await world.rows(`SELECT open_reason FROM service WHERE name = 'embedding'`);
    expect(String(service?.open_reason)).toContain('EMBEDDING_DIMENSIONS=native');
    server.manner = () => null;
    await world.passTime();
    await world.drain();
    const plain = await worldOf(madeUpCases(4));
    await plain.drain();
    expect(server.calls.every(({ body }) => !('dimensions' in body))).toBe(true);
  });

  test('that gives one vector per token is refused with what to do', async () => {
    const world = await worldOf(madeUpCases(4), { format: 'feature-extraction', endpoint: server.featureUrl });
    server.manner = ({ texts }) => ({ kind: 'answer', body: texts.map((text) => [vectorOf(text), vectorOf('x')]) });
    await world.tick();
    const [service] = await world.rows(`SELECT open_reason FROM service WHERE name = 'embedding'`);
    expect(String(service?.open_reason)).toMatch(/for each token.*sentence-transformers/s);
  });
});

describe('what a service refuses', () => {
  test.each([
    ['loading', 503, { error: 'Model test is currently loading', estimated_time: 20.5 }, {}, /overloaded or starting/],
    ['asked too often', 429, { error: 'rate limit' }, { 'retry-after': '7' }, /asked too often/],
    ['overloaded', 429, { error: 'Model is overloaded', error_type: 'overloaded' }, {}, /asked too often/],
    ['no credits', 402, { error: 'You have exceeded your monthly included credits' }, {}, /nothing is left to spend/],
    [
      'spent quota',
      429,
      { error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' } },
      {},
      /nothing is left to spend/,
    ],
    ['a bad token', 401, { error: 'Invalid username or password.' }, {}, /set HF_TOKEN .*EMBEDDING_API_KEY/],
    ['no such model', 404, 'Not Found', {}, /check EMBEDDING_MODEL/],
    ['a redirect', 302, '', { location: 'http://127.0.0.1:1/' }, /check EMBEDDING_MODEL/],
  ] as const)(
    '%s: the stage waits, no attempt is spent, and the reason is said',
    async (_, status, body, headers, reason) => {
      const world = await worldOf(madeUpCases(6));
      server.manner = () => ({ kind: 'refusal', status, headers, body });
      await world.tick();
      expect(server.calls).toHaveLength(1);
      const said = JSON.stringify([
        await world.rows(`SELECT open_reason FROM stage_control`),
        await world.rows(`SELECT open_reason FROM service`),
      ]);
      expect(said).toMatch(reason);
      expect(await world.number(`SELECT max(attempt - waits) FROM task`)).toBe(0);
      expect(await world.number(`SELECT used FROM quota_window WHERE name = 'embedding'`)).toBe(0);
      server.manner = () => null;
      await world.passTime();
      await world.drain();
      expect(await world.number(`SELECT count(*) FROM task WHERE state = 'done'`)).toBe(6);
    },
  );

  test.each([
    ['reset', { kind: 'reset' }],
    ['cut', { kind: 'cut' }],
    ['hang', { kind: 'hang' }],
    ['HTML with status 200', { kind: 'text', text: '<html>busy</html>' }],
    ['an error with status 200', { kind: 'answer', body: { error: { message: 'upstream', code: 502 } } }],
    ['status 500', { kind: 'refusal', status: 500, body: { error: 'cuda' } }],
    ['status 424', { kind: 'refusal', status: 424, body: { error: 'backend', error_type: 'backend' } }],
  ] as const)('%s: is tried again', async (_, manner) => {
    const limits = { firstByteMs: 400, idleMs: 400, totalMs: 800 };
    const world = await worldOf(madeUpCases(6), {}, { deps: { limits: { stage: limits, query: limits } } });
    server.manner = (_call, nth) => (nth === 2 ? manner : null);
    await world.drain();
    expect(await misassigned(world)).toBe(0);
    expect(await world.number(`SELECT count(*) FROM task WHERE state = 'done'`)).toBe(6);
  });

  test('too many texts at once: the call is halved, and those that follow are as small', async () => {
    const world = await worldOf(madeUpCases(40));
    server.textsMax = 10;
    await world.drain();
    expect(await misassigned(world)).toBe(0);
    const refused = server.calls.filter(({ status }) => status === 413).length;
    expect(refused).toBeLessThanOrEqual(3);
    expect(await world.number(`SELECT sum(attempt - waits) FROM task WHERE state = 'done'`)).toBe(40);
  });

  test('one text too long: it is halved until it fits, and its neighbours keep theirs', async () => {
    const long = {
      id: 'long',
      text: `A 40-year-old man had fever. ${'He was well and then again unwell. '.repeat(60)}`,
    };
    const world = await worldOf([long, ...madeUpCases(4)]);
    server.tokensMax = 200;
    await world.drain();
    const [whole] = (await world.stored()).filter(({ caseId, text }) => caseId === 'long' && text === long.text);
    const sent = server.calls.flatMap(({ texts }) => texts).filter((text) => long.text.startsWith(text));
    expect(sent.length).toBeGreaterThan(0);
    const kept = sent.find((text) => dot(whole?.vector ?? [], vectorOf(text)) > 0.999);
    expect(kept?.length).toBeLessThan(long.text.length);
    expect(kept?.length).toBeGreaterThan(100);
    expect(await world.number(`SELECT count(*) FROM task WHERE state = 'done'`)).toBe(5);
  });

  test.each([
    ['first', 0],
    ['in the middle', 4],
    ['last', 9],
  ])('one poisoned text, which fails every call that it is in and comes %s, is buried alone', async (_, place) => {
    const cases = [...madeUpCases(9)];
    cases.splice(place, 0, { id: 'poison', text: 'A 33-year-old poisoned man had fever.' });
    const world = await worldOf(cases);
    server.manner = ({ texts }) =>
      texts.some((text) => text.includes('poisoned'))
        ? { kind: 'refusal', status: 500, body: { error: 'boom' } }
        : null;
    for (let i = 0; i < 20; i += 1) {
      await world.tick();
      await world.passTime();
    }
    expect(await outcomes(world)).toEqual([
      expect.objectContaining({ state: 'dead', n: 1 }),
      expect.objectContaining({ state: 'done', n: 9 }),
    ]);
    expect(await world.number(`SELECT count(DISTINCT case_id) FROM vector WHERE case_id = 'poison'`)).toBe(0);
  });
});

const QUOTA = 30_000;

describe('what is spent', () => {
  test('F51: is bounded by the day’s quota, and the stage goes on when there is a new one', async () => {
    const world = await worldOf(madeUpCases(60), { tokensPerDay: QUOTA });
    await world.tick();
    const billed = () => server.calls.reduce((sum, call) => sum + call.billed, 0);
    const first = billed();
    expect(first).toBeLessThanOrEqual(QUOTA);
    expect(await world.number(`SELECT count(*) FROM task WHERE state = 'ready'`)).toBeGreaterThan(0);
    expect(await world.number(`SELECT max(attempt - waits) FROM task WHERE state = 'ready'`)).toBe(0);
    await world.db.write([statement(`UPDATE quota_window SET day = day - 1`)]);
    await world.tick();
    expect(billed()).toBeGreaterThan(first);
    console.info(`F51: quota ${QUOTA} tokens a day, billed ${first} of it, overspent 0, attempts spent 0`);
  });
});

describe('texts', () => {
  test('are cut between two words, to no more than the tokens and bytes that are reserved', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 400 }),
        fc.integer({ min: 1, max: 60 }),
        (text, tokensMax) => {
          const cut = cutText(text, tokensMax);
          expect(new TextEncoder().encode(cut).length).toBeLessThanOrEqual(Math.max(tokensMax * 8, tokensMax * 3));
          if (cut.length > tokensMax) expect(estimatedTokens(cut)).toBeLessThanOrEqual(tokensMax);
          expect(text.trim().startsWith(cut) || text.includes(cut)).toBe(true);
        },
      ),
    );
    expect(cutText('potassium was 6.9 mmol/L', 3)).toBe('potassium was');
    expect(cutText(' \n ', 10)).toBe('');
  });

  test('every call begins and ends with the two probes', async () => {
    const world = await worldOf(madeUpCases(30));
    await world.drain();
    for (const { texts } of server.calls) expect([texts[0], texts.at(-1)]).toEqual([...PROBE_TEXTS]);
  });
});
