import type { Trend } from '../../schema/vocabulary.ts';
import type { Reading } from './reading.ts';

const set = (words: string) => new Set(words.split(' '));
/** What may stand between a name and its value: `troponin I (hs-cTnI) level was markedly elevated at 12 ng/mL`. */
export const LINKS = set(
  'of was were is are at level levels count counts value values to the a an serum plasma blood total concentration concentrations increased elevated decreased reduced raised low high normal peak peaked up from measured ' +
    'approximately about markedly slightly significantly only rose risen fell dropped reached been had has have found be still as with result results showed measuring around than more less over below above greater higher lower above ' +
    'normalized normalised remained stable kept constant cell ratio proliferation labeling mildly moderately severely extremely very both titer titers index rate score estimated initial maximum minimum his her mean time activity abnormal absolute range ranged ranging between nearly almost revealed exceeding under in admission on day ' +
    'that being noted detected calculated reading reported documented recorded which also again then further subsequently gradually progressively rapidly improved climbed peaking increase increasing decreasing decrease declined declining rising falling drop just positive strongly weakly repeat nadir came back returned lowered down antibody antibodies reaching concentrate drastically slowly quickly steadily sharply dramatically continuously remains normalizing improving worsened worsening fasting resting estimate baseline least fluctuated titre titres grade class equal equals prolonged lengthened widened shortened narrowed',
);
/** Verbs of change as they stand. */
export const CHANGES: ReadonlyMap<string, Trend> = new Map([
  ...[...set('rose risen rising climbed climbing uptrending upward')].map((one) => [one, 'rising'] as const),
  ...[...set('fell fallen falling dropped dropping declined declining downtrending downward')].map(
    (one) => [one, 'falling'] as const,
  ),
  ...[...set('normalized normalised normalizing normalization normalisation')].map(
    (one) => [one, 'normalised'] as const,
  ),
  ...[...set('remained remains unchanged constant fluctuated persistently')].map((one) => [one, 'stable'] as const),
]);
/** Participles say a change only with `to` or `from`: `decreased to 7`, but `was decreased at 7`. */
export const CHANGES_WITH_GOAL: ReadonlyMap<string, Trend> = new Map([
  ...[...set('increased increasing increase elevated raised prolonged lengthened widened')].map(
    (one) => [one, 'rising'] as const,
  ),
  ...[...set('decreased decreasing decrease reduced lowered reduction down shortened narrowed')].map(
    (one) => [one, 'falling'] as const,
  ),
  ...[...set('improved improving recovered improvement')].map((one) => [one, 'improving'] as const),
  ...[...set('worsened worsening deteriorated deteriorating')].map((one) => [one, 'worsening'] as const),
]);

const CHANGE_NOUNS = set(
  'rise fall drop decrease increase decline reduction normalization normalisation improvement worsening',
);
const NOUN_TRENDS: ReadonlyMap<string, Trend> = new Map([
  ['rise', 'rising'],
  ['increase', 'rising'],
  ['fall', 'falling'],
  ['drop', 'falling'],
  ['decrease', 'falling'],
  ['decline', 'falling'],
  ['reduction', 'falling'],
  ['normalization', 'normalised'],
  ['normalisation', 'normalised'],
  ['improvement', 'improving'],
  ['worsening', 'worsening'],
]);
const ADJECTIVE_TRENDS: ReadonlyMap<string, Trend> = new Map([
  ['rising', 'rising'],
  ['increasing', 'rising'],
  ['uptrending', 'rising'],
  ['falling', 'falling'],
  ['decreasing', 'falling'],
  ['declining', 'falling'],
  ['worsening', 'worsening'],
  ['deteriorating', 'worsening'],
  ['improving', 'improving'],
]);

/** A change that is told before the name: `rising creatinine`, `a drop in hemoglobin`, `normalization of the CRP`. */
export function trendBefore(reading: Reading, from: number): Trend | null {
  const { word } = reading.tokens;
  const adjective = ADJECTIVE_TRENDS.get(word[from - 1] ?? '');
  if (adjective !== undefined) return adjective;
  for (let at = from - 1; at >= Math.max(1, from - 4); at -= 1) {
    const link = word[at] ?? '';
    if ((link === 'in' || link === 'of') && CHANGE_NOUNS.has(word[at - 1] ?? ''))
      return NOUN_TRENDS.get(word[at - 1] ?? '') ?? null;
    if (!/^(?:the|his|her|serum|plasma|total|blood)$/.test(link)) return null;
  }
  return null;
}

/** A change that is told behind the name, where no value follows: `creatinine normalized`, `CRP fell rapidly`. */
export function trendBehind(reading: Reading, from: number, end: number): Trend | null {
  const { word } = reading.tokens;
  for (let at = from; at < Math.min(end, from + 5); at += 1) {
    const one = word[at] ?? '';
    const trend = CHANGES.get(one);
    if (
      (trend !== undefined || CHANGES_WITH_GOAL.has(one)) &&
      /^(?:normal|normalcy)$/.test(word[at + 2] ?? '') &&
      word[at + 1] === 'to'
    )
      return 'normalised';
    if (trend !== undefined) return trend;
    if (one === 'returned' && word[at + 1] === 'to' && /^(?:normal|baseline|the)$/.test(word[at + 2] ?? ''))
      return 'normalised';
    if (CHANGES_WITH_GOAL.has(one) && !/^(?:was|were|is|are|been)$/.test(word[at - 1] ?? ''))
      return CHANGES_WITH_GOAL.get(one) ?? null;
    if (!LINKS.has(one)) return null;
  }
  return null;
}
