import { type Outcome, outcomeOfError, postponed } from '../engine/outcome.ts';
import type { Item, Retry, StageContext } from '../engine/stage.ts';

/** Runs `act` on one item after another; what one of them throws becomes its own outcome and harms no neighbour. */
export async function each<Product>(
  batch: readonly Item[],
  context: StageContext,
  retry: Retry,
  random: () => number,
  act: (item: Item) => Promise<{ readonly outcome: Outcome; readonly product?: Product }>,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly products: readonly Product[] }> {
  const outcomes: Outcome[] = [];
  const products: Product[] = [];
  for (const item of batch) {
    await context.turn?.();
    if (context.stopping()) {
      outcomes.push(postponed());
      continue;
    }
    try {
      const { outcome, product } = await act(item);
      outcomes.push(outcome);
      if (product !== undefined) products.push(product);
    } catch (error) {
      outcomes.push(outcomeOfError(error, item, retry, random()));
    }
  }
  return { outcomes, products };
}
