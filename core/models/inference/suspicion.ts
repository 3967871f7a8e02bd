/**
 * Whether a text holds words that read like orders to a model. A flag for people, by plain phrases: nothing depends on it, since
 * what a model answers is verified whether or not it was told to lie.
 */

const PHRASES: readonly string[] = [
  'ignore previous',
  'ignore all previous',
  'ignore the above',
  'ignore your',
  'ignore everything',
  'ignore all instructions',
  'ignore any instructions',
  'ignore these instructions',
  'disregard previous',
  'disregard all',
  'disregard the above',
  'disregard your',
  'forget previous',
  'forget your',
  'forget all previous',
  'forget everything',
  'override your',
  'previous instructions',
  'system prompt',
  'system message',
  'developer message',
  'new instructions',
  'your instructions',
  'as an ai ',
  'as an ai,',
  'language model',
  'you are now',
  'you must answer',
  'you must output',
  'you must respond',
  'respond only with',
  'output the following',
  'repeat the prompt',
  'reveal your',
  'pretend to be',
  'jailbreak',
  'developer mode',
  'do anything now',
  'end of document',
  'end of case',
  'end of report',
  'end of input',
  'begin new',
  'note to the ai',
  'note to ai',
  'attention ai',
  'dear ai',
  'dear model',
  'ai assistant',
  'ai reviewer',
  'is_rare',
  'case_id',
  'rejection_reason',
  'set confidence',
  'confidence 1.0',
  'tool_call',
  'function_call',
  '"role"',
  "'role'",
  'ignora las instrucciones',
  'ignorez les instructions',
  'ignoriere alle',
  'ignoriere die',
  'ignore as instruções',
  'ignora le istruzioni',
  'игнорируй',
  '忽略',
  '無視して',
  'تجاهل',
  '<|',
  '|>',
  '[inst]',
  '<<sys>>',
  '</s>',
  '<system',
  '</system',
  '[system]',
  '### system',
  '### instruction',
  '###instruction',
  'assistant:',
  '<script',
  'javascript:',
  'display:none',
  'font-size:0',
  'color:white',
  '![',
];
const UNSEEN = /[\p{Cf}]+/gu;
const BLANKS = /\s+/gu;
// No word of a report is as long; encoded orders are.
const RUN_CHARS = 100;
const RUN = new RegExp(`[A-Za-z0-9+/]{${RUN_CHARS}}`, 'u');
// Sequences of genes and proteins have no digits and one case.
const isEncoded = (run: string): boolean => /[0-9]/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run);

// They turn the direction of writing, or spell letters that nobody sees: no report needs them.
const HIDDEN = /[\u202a-\u202e\u2066-\u2069\u{e0020}-\u{e007f}]/u;

/** Linear in the text. */
export function readsLikeOrders(text: string): boolean {
  if (HIDDEN.test(text)) return true;
  const seen = text.replace(UNSEEN, '').replace(BLANKS, ' ');
  const lower = seen.toLowerCase();
  if (PHRASES.some((phrase) => lower.includes(phrase))) return true;
  const run = RUN.exec(seen)?.[0];
  return run !== undefined && isEncoded(run);
}
