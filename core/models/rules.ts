import type { Distillate, ExtractedCase } from '../cases/case.ts';
import { EXTRACTOR_VERSION } from '../cases/extract.ts';
import type { Distiller } from './ports.ts';

function distillByRules(theCase: ExtractedCase): Distillate {
  const rare = /\b(?:rare|unusual|uncommon|first reported)\b/i.exec(theCase.text);
  const terms = (facet: 'symptoms' | 'labs') =>
    [...new Set(theCase.facets[facet]?.findings.map((finding) => finding.term))].slice(0, 10);
  return {
    diagnosis: null,
    diagnosisSpan: null,
    diagnosisCategory: 'other',
    isRare: rare !== null,
    rarityCriteria: rare ? ['prevalence'] : [],
    rareReason: rare ? `The report says "${rare[0]}".` : null,
    rareSpan: rare ? [rare.index, rare.index + rare[0].length] : null,
    rejectionReason: rare ? null : 'No statement of rarity was found.',
    keySymptoms: terms('symptoms'),
    keyLabs: terms('labs'),
    keyEcg: theCase.facets.ecg?.findings[0]?.term ?? null,
  };
}

/** The built-in distiller: no account, no network. */
export const rulesDistiller: Distiller = {
  name: 'rules',
  fingerprint: `rules-0/${EXTRACTOR_VERSION}`,
  distill: async (theCase) => distillByRules(theCase),
};
