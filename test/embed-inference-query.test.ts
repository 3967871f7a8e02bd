import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { PROBE_TEXTS } from '../core/models/inference-embedder/probe.ts';
import { type Embedder, EmbedderAwayError } from '../core/models/ports.ts';
import type { SearchAnswer } from '../core/search/contract.ts';
import type { Release } from '../core/search/release.ts';
import { GenerationMismatchError, search } from '../core/search/search.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { vectorOf } from './support/embedding-server/fake-embedding.ts';
import { type EmbeddingServer, startEmbeddingServer } from './support/embedding-server/server.ts';
import { openWorld, settingsFor } from './support/embedding-server/world.ts';
import { madeUpCases } from './support/model-server/world.ts';
import { releaseInMemory, sampleTexts } from './support/release-in-memory.ts';

const QUERY = 'Young man with syncope during a fever, coved ST elevation in V1 and V2, troponin 8 ng/L';
const limits = { firstByteMs: 300, idleMs: 300, totalMs: 600 };
let server: EmbeddingServer;
let release: Release;
let embedder: Embedder;
let nowMs = 1_000_000;

const searched = (by: Embedder = embedder): Promise<SearchAnswer> =>
  search(release, { text: QUERY, k: 5, legs: SETTINGS.legs, explain: true }, { embedder: by, nowMs: () => 0 });

/** A service that has embedded a generation, and a release of it. */
beforeAll(async () => {
  server = await startEmbeddingServer();
  const world = await openWorld(settingsFor(server.openAiUrl), {
    cases: madeUpCases(1),
    deps: { nowMs: () => nowMs, limits: { stage: limits, query: limits } },
  });
  await world.drain();
  embedder = await world.generations.of(world.remote.embedder.fingerprint);
  release = await releaseInMemory(sampleTexts(40), {
    ...embedder,
    embed: async (texts) => texts.map((text) => Float32Array.from(vectorOf(text))),
  });
  afterAll(() => world.close());
}, 60_000);
afterAll(() => server.close());

function served(manner: EmbeddingServer['manner']): void {
  server.calls.length = 0;
  server.manner = manner;
  onTestFinished(() => {
    server.manner = () => null;
    server.model = 'a';
    nowMs += 3_600_000;
  });
}

test('a query is embedded in one call between the probes, and nothing is degraded', async () => {
  served(() => null);
  const answer = await searched();
  expect(answer.degraded).toEqual([]);
  expect(answer.results).toHaveLength(5);
  expect(server.calls).toHaveLength(1);
  expect([server.calls[0]?.texts[0], server.calls[0]?.texts.at(-1)]).toEqual([...PROBE_TEXTS]);
});

test.each([
  ['hangs', () => ({ kind: 'hang' }) as const],
  ['is overloaded', () => ({ kind: 'refusal', status: 503, body: { error: 'x' } }) as const],
  ['breaks off', () => ({ kind: 'reset' }) as const],
  ['answers nonsense', () => ({ kind: 'text', text: '<html>' }) as const],
  ['leaves a text out', () => ({ kind: 'answer', body: { data: [] } }) as const],
])(
  'a service that %s: words and findings answer and say so; it is left alone for a while and then asked again',
  async (_, manner) => {
    served(manner);
    const answer = await searched();
    expect(answer.results.length).toBeGreaterThan(0);
    expect(answer.degraded).toEqual([expect.stringContaining('words and findings alone')]);
    expect(answer.results.every(({ whole }) => whole.contribution === 0)).toBe(true);
    expect(JSON.stringify(answer.degraded)).not.toContain('syncope');
    await searched();
    expect(server.calls).toHaveLength(1);
    nowMs += 61_000;
    server.manner = () => null;
    expect((await searched()).degraded).toEqual([]);
  },
);

test('a service that serves another model: its vectors are not compared with those of the release', async () => {
  served(() => null);
  server.model = 'b';
  const answer = await searched();
  expect(answer.degraded).toEqual([expect.stringContaining('cannot be used as it is set up')]);
  expect(answer.results.every(({ whole }) => whole.contribution === 0)).toBe(true);
});

test('a release of another embedder is searched by words until the next one, and never by vectors of this one', async () => {
  served(() => null);
  await expect(searched({ ...embedder, fingerprint: 'another' })).rejects.toThrow(GenerationMismatchError);
  const first = await openWorld(settingsFor(server.openAiUrl, { revision: '7' }), { cases: madeUpCases(1) });
  onTestFinished(() => first.close());
  await first.drain();
  const { builtinGenerations } = await import('../core/models/generation.ts');
  const absent = await builtinGenerations(first.db, () => undefined).of(first.remote.embedder.fingerprint);
  expect(absent.fingerprint).toBe(first.remote.embedder.fingerprint);
  await expect(absent.embed([QUERY])).rejects.toThrow(EmbedderAwayError);
});
