import type { Distillate, ExtractedCase } from '../cases/case.ts';
import type { Effects } from '../engine/effects.ts';
import type { StageError } from '../engine/errors.ts';
import type { Item, Quota } from '../engine/stage.ts';
import type { BatchJobs, JobRequest } from './batch/port.ts';

/** Width of every vector of the product. */
export const DIMENSION = 384;

/** Turns texts into unit vectors. One fingerprint is one generation: vectors of two fingerprints are never compared. */
export type Embedder = {
  readonly name: string;
  /** Identifies code and weights; changes whenever the same text could give another vector. */
  readonly fingerprint: string;
  /** One unit-length vector of `DIMENSION` per text, in order; a zero vector for a text without a known word. */
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>;
};

/** No vectors can be had at present, while all else works; `message` is for everybody. */
export class EmbedderAwayError extends Error {
  override readonly name: string = 'EmbedderAwayError';
  /** The process of the model ended over these texts: fewer of them, or others, may go well. */
  readonly died: boolean;
  constructor(message: string, options: ErrorOptions & { readonly died?: boolean } = {}) {
    super(message, options);
    this.died = options.died ?? false;
  }
}

/** A model that is fitted once on the corpus and then frozen as a generation. */
export type FittedModel = { readonly fingerprint: string; readonly bytes: Uint8Array; readonly fittedOn: number };

/** What a distiller reads: one case, with what its document is called. */
export type DistillInput = {
  readonly caseId: string;
  readonly extracted: ExtractedCase;
  readonly title: string | null;
};

type Named = {
  readonly name: string;
  /** Code, prompt, schema and model: changes whenever the same case could give another distillate. */
  readonly fingerprint: string;
};

/** The built-in one: no account, no network. */
export type LocalDistiller = Named & {
  readonly kind: 'local';
  readonly distill: (input: DistillInput) => Distillate;
};

/** What outside calls cost, and how much of it one case may use at most. */
export type Spending = {
  readonly quota: Quota;
  /** Reserved for one case when it is claimed: its longest prompt and answer, repairs included. */
  readonly unitsPerItem: number;
};

/** Vectors that a service gave for fixed texts when a generation began: what it gives for them later must be the same. */
export type Probe = readonly Float32Array[];

/** What happens around a call of a service. */
export type EmbedCall = {
  readonly signal: AbortSignal;
  /** Told of the units of each call that was paid for, also where its answer was no good. */
  readonly spent: (units: number) => void;
  /** Asked before each call: false where nothing more may be begun. */
  readonly goesOn?: () => Promise<boolean>;
};

/** An embedding model behind a service: calls cost money, and may fail in part. */
export type InferenceEmbedder = Named & {
  /** The engine's name of the service, for its breaker. */
  readonly service: string;
  readonly spending: Spending;
  /** Cases of one claim. */
  readonly batchMax: number;
  /** The probe of a generation that begins. @throws StageError */
  readonly probe: (call: EmbedCall) => Promise<Probe>;
  /**
   * For each text in order its unit vector; the zero vector where it holds nothing to embed; the error where the service gave none that is
   * good; null where it was not begun. `apart`: the company of a text, by its place; it goes into no call with a text of another one.
   */
  readonly embedEach: (
    texts: readonly string[],
    probe: Probe,
    call: EmbedCall,
    apart?: ReadonlyMap<number, number>,
  ) => Promise<readonly (Float32Array | StageError | null)[]>;
  /** The vectors of a query, in one call that may not take long. @throws EmbedderAwayError */
  readonly embedQuery: (texts: readonly string[], probe: Probe) => Promise<readonly Float32Array[]>;
};

/** A language model that answers at once. */
export type InferenceDistiller = Named & {
  readonly kind: 'inference';
  /** The engine's name of the service behind it, for its breaker. */
  readonly service: string;
  readonly spending: Spending;
  /** Cases of one claim, and how many of them are asked for at once. */
  readonly batchMax: number;
  readonly atOnce: number;
  /** Longest time for one case, all of its calls included. */
  readonly itemMsMax: number;
  /** @throws StageError as the engine's outcome taxonomy has it; `ValidationError` where no answer fitted */
  readonly distill: (
    input: DistillInput,
    call: {
      readonly item: Item;
      readonly effects: Effects;
      readonly signal: AbortSignal;
      /** Told of the units of each call that was paid for here and now, also where the case failed later. */
      readonly spent: (units: number) => void;
    },
  ) => Promise<Distillate>;
};

/** A language model that answers in hours: many cases are one job. */
export type BatchDistiller = Named & {
  readonly kind: 'batch';
  readonly service: string;
  readonly spending: Spending;
  /** Cases of one job. */
  readonly batchMax: number;
  readonly jobs: BatchJobs;
  /** The request of one case, and the most units that it may use: the bytes of its prompt are at least its tokens. */
  readonly request: (input: DistillInput) => { readonly request: Omit<JobRequest, 'id'>; readonly unitsMax: number };
  /** `answer` are the words of the model; null where it gave none. @throws ValidationError where they do not fit */
  readonly read: (input: DistillInput, answer: string | null) => Distillate;
};

/** Reads a case and says what it is and whether it is rare. */
export type Distiller = LocalDistiller | InferenceDistiller | BatchDistiller;
