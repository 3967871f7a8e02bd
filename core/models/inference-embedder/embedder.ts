import { RetryableError, StageError, ValidationError, WaitError } from '../../engine/index.ts';
import type { ExchangeDeps, ExchangeLimits } from '../inference/exchange.ts';
import { OPERATOR_MS } from '../inference/failures.ts';
import { DIMENSION, type EmbedCall, EmbedderAwayError, type InferenceEmbedder, type Probe } from '../ports.ts';
import { type Checked, checked, foreignWidth, suspiciouslyEqual } from './answer.ts';
import { type Ask, type Asked, embeddingClient } from './client.ts';
import { anotherModel, EMBEDDING_SERVICE, needsOperator, TooLongError, wrongWidth } from './failures.ts';
import { CALL_BYTES_MAX, TEXTS_MAX, unitsPerCase } from './limits.ts';
import { PROBE_TEXTS, PROBE_VERSION, probeVerdict, tellsApart } from './probe.ts';
import type { InferenceEmbedderSettings } from './settings.ts';
import { CUT_VERSION, cutText, halfOf } from './texts.ts';

export type EmbedderDeps = ExchangeDeps & {
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly limits?: { readonly stage: ExchangeLimits; readonly query: ExchangeLimits };
};

/** A model on a processor takes some seconds for 32 texts of 512 tokens. */
const STAGE: ExchangeLimits = { firstByteMs: 60_000, idleMs: 20_000, totalMs: 90_000 };
/** Somebody waits for the search; without vectors it answers at once. */
const QUERY: ExchangeLimits = { firstByteMs: 4_000, idleMs: 2_000, totalMs: 5_000 };
/** After a failure no query asks for so long, unless the service named another time. */
const QUERY_PAUSE_MS = 15_000;
/** Full calls after which twice as many texts are tried again. */
const REGROW_CALLS = 64;
/** More than rounding: then the service does not normalise. */
const LENGTH_SLACK = 0.01;

type Result = Float32Array | StageError | null;

/** What tells one generation from another: all that decides a vector and that we know of. */
export const embedderFingerprint = (settings: InferenceEmbedderSettings): string =>
  [
    'inference',
    settings.model,
    settings.format === 'feature-extraction' ? 'feature-extraction' : 'openai',
    settings.shortened ? 'shortened' : 'native',
    `tokens-${settings.tokensMax}`,
    `cut-${CUT_VERSION}`,
    `probe-${PROBE_VERSION}`,
    `revision-${settings.revision}`,
  ].join('/');

/** An embedding model behind a service that speaks as Hugging Face or as OpenAI does. */
export function inferenceEmbedder(settings: InferenceEmbedderSettings, deps: EmbedderDeps): InferenceEmbedder {
  const ask = embeddingClient(settings, deps);
  const limits = deps.limits ?? { stage: STAGE, query: QUERY };
  const fingerprint = embedderFingerprint(settings);
  const scaled = onceOnly((length: number) =>
    deps.log('the embedding service gives vectors that are not of length 1: they are scaled', {
      model: settings.model,
      length,
    }),
  );
  const checkedCall = (texts: readonly string[], probe: Probe | null, call: EmbedCall, within: ExchangeLimits) =>
    callOf({ ask, settings, scaled, texts, probe, call, within });
  const pace = { textsMax: TEXTS_MAX, fullCalls: 0 };
  let pausedUntilMs = 0;
  let pauseReason = '';

  return {
    name: fingerprint,
    fingerprint,
    service: EMBEDDING_SERVICE,
    spending: {
      quota: { name: 'embedding', unit: 'tokens', perDay: settings.tokensPerDay },
      unitsPerItem: unitsPerCase(settings.tokensMax),
    },
    batchMax: 16,
    async probe(call) {
      const { probe } = await checkedCall([], null, call, limits.stage);
      if (!tellsApart(probe))
        throw needsOperator(
          `${EMBEDDING_SERVICE}: ${settings.model} gives the same vector for different texts: set EMBEDDING_MODEL to a model for sentences`,
        );
      return probe;
    },
    embedEach: (texts, probe, call, apart = new Map()) =>
      embedInCalls({ texts, apart, call, pace, tokensMax: settings.tokensMax }, async (part) => {
        const { results } = await checkedCall(part, probe, call, limits.stage);
        return results;
      }),
    async embedQuery(texts, probe) {
      if (deps.nowMs() < pausedUntilMs) throw new EmbedderAwayError(pauseReason);
      const cut = texts.map((text) => cutText(text, settings.tokensMax));
      const asked = cut.filter((text) => text !== '');
      if (asked.length === 0) return cut.map(zero);
      const call = { signal: new AbortController().signal, spent: () => undefined };
      try {
        const { results } = await checkedCall(asked, probe, call, limits.query);
        const failed = results.find((result) => result instanceof Error);
        if (failed) throw failed;
        const vectors = results.filter((result) => result instanceof Float32Array);
        return cut.map((text) => (text === '' ? zero() : (vectors.shift() ?? zero())));
      } catch (error) {
        const away = awayOf(error);
        pauseReason = away.reason;
        pausedUntilMs = deps.nowMs() + away.pauseMs;
        throw new EmbedderAwayError(away.reason, { cause: error });
      }
    },
  };
}

