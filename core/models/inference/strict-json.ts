/** JSON as a program must have it, or why it is refused, in words of ours. */
export type StrictJson =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly problem: string };

/** An answer nests four deep. */
const DEPTH_MAX = 12;
const FENCE = '```';
const POISONOUS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const refused = (problem: string): StrictJson => ({ kind: 'refused', problem });

/**
 * Reads one JSON value. White space around it and one Markdown fence that holds it whole are taken off; words beside it, a second
 * value, a key that comes twice, a name that reaches into prototypes, half a surrogate pair, or what only looks like JSON are refused.
 */
export function readStrictJson(text: string): StrictJson {
  const body = withoutFence(text.trim());
  if (body === '') return refused('the answer is empty');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refused('the answer is not one whole JSON value and nothing else');
  }
  const problem = flawOf(body);
  return problem === null ? { kind: 'value', value } : refused(problem);
}

/** What stands inside one fence around everything; the text itself where there is none. */
function withoutFence(text: string): string {
  if (!text.startsWith(FENCE) || !text.endsWith(FENCE) || text.length < 2 * FENCE.length) return text;
  const line = text.indexOf('\n');
  const language = text.slice(FENCE.length, line < 0 ? FENCE.length : line).trim();
  if (line < 0 || !['', 'json'].includes(language.toLowerCase())) return text;
  const inside = text.slice(line + 1, -FENCE.length).trim();
  return inside.includes(FENCE) ? text : inside;
}

/** What `JSON.parse` lets pass and we do not. `json` is known to be JSON. */
function flawOf(json: string): string | null {
  // Per open bracket: the keys so far, or null for an array.
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(null);
    else if (char === '}' || char === ']') open.pop();
    if (open.length > DEPTH_MAX) return `the answer nests deeper than ${DEPTH_MAX}`;
    if (char !== '"') continue;
    const end = stringEnd(json, at);
    const word = JSON.parse(json.slice(at, end)) as string; // a JSON string literal
    if (/[\ud800-\udfff]/u.test(word)) return 'a string holds half a surrogate pair';
    at = end - 1;
    const keys = open.at(-1);
    if (!keys || !isKey(json, end)) continue;
    if (POISONOUS.has(word)) return 'a key is not one of the schema';
    if (keys.has(word)) return 'a key comes twice in one object';
    keys.add(word);
  }
  return null;
}

/** One past the closing quote of the string that opens at `start`. */
function stringEnd(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isKey(json: string, after: number): boolean {
  let at = after;
  while (' \t\r\n'.includes(json[at] ?? '.')) at += 1;
  return json[at] === ':';
}
