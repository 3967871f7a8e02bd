/** A result with the places of those that it stands for. */
export type Fold = { readonly place: number; readonly folded: readonly number[] };

/**
 * Folds a ranking, best first, until `k` results stand: a later case of a document that is there already, or one that is nearly the same as an
 * earlier one, is counted to it. `alike` is asked of an earlier and a later place.
 */
export function foldResults(
  documents: readonly number[],
  alike: (earlier: number, later: number) => boolean,
  k: number,
): readonly Fold[] {
  const folds: { readonly place: number; readonly folded: number[] }[] = [];
  for (let place = 0; place < documents.length; place += 1) {
    const same = folds.find((one) => documents[one.place] === documents[place] || alike(one.place, place));
    if (same) same.folded.push(place);
    else if (folds.length < k) folds.push({ place, folded: [] });
  }
  return folds;
}
