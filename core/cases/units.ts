/** A unit as written in the text: its UCUM code and where the words end. */
export type WrittenUnit = { readonly code: string; readonly end: number };

const EXPONENTS = new Map([...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((digit, value) => [digit, String(value)]));
// Each pattern is anchored (`y`) and made of optional single parts, so none can backtrack over more than a few characters.
const SPACE = '[ \\u00a0\\u1680\\u2000-\\u200d\\u202f\\u205f\\u2060\\u3000\\ufeff]';
const SPACES = `${SPACE}{0,2}`;
const GAP = new RegExp(SPACES, 'y');
const LITRE = '(L|l|liter|litre)(?![a-zA-Z])';
const MICROLITRE = `([µμu][Ll]|mcL|microlit(?:er|re)|mm${SPACES}[3³]|mm\\^3|cu\\.? ?mm|cumm|c\\.?mm|cubic millimet(?:er|re))`;
const FIELD = '(hpf|HPF|lpf|LPF|high[- ]power(?:ed)? field|low[- ]power(?:ed)? field)';
const CELLS = '(?:cells?|platelets?|leu[ck]ocytes?|WBCs?|RBCs?|copies|IU)?';
const COUNT = new RegExp(
  `(?:(?:[x×✕✖*·]${SPACES}10${SPACES}(?:\\^|\\*\\*?|[eE])?|10(?:\\^|\\*))${SPACES}([0-9]{1,2}|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})|([KkG]|[Gg]iga|[Tt]era|thousand|thou|million|lakhs?|lacs?|billion)(?![a-z]))?${SPACES}${CELLS}${SPACES}(?:\\/|per )${SPACES}(?:${LITRE}|${MICROLITRE}|([m][Ll])(?![a-zA-Z])|${FIELD})`,
  'y',
);
const LAKH = /(?:lakhs?|lacs?)\b/y;
const WORD_POWERS: Readonly<Record<string, number>> = {
  G: 9,
  Giga: 9,
  giga: 9,
  Tera: 12,
  tera: 12,
  billion: 9,
  million: 6,
};
const NUMERATOR = '(mc|[kmcdnpfµμu])?(IU|UI|[Uu]nits?|U|gm|g|mol|Eq|eq|[oO]sm|L|l|kat)';
const PER = '(mc|[kmcdnpfµμu])?(L|l|liter|litre|g|mol|kg|min|h|hr|hour|day|d|24 ?h(?:ours|rs?)?)(?![a-zA-Z])';
const RATIO = new RegExp(
  `${NUMERATOR}${SPACES}(?:\\/|per )${SPACES}${PER}(?:${SPACES}(?:\\/|per )${SPACES}(?:(1\\.73 ?m ?[2²]|1\\.73 ?m\\^2)|(h|hr|min|mg|kg|g)(?![a-zA-Z])))?`,
  'y',
);
const POWER = new RegExp(`${NUMERATOR}[ ·.](mc|[kmcdnpfµμu])?(L|l|mol|kg|min|h|d)(?:⁻¹|[-−–]1)`, 'y');

/** First characters (behind spaces), the pattern, its code. The order decides between patterns with one beginning. */
const SIMPLE_ROWS: readonly (readonly [starts: string, pattern: string, code: string])[] = [
  ['%p', '%|percent\\b|per cent\\b', '%'],
  ['m', 'mm_(?:of_)?Hg\\b|mmhg\\b', 'mm[Hg]'],
  ['t', 'torr\\b', 'mm[Hg]'],
  ['k', 'kPa\\b', 'kPa'],
  ['c', 'cm_(?:of_)?H(?:2|₂)O\\b|cm_(?:of_)?water\\b', 'cm[H2O]'],
  [
    'bcrt/p',
    'bpm\\b|beats?_(?:\\/|per)_min(?:ute)?s?\\b|b\\/min\\b|\\/_min(?:ute)?\\b|breaths?_(?:\\/|per)_min(?:ute)?s?\\b|breaths?_a_minute\\b|per minute\\b|cycles?_(?:\\/|per)_min(?:ute)?\\b|rpm\\b|cpm\\b|times?_(?:\\/|per)_min(?:ute)?\\b|respirations_per_minute\\b|beats per min\\b|beats a minute\\b|counts?\\/min\\b',
    '/min',
  ],
  ['m', 'mm_\\/_(?:1(?:st)?_)?h(?:r|our)?\\b|mm (?:in the (?:first|1st) hour|per hour)\\b', 'mm/h'],
  ['m', 'ms(?:ec)?s?\\b|milliseconds?\\b', 'ms'],
  ['m', 'mV\\b|millivolts?\\b', 'mV'],
  ['m', 'm\\/s(?:ec)?\\b', 'm/s'],
  ['c', 'cm\\/s(?:ec)?\\b', 'cm/s'],
  ['s', 's(?:ec)?s?\\b|seconds?\\b', 's'],
  ['°º˚℃dcoC', '[°º˚]_C\\b|℃|degrees? (?:[cC]elsius|[cC]entigrade|C)\\b|[cC]elsius\\b|oC\\b|C\\b', 'Cel'],
  ['°º˚℉dfFo', '[°º˚]_F\\b|℉|degrees? (?:[fF]ahrenheit|F)\\b|oF\\b|F\\b', '[degF]'],
  ['°º˚d', '[°º˚]|degrees?\\b', 'deg'],
  ['kK', '[kK]g_\\/_m(?:2|²|\\^2)', 'kg/m2'],
  ['kK', '[kK]g\\b|kilograms?\\b|kgs\\b', 'kg'],
  ['lp', 'lbs?\\b|pounds?\\b', '[lb_av]'],
  ['f', 'fL\\b|fl\\b', 'fL'],
  ['p', 'pg\\b', 'pg'],
  ['m', 'm?g(?:m)?_%', 'mg/dL'],
  ['g', 'g(?:m)?_%', 'g/dL'],
  ['m', 'mL\\/min\\b', 'mL/min'],
  ['m', 'mL\\b|ml\\b', 'mL'],
  ['g', 'g\\b|gm\\b|grams?\\b', 'g'],
  ['m', 'mm\\b|millimet(?:er|re)s?\\b', 'mm'],
  ['c', 'cm_(?:2|²|\\^2)', 'cm2'],
  ['c', 'cms?\\b|centimet(?:er|re)s?\\b', 'cm'],
  ['m', 'm\\b|met(?:er|re)s?\\b', 'm'],
  ['m', 'mOsm(?:ol)?\\/(?:kg|KG|L|l)\\b|mOsm\\b', 'mosm/kg'],
  ['H', 'HU\\b', "[hnsf'U]"],
];
const SIMPLE_BY_START: ReadonlyMap<string, readonly (readonly [RegExp, string])[]> = (() => {
  const rows = new Map<string, (readonly [RegExp, string])[]>();
  for (const [starts, source, code] of SIMPLE_ROWS) {
    const row = [new RegExp(`(?:${source.replaceAll('_', SPACES)})`, 'y'), code] as const;
    for (const start of starts) rows.set(start, [...(rows.get(start) ?? []), row]);
  }
  return rows;
})();
const COUNT_STARTS = new Set([...'x×✕✖*·1KkGgTtmlbcCpPwWRI/']);
const RATIO_STARTS = new Set([...'mkcdnpfµμuIUugmEeoOLl']);

function prefixOf(written: string | undefined): string {
  if (written === undefined) return '';
  return written === 'mc' || written === 'µ' || written === 'μ' ? 'u' : written;
}

function baseOf(written: string | undefined): string {
  if (written === undefined) return '';
  if (/^units?$/i.test(written)) return 'U';
  if (/^(?:l|liter|litre)$/.test(written)) return 'L';
  if (/^osm$/i.test(written)) return 'osm';
  if (/^eq$/i.test(written)) return 'eq';
  if (written === 'IU' || written === 'UI') return '[IU]';
  if (written === 'gm') return 'g';
  if (/^(?:24|day|d$)/.test(written)) return 'd';
  if (/^h/.test(written)) return 'h';
  return written;
}

/** `10^9/L`, `K/µL`, `/mm3`, `lakh/cumm`, `cells/HPF`. */
function readCount(text: string, at: number): WrittenUnit | null {
  COUNT.lastIndex = at;
  const count = COUNT.exec(text);
  if (count === null) {
    // A platelet count `of 1.2 lakh` means per cubic millimetre.
    LAKH.lastIndex = at;
    const lakh = LAKH.exec(text);
    return lakh === null ? null : { code: '10*5/uL', end: at + lakh[0].length };
  }
  const [whole, exponent, word, litre, micro, milli, field] = count;
  const end = at + whole.length;
  if (field !== undefined) return { code: /^l/i.test(field) ? '/[LPF]' : '/[HPF]', end };
  const digits = exponent === undefined ? '' : [...exponent].map((digit) => EXPONENTS.get(digit) ?? digit).join('');
  const worded = word === undefined ? 0 : /^la/.test(word) ? 5 : (WORD_POWERS[word] ?? 3);
  const power = digits === '' ? worded : Number(digits);
  const volume = litre !== undefined ? 'L' : micro !== undefined ? 'uL' : milli !== undefined ? 'mL' : null;
  if (volume === null || (power === 0 && volume === 'L')) return null;
  return { code: power === 0 ? `/${volume}` : `10*${power}/${volume}`, end };
}

function readRatio(text: string, at: number): WrittenUnit | null {
  RATIO.lastIndex = at;
  const ratio = RATIO.exec(text);
  if (ratio !== null) {
    const [whole, prefix, base, perPrefix, per, surface, further] = ratio;
    const tail =
      surface !== undefined ? '/{1.73_m2}' : further !== undefined ? `/${further === 'hr' ? 'h' : further}` : '';
    const code = `${prefixOf(prefix)}${baseOf(base)}/${prefixOf(perPrefix)}${baseOf(per)}${tail}`;
    return { code, end: at + whole.length };
  }
  POWER.lastIndex = at;
  const power = POWER.exec(text);
  if (power === null) return null;
  const [whole, prefix, base, perPrefix, per] = power;
  return { code: `${prefixOf(prefix)}${baseOf(base)}/${prefixOf(perPrefix)}${baseOf(per)}`, end: at + whole.length };
}

/** Reads the unit that starts at `at`, right behind a number; null where none does. Every code is one that UCUM knows. */
export function readUnit(text: string, at: number): WrittenUnit | null {
  GAP.lastIndex = at;
  const from = at + (GAP.exec(text)?.[0].length ?? 0);
  const start = text.charAt(from);
  if (COUNT_STARTS.has(start)) {
    const count = readCount(text, from);
    if (count !== null) return count;
  }
  if (RATIO_STARTS.has(start)) {
    const ratio = readRatio(text, from);
    if (ratio !== null) return ratio;
  }
  for (const [pattern, code] of SIMPLE_BY_START.get(start) ?? []) {
    pattern.lastIndex = from;
    const found = pattern.exec(text);
    if (found !== null) return { code, end: from + found[0].length };
  }
  return null;
}
