import type { RollupEntry } from './contract.ts';
import { termsOf } from './terms.ts';

/** Of a near case. */
export type Stated = { readonly caseId: string; readonly score: number; readonly diagnosis: string | null };

/** Words that say how, where or how surely a disease is there, and not which it is. */
const SIDE_WORDS = new Set(
  (
    'acute chronic severe mild moderate subacute recurrent refractory idiopathic primary secondary suspected possible probable ' +
    'presumed likely confirmed left right bilateral unilateral early late advanced disease syndrome disorder case'
  )
    .split(' ')
    .flatMap((word) => termsOf(word)),
);
/** What follows explains the disease and does not name it. */
const EXPLANATION =
  /\b(?:with|due to|secondary to|caused by|associated with|complicated by|complicating|following|after|in a|presenting)\b/i;
/** A name of one word is in too many others to be the same disease. */
const WORDS_TO_HOLD = 2;

/** What tells a diagnosis from others: its stems without asides, side words and explanations; empty where nothing is left. */
export function diagnosisKey(diagnosis: string): ReadonlySet<string> {
  const bare = diagnosis.replace(/\([^()]*\)/g, ' ').replace(/\[[^[\]]*\]/g, ' ');
  const [name = ''] = bare.split(/[,;:]/);
  const [head = ''] = name.trim().split(EXPLANATION);
  const all = new Set(termsOf(head.trim() === '' ? name : head));
  const telling = new Set([...all].filter((term) => !SIDE_WORDS.has(term)));
  return telling.size > 0 ? telling : all;
}

function isOne(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [fewer, more] = a.size <= b.size ? [a, b] : [b, a];
  if (fewer.size === 0 || (fewer.size < WORDS_TO_HOLD && fewer.size !== more.size)) return false;
  for (const term of fewer) if (!more.has(term)) return false;
  return true;
}

type Group = {
  readonly keys: ReadonlySet<string>[];
  readonly names: string[];
  cases: number;
  sum: number;
  best: Stated;
};

/** The name that most cases of a group use, letter case aside; of equals the shortest, then the first. */
function nameOf(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  const order = (name: string) => [-(counts.get(name.toLowerCase()) ?? 0), name.length] as const;
  const sorted = names
    .map((name, place) => ({ name, place, by: order(name) }))
    .sort((a, b) => a.by[0] - b.by[0] || a.by[1] - b.by[1] || a.place - b.place);
  return sorted[0]?.name ?? '';
}

/**
 * The diagnoses of near cases, best first as they are given, by what they share of the scores. Names that differ in letter case, asides or
 * side words are one diagnosis; the cases that state none are left out.
 */
export function rollUp(near: readonly Stated[]): readonly RollupEntry[] {
  const groups: Group[] = [];
  let all = 0;
  for (const one of near) {
    if (one.diagnosis === null || one.diagnosis.trim() === '') continue;
    const key = diagnosisKey(one.diagnosis);
    all += one.score;
    const group = groups.find(({ keys }) => keys.some((held) => isOne(held, key)));
    if (group) {
      group.keys.push(key);
      group.names.push(one.diagnosis);
      group.cases += 1;
      group.sum += one.score;
    } else groups.push({ keys: [key], names: [one.diagnosis], cases: 1, sum: one.score, best: one });
  }
  return groups
    .map(({ names, cases, sum, best }) => {
      const share = all > 0 ? sum / all : 0;
      return { diagnosis: nameOf(names), cases, share, best_case_id: best.caseId, best_score: best.score };
    })
    .sort((a, b) => b.share - a.share || (a.best_case_id < b.best_case_id ? -1 : 1));
}
