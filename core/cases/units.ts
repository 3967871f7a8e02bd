/** A unit as written in the text: its UCUM code and where the words end. */
export type WrittenUnit = { readonly code: string; readonly end: number };

const EXPONENTS = new Map([...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((digit, value) => [digit, String(value)]));
// Each pattern is anchored (`y`) and made of optional single parts, so none can backtrack over more than a few characters.
const SPACES = '[ \\u00a0\\u2009\\u202f]{0,2}';
const COUNT = new RegExp(
  `${SPACES}(?:[x×✕✖*·]${SPACES}10${SPACES}(?:\\^|\\*\\*?|[eE])?${SPACES}([0-9]{1,2}|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})|([KkG]|thousand|million)(?![a-z]))?${SPACES}(?:cells?|platelets?|leukocytes?|WBCs?)?${SPACES}(?:\\/|per )${SPACES}(?:(L|l|liter|litre)(?![a-zA-Z])|([µμu][Ll]|mcL|microlit(?:er|re)|mm${SPACES}3|mm³|mm\\^3|cu\\.? ?mm|cumm|c\\.?mm|cubic millimet(?:er|re))|(m[Ll])(?![a-zA-Z]))`,
  'y',
);
const RATIO = new RegExp(
  `${SPACES}(mc|[kmcdnpfµμu])?(IU|U|units?|Units?|g|mol|mmol|Eq|[oO]sm|L|l)${SPACES}(?:\\/|per )${SPACES}(mc|[kmcdnpfµμu])?(L|l|liter|litre|g|mol|kg|min|h|hr|hour|day|d|24 ?h(?:ours|rs?)?|1\\.73|m2|m²)(?![a-zA-Z])`,
  'y',
);
const SIMPLE: readonly (readonly [RegExp, string])[] = (
  [
    ['%|percent\\b|per cent\\b', '%'],
    ['mm_Hg\\b|mmhg\\b|torr\\b', 'mm[Hg]'],
    ['kPa\\b', 'kPa'],
    ['cm_H2O\\b', 'cm[H2O]'],
    [
      'bpm\\b|beats?_(?:\\/|per)_min(?:ute)?s?\\b|b\\/min\\b|\\/_min(?:ute)?\\b|breaths?_(?:\\/|per)_min(?:ute)?s?\\b|per minute\\b|cycles?_(?:\\/|per)_min(?:ute)?\\b|rpm\\b|cpm\\b|times?_(?:\\/|per)_min(?:ute)?\\b|beats per min\\b',
      '/min',
    ],
    ['mm_\\/_(?:1(?:st)?_)?h(?:r|our)?\\b|mm in the (?:first|1st) hour\\b', 'mm/h'],
    ['ms(?:ec)?s?\\b|milliseconds?\\b', 'ms'],
    ['s(?:ec)?s?\\b|seconds?\\b', 's'],
    ['[°º˚]_C\\b|℃|degrees? (?:celsius|C)\\b|celsius\\b|oC\\b|C\\b', 'Cel'],
    ['[°º˚]_F\\b|℉|degrees? (?:fahrenheit|F)\\b|F\\b', '[degF]'],
    ['kg_\\/_m(?:2|²|\\^2)', 'kg/m2'],
    ['kg\\b|kilograms?\\b|kgs\\b', 'kg'],
    ['fL\\b|fl\\b', 'fL'],
    ['pg\\b', 'pg'],
    ['mL\\b|ml\\b', 'mL'],
    ['g\\b|gm\\b|grams?\\b', 'g'],
    ['mm\\b', 'mm'],
    ['cm\\b', 'cm'],
    ['mOsm\\b', 'mosm/kg'],
  ] as const
).map(([source, code]) => [new RegExp(`${SPACES}(?:${source.replaceAll('_', SPACES)})`, 'y'), code] as const);

function prefixOf(written: string | undefined): string {
  if (written === undefined) return '';
  return written === 'mc' || written === 'µ' || written === 'μ' ? 'u' : written;
}

/** Reads the unit that starts at `at`, right behind a number; null where none does. */
export function readUnit(text: string, at: number): WrittenUnit | null {
  COUNT.lastIndex = at;
  const count = COUNT.exec(text);
  if (count !== null) {
    const [whole, exponent, word, litre, micro, milli] = count;
    const digits = exponent === undefined ? '' : [...exponent].map((digit) => EXPONENTS.get(digit) ?? digit).join('');
    const power =
      digits !== '' ? Number(digits) : word === undefined ? 0 : word === 'G' ? 9 : word === 'million' ? 6 : 3;
    const volume = litre !== undefined ? 'L' : micro !== undefined ? 'uL' : milli !== undefined ? 'mL' : null;
    if (volume !== null && (power > 0 || volume !== 'L'))
      return { code: power === 0 ? `/${volume}` : `10*${power}/${volume}`, end: at + whole.length };
  }
  RATIO.lastIndex = at;
  const ratio = RATIO.exec(text);
  if (ratio !== null) {
    const [whole, prefix, base, perPrefix, per] = ratio;
    return { code: `${prefixOf(prefix)}${baseOf(base)}/${prefixOf(perPrefix)}${baseOf(per)}`, end: at + whole.length };
  }
  for (const [pattern, code] of SIMPLE) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) return { code, end: at + found[0].length };
  }
  return null;
}

