import { DIMENSION, type Probe } from '../ports.ts';

/** Changes with the texts: it is part of every generation. */
export const PROBE_VERSION = 1;

/**
 * Two texts that every call begins and ends with. Their vectors tell whether the model is the one that the generation began with, and whether
 * the answers stand in the order of the texts.
 */
export const PROBE_TEXTS = [
  'A 54-year-old woman presented with palpitations and syncope; the ECG showed a QTc of 560 ms.',
  'Serum potassium was 6.9 mmol/L, and ultrasound found no stone in the left kidney.',
] as const;

/**
 * Rounding of other hardware, and batches of another size, stay above .999; another model, pooling or prompt is below. Between the two lies a
 * coarser quantization of the same weights.
 */
export const PROBE_COSINE_MIN = 0.995;

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

/** What the vectors of the two texts, at their places in an answer, say about all others. */
export type ProbeVerdict =
  | { readonly kind: 'same' }
  /** One is as it should be, or stands where the other should: answers are not in the order of the texts. */
  | { readonly kind: 'disordered' }
  /** `cosine`: the lower of the two. */
  | { readonly kind: 'changed'; readonly cosine: number };

export function probeVerdict(first: Float32Array, last: Float32Array, probe: Probe): ProbeVerdict {
  const [before = first, after = last] = probe;
  const [a, b] = [dot(first, before), dot(last, after)];
  if (a >= PROBE_COSINE_MIN && b >= PROBE_COSINE_MIN) return { kind: 'same' };
  const known = [a, b, dot(first, after), dot(last, before)].some((cosine) => cosine >= PROBE_COSINE_MIN);
  return known ? { kind: 'disordered' } : { kind: 'changed', cosine: Math.min(a, b) };
}

/** Whether a model tells the two texts apart; one that does not gives the same vector for anything. */
export const tellsApart = ([first, last]: Probe): boolean =>
  first !== undefined && last !== undefined && dot(first, last) < PROBE_COSINE_MIN;

/** The probe as the bytes of a generation: its vectors in f32, one after the other, in the host's byte order (little-endian wherever it runs). */
export function probeBytes(probe: Probe): Uint8Array {
  const numbers = new Float32Array(probe.length * DIMENSION);
  probe.forEach((vector, i) => {
    numbers.set(vector, i * DIMENSION);
  });
  return new Uint8Array(numbers.buffer);
}

/** Null where the bytes are no probe of this program. */
export function probeOf(bytes: Uint8Array): Probe | null {
  if (bytes.byteLength !== PROBE_TEXTS.length * DIMENSION * 4) return null;
  const numbers = new Float32Array(bytes.slice().buffer);
  return PROBE_TEXTS.map((_, i) => numbers.slice(i * DIMENSION, (i + 1) * DIMENSION));
}
