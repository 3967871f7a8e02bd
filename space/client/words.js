// Words that server pages and browser modules share, so that one thing has one name on every page.

export const FACETS = ['symptoms', 'ecg', 'labs', 'demographics', 'imaging'];

export const FACET_LABELS = {
  symptoms: 'Symptoms',
  ecg: 'ECG',
  labs: 'Labs',
  demographics: 'Patient',
  imaging: 'Imaging',
  lexical: 'Shared words',
  whole: 'Whole case',
  course: 'Diagnosis and course',
};

export const ASSERTION_LABELS = {
  present: 'present',
  absent: 'absent',
  possible: 'possible',
  historical: 'in the past',
  family: 'in the family',
  hypothetical: 'not said of this patient',
};

/** How it ended for the patient. */
export const OUTCOME_LABELS = {
  recovered: 'Recovered',
  improved: 'Improved',
  stable: 'Stable',
  deteriorated: 'Got worse',
  deceased: 'Died',
  unknown: 'Not stated',
};

/** Per cent per facet; the presets of the search (the numbers a request may also send as `weights`). */
export const PRESETS = {
  balanced: { label: 'Balanced', weights: [30, 25, 25, 10, 10] },
  arrhythmia: { label: 'Arrhythmia', weights: [20, 40, 15, 10, 15] },
  structural: { label: 'Structural', weights: [20, 15, 15, 10, 40] },
  metabolic: { label: 'Metabolic', weights: [20, 15, 40, 15, 10] },
  symptom: { label: 'Symptoms first', weights: [50, 15, 15, 10, 10] },
  rare: { label: 'Rare disease', weights: [25, 20, 20, 20, 15] },
};

/** What was published about a report after it. */
export const NOTICE_LABELS = {
  retraction: 'Retraction',
  expression_of_concern: 'Expression of concern',
  erratum: 'Erratum',
  update: 'Update',
  comment: 'Comment',
};

export const RARITY_LABELS = {
  prevalence: 'Rare disease (under 1 in 2,000)',
  atypical_presentation: 'Unusual presentation of a known disease',
  rare_ecg_pattern: 'Rare ECG pattern',
  rare_complication: 'Rare complication',
  rare_drug_reaction: 'Rare drug reaction',
  rare_for_demographic: 'Rare at this age or sex',
};

const integers = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

/** `1234567` as `1,234,567`. */
export function count(n) {
  return integers.format(n);
}

/** With a capital letter first. */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A percentile is cut, never rounded: 99.97 must not read as 100. */
export function percentile(value) {
  return `${(Math.floor(Math.min(100, Math.max(0, value)) * 10 + 1e-9) / 10).toFixed(1)} %`;
}

/** A share in [0, 1] as a whole per cent. */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** Seconds as a person says them: `4 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long ago an ISO instant was; the instant itself where it cannot be read or lies ahead. */
export function ago(iso, nowMs) {
  const atMs = Date.parse(iso);
  if (Number.isNaN(atMs)) return iso;
  const seconds = (nowMs - atMs) / 1000;
  if (seconds < -5) return clock(iso);
  return seconds < 5 ? 'just now' : `${duration(seconds)} ago`;
}

/** An ISO instant as `2026-11-22 14:05 UTC`. */
export function clock(iso) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return `${at.toISOString().slice(0, 10)} ${at.toISOString().slice(11, 16)} UTC`;
}

/** Words of findings that are not written in lower case; the pipeline keeps its terms so. */
const SPELLINGS = new Map(
  [
    'ST QT QTc PR QRS RR AV ECG LVEF RVEF LV RV LBBB RBBB BNP NT-proBNP CK CK-MB CRP ESR INR PTT aPTT GFR eGFR HbA1c HDL LDL',
    'TSH ALT AST LDH MRI CMR CT PET TTE TOE aVR aVL aVF V1 V2 V3 V4 V5 V6 II III IgA IgE IgG IgM ANCA ANA HIV COVID-19 pH',
    'Brugada Wenckebach Mobitz Osborn Wellens Raynaud Marfan Fabry Wilson Addison Cushing',
  ].flatMap((line) => line.split(' ').map((word) => [word.toLowerCase(), word])),
);

/** A canonical term as a clinician writes it: `st elevation` as `ST elevation`, `troponin i` as `troponin I`. */
export function termWords(term) {
  const words = term.split(' ');
  const spelled = words.map((word, i) => {
    if (word === 't' && (words[i + 1] ?? '').startsWith('wave')) return 'T';
    if ((word === 'i' || word === 't') && words[i - 1] === 'troponin') return word.toUpperCase();
    return SPELLINGS.get(word) ?? word;
  });
  return spelled.join(' ');
}

/** The address if it may be linked to: absolute http or https; else null. */
export function safeHref(url) {
  if (url === null || url === undefined) return null;
  try {
    const parsed = new URL(url);
    return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed.href : null;
  } catch {
    return null;
  }
}

export const caseHref = (id) => `/cases/${encodeURIComponent(id)}`;

/** The page of a case, at the words from `start` to `end` of its text. */
export const placeHref = (id, [start, end]) => `${caseHref(id)}#at-${start}-${end}`;

/** Cases beside each other, the first as the reference. Several parameters, since an id may hold a comma. */
export const compareHref = (ids) => `/compare?${ids.map((id) => `ids=${encodeURIComponent(id)}`).join('&')}`;
