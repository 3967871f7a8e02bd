import { describe, expect, test } from 'vitest';
import { addressOf, bodyOf } from '../core/models/inference-embedder/client.ts';
import { embedderFingerprint } from '../core/models/inference-embedder/embedder.ts';
import { embeddingServiceOf } from '../core/models/inference-embedder/settings.ts';
import { readConfig as readEdgeConfig } from '../functions/config.ts';
import { describeSettings, readConfig, secretsOf } from '../space/config.ts';

const MODEL = 'sentence-transformers/all-MiniLM-L6-v2';
const HF_TOKEN = 'hf_secretsecretsecret';
const base = { EMBEDDER: 'inference', EMBEDDING_MODEL: MODEL };
const DATABASE_URL = 'http://127.0.0.1:9';
const serviceOf = (env: Record<string, string>) => embeddingServiceOf(readConfig({ ...base, ...env }).embedding);

describe('EMBEDDER=inference', () => {
  test.each([
    ['EMBEDDING_MODEL', { EMBEDDER: 'inference', HF_TOKEN }],
    ['HF_TOKEN', base],
    ['HF_TOKEN', { ...base, HF_TOKEN: 'sk-of-another-service' }],
    ['EMBEDDING_TOKENS_PER_DAY', { ...base, HF_TOKEN, EMBEDDING_TOKENS_PER_DAY: '1000' }],
    ['EMBEDDING_ENDPOINT', { ...base, HF_TOKEN, EMBEDDING_FORMAT: 'openai' }],
    ['EMBEDDING_ENDPOINT', { ...base, EMBEDDING_ENDPOINT: 'http://user:pass@host/v1' }],
    ['EMBEDDING_DIMENSIONS', { ...base, HF_TOKEN, EMBEDDING_DIMENSIONS: '512' }],
    ['EMBEDDING_REVISION', { ...base, HF_TOKEN, EMBEDDING_REVISION: 'a b' }],
  ])('a %s that cannot be used is named, on the Space and on the edge, and its value is not', (name, env) => {
    for (const read of [() => readConfig(env), () => readEdgeConfig({ ...env, DATABASE_URL })]) {
      expect(read).toThrow(name);
      expect(read).not.toThrow(/sk-of-another|pass@/);
    }
  });

  test('asks Hugging Face where no endpoint is set, and an endpoint as OpenAI does', () => {
    const hub = serviceOf({ HF_TOKEN });
    expect(addressOf(hub)).toBe(
      `https://router.huggingface.co/hf-inference/models/${MODEL}/pipeline/feature-extraction`,
    );
    expect(bodyOf(hub, ['x'])).toEqual({ inputs: ['x'], normalize: true, truncate: true });
    const addressAt = (EMBEDDING_ENDPOINT: string, more = {}) => addressOf(serviceOf({ EMBEDDING_ENDPOINT, ...more }));
    expect(addressAt('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080/v1/embeddings');
    expect(addressAt('http://127.0.0.1:8080/v1/')).toBe('http://127.0.0.1:8080/v1/embeddings');
    expect(addressAt('https://g.example/v1beta/openai')).toBe('https://g.example/v1beta/openai/embeddings');
    expect(addressAt('http://h/embed', { EMBEDDING_FORMAT: 'feature-extraction' })).toBe('http://h/embed');
  });

  test('a token goes to no other service than it was given for', () => {
    expect(serviceOf({ HF_TOKEN }).token).toBe(HF_TOKEN);
    expect(serviceOf({ HF_TOKEN, INFERENCE_ENDPOINT: 'http://h/v1' }).token).toBe(HF_TOKEN);
    expect(serviceOf({ HF_TOKEN, EMBEDDING_ENDPOINT: 'http://h/v1' }).token).toBeNull();
    expect(serviceOf({ HF_TOKEN, EMBEDDING_ENDPOINT: 'http://h/v1', EMBEDDING_API_KEY: 'own-secret' }).token).toBe(
      'own-secret',
    );
  });

  test('the fingerprint changes with all that decides a vector, and with nothing else', () => {
    const of = (env: Record<string, string>) => embedderFingerprint(serviceOf({ HF_TOKEN, ...env }));
    const all = [
      {},
      { EMBEDDING_MODEL: 'other/model' },
      { EMBEDDING_TOKENS_MAX: '256' },
      { EMBEDDING_DIMENSIONS: '384' },
      { EMBEDDING_REVISION: '2' },
      { EMBEDDING_ENDPOINT: 'http://h/v1' },
    ].map(of);
    expect(new Set(all).size).toBe(all.length);
    expect(of({ EMBEDDING_ENDPOINT: 'http://elsewhere/v1', EMBEDDING_FORMAT: 'openai-base64' })).toBe(all.at(-1));
  });

  test('no secret is shown: neither by doctor nor in what may be logged', () => {
    const env = { ...base, EMBEDDING_ENDPOINT: 'http://h/secret-path', EMBEDDING_API_KEY: 'own-secret-key' };
    expect(secretsOf(env)).toContain('own-secret-key');
    const shown = JSON.stringify(describeSettings(env));
    expect(shown).not.toContain('own-secret-key');
    expect(shown).not.toContain('secret-path');
    expect(describeSettings(env).filter(({ name }) => name.startsWith('EMBEDDING_')).length).toBe(8);
  });
});
