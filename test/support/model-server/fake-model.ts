/**
 * A model that always answers alike: it reads the case out of the prompt and quotes it. Web APIs only, so that workerd loads it too.
 */

/** The case as the prompt holds it. */
export type Shown = {
  readonly case_id: string;
  readonly title: string | null;
  readonly text: string;
  readonly candidates: readonly { readonly kind: string; readonly name: string; readonly quote: string }[];
};
export type ChatRequest = {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly response_format?: { readonly type: string };
  readonly max_tokens?: number;
};
/** The form as a model fills it in; tests bend it. */
export type Form = Record<string, unknown> & { case_id: string };

const REPAIR_MARK = '\n\nYour last answer was refused:';

/** What a prompt shows, and whether it asks for a second answer. */
export function readPrompt(request: ChatRequest): { readonly shown: Shown; readonly repair: string | null } {
  const content = request.messages.find(({ role }) => role === 'user')?.content ?? '';
  const at = content.lastIndexOf(REPAIR_MARK);
  const json = at < 0 ? content : content.slice(0, at);
  return { shown: JSON.parse(json) as Shown, repair: at < 0 ? null : content.slice(at) };
}

const claim = (text: string, quote: string) => ({ text, quote });

/** An honest answer: its claims are the first sentence and what the candidates say. */
export function formOf(shown: Shown): Form {
  const first = shown.text.slice(0, 200).split(/(?<=[.!?])\s/)[0] ?? shown.text.slice(0, 200);
  const of = (kind: string) => shown.candidates.filter((candidate) => candidate.kind === kind);
  const diagnosis = of('diagnosis')[0];
  return {
    case_id: shown.case_id,
    diagnosis: diagnosis ? claim(diagnosis.name, diagnosis.quote) : claim(`disease of ${shown.case_id}`, first),
    category: 'other',
    secondary_diagnoses: [],
    is_rare: true,
    rarity: [{ criterion: 'prevalence', reason: `The report of ${shown.case_id} says so.`, quote: first }],
    rejection_reason: null,
    key_symptoms: of('symptoms')
      .slice(0, 5)
      .map(({ name, quote }) => claim(name, quote)),
    key_labs: of('labs')
      .slice(0, 5)
      .map(({ name, quote }) => claim(name, quote)),
    key_ecg: null,
    treatments: [],
    complications: [],
    outcome: { status: 'unknown', follow_up_months: null, quote: null },
  };
}

export const tokensOf = (text: string): number => Math.ceil(new TextEncoder().encode(text).length / 4);

/** A completion as OpenAI and the router of Hugging Face give it. */
export function completion(request: ChatRequest, message: Record<string, unknown>, finish = 'stop') {
  const prompt = request.messages.reduce((sum, { content }) => sum + tokensOf(content), 0);
  const answer = tokensOf(typeof message.content === 'string' ? message.content : '');
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: request.model,
    system_fingerprint: '',
    choices: [{ index: 0, finish_reason: finish, logprobs: null, message: { role: 'assistant', ...message } }],
    usage: { prompt_tokens: prompt, completion_tokens: answer, total_tokens: prompt + answer },
  };
}
