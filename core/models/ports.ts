import type { Distillate, ExtractedCase } from '../cases/case.ts';

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

/** A model that is fitted once on the corpus and then frozen as a generation. */
export type FittedModel = { readonly fingerprint: string; readonly bytes: Uint8Array; readonly fittedOn: number };

/** Reads a case and says what it is and whether it is rare. */
export type Distiller = {
  readonly name: string;
  readonly fingerprint: string;
  distill(theCase: ExtractedCase, title: string | null): Promise<Distillate>;
};
