import type { SetAsideReason } from '../../schema/vocabulary.ts';

export type Screening =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'set_aside'; readonly reason: SetAsideReason; readonly detail: string };

/** Says whether a document's text can hold a case at all. */
export function screenDocument(text: string): Screening {
  const chars = text.trim().length;
  if (chars < 80)
    return { kind: 'set_aside', reason: 'too_short', detail: `${chars} characters; a case needs at least 80` };
  return { kind: 'accepted' };
}
