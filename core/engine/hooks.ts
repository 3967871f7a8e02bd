import type { Outcome } from './outcome.ts';

/** What a host may want to hear of at once. Told after the commit, so that nothing is told that did not happen. */
export type Event =
  | { readonly kind: 'stage_started'; readonly stage: string }
  | { readonly kind: 'item_done'; readonly stage: string; readonly key: string }
  | { readonly kind: 'item_failed'; readonly stage: string; readonly key: string; readonly outcome: Outcome }
  | { readonly kind: 'stage_done'; readonly stage: string }
  | { readonly kind: 'crash_recovered'; readonly claims: number };
export type Hooks = { readonly [K in Event['kind']]?: (event: Extract<Event, { kind: K }>) => void };

/** A hook that throws is its owner's trouble: the work it heard of is committed. */
export function tell(hooks: Hooks | undefined, event: Event): void {
  const hook = hooks?.[event.kind] as ((event: Event) => void) | undefined;
  if (!hook) return;
  try {
    hook(event);
  } catch (error) {
    console.error(`a hook for ${event.kind} threw: ${error instanceof Error ? error.message : String(error)}`);
  }
}
