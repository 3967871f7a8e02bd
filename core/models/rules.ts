import type { Distillate, Span } from '../cases/case.ts';
import { categoryOf } from '../cases/category.ts';
import { findCourse } from '../cases/course.ts';
import { findDiagnoses } from '../cases/diagnosis.ts';
import { extractorVersion } from '../cases/extract.ts';
import { judgeRarity } from '../cases/rarity.ts';
import { readText } from '../cases/reading.ts';
import { findSecondary } from '../cases/secondary.ts';
import { keyTerms } from './key-findings.ts';
import type { DistillInput, LocalDistiller } from './ports.ts';

const RULES_VERSION = 'rules-5';
const REASON_CHARS_MAX = 500;
const REJECTION_CHARS_MAX = 300;
/** Pure: what the rules make of one case and its title. */
export function distillByRules({ extracted: theCase, title }: Omit<DistillInput, 'caseId'>): Distillate {
  const reading = readText(theCase.text);
  const stated = findDiagnoses(reading, title);
  const best = stated[0] ?? null;
  const span: Span | null = best?.span ?? null;
  const rarity = judgeRarity(reading, theCase, best, title);
  const reasons = rarity.evidence.map((one) => one.reason).join(' ');
  return {
    diagnosis: best?.text ?? null,
    diagnosisSpan: span,
    diagnosisCategory: categoryOf(reading, span, `${best?.text ?? ''} ${best === null ? (title ?? '') : ''}`),
    secondaryDiagnoses: findSecondary(reading, best, stated),
    isRare: rarity.isRare,
    rarityCriteria: rarity.isRare ? rarity.criteria : [],
    rarityEvidence: rarity.isRare
      ? rarity.evidence.map(({ criterion, reason, span: where }) => ({ criterion, reason, span: where }))
      : [],
    rareReason: rarity.isRare ? reasons.slice(0, REASON_CHARS_MAX) : null,
    rareSpan: rarity.isRare ? (rarity.evidence[0]?.span ?? null) : null,
    rejectionReason: rarity.isRare ? null : rejection(reasons).slice(0, REJECTION_CHARS_MAX),
    keySymptoms: keyTerms(theCase, 'symptoms'),
    keyLabs: keyTerms(theCase, 'labs'),
    keyEcg: keyTerms(theCase, 'ecg')[0] ?? null,
    ...findCourse(reading),
    review: { by: 'rules', claims: 0, dropped: 0, repairs: 0, truncated: false, suspicious: false },
  };
}

function rejection(reasons: string): string {
  return reasons === ''
    ? 'No rare disease, ECG pattern, drug reaction or complication was recognised, and the report states no rarity.'
    : `Not enough for rarity: ${reasons}`;
}

/** The built-in distiller: no account, no network, a pure function of the case and its title. */
export const rulesDistiller: LocalDistiller = {
  kind: 'local',
  name: 'rules',
  // Asked for when a pipeline is made, after the host has registered its vocabulary.
  get fingerprint() {
    return `${RULES_VERSION}/${extractorVersion()}`;
  },
  distill: distillByRules,
};
