import type { View } from '../../schema/vocabulary.ts';

/** What the child may be asked, one at a time. `slot` names one opening of a release: versions may come again. */
export type ChildRequest =
  | {
      readonly kind: 'load';
      readonly slot: number;
      readonly view: View;
      readonly path: string;
      readonly rows: number;
      readonly dimension: number;
    }
  | { readonly kind: 'drop'; readonly slot: number }
  | {
      readonly kind: 'search';
      readonly slot: number;
      readonly view: View;
      readonly query: Float32Array;
      readonly k: number;
    }
  | {
      readonly kind: 'build';
      readonly vectorsPath: string;
      readonly rows: number;
      readonly dimension: number;
      /** Written, checked and fsynced here; the caller renames it. */
      readonly temporaryPath: string;
    };

export type ChildMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'missing'; readonly reason: string }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly problem: string };

export type SearchValue = { readonly rows: Int32Array; readonly scores: Float32Array };
export type BuildValue = { readonly bytes: number; readonly sha256: string };
