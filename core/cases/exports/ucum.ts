/**
 * Whether a unit is a UCUM code (https://ucum.org/ucum, section 2), of the atoms that clinical reports use. A code that is
 * not known here goes out as words: an unknown unit must not pass for a standard one.
 */
const METRIC =
  /^(?:da|[YZEPTGMkhdcmunpfazy])?(?:mol|osm|eq|kat|\[IU\]|\[iU\]|m\[Hg\]|m\[H2O\]|bar|cal|Cel|Hz|Pa|Sv|Gy|Bq|Ci|lm|lx|g|m|s|L|l|U|V|W|J|N|K|A|C|F|t|B)$/;
const PLAIN =
  /^(?:%|1|10[*^]-?\d{1,2}|\d{1,3}|h|min|d|wk|mo|a|\[pH\]|\[degF\]|deg|Ohm|kPa|\[lb_av\]|\[oz_av\]|\[in_i\]|\[ft_i\]|\[ppm\]|\[ppb\]|\[drp\]|\[HPF\]|\[LPF\]|\[arb'U\]|\[Amb'a'1'U\]|\[Ch\]|\[diop\]|\[MET\])$/;
const EXPONENT = /^(.*[^\d*^+-])([+-]?[1-9])$/;

export function isUcum(unit: string): boolean {
  if (unit.length === 0 || unit.length > 40) return false;
  // A term is atoms joined by `.` and `/`; only the first may be left out before `/`.
  const parts = unit.split(/[./]/);
  return parts.every((part, place) =>
    part === '' ? place === 0 && unit.startsWith('/') && parts.length > 1 : atom(part),
  );
}

function atom(part: string): boolean {
  const annotated = /^([^{}]*)\{[\x21-\x7a|~]{1,30}\}$/.exec(part);
  const bare = annotated === null ? part : (annotated[1] ?? '');
  if (annotated !== null && bare === '') return true;
  if (METRIC.test(bare) || PLAIN.test(bare)) return true;
  const powered = EXPONENT.exec(bare);
  return powered !== null && METRIC.test(powered[1] ?? '');
}
