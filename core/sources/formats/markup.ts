import { lineOf, Prose } from '../prose.ts';

const TAG =
  /<(\/?)(h[1-6]|p|br|li|ul|ol|dl|dt|dd|div|sec|title|i|b|u|em|strong|it|italic|bold|underline|sub|sup|span|sc|tt|a|ext-link|inline-formula|mml:[a-z]{1,12}|math|m[a-z]{1,10})(?:\s[^<>]{0,300})?\s?\/?>/gi;
const POWER = /(\d)\s?<sup(?:\s[^<>]{0,100})?>\s?([-−–]?\d{1,3})\s?<\/sup>/gi;
const BREAKS = new Set(['p', 'br', 'li', 'ul', 'ol', 'dl', 'dt', 'dd', 'div', 'sec']);

/** HTML of an abstract as text: headings on lines of their own, paragraphs and list items as lines, the rest of its tags left out. */
export function markupText(markup: string): string {
  const prose = new Prose();
  const text = markup
    .replace(POWER, (_, base: string, raised: string) => `${base}^${raised.replace(/[−–]/, '-')}`)
    .replace(/\n/g, ' ')
    .replace(TAG, (_, close: string, name: string) => {
      const tag = name.toLowerCase();
      if (/^h[1-6]$/.test(tag) || tag === 'title') return close === '' ? '\n' : '\n';
      return BREAKS.has(tag) ? '\n' : '';
    });
  for (const line of text.split('\n')) prose.add(line);
  return prose.toString();
}

/** A title without its tags, on one line. */
export const markupLine = (markup: string): string => lineOf(markupText(markup).replace(/\n/g, ' '));
