import { DIMENSION } from '../ports.ts';

/** How a service takes texts and gives vectors. */
export const EMBEDDING_FORMATS = ['openai', 'openai-base64', 'feature-extraction'] as const;
export type EmbeddingFormat = (typeof EMBEDDING_FORMATS)[number];

/** What a service gave for one text: numbers that nobody has looked at, or why there are none. */
export type Given = { readonly numbers: ArrayLike<unknown> } | { readonly problem: string };
/** What it gave for each text of a call, in the order of the texts; or why nothing in its answer can be used. */
export type Answer =
  | { readonly kind: 'given'; readonly given: readonly Given[]; readonly tokens: number | null }
  /** `remedy`: what the operator can do, where it will be the same every time. */
  | { readonly kind: 'unusable'; readonly problem: string; readonly remedy: string | null };

const at = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name] // an object, by the test before
    : undefined;

const unusable = (problem: string, remedy: string | null = null): Answer => ({ kind: 'unusable', problem, remedy });
const shown = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Reads the answer of a call with `count` texts. Places come from `index` where a service tells them, and else from the order. */
export const readAnswer = (body: unknown, count: number): Answer =>
  Array.isArray(body) ? readRows(body, count) : readOpenAi(body, count);

/** `[[…], […]]`: without places, so that a count that differs leaves none of them certain. */
function readRows(rows: readonly unknown[], count: number): Answer {
  if (rows.length !== count)
    return unusable(`${shown(rows.length, 'vector')} for ${shown(count, 'text')}, without a place`);
  if (rows.some((row) => Array.isArray(row) && row.length > 0 && row.every(Array.isArray)))
    return unusable(
      'a vector for each token instead of one for each text',
      'set EMBEDDING_MODEL to a sentence-transformers model, or serve the model by text-embeddings-inference, which pools',
    );
  return {
    kind: 'given',
    given: rows.map((row) => (Array.isArray(row) ? { numbers: row } : { problem: 'no vector in its place' })),
    tokens: null,
  };
}

/** `{data: [{index, embedding}], usage}`, where `embedding` is a list of numbers or their bytes in base64. */
function readOpenAi(body: unknown, count: number): Answer {
  const data = at(body, 'data');
  if (!Array.isArray(data)) return unusable('no vectors', 'check EMBEDDING_ENDPOINT and EMBEDDING_FORMAT');
  const tokens = tokensOf(at(body, 'usage'));
  const placed = data.map((one): unknown => at(one, 'index'));
  // Some services tell no places, and some tell 0 for each: the probes show whether the order is that of the texts.
  if (placed.length > 1 && placed.every((place) => place === placed[0])) {
    if (data.length !== count)
      return unusable(`${shown(data.length, 'vector')} for ${shown(count, 'text')}, without a place`);
    return { kind: 'given', given: data.map(givenOf), tokens };
  }
  const given: Given[] = Array.from({ length: count }, () => ({ problem: 'no vector came for it' }));
  const seen = new Set<number>();
  data.forEach((one, i) => {
    const place = placed[i];
    if (typeof place !== 'number' || !Number.isInteger(place) || place < 0 || place >= count) return;
    given[place] = seen.has(place) ? { problem: 'two vectors came for it' } : givenOf(one);
    seen.add(place);
  });
  return { kind: 'given', given, tokens };
}

function givenOf(one: unknown): Given {
  const embedding = at(one, 'embedding');
  if (Array.isArray(embedding)) return { numbers: embedding };
  if (typeof embedding !== 'string') return { problem: 'no vector in its place' };
  const numbers = fromBase64(embedding);
  return numbers === null ? { problem: 'its vector is no base64 of f32 numbers' } : { numbers };
}

/** Little-endian f32; null where the text is none. */
function fromBase64(text: string): Float32Array | null {
  try {
    const chars = atob(text);
    if (chars.length % 4 !== 0) return null;
    const view = new DataView(new ArrayBuffer(chars.length));
    for (let i = 0; i < chars.length; i += 1) view.setUint8(i, chars.charCodeAt(i));
    return Float32Array.from({ length: chars.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
  } catch {
    return null;
  }
}

const TOKENS_MAX = 10_000_000;
function tokensOf(usage: unknown): number | null {
  for (const n of [at(usage, 'total_tokens'), at(usage, 'prompt_tokens')])
    if (typeof n === 'number' && Number.isSafeInteger(n) && n > 0 && n <= TOKENS_MAX) return n;
  return null;
}

/** The bare words for what is no number, which some services write although JSON has none: as null, so that the rest can be read. */
export function withoutNaN(text: string): unknown {
  try {
    return JSON.parse(text.replace(/(?<=[[,\s])-?(?:NaN|Infinity)(?=[\],\s])/g, 'null'));
  } catch {
    return undefined;
  }
}

/** The width that all vectors have, where that is another than the product's; null elsewhere. */
export function foreignWidth(given: readonly Given[]): number | null {
  const widths = new Set(given.flatMap((one) => ('numbers' in one ? [one.numbers.length] : [])));
  const [width] = widths;
  return widths.size === 1 && width !== undefined && width !== DIMENSION ? width : null;
}

/** A vector of length 1, with the length that it came with; or why it is none. */
export type Checked = { readonly vector: Float32Array; readonly length: number } | { readonly problem: string };

export function checked(given: Given): Checked {
  if ('problem' in given) return given;
  const { numbers } = given;
  if (numbers.length !== DIMENSION) return { problem: `its vector has ${numbers.length} numbers, not ${DIMENSION}` };
  const vector = new Float32Array(DIMENSION);
  let sum = 0;
  for (let i = 0; i < DIMENSION; i += 1) {
    const value = numbers[i];
    if (typeof value !== 'number' || !Number.isFinite(value)) return { problem: 'its vector holds what is no number' };
    sum += value * value;
    vector[i] = value;
  }
  const length = Math.sqrt(sum);
  if (!(length > LENGTH_MIN) || !Number.isFinite(length)) return { problem: 'its vector has no direction' };
  for (let i = 0; i < DIMENSION; i += 1) vector[i] = (vector[i] ?? 0) / length;
  return { vector, length };
}
/** Below this the numbers of an f32 vector are noise. */
const LENGTH_MIN = 1e-12;

/** Places of vectors that are the same, number for number, although their texts are not. */
export function suspiciouslyEqual(
  texts: readonly string[],
  vectors: readonly (Float32Array | null)[],
): ReadonlySet<number> {
  const byVector = new Map<string, number[]>();
  vectors.forEach((vector, i) => {
    if (vector === null) return;
    const key = vector.subarray(0, KEY_NUMBERS).join(' ');
    byVector.set(key, [...(byVector.get(key) ?? []), i]);
  });
  const suspicious = new Set<number>();
  for (const places of byVector.values())
    for (const a of places)
      for (const b of places) {
        if (a >= b || !sameNumbers(vectors[a], vectors[b]) || maySound(texts[a] ?? '', texts[b] ?? '')) continue;
        suspicious.add(a).add(b);
      }
  return suspicious;
}
const KEY_NUMBERS = 8;

const sameNumbers = (a: Float32Array | null | undefined, b: Float32Array | null | undefined): boolean =>
  a != null && b != null && a.every((value, i) => value === b[i]);

/** Whether a model may read the two alike: it may not see case and signs, nor what comes after its longest text. */
function maySound(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ''));
  const shorter = Math.min(one?.length ?? 0, other?.length ?? 0);
  if (one === other) return true;
  return shorter >= SEEN_CHARS && one?.slice(0, shorter) === other?.slice(0, shorter);
}
const SEEN_CHARS = 200;
