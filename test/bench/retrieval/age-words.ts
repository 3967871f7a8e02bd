const ADULT_YEARS = 18;
const NOUNS: Readonly<Record<string, { readonly adult: string; readonly child: string; readonly ageless: string }>> = {
  MALE: { adult: 'man', child: 'boy', ageless: 'male patient' },
  FEMALE: { adult: 'woman', child: 'girl', ageless: 'female patient' },
};
const NOBODY = { adult: 'patient', child: 'child', ageless: 'patient' };

/** Who a case is about, from an ISO 8601 duration and a sex: `A 12-year-old girl.`, `A 3-month-old child.`, `A patient.` */
export function ageWords(age: string | null, sex: string): string {
  const noun = NOUNS[sex] ?? NOBODY;
  const [, years, months, days] = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?/.exec(age ?? '') ?? [];
  const [amount, unit] = Number(years) > 0 ? [years, 'year'] : Number(months) > 0 ? [months, 'month'] : [days, 'day'];
  if (amount === undefined) return `A ${noun.ageless}.`;
  const isAdult = unit === 'year' && Number(amount) >= ADULT_YEARS;
  return `A ${amount}-${unit}-old ${isAdult ? noun.adult : noun.child}.`;
}
