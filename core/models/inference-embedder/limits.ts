import { VIEWS } from '../../../schema/vocabulary.ts';
import { PROBE_TEXTS } from './probe.ts';
import { BYTES_PER_TOKEN_MAX } from './texts.ts';

/** Text-embeddings-inference takes 32 texts in a call unless it is told otherwise; the probes are two of them. */
export const TEXTS_MAX = 30;
/** Of all texts of a call; services begin to refuse at 2 MB. */
export const CALL_BYTES_MAX = 250_000;
/** 32 vectors of 4,096 numbers are some 3 MB: enough to say that they are too wide. */
export const BODY_BYTES_MAX = 6_000_000;
/** What a model puts around each text. */
const FRAME_TOKENS = 4;

const PROBE_UNITS = PROBE_TEXTS.reduce((sum, text) => sum + text.length + FRAME_TOKENS, 0);

/** The most tokens that a call with texts of so many bytes can use: a token is at least one byte. */
export const unitsMax = (texts: number, bytes: number): number => bytes + texts * FRAME_TOKENS + PROBE_UNITS;

/** Reserved for one case when it is claimed: the longest text in every view, each in a call of its own. */
export const unitsPerCase = (tokensMax: number): number => VIEWS.length * unitsMax(1, tokensMax * BYTES_PER_TOKEN_MAX);
