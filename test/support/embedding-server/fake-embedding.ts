import { createHash } from 'node:crypto';

/** A unit vector that says which text it was made of: any other text has a cosine near 0 with it. */
export function vectorOf(text: string, model = 'a', width = 384): number[] {
  const numbers: number[] = [];
  for (let block = 0; numbers.length < width; block += 1) {
    const bytes = createHash('sha256').update(`${model} ${block} ${text}`).digest();
    for (let i = 0; i + 4 <= bytes.length && numbers.length < width; i += 4)
      numbers.push(bytes.readInt32LE(i) / 2 ** 31);
  }
  const length = Math.hypot(...numbers);
  return numbers.map((value) => Math.fround(value / length));
}

/** As a service writes them with `encoding_format: base64`. */
export const base64Of = (numbers: readonly number[]): string =>
  Buffer.from(Float32Array.from(numbers).buffer).toString('base64');

/** What a service bills: words and signs, which is near enough. */
export const tokensOf = (text: string): number => Math.max(1, text.match(/[\p{L}\p{N}]+|[^\s]/gu)?.length ?? 0);

export type Datum = { object: 'embedding'; index: number; embedding: unknown };
export type OpenAiAnswer = {
  object: 'list';
  model: string;
  data: Datum[];
  usage: { prompt_tokens: number; total_tokens: number };
};

/** https://platform.openai.com/docs/api-reference/embeddings/object */
export function openAiAnswer(
  texts: readonly string[],
  vectors: readonly (readonly number[])[],
  base64: boolean,
): OpenAiAnswer {
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
  return {
    object: 'list',
    model: 'test/embedder-1',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: base64 ? base64Of(vector) : vector,
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
