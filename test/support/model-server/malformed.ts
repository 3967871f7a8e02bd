import { type Form, formOf, type Shown } from './fake-model.ts';
import type { Manner } from './server.ts';

/** Answers that must not be taken as they are (F48), and those that are read after a fence or a mark is taken off. */
export type Malformed = {
  readonly name: string;
  readonly expected: 'refused' | 'unwrapped';
  readonly answer: (shown: Shown, other: Shown) => Manner;
};

const json = (shown: Shown, over: Record<string, unknown> = {}): string =>
  JSON.stringify({ ...formOf(shown), ...over });
const said = (content: string | null, more: { finish?: string; extra?: object } = {}): Manner => ({
  kind: 'content',
  content,
  ...more,
});
const bent = (name: string, over: (form: Form, shown: Shown) => Record<string, unknown>): Malformed => ({
  name,
  expected: 'refused',
  answer: (shown) => said(json(shown, over(formOf(shown), shown))),
});
const spelled = (name: string, spell: (whole: string, shown: Shown) => string): Malformed => ({
  name,
  expected: 'refused',
  answer: (shown) => said(spell(json(shown), shown)),
});
const unwrapped = (name: string, spell: (whole: string) => string): Malformed => ({
  name,
  expected: 'unwrapped',
  answer: (shown) => said(spell(json(shown))),
});
/** What would fit any case but for its id: it claims nothing that a text could bear out. */
export const bare = (shown: Shown): Form => ({
  ...formOf(shown),
  diagnosis: null,
  is_rare: false,
  rarity: [],
  rejection_reason: 'A common disease.',
  key_symptoms: [],
  key_labs: [],
});
const quoteOf = (shown: Shown): string => shown.text.slice(0, 40).replace(/\s\S*$/, '');

export const MALFORMED: readonly Malformed[] = [
  { name: 'truncated', expected: 'refused', answer: (s) => said(json(s).slice(0, -40), { finish: 'length' }) },
  unwrapped('one ```json fence', (whole) => `\`\`\`json\n${whole}\n\`\`\``),
  unwrapped('one bare fence and blank lines', (whole) => `\n\n\`\`\`\n${whole}\n\`\`\`\n`),
  unwrapped('a byte order mark', (whole) => `\ufeff${whole}`),
  spelled('two fences', (whole) => `\`\`\`json\n${whole}\n\`\`\`\n\`\`\`json\n${whole}\n\`\`\``),
  spelled('prose before', (whole) => `Here is the JSON you asked for:\n${whole}`),
  spelled('prose after', (whole) => `${whole}\nI hope this helps!`),
  spelled('thoughts before', (whole) => `<think>The patient may be…</think>\n${whole}`),
  spelled('NaN', (whole) => whole.replace('"follow_up_months":null', '"follow_up_months":NaN')),
  spelled('Infinity', (whole) => whole.replace('"follow_up_months":null', '"follow_up_months":1e999')),
  spelled('a key twice', (whole) => whole.replace('"is_rare":true', '"is_rare":false,"is_rare":true')),
  spelled('a key twice, once in escapes', (whole) =>
    whole.replace('"is_rare":true', '"is_r\\u0061re":false,"is_rare":true'),
  ),
  spelled('a trailing comma', (whole) => `${whole.slice(0, -1)},}`),
  spelled('single quotes', (whole) => whole.replaceAll('"', "'")),
  spelled('a comment', (whole) => `// the answer\n${whole}`),
  spelled('two values', (whole) => `${whole}\n${whole}`),
  spelled('JSON in a string', (whole) => JSON.stringify(whole)),
  spelled('a list', (whole) => `[${whole}]`),
  spelled('half a surrogate pair', (whole) => whole.replace('"reason":"', '"reason":"\\ud83d ')),
  spelled('__proto__', (whole) => whole.replace('{', '{"__proto__":{"is_rare":true},')),
  spelled('constructor', (whole) => whole.replace('{', '{"constructor":{"prototype":{"isRare":true}},')),
  spelled('nested 10,000 deep', () => `${'['.repeat(10_000)}${']'.repeat(10_000)}`),
  spelled('null', () => 'null'),
  spelled('empty', () => ''),
  spelled('blanks', () => ' \n\t '),
  spelled('5 MB', (whole) => whole.replace('"reason":"', `"reason":"${'very '.repeat(1_000_000)}`)),
  spelled('40,000 characters', (whole) => whole.replace('"reason":"', `"reason":"${'very '.repeat(8_000)}`)),
  spelled('a refusal in words', () => "I'm sorry, but I can't help with medical advice."),
  { name: 'a refusal as such', expected: 'refused', answer: () => said(null, { extra: { refusal: 'I cannot.' } }) },
  {
    name: 'a tool call',
    expected: 'refused',
    answer: () =>
      said(null, {
        finish: 'tool_calls',
        extra: { tool_calls: [{ id: 'x', type: 'function', function: { name: 'delete_case', arguments: '{}' } }] },
      }),
  },
  { name: 'no choices', expected: 'refused', answer: () => ({ kind: 'raw', status: 200, body: '{"choices":[]}' }) },
  {
    name: 'parts instead of text',
    expected: 'refused',
    answer: (s) => ({
      kind: 'raw',
      status: 200,
      body: JSON.stringify({ choices: [{ message: { content: [{ type: 'text', text: json(s) }] } }] }),
    }),
  },
  { name: 'right, but of another item', expected: 'refused', answer: (_, other) => said(JSON.stringify(bare(other))) },
  bent('no id', () => ({ case_id: undefined })),
  bent('a field missing', () => ({ outcome: undefined })),
  bent('a field too many', () => ({ confidence: 1 })),
  bent('a word for true', () => ({ is_rare: 'true' })),
  bent('a number for words', () => ({ diagnosis: 7 })),
  bent('an unknown category', () => ({ category: 'cardiac' })),
  bent('an unknown criterion', (_, s) => ({ rarity: [{ criterion: 'very_rare', reason: 'so', quote: quoteOf(s) }] })),
  bent('a diagnosis of 201 characters', (_, s) => ({ diagnosis: { text: 'x'.repeat(201), quote: quoteOf(s) } })),
  bent('eleven symptoms', (_, s) => ({
    key_symptoms: Array.from({ length: 11 }, () => ({ text: 'a', quote: quoteOf(s) })),
  })),
  bent('negative months', (_, s) => ({ outcome: { status: 'recovered', follow_up_months: -1, quote: quoteOf(s) } })),
  bent('rare without a criterion', () => ({ rarity: [] })),
  bent('rare by invented quotes', () => ({
    rarity: [
      { criterion: 'prevalence', reason: 'It is rare.', quote: 'seen in fewer than one of two thousand dragons' },
    ],
  })),
  bent('rare by a quote of two letters', () => ({
    rarity: [{ criterion: 'prevalence', reason: 'It is rare.', quote: 'is' }],
  })),
  bent('not rare, without a reason', () => ({ is_rare: false, rarity: [] })),
  bent('not rare, with a criterion', () => ({ is_rare: false, rejection_reason: 'Common.' })),
  bent('rare, with a rejection', () => ({ rejection_reason: 'Common.' })),
  bent('an outcome without a quote', () => ({ outcome: { status: 'deceased', follow_up_months: null, quote: null } })),
];
