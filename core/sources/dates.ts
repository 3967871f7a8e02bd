const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const SEASONS: Readonly<Record<string, number>> = { win: 1, spr: 3, sum: 6, aut: 9, fal: 9 };

/** `7`, `07`, `Jul`, `July`; null where it is no month. */
function monthOf(text: string): number | null {
  const written = text.trim().toLowerCase();
  if (/^\d{1,2}$/.test(written)) return Number(written) >= 1 && Number(written) <= 12 ? Number(written) : null;
  const place = MONTHS.indexOf(written.slice(0, 3));
  return place < 0 ? null : place + 1;
}

/** ISO 8601: a day, a month or a year, as much as is said; null without a year. What is no day of the calendar is left out. */
export function isoDate(year: string | null, month?: string | null, day?: string | null): string | null {
  const found = /^\s*((?:1[89]|20|21)\d\d)\s*$/.exec(year ?? '')?.[1];
  if (found === undefined) return null;
  const monthNumber = monthOf(month ?? '') ?? SEASONS[(month ?? '').trim().toLowerCase().slice(0, 3)] ?? null;
  if (monthNumber === null) return found;
  const isoMonth = `${found}-${String(monthNumber).padStart(2, '0')}`;
  const dayNumber = /^\s*\d{1,2}\s*$/.test(day ?? '') ? Number(day) : 0;
  const isDay =
    dayNumber >= 1 && new Date(Date.UTC(Number(found), monthNumber - 1, dayNumber)).getUTCMonth() === monthNumber - 1;
  return isDay ? `${isoMonth}-${String(dayNumber).padStart(2, '0')}` : isoMonth;
}

/** The first day that a MedlineDate names: `2008 Jul-Aug`, `1998 Dec-1999 Jan`, `2000 Spring`, `2015 Dec 5-11`. */
export function medlineDate(text: string): string | null {
  const [, year, word, day] =
    /((?:1[89]|20|21)\d\d)(?:\s{1,3}([A-Za-z]{3,9})(?:[^A-Za-z0-9]{1,3}(\d{1,2})(?!\d))?)?/.exec(text) ?? [];
  return isoDate(year ?? null, word ?? null, day ?? null);
}

const LANGUAGES: Readonly<Record<string, string>> = {
  eng: 'en',
  fre: 'fr',
  fra: 'fr',
  ger: 'de',
  deu: 'de',
  spa: 'es',
  ita: 'it',
  por: 'pt',
  chi: 'zh',
  zho: 'zh',
  jpn: 'ja',
  rus: 'ru',
  kor: 'ko',
  pol: 'pl',
  dut: 'nl',
  nld: 'nl',
  tur: 'tr',
  hun: 'hu',
  cze: 'cs',
  ces: 'cs',
  dan: 'da',
  nor: 'no',
  swe: 'sv',
  fin: 'fi',
  heb: 'he',
  ara: 'ar',
  per: 'fa',
  fas: 'fa',
  gre: 'el',
  ell: 'el',
  rum: 'ro',
  ron: 'ro',
  bul: 'bg',
  ukr: 'uk',
  hrv: 'hr',
  srp: 'sr',
  slo: 'sk',
  slk: 'sk',
  slv: 'sl',
  cat: 'ca',
  baq: 'eu',
  eus: 'eu',
  ice: 'is',
  isl: 'is',
  lit: 'lt',
  lav: 'lv',
  est: 'et',
  tha: 'th',
  vie: 'vi',
  ind: 'id',
  may: 'ms',
  msa: 'ms',
};

/** ISO 639-1 where there is such a code (`eng`, `en-GB`, `EN` are `en`), else the code as it came; null for undetermined. */
export function languageOf(said: string | null | undefined): string | null {
  const code = (said ?? '').trim().toLowerCase().split(/[-_]/)[0] ?? '';
  if (code === '' || code === 'und' || code === 'mul') return null;
  return /^[a-z]{2,3}$/.test(code) ? (LANGUAGES[code] ?? code) : null;
}
