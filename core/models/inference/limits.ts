/**
 * Bounds of one case at a language model. A token of a byte-level vocabulary is at least one byte, so bytes of a prompt bound its tokens
 * whatever the model; what is really used is some quarter of that, and the rest is given back by the commit.
 */

/** The case's own words, in bytes of UTF-8 as they stand in the prompt. */
export const TEXT_BYTES_MAX = 20_000;
/** Characters that are looked at when a longer text is cut down. */
export const TEXT_CHARS_READ = 300_000;
export const TITLE_CHARS_MAX = 300;
export const CANDIDATES_MAX = 40;
export const CANDIDATES_BYTES_MAX = 4_000;
/** What is said of a refused answer. */
export const PROBLEMS_BYTES_MAX = 800;
/** A whole request: instructions, schema, case, candidates, problems. */
export const PROMPT_BYTES_MAX = 36_000;
/** What a chat template and a service's own wrapping of the schema may add. */
const TEMPLATE_TOKENS_MAX = 1_000;
export const ANSWER_TOKENS_MAX = 2_500;

/** An answer and one repair. */
export const CALLS_MAX = 2;
export const CALL_UNITS_MAX = PROMPT_BYTES_MAX + TEMPLATE_TOKENS_MAX + ANSWER_TOKENS_MAX;
export const ITEM_UNITS_MAX = CALLS_MAX * CALL_UNITS_MAX;

/** Of an HTTP body; honest answers have a tenth of it. */
export const BODY_BYTES_MAX = 256_000;
/** Of the model's words, as they are read and kept. */
export const CONTENT_CHARS_MAX = 32_000;
