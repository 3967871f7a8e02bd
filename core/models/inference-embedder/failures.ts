import { OutageError, RetryableError, type StageError } from '../../engine/index.ts';
import { failureOf, OPERATOR_MS, type Refusal, SchemaUnknownError, type ServiceWords } from '../inference/failures.ts';
import { DIMENSION } from '../ports.ts';

/** The engine's name of whatever embedding service is configured: one that is away stops no distiller. */
export const EMBEDDING_SERVICE = 'embedding';

/** The service takes fewer texts at once, or shorter ones: nothing was paid. */
export class TooLongError extends Error {
  override readonly name = 'TooLongError';
}

/** Only a word of the message tells some refusals from others; none is repeated. */
const TOO_LONG_WORDS = [
  ...['long', 'large', 'many'].map((word) => `too ${word}`),
  ...['context', 'allowed', 'batch', 'number', 'input'].map((word) => `maximum ${word}`),
  ...['batch', 'tokens', 'length'].flatMap((word) =>
    ['max', 'maximum'].flatMap((most) => [' ', '_', ''].map((gap) => `${most}${gap}${word}`)),
  ),
  ...['context', 'sequence', 'input'].flatMap((what) => ['length', 'size', 'window'].map((word) => `${what} ${word}`)),
  ...['batch size', 'batch_size', 'batch-size', 'dimensions or less', 'length limit'],
];
const LESS_THAN = /less than \d{1,9} (?:tokens|characters)/;

function saysTooLong(said: string): boolean {
  const words = said.toLowerCase();
  return (
    TOO_LONG_WORDS.some((one) => words.includes(one)) ||
    LESS_THAN.test(words) ||
    (words.includes('array') && words.includes('2048'))
  );
}

const MAY_BE_TOO_LONG: ReadonlySet<number> = new Set([400, 413, 422, 500]);
const SAYS_DIMENSIONS = /\bdimensions\b|matryoshka/i;

/** The error for an answer that refuses. `shortened`: it was asked for vectors of another width than the model's own. */
export function refusalError(refusal: Refusal, words: ServiceWords, shortened: boolean): StageError | TooLongError {
  const said = JSON.stringify(refusal.body ?? '').slice(0, 4_000);
  const { status } = refusal;
  if (shortened && (status === 400 || status === 422) && SAYS_DIMENSIONS.test(said))
    return needsOperator(
      `${words.service}: status ${status}: the service cannot shorten the vectors of this model: set EMBEDDING_DIMENSIONS=native`,
    );
  if (status === 413 || (MAY_BE_TOO_LONG.has(status) && saysTooLong(said)))
    return new TooLongError(`${words.service}: status ${status}: too long, or too many texts at once`);
  const error = failureOf(refusal, words);
  // Nobody asked it for a schema.
  return error instanceof SchemaUnknownError ? new RetryableError(error.message, { service: words.service }) : error;
}

/** Nobody's item is at fault and only the operator can change it: the stage waits, and the reason says for what. */
export const needsOperator = (message: string): OutageError =>
  new OutageError(message, { retryAfterMs: OPERATOR_MS, service: EMBEDDING_SERVICE });

export const wrongWidth = (model: string, width: number): OutageError =>
  needsOperator(
    `${EMBEDDING_SERVICE}: the vectors of ${model} have ${width} numbers where all vectors here have ${DIMENSION}: ` +
      `set EMBEDDING_MODEL to a model of ${DIMENSION} dimensions, or EMBEDDING_DIMENSIONS=384 where the model can be shortened`,
  );

export const anotherModel = (model: string, cosine: number): OutageError =>
  needsOperator(
    `${EMBEDDING_SERVICE}: the service answers for ${model} with another model than this generation was made by ` +
      `(cosine of the probe ${cosine.toFixed(3)}): nothing of it was kept. Let it serve the earlier model again, or set EMBEDDING_REVISION ` +
      'to another value to embed every case anew by this one',
  );

/** The status that a body tells which came with 200, as gateways do; null where it tells none. */
export function statusWithin(body: unknown): number | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !('error' in body) || 'data' in body)
    return null;
  const { error } = body;
  if (error === null) return null;
  const told = typeof error === 'object' && 'code' in error ? Number(error.code) : Number.NaN;
  return Number.isInteger(told) && told >= 400 && told < 600 ? told : 500;
}
