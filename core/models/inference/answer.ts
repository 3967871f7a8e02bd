import type { RarityCriterion } from '../../../schema/vocabulary.ts';
import type { CaseOutcome, Claim, Distillate, Finding, RarityEvidence, Review, Span } from '../../cases/case.ts';
import type { DistillInput } from '../ports.ts';
import { CONTENT_CHARS_MAX } from './limits.ts';
import { bringsInAddressOrMarkup, plain } from './plain.ts';
import type { Prompt } from './prompt.ts';
import { quotesOf } from './quotes.ts';
import { ANSWER, type Answer, type Claimed } from './schema.ts';
import { readStrictJson } from './strict-json.ts';

/** In the fingerprint: how an answer is read. */
export const ANSWER_VERSION = 'answer-1';

/** What became of a model's answer; `problems` are words of ours, for the model and for the operator. */
export type Reading =
  | { readonly kind: 'read'; readonly distillate: Distillate }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

const RARE_REASON_CHARS_MAX = 500;
const PROBLEMS_MAX = 16;
const refused = (...problems: string[]): Reading => ({ kind: 'refused', problems });

/**
 * Reads what a model said of one case: strict JSON of the form, for this case and no other. A claim whose words do not stand in what
 * the model was shown is left out and counted. Pure.
 */
export function readAnswer(
  input: DistillInput,
  prompt: Prompt,
  content: string | null,
  by: { readonly model: string; readonly repairs: number },
): Reading {
  if (content === null) return refused('there is no text in the answer');
  if (content.length > CONTENT_CHARS_MAX) return refused(`the answer is longer than ${CONTENT_CHARS_MAX} characters`);
  const json = readStrictJson(content);
  if (json.kind === 'refused') return refused(json.problem);
  const parsed = ANSWER.safeParse(json.value);
  if (!parsed.success) return refused(...parsed.error.issues.slice(0, PROBLEMS_MAX).map(told));
  const answer = parsed.data;
  if (answer.case_id !== prompt.caseId) return refused('case_id is not that of the document');
  const contradiction = contradictionOf(answer);
  if (contradiction !== null) return refused(contradiction);
  return verified(input, prompt, answer, by);
}

/** One problem, by the names of the form alone: what the model wrote is not repeated. */
function told({ path, code }: { readonly path: readonly PropertyKey[]; readonly code: string }): string {
  const where = path.map(String).join('.') || 'the answer';
  switch (code) {
    case 'too_big':
      return `${where} is too long`;
    case 'too_small':
      return `${where} is too short`;
    case 'unrecognized_keys':
      return `${where} has fields that the form has not`;
    case 'invalid_value':
      return `${where} is none of the words that it may be`;
    default:
      return `${where} is missing or of the wrong type`;
  }
}

function contradictionOf({ is_rare, rarity, rejection_reason, outcome }: Answer): string | null {
  const reason = plain(rejection_reason ?? '');
  if (is_rare && rarity.length === 0) return 'is_rare is true and rarity is empty';
  if (is_rare && reason !== '') return 'is_rare is true and rejection_reason is not null';
  if (!is_rare && rarity.length > 0) return 'is_rare is false and rarity is not empty';
  if (!is_rare && reason === '') return 'is_rare is false and rejection_reason is missing';
  if (outcome.status !== 'unknown' && outcome.quote === null) return 'outcome has no quote';
  return null;
}

/** Keeps what the text bears out, and counts the rest. */
function claims(text: string, prompt: Prompt) {
  const quotes = quotesOf(text, prompt.pieces);
  const count = { claims: 0, dropped: 0 };
  const check = <T extends { readonly quote: string; readonly words: string }>(
    one: T,
  ): { readonly words: string; readonly span: Span } | null => {
    count.claims += 1;
    const words = plain(one.words);
    const span = words === '' || bringsInAddressOrMarkup(words, text) ? null : quotes.find(one.quote);
    if (span === null) count.dropped += 1;
    return span === null ? null : { words, span };
  };
  const claim = ({ text: words, quote }: Claimed): Claim | null => {
    const kept = check({ words, quote });
    return kept && { text: kept.words, span: kept.span };
  };
  const all = (list: readonly Claimed[]): readonly Claim[] => inOrder(list.flatMap((one) => claim(one) ?? []));
  return { count, check, claim, all };
}

