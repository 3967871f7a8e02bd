import type { Facet } from '../../schema/vocabulary.ts';
import { FACETS } from '../../schema/vocabulary.ts';
import { findBackground } from './background.ts';
import type { ExtractedCase, FacetView } from './case.ts';
import { scoreCompleteness } from './completeness.ts';
import { readContext } from './context.ts';
import { findDemographics } from './demographics.ts';
import { statesDiagnosis } from './diagnosis.ts';
import { findEcg } from './ecg.ts';
import { type FacetDrafts, makeFacet } from './facet-text.ts';
import type { Draft } from './findings.ts';
import { findImaging } from './imaging.ts';
import { findLabs } from './labs.ts';
import { type Reading, readText } from './reading.ts';
import { findSymptoms } from './symptoms.ts';
import { findVitals } from './vitals.ts';
import { type Vocabulary, vocabularyInUse } from './vocabulary.ts';

/** Of the rules alone; `extractorVersion()` is what fingerprints take. */
export const EXTRACTOR_VERSION = 'rules-7';
const HASH_CHARS = 12;

/** Part of fingerprints: changes whenever the same text could give another result, with the vocabulary that was registered too. */
export function extractorVersion(): string {
  const { hash } = vocabularyInUse();
  return hash === null ? EXTRACTOR_VERSION : `${EXTRACTOR_VERSION}+${hash.slice(0, HASH_CHARS)}`;
}

/**
 * Reads one patient's text, or a query of a few words, into facets with spans. Pure in text and vocabulary; linear in the
 * length of the text.
 */
export function extractCase(text: string, vocabulary?: Vocabulary): ExtractedCase {
  return extractFrom(readText(text, vocabulary));
}

/** The same from a text that is read already. */
export function extractFrom(reading: Reading): ExtractedCase {
  const context = readContext(reading);
  const demographics = findDemographics(reading);
  const drafts: FacetDrafts = {
    symptoms: [...findSymptoms(reading, context), ...findVitals(reading, context, demographics.ageYears)],
    ecg: findEcg(reading, context, demographics.ageYears),
    labs: findLabs(reading, demographics.ageYears),
    demographics: [...demographics.drafts, ...findBackground(reading)],
    imaging: findImaging(reading, context),
  };
  const facets: Partial<Record<Facet, FacetView>> = {};
  for (const name of FACETS) {
    const facet = makeFacet(reading, withCodes(reading, withoutSummary(reading, drafts[name])));
    if (facet !== null) facets[name] = facet;
  }
  const patient = { ageYears: demographics.ageYears, sex: demographics.sex };
  return {
    text: reading.text,
    patient,
    facets,
    completeness: scoreCompleteness(patient, facets, statesDiagnosis(reading)),
  };
}

/** Leaves out what the abstract says and the body says again: the same term, assertion and value. */
function withoutSummary(reading: Reading, drafts: readonly Draft[]): readonly Draft[] {
  const isSummary = (draft: Draft) => reading.sentences[draft.sentence]?.summary === true;
  if (!drafts.some(isSummary)) return drafts;
  const saying = ({ finding: { term, assertion, value } }: Draft) => `${term}|${assertion}|${value ?? ''}`;
  const body = new Set(drafts.filter((draft) => !isSummary(draft)).map(saying));
  return drafts.filter((draft) => !isSummary(draft) || !body.has(saying(draft)));
}

/** Adds the code of a finding's name where its words had none of their own. */
function withCodes(reading: Reading, drafts: readonly Draft[]): readonly Draft[] {
  if (reading.codes.size === 0) return drafts;
  return drafts.map((draft) => {
    const code = draft.finding.code ?? reading.codes.get(draft.finding.term);
    return code === undefined ? draft : { ...draft, finding: { ...draft.finding, code } };
  });
}