const zero = (): Float32Array => new Float32Array(DIMENSION);

function onceOnly<T>(act: (value: T) => void): (value: T) => void {
  let done = false;
  return (value) => {
    if (!done) act(value);
    done = true;
  };
}

/** What everybody may read of a query that got no vectors, and for how long no other asks. */
function awayOf(error: unknown): { readonly reason: string; readonly pauseMs: number } {
  const waits = error instanceof WaitError ? error.retryAfterMs : QUERY_PAUSE_MS;
  const operator = error instanceof WaitError && error.retryAfterMs >= OPERATOR_MS;
  return {
    reason: operator
      ? 'the service that embeds queries cannot be used as it is set up (status names the reason): words and findings alone were searched'
      : 'the service that embeds queries does not answer: words and findings alone were searched',
    // Each query would wait for nothing; a minute is the most that a repaired service stays unused.
    pauseMs: Math.min(Math.max(waits, 1_000), 60_000),
  };
}

type Call = {
  readonly ask: Ask;
  readonly settings: InferenceEmbedderSettings;
  readonly scaled: (length: number) => void;
  readonly texts: readonly string[];
  /** Null for the call that begins a generation. */
  readonly probe: Probe | null;
  readonly call: EmbedCall;
  readonly within: ExchangeLimits;
};

/**
 * One call between the two probes. What it gives for a text is a good vector, or the error of that text alone.
 * @throws StageError where nothing in the answer can be used; TooLongError
 */
async function callOf(made: Call): Promise<{ readonly probe: Probe; readonly results: readonly Result[] }> {
  const [first, last] = PROBE_TEXTS;
  const sent = [first, ...made.texts, last];
  const asked = await made.ask(sent, made.call.signal, made.within);
  made.call.spent(asked.units);
  const all = checkedAnswer(asked, made);
  const [a, b] = [all[0], all.at(-1)];
  if (!a || !b || 'problem' in a || 'problem' in b)
    throw failed(
      `nothing of its answer is certain: of a text that stands in every call ${problemOf(a) ?? problemOf(b)}`,
    );
  if (made.probe !== null) checkProbe(a.vector, b.vector, made.probe, made.settings.model);
  for (const one of all) if ('length' in one && Math.abs(one.length - 1) > LENGTH_SLACK) made.scaled(one.length);
  const equal = suspiciouslyEqual(
    sent,
    all.map((one) => ('vector' in one ? one.vector : null)),
  );
  const results = made.texts.map((_, i): Result => {
    const one = all[i + 1];
    if (equal.has(i + 1)) return invalid('its vector is that of another text');
    return one && 'vector' in one ? one.vector : invalid(problemOf(one) ?? 'no vector came for it');
  });
  return { probe: [a.vector, b.vector], results };
}

const problemOf = (one: Checked | undefined): string | null => (one && 'problem' in one ? one.problem : null);
const invalid = (problem: string): ValidationError =>
  new ValidationError(`${EMBEDDING_SERVICE}: the answer for one text is no good: ${problem}`, {
    service: EMBEDDING_SERVICE,
  });
const failed = (problem: string): RetryableError =>
  new RetryableError(`${EMBEDDING_SERVICE}: ${problem}`, { service: EMBEDDING_SERVICE });

