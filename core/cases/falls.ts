import type { Flag } from '../../schema/vocabulary.ts';
import type { Draft } from './findings.ts';
import type { Reading } from './reading.ts';
import { CONDITIONS } from './vocabularies/labs.ts';

/**
 * `A rapid reduction of platelets` in a patient with thrombocytosis says that they fell, not that they are low. Takes the flag from a
 * finding without a value whose trend leads away from the other side, where the text told before that the analyte lay there. `drafts`
 * in text order.
 */
export function withoutFlagOfChange(reading: Reading, drafts: readonly Draft[]): readonly Draft[] {
  const isChange = ({ finding: { trend, flag, value } }: Draft): boolean =>
    value === undefined && ((trend === 'falling' && flag === 'low') || (trend === 'rising' && flag === 'high'));
  if (!drafts.some(isChange)) return drafts;
  const side = new Map<string, Flag>();
  let token = 0;
  return drafts.map((draft) => {
    const { finding } = draft;
    for (; token < reading.tokens.count && (reading.tokens.start[token] ?? 0) < finding.span[0]; token += 1) {
      const condition = CONDITIONS.get(reading.tokens.word[token] ?? '');
      if (condition !== undefined) side.set(condition.analyte, condition.flag);
    }
    const before = side.get(finding.term);
    const left = isChange(draft) && before === (finding.flag === 'low' ? 'high' : 'low');
    if (finding.flag !== undefined && !left) side.set(finding.term, finding.flag);
    if (!left) return draft;
    const { flag: _, ...rest } = finding;
    return { ...draft, finding: rest };
  });
}
