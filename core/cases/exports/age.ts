const DAYS_PER_YEAR = 365.25;
const NEAR = 1e-6;

/** An age as ISO 8601 duration: whole years, months or days where it is such, else years and the nearest day. */
export function isoAge(ageYears: number): string {
  const whole = wholeUnits(ageYears);
  if (whole !== null) return whole;
  const years = Math.floor(ageYears);
  const days = Math.round((ageYears - years) * DAYS_PER_YEAR);
  return years === 0 ? `P${days}D` : `P${years}Y${days}D`;
}

function wholeUnits(ageYears: number): string | null {
  const months = Math.round(ageYears * 12);
  if (Math.abs(ageYears * 12 - months) < NEAR) {
    const years = Math.floor(months / 12);
    const rest = months % 12;
    if (rest === 0) return `P${years}Y`;
    return years === 0 ? `P${rest}M` : `P${years}Y${rest}M`;
  }
  const days = Math.round(ageYears * DAYS_PER_YEAR);
  if (ageYears >= 1 || Math.abs(ageYears * DAYS_PER_YEAR - days) >= NEAR) return null;
  return days % 7 === 0 ? `P${days / 7}W` : `P${days}D`;
}

const DURATION =
  /^P(?:(\d{1,4}(?:\.\d{1,9})?)Y)?(?:(\d{1,4}(?:\.\d{1,9})?)M)?(?:(\d{1,4}(?:\.\d{1,9})?)W)?(?:(\d{1,5}(?:\.\d{1,9})?)D)?(?:T[0-9HMS.]{1,20})?$/;

/** Years of an ISO 8601 duration; hours and less count for nothing. Null where it is none. */
export function yearsOfIso(duration: string): number | null {
  const match = DURATION.exec(duration);
  if (match === null || duration === 'P') return null;
  const [years, months, weeks, days] = match.slice(1).map((part) => Number(part ?? 0));
  // Divided once: a month read back is the same number that twelfths are elsewhere.
  return ((years ?? 0) * 12 + (months ?? 0)) / 12 + ((weeks ?? 0) * 7 + (days ?? 0)) / DAYS_PER_YEAR;
}
