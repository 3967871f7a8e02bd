import * as z from 'zod';
import { DIAGNOSIS_CATEGORIES, OUTCOME_STATUSES, RARITY_CRITERIA } from '../../../schema/vocabulary.ts';

/** The form that a model fills in for one case. Every claim comes with words of the case that say it. */

const QUOTE_CHARS_MAX = 500;
const LIST_MAX = 10;

const words = (charsMax: number) => z.string().min(1).max(charsMax);
const quote = words(QUOTE_CHARS_MAX);
const claim = (charsMax: number) => z.strictObject({ text: words(charsMax), quote });

export const ANSWER = z.strictObject({
  case_id: z.string().min(1).max(64),
  diagnosis: claim(200).nullable(),
  category: z.enum(DIAGNOSIS_CATEGORIES),
  secondary_diagnoses: z.array(claim(200)).max(LIST_MAX),
  is_rare: z.boolean(),
  rarity: z.array(z.strictObject({ criterion: z.enum(RARITY_CRITERIA), reason: words(300), quote })).max(LIST_MAX),
  rejection_reason: z.string().max(300).nullable(),
  key_symptoms: z.array(claim(100)).max(LIST_MAX),
  key_labs: z.array(claim(100)).max(LIST_MAX),
  key_ecg: claim(200).nullable(),
  treatments: z
    .array(z.strictObject({ text: words(120), kind: z.enum(['medication', 'procedure', 'device', 'therapy']), quote }))
    .max(2 * LIST_MAX),
  complications: z.array(claim(120)).max(LIST_MAX),
  outcome: z.strictObject({
    status: z.enum(OUTCOME_STATUSES),
    follow_up_months: z.number().min(0).max(1_200).nullable(),
    quote: quote.nullable(),
  }),
});
export type Answer = z.infer<typeof ANSWER>;
export type Claimed = { readonly text: string; readonly quote: string };

/** Bounds that services with strict schemas do not take; ours are checked when the answer is read. */
const NOT_SENT = ['minLength', 'maxLength', 'maxItems', 'minimum', 'maximum'] as const;

const { $schema: _, ...sent } = z.toJSONSchema(ANSWER, {
  target: 'draft-7',
  override: ({ jsonSchema }) => {
    for (const name of NOT_SENT) delete jsonSchema[name];
  },
});

/** The same form as a service is asked for it: JSON Schema, in the part of it that strict modes know. */
export const ANSWER_SCHEMA: Readonly<Record<string, unknown>> = sent;