function checkedAnswer(asked: Asked, { settings }: Call): readonly Checked[] {
  if (asked.kind === 'lost') throw asked.error;
  const { answer } = asked;
  if (answer.kind === 'unusable')
    throw answer.remedy === null
      ? failed(`the answer cannot be used: ${answer.problem}`)
      : needsOperator(`${EMBEDDING_SERVICE}: the answer cannot be used: ${answer.problem}: ${answer.remedy}`);
  const width = foreignWidth(answer.given);
  if (width !== null) throw wrongWidth(settings.model, width);
  return answer.given.map(checked);
}

function checkProbe(first: Float32Array, last: Float32Array, probe: Probe, model: string): void {
  const verdict = probeVerdict(first, last, probe);
  if (verdict.kind === 'disordered') throw failed('the vectors are not in the order of the texts: none was kept');
  if (verdict.kind === 'changed') throw anotherModel(model, verdict.cosine);
}

type Batch = {
  readonly texts: readonly string[];
  readonly apart: ReadonlyMap<number, number>;
  readonly call: EmbedCall;
  readonly pace: { textsMax: number; fullCalls: number };
  readonly tokensMax: number;
};

/**
 * Cuts the texts, asks for them in calls of a size that the service takes, and halves a call that is too long for it: down to one text, and
 * then that text. Where a call says that everybody waits, nothing more is begun.
 */
async function embedInCalls(
  batch: Batch,
  embed: (texts: readonly string[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const { call, pace } = batch;
  const cut = batch.texts.map((text) => cutText(text, batch.tokensMax));
  const results: Result[] = cut.map((text) => (text === '' ? zero() : null));
  const queue = groupsOf(cut, batch.apart);
  let over: WaitError | null = null;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (over === null && call.goesOn && !(await call.goesOn())) return results;
    // As many as the service took last.
    const group = next.slice(0, pace.textsMax);
    if (group.length < next.length) queue.unshift(next.slice(pace.textsMax));
    try {
      if (over !== null) throw over;
      const found = await embed(group.map((i) => cut[i] ?? ''));
      group.forEach((i, at) => {
        results[i] = found[at] ?? null;
      });
      regrow(pace, group.length);
    } catch (error) {
      if (error instanceof TooLongError) queue.unshift(...halved(group, cut, results, pace));
      else if (error instanceof StageError) {
        if (error instanceof WaitError) over = error;
        for (const i of group) results[i] = error;
      } else throw error;
    }
  }
  return results;
}

/** The two halves of a group that is too long; the shorter text of one that stands alone, or its error. */
function halved(group: readonly number[], cut: string[], results: Result[], pace: Batch['pace']): readonly number[][] {
  if (group.length > 1) {
    const middle = Math.ceil(group.length / 2);
    pace.textsMax = Math.max(1, Math.min(pace.textsMax, middle));
    pace.fullCalls = 0;
    return [group.slice(0, middle), group.slice(middle)];
  }
  const [alone = 0] = group;
  const half = halfOf(cut[alone] ?? '');
  if (half === null) {
    results[alone] = needsOperator(
      `${EMBEDDING_SERVICE}: the service calls even a short text too long: check EMBEDDING_MODEL and EMBEDDING_ENDPOINT`,
    );
    return [];
  }
  cut[alone] = half;
  return [[alone]];
}

function regrow(pace: Batch['pace'], texts: number): void {
  if (texts < pace.textsMax || pace.textsMax === TEXTS_MAX) return;
  pace.fullCalls += 1;
  if (pace.fullCalls < REGROW_CALLS) return;
  pace.fullCalls = 0;
  pace.textsMax = Math.min(TEXTS_MAX, pace.textsMax * 2);
}

/** Places of the texts that go into a call together, of any number; what is to stand apart does. */
function groupsOf(texts: readonly string[], apart: ReadonlyMap<number, number>): number[][] {
  const groups: number[][] = [];
  let company: number | undefined;
  let bytes = 0;
  texts.forEach((text, i) => {
    if (text === '') return;
    // In UTF-16, which is at least a third of the bytes; the bound is far from where a service refuses.
    const [group] = groups.slice(-1);
    if (group !== undefined && apart.get(i) === company && bytes + text.length <= CALL_BYTES_MAX) group.push(i);
    else {
      groups.push([i]);
      bytes = 0;
    }
    company = apart.get(i);
    bytes += text.length;
  });
  return groups;
}
