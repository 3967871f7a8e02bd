import type { Claim } from './case.ts';
import { type Diagnosis, isSame, NAMED_SCORE } from './diagnosis.ts';
import { assertionAt, entryIn, type Reading } from './reading.ts';
import { foldWord } from './tokens.ts';
import { GENERIC } from './vocabularies/diagnosis.ts';

const SECONDARY_MAX = 10;
const CLAIM_CHARS_MAX = 200;
// What is announced less surely than this is a guess at the primary one and no second diagnosis.
const STATED_MIN = 5;

type Candidate = { readonly claim: Claim; readonly words: ReadonlySet<string> };

/**
 * What the patient has besides: other diagnoses that the story states as present, and known diseases of the story that are
 * neither history, nor doubted, excluded or a relative's. Those stated first, then in text order.
 */
export function findSecondary(
  reading: Reading,
  primary: Diagnosis | null,
  stated: readonly Diagnosis[],
): readonly Claim[] {
  const taken: ReadonlySet<string>[] = primary === null ? [] : [primary.words];
  const isOncological = primary !== null && CANCER.test(primary.text.toLowerCase());
  const found: Claim[] = [];
  const offer = ({ claim, words }: Candidate): void => {
    if (found.length >= SECONDARY_MAX || taken.some((known) => isSame(known, words))) return;
    if ([...words].every((word) => GENERIC.has(word))) return;
    if (isOncological && SAME_GROWTH.test(claim.text)) return;
    taken.push(words);
    found.push(claim);
  };
  for (const one of stated)
    if (one !== primary && one.isOwn && one.score >= STATED_MIN && one.score > NAMED_SCORE)
      offer({ claim: { text: one.text.slice(0, CLAIM_CHARS_MAX), span: one.span }, words: one.words });
  for (const mention of reading.own) {
    if (entryIn(mention, 'disease') === undefined) continue;
    if (assertionAt(reading, mention.from, true) !== 'present') continue;
    if (primary !== null && mention.start < primary.span[1] && primary.span[0] < mention.end) continue;
    // `COVID-19 vaccine`, `malaria test`: the name of something else.
    if (NOT_HAD_BEHIND.has(reading.tokens.word[mention.to] ?? '')) continue;
    const text = reading.text.slice(mention.start, mention.end);
    if (text.toLowerCase() === 'diabetic') continue;
    const words = new Set(reading.tokens.word.slice(mention.from, mention.to).map(foldWord));
    offer({ claim: { text: text.slice(0, CLAIM_CHARS_MAX), span: [mention.start, mention.end] }, words });
  }
  return found;
}

const CANCER =
  /cancer|carcinoma|sarcoma|lymphoma|leuk(?:a)?emia|melanoma|tumou?r|neoplas|malignan|myeloma|blastoma|metasta/;
const SAME_GROWTH =
  /^(?:(?:adeno)?carcinomas?|cancers?|malignan(?:t|cy|cies)(?: (?:tumou?rs?|neoplasms?))?|adenomas?|sarcomas?|lymphomas?|melanomas?|leuk(?:a)?emias?)$/i;
const NOT_HAD_BEHIND = new Set(
  'vaccine vaccination vaccines test tests testing screening screen serology antibody antibodies antigen pcr virus risk markers marker prophylaxis negative clinic center centre unit'.split(
    ' ',
  ),
);
