import type { Context } from './context.ts';
import { convert } from './conversion.ts';
import { type Draft, flagOf, flagOfResult, makeFinding } from './findings.ts';
import { readQuantity } from './quantities.ts';
import { assertionAt, entryIn, type Mention, mentionAt, type Reading } from './reading.ts';
import { isSeenOnImages } from './symptoms.ts';
import { quantityAfter } from './values.ts';

function siteBeside(reading: Reading, mention: Mention): string | null {
  const before = mentionAt(reading, mention.from - 1);
  return (before === undefined ? undefined : entryIn(before, 'site'))?.term ?? null;
}

/** Images: modalities, what they showed (qualified by modality and part of the body), and measurements such as LVEF. */
export function findImaging(reading: Reading, context: Context): readonly Draft[] {
  const { text, tokens, scopes } = reading;
  const drafts: Draft[] = [];
  for (const mention of reading.own) {
    const { sentence } = mention;
    const assertion = assertionAt(reading, mention.from, false);
    const span = [mention.start, mention.end] as const;
    const modality = entryIn(mention, 'modality');
    if (modality !== undefined) {
      drafts.push({
        sentence,
        finding: makeFinding({
          term: modality.term,
          assertion,
          span,
          flag: flagOfResult(scopes.resultAt(mention.from)),
        }),
      });
      continue;
    }
    const measure = entryIn(mention, 'imaging measure')?.measure;
    if (measure !== undefined) {
      const end = reading.sentences[sentence]?.to ?? tokens.count;
      const behind = quantityAfter(
        reading,
        mention.to,
        end,
        (token) => entryIn(mentionAt(reading, token) ?? mention, 'imaging measure')?.measure === measure,
      );
      // `a 35 % ejection fraction`
      const quantity =
        behind ?? readQuantity(text, tokens, mention.from - (tokens.word[mention.from - 1] === '%' ? 2 : 1));
      const wanted = measure.unit ?? '%';
      const stated =
        quantity === null
          ? null
          : quantity.unit === null || quantity.unit === wanted
            ? quantity.value
            : convert(quantity.value, quantity.unit, wanted);
      if (quantity !== null && stated !== null && stated >= measure.min && stated <= measure.max)
        drafts.push({
          sentence,
          finding: makeFinding({
            term: measure.term,
            assertion,
            span: [Math.min(mention.start, quantity.start), Math.max(mention.end, quantity.end)],
            value: stated,
            unit: wanted,
            comparator: quantity.comparator,
            flag: flagOf(stated, measure.normal[0], measure.normal[1]),
          }),
        });
      else {
        const flag = flagOfResult(scopes.resultAt(mention.from));
        if (flag !== null)
          drafts.push({ sentence, finding: makeFinding({ term: measure.term, assertion, span, flag }) });
      }
      continue;
    }
    const seenWith = context.modalityOf(mention);
    if (seenWith === null) continue;
    const symptom = entryIn(mention, 'symptom');
    const term =
      entryIn(mention, 'imaging')?.term ??
      (symptom !== undefined && isSeenOnImages(symptom.term) ? symptom.term : undefined);
    if (term === undefined || assertion === 'family') continue;
    const site = siteBeside(reading, mention);
    drafts.push({
      sentence,
      finding: makeFinding({ term, assertion, span, qualifiers: site === null ? [seenWith] : [seenWith, site] }),
    });
  }
  return drafts;
}
