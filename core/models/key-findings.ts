import type { ExtractedCase, Finding } from '../cases/case.ts';

const KEYS_MAX = 10;
// Names of examinations, and words that say how the patient was and not what was found.
const NOT_KEY = new Set(
  'laboratory tests|vital signs|electrocardiogram|body weight|body height|asymptomatic|remission|well|mass|lesion|heart rate|blood pressure|respiratory rate|body temperature|temperature|oxygen saturation'.split(
    '|',
  ),
);

const SEVERITY_RANK = { severe: 2, moderate: 1, mild: 0 } as const;

/** How much a finding sets the case apart: an abnormal value, a severity and an onset that are stated. */
function strength(finding: Finding): number {
  const flagged = finding.flag !== undefined && finding.flag !== 'normal' ? 1 : 0;
  const severity = finding.severity === undefined ? 0 : SEVERITY_RANK[finding.severity];
  return flagged + severity + (finding.onset === 'acute' ? 1 : 0) + (finding.durationDays === undefined ? 0 : 1);
}

/** How far a laboratory value lies from its range, as a ratio of at least 1; where no range is stated, 1. */
function distance({ value, range }: Finding): number {
  if (value === undefined || range === undefined || value <= 0) return 1;
  const [low, high] = range;
  if (high !== null && high > 0 && value > high) return value / high;
  if (low !== null && low > 0 && value < low) return low / value;
  return 1;
}

/** A vital sign is told only where its value is out of range; a laboratory value likewise. */
function isTold(finding: Finding, facet: 'symptoms' | 'labs' | 'ecg'): boolean {
  if (finding.assertion !== 'present') return false;
  if (facet === 'labs') return finding.flag !== undefined && finding.flag !== 'normal';
  return finding.flag !== 'normal' && (!NOT_KEY.has(finding.term) || isFlagged(finding));
}

const isFlagged = (finding: Finding): boolean => finding.flag === 'low' || finding.flag === 'high';

function nameOf(finding: Finding, facet: 'symptoms' | 'labs' | 'ecg'): string {
  return facet === 'labs' || (NOT_KEY.has(finding.term) && isFlagged(finding))
    ? `${finding.term} ${finding.flag}`
    : finding.term;
}

/** Present findings of a facet, strongest first and else in text order; each once, and none that a longer one says more exactly. */
export function keyTerms(theCase: ExtractedCase, facet: 'symptoms' | 'labs' | 'ecg'): readonly string[] {
  const told = (theCase.facets[facet]?.findings ?? []).filter((finding) => isTold(finding, facet));
  const weight = (finding: Finding): number => (facet === 'labs' ? distance(finding) : strength(finding));
  const ranked = told
    .map((finding, place) => ({ finding, place }))
    .sort((a, b) => weight(b.finding) - weight(a.finding) || a.place - b.place)
    .map(({ finding }) => finding);
  // Of an analyte that was high and later low only what sets the case apart most.
  const names =
    facet === 'labs' ? onePerTerm(ranked).map((one) => nameOf(one, facet)) : ranked.map((one) => nameOf(one, facet));
  const each = [...new Set(names)];
  return each.filter((name) => !each.some((other) => other !== name && other.endsWith(` ${name}`))).slice(0, KEYS_MAX);
}

function onePerTerm(findings: readonly Finding[]): readonly Finding[] {
  const first = new Map<string, Finding>();
  for (const finding of findings) if (!first.has(finding.term)) first.set(finding.term, finding);
  return [...first.values()];
}
