import { extractorVersion } from '../../cases/extract.ts';
import { ValidationError } from '../../engine/errors.ts';
import { ANSWER_VERSION, readAnswer } from '../inference/answer.ts';
import { ANSWER_TOKENS_MAX, CALL_UNITS_MAX, PROMPT_BYTES_MAX } from '../inference/limits.ts';
import { bytesOf, PROMPT_VERSION, promptOf } from '../inference/prompt.ts';
import { ANSWER_SCHEMA } from '../inference/schema.ts';
import type { BatchDistiller } from '../ports.ts';
import type { BatchJobs } from './port.ts';

export type BatchDistillerSettings = {
  readonly model: string;
  readonly service: string;
  readonly casesMax: number;
  readonly tokensPerDay: number;
};

/** The same prompt, form and verification as a model that answers at once; only the way there is another. */
export function batchDistiller(settings: BatchDistillerSettings, jobs: BatchJobs): BatchDistiller {
  const { model, service, casesMax, tokensPerDay } = settings;
  return {
    kind: 'batch',
    name: model,
    fingerprint: ['batch', service, model, PROMPT_VERSION, ANSWER_VERSION, extractorVersion()].join('/'),
    service,
    spending: { quota: { name: 'batch', unit: 'tokens', perDay: tokensPerDay }, unitsPerItem: CALL_UNITS_MAX },
    batchMax: casesMax,
    jobs,
    request: (input) => {
      const { messages } = promptOf(input);
      const bytes = messages.reduce((sum, { content }) => sum + bytesOf(content), SCHEMA_BYTES);
      return {
        request: { messages, schema: { name: 'case_form', schema: ANSWER_SCHEMA }, answerTokensMax: ANSWER_TOKENS_MAX },
        // What the service wraps around it is in the difference between the bounds.
        unitsMax: Math.min(bytes, PROMPT_BYTES_MAX) + (CALL_UNITS_MAX - PROMPT_BYTES_MAX),
      };
    },
    read: (input, answer) => {
      const reading = readAnswer(input, promptOf(input), answer, { model, repairs: 0 });
      if (reading.kind === 'read') return reading.distillate;
      throw new ValidationError(`${model} answered what is no distillate: ${reading.problems.join('; ')}`);
    },
  };
}

const SCHEMA_BYTES = bytesOf(JSON.stringify(ANSWER_SCHEMA));
