import { FACETS, type View } from '../../schema/vocabulary.ts';
import type { ExtractedCase } from '../cases/case.ts';

/** The text behind each vector of a case or of a query; a view without text is absent. */
export function viewTexts(extracted: ExtractedCase): Readonly<Partial<Record<View, string>>> {
  const texts: Partial<Record<View, string>> = { whole: extracted.text };
  for (const facet of FACETS) {
    const view = extracted.facets[facet];
    if (view !== undefined && view.text.length > 0) texts[facet] = view.text;
  }
  return texts;
}
