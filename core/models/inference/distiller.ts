import { extractorVersion } from '../../cases/extract.ts';
import { ValidationError } from '../../engine/index.ts';
import type { InferenceDistiller } from '../ports.ts';
import { ANSWER_VERSION, readAnswer } from './answer.ts';
import { type Chat, type ChatAnswer, type ChatDeps, type ChatSettings, chatClient, LIMITS } from './client.ts';
import { INFERENCE_SERVICE } from './failures.ts';
import { CALLS_MAX, ITEM_UNITS_MAX } from './limits.ts';
import { type Message, PROMPT_VERSION, promptOf, repairOf } from './prompt.ts';

/** An operator who asks again buys a new answer each time, up to this. */
const ROUNDS_MAX = 5;
/** Beside the calls themselves: reading, and the one refusal of a schema. */
const OVERHEAD_MS = 10_000;

export type InferenceSettings = ChatSettings & { readonly tokensPerDay: number };

/** A language model that reads one case a call, and once more where its answer did not fit. */
export function inferenceDistiller(settings: InferenceSettings, deps: ChatDeps): InferenceDistiller {
  const chat = chatClient(settings, deps);
  const { totalMs } = deps.limits ?? LIMITS;
  return {
    kind: 'inference',
    name: settings.model,
    fingerprint: [
      'inference',
      settings.model,
      settings.format,
      PROMPT_VERSION,
      ANSWER_VERSION,
      extractorVersion(),
    ].join('/'),
    service: INFERENCE_SERVICE,
    spending: {
      quota: { name: 'inference', unit: 'tokens', perDay: settings.tokensPerDay },
      unitsPerItem: ITEM_UNITS_MAX,
    },
    batchMax: 16,
    atOnce: 4,
    itemMsMax: CALLS_MAX * totalMs + OVERHEAD_MS,
    distill: (input, call) => distill(chat, settings.model, input, call),
  };
}

export type { ChatDeps } from './client.ts';

type Distill = InferenceDistiller['distill'];
type Call = Parameters<Distill>[1];

async function distill(chat: Chat, model: string, input: Parameters<Distill>[0], call: Call): ReturnType<Distill> {
  const prompt = promptOf(input);
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    let bought = false;
    const ask = (name: string, messages: readonly Message[]): Promise<ChatAnswer> =>
      call.effects.run(call.item, {
        name: round === 1 ? name : `${name}-again-${round - 1}`,
        call: async (key) => {
          bought = true;
          const asked = await chat.ask(messages, { key, signal: call.signal });
          if (asked.kind === 'lost') {
            call.spent(asked.tokensMax);
            throw asked.error;
          }
          call.spent(asked.answer.tokens);
          return { result: asked.answer, cost: asked.answer.tokens };
        },
      });
    const first = readAnswer(input, prompt, (await ask('answer', prompt.messages)).content, { model, repairs: 0 });
    if (first.kind === 'read') return first.distillate;
    const repaired = await ask('repair-1', repairOf(prompt, first.problems));
    const second = readAnswer(input, prompt, repaired.content, { model, repairs: 1 });
    if (second.kind === 'read') return second.distillate;
    // Answers that were adopted are those of an earlier try: whoever asks again wants another.
    if (bought)
      throw new ValidationError(
        `${model} answered twice what is no distillate (${first.problems[0]}; then ${second.problems[0]}): ` +
          'retry the dead letter for a new answer, or set another DISTILL_MODEL',
      );
  }
  throw new ValidationError(
    `${model} was asked ${ROUNDS_MAX} times and never answered a distillate: set another DISTILL_MODEL`,
  );
}