const inOrder = <T extends { readonly span: Span }>(list: readonly T[]): readonly T[] =>
  [...list].sort((a, b) => a.span[0] - b.span[0]);

function verified(
  { extracted: { text } }: DistillInput,
  prompt: Prompt,
  answer: Answer,
  by: { readonly model: string; readonly repairs: number },
): Reading {
  const { count, check, claim, all } = claims(text, prompt);
  const evidence = answer.rarity.flatMap(({ criterion, reason, quote }): readonly RarityEvidence[] => {
    const kept = check({ words: reason, quote });
    return kept === null ? [] : [{ criterion, reason: kept.words, span: kept.span }];
  });
  if (answer.is_rare && evidence.length === 0)
    return refused('is_rare is true, and no quote of rarity stands letter for letter in the text');
  const rejection = plain(answer.rejection_reason ?? '');
  if (bringsInAddressOrMarkup(rejection, text)) return refused('rejection_reason holds an address or markup');
  const diagnosis = answer.diagnosis && claim(answer.diagnosis);
  const secondary = all(answer.secondary_diagnoses);
  const keySymptoms = all(answer.key_symptoms);
  const keyLabs = all(answer.key_labs);
  const keyEcg = answer.key_ecg && claim(answer.key_ecg);
  const treatments = answer.treatments.flatMap(({ text: words, kind, quote }): readonly Finding[] => {
    const kept = check({ words, quote });
    return kept === null ? [] : [{ ...findingOf(kept.words, kept.span), qualifiers: [kind] }];
  });
  const complications = all(answer.complications).map((one) => findingOf(one.text, one.span));
  const outcome = outcomeOf(answer.outcome, check);
  const review: Review = {
    by: by.model,
    ...count,
    repairs: by.repairs,
    truncated: prompt.truncated,
    suspicious: prompt.suspicious,
  };
  return {
    kind: 'read',
    distillate: {
      diagnosis: diagnosis?.text ?? null,
      diagnosisSpan: diagnosis?.span ?? null,
      // The category of a diagnosis that is not in the text is not in the text either.
      diagnosisCategory: diagnosis === null ? 'other' : answer.category,
      secondaryDiagnoses: secondary,
      isRare: answer.is_rare,
      rarityCriteria: criteriaOf(evidence),
      rarityEvidence: evidence,
      rareReason: answer.is_rare ? reasonsOf(evidence) : null,
      rareSpan: evidence[0]?.span ?? null,
      rejectionReason: answer.is_rare ? null : rejection,
      keySymptoms: namesOf(keySymptoms),
      keyLabs: namesOf(keyLabs),
      keyEcg: keyEcg?.text ?? null,
      treatments: inOrder(treatments),
      complications,
      outcome,
      review,
    },
  };
}

const findingOf = (words: string, span: Span): Finding => ({ term: words.toLowerCase(), assertion: 'present', span });
const criteriaOf = (evidence: readonly RarityEvidence[]): readonly RarityCriterion[] => [
  ...new Set(evidence.map(({ criterion }) => criterion)),
];
const reasonsOf = (evidence: readonly RarityEvidence[]): string =>
  evidence
    .map(({ reason }) => reason)
    .join(' ')
    .slice(0, RARE_REASON_CHARS_MAX);
const namesOf = (list: readonly Claim[]): readonly string[] => [...new Set(list.map(({ text }) => text))];

function outcomeOf(
  { status, follow_up_months, quote }: Answer['outcome'],
  check: ReturnType<typeof claims>['check'],
): CaseOutcome {
  const kept = status === 'unknown' || quote === null ? null : check({ words: status, quote });
  return kept === null
    ? { status: 'unknown', span: null, followUpMonths: null }
    : { status, span: kept.span, followUpMonths: follow_up_months };
}