function baseOf(written: string | undefined): string {
  if (written === undefined) return '';
  if (/^units?$/i.test(written)) return 'U';
  if (/^(?:l|liter|litre)$/.test(written)) return 'L';
  if (/^osm$/i.test(written)) return 'osm';
  if (/^(?:24|day|d$)/.test(written)) return 'd';
  if (/^h/.test(written)) return 'h';
  return written;
}

const PREFIXES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  d: 1e-1,
  c: 1e-2,
  m: 1e-3,
  u: 1e-6,
  n: 1e-9,
  p: 1e-12,
  f: 1e-15,
};
const CODE = /^(?:(10\*(\d{1,2}))|([kdcmunpf]?)(g|mol|Eq|IU|U|osm))?\/([dcmunpf]?)(L|kg)$/;

type Scale = {
  readonly dimension: 'number' | 'mass' | 'amount' | 'charge' | 'activity' | 'osm';
  readonly factor: number;
};

/** Dimension of a concentration and its factor to the unprefixed unit per litre. */
function scaleOf(code: string): Scale | null {
  const found = CODE.exec(code);
  if (found === null) return null;
  const [, power, exponent, prefix, base, perPrefix] = found;
  const per = PREFIXES[perPrefix ?? ''] ?? 1;
  if (base === undefined)
    return { dimension: 'number', factor: (power === undefined ? 1 : 10 ** Number(exponent)) / per };
  const factor = (PREFIXES[prefix ?? ''] ?? 1) / per;
  const dimension =
    base === 'g' ? 'mass' : base === 'mol' ? 'amount' : base === 'Eq' ? 'charge' : base === 'osm' ? 'osm' : 'activity';
  return { dimension, factor };
}

/**
 * Converts between UCUM units of concentration, count and activity. `molarMass` in g/mol joins mass and amount, `valence`
 * amount and charge. Null where the units do not fit together.
 */
export function convert(value: number, from: string, to: string, molarMass: number | null, valence = 1): number | null {
  if (from === to) return value;
  if (from === 'kPa' && to === 'mm[Hg]') return value * 7.50062;
  if (from === '[degF]' && to === 'Cel') return ((value - 32) * 5) / 9;
  if (from === 'ms' && to === 's') return value / 1000;
  if (from === 's' && to === 'ms') return value * 1000;
  if (from === 'cm' && to === 'mm') return value * 10;
  if (from === 'g' && to === 'kg') return value / 1000;
  const source = scaleOf(from);
  const target = scaleOf(to);
  if (source === null || target === null) return null;
  let base = value * source.factor;
  if (source.dimension !== target.dimension) {
    // All by way of amount of substance.
    if (source.dimension === 'mass' && molarMass !== null) base /= molarMass;
    else if (source.dimension === 'charge') base /= valence;
    else if (source.dimension !== 'amount') return null;
    if (target.dimension === 'mass' && molarMass !== null) base *= molarMass;
    else if (target.dimension === 'charge') base *= valence;
    else if (target.dimension !== 'amount') return null;
  }
  return base / target.factor;
}
