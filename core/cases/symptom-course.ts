import type { Onset, Severity, Trend } from '../../schema/vocabulary.ts';
import type { Finding } from './case.ts';
import type { Mention, Reading } from './reading.ts';
import { BE } from './scope-words.ts';
import { NUMBER } from './tokens.ts';
import { perWord } from './words.ts';

export type Course = Pick<Finding, 'severity' | 'onset' | 'trend' | 'durationDays' | 'qualifiers'>;

const listed = <Value>(value: Value, words: string): readonly (readonly [string, Value])[] =>
  words.split(' ').map((word) => [word, value] as const);

const SEVERITIES = new Map<string, Severity>([
  ...listed<Severity>('mild', 'mild mildly slight slightly minor minimal'),
  ...listed<Severity>('moderate', 'moderate moderately'),
  ...listed<Severity>(
    'severe',
    'severe severely intense intensely marked markedly massive profuse profound profoundly excruciating extreme extremely unbearable intolerable serious debilitating copious',
  ),
]);
const ONSETS = new Map<string, Onset>([
  ...listed<Onset>('acute', 'acute acutely sudden suddenly abrupt abruptly'),
  ...listed<Onset>('subacute', 'subacute gradual gradually insidious insidiously'),
  ...listed<Onset>('chronic', 'chronic chronically longstanding'),
  ...listed<Onset>(
    'intermittent',
    'intermittent intermittently recurrent recurring episodic paroxysmal occasional occasionally fluctuating',
  ),
]);
const TRENDS = new Map<string, Trend>([
  ...listed<Trend>('worsening', 'worsening progressive progressively increasing increasingly deteriorating'),
  ...listed<Trend>('improving', 'improving resolving'),
]);
// Words of course that have no field of their own, and sides.
const KEPT = new Set('persistent transient continuous constant left right bilateral unilateral'.split(' '));
const LINKS = new Set(
  '- – and to of onset in very more rapidly slowly generalized generalised diffuse intensity severity'.split(' '),
);
const RANK: Readonly<Record<Severity, number>> = { mild: 1, moderate: 2, severe: 3 };
const COURSE = 1;
const LINK = 2;
const tellsCourse = perWord((word) =>
  SEVERITIES.has(word) || ONSETS.has(word) || TRENDS.has(word) || KEPT.has(word) ? COURSE : LINKS.has(word) ? LINK : 0,
);
const isPain = perWord((word) => (/^(?:pains?|painful|discomfort|headaches?|\w*algia|\w*aches?)$/.test(word) ? 1 : 0));

// The numeric rating scale: 1-3 mild, 4-6 moderate, 7-10 severe.
const MILD_MAX = 3;
const MODERATE_MAX = 6;
const SCALE = 10;
const RATING_WORDS = 12;
const WORDS_BEFORE = 7;
const WORDS_AFTER = 5;

/** `8/10`, `8 out of 10` behind a pain. */
function ratedAfter(reading: Reading, from: number, end: number): Severity | undefined {
  const { kind, word } = reading.tokens;
  for (let at = from; at + 2 < Math.min(end, from + RATING_WORDS); at += 1) {
    if (kind[at] !== NUMBER) continue;
    const outOf = word[at + 1] === '/' ? at + 2 : word[at + 1] === 'out' && word[at + 2] === 'of' ? at + 3 : at;
    const rated = Number(word[at]);
    if (outOf === at || Number(word[outOf]) !== SCALE || !(rated > 0 && rated <= SCALE)) continue;
    return rated <= MILD_MAX ? 'mild' : rated <= MODERATE_MAX ? 'moderate' : 'severe';
  }
  return undefined;
}

/** Severity, onset, trend and side of one complaint at tokens [from, to), from the words right before it and a predicate behind it. */
export function courseOf(
  reading: Reading,
  mention: Mention,
  from: number,
  to: number,
  durations: ReadonlyMap<number, number>,
): Course {
  const { id, word, pool } = reading.tokens;
  const sentence = reading.sentences[mention.sentence];
  const floor = Math.max(sentence?.from ?? 0, from - WORDS_BEFORE);
  const end = sentence?.to ?? to;
  const tells = tellsCourse(pool);
  const telling = (at: number): number => tells[id[at] ?? 0] ?? 0;
  let severity: Severity | undefined;
  let onset: Onset | undefined;
  let trend: Trend | undefined;
  const qualifiers: string[] = [];
  const note = (said: string): void => {
    const grade = SEVERITIES.get(said);
    // `moderate to severe` is severe.
    if (grade !== undefined && (severity === undefined || RANK[grade] > RANK[severity])) severity = grade;
    onset ??= ONSETS.get(said);
    trend ??= TRENDS.get(said);
    if (KEPT.has(said)) qualifiers.unshift(said);
  };
  for (let at = from - 1; at >= floor; at -= 1) {
    const told = telling(at);
    if (told === COURSE) note(word[at] ?? '');
    // `severe headache and fever`: what stands beyond the `and` is of the headache.
    else if (told === 0 || (word[at] === 'and' && telling(at + 1) !== COURSE)) break;
  }
  // Within the name: `severe headache`, `abdominal severe pain`.
  for (let at = from; at < mention.to; at += 1) if (telling(at) === COURSE) note(word[at] ?? '');
  if (reading.scopes.stops[to] === BE || word[to] === 'of')
    for (let at = to + 1; at < Math.min(end, to + WORDS_AFTER) && telling(at) > 0; at += 1)
      if (telling(at) === COURSE && !KEPT.has(word[at] ?? '')) note(word[at] ?? '');
  if (severity === undefined && isPain(pool)[id[mention.to - 1] ?? 0] === 1) severity = ratedAfter(reading, to, end);
  trend = reading.scopes.courseAt(mention.from) ?? trend;
  const durationDays = durations.get(mention.from);
  return {
    ...(severity === undefined ? {} : { severity }),
    ...(onset === undefined ? {} : { onset }),
    ...(trend === undefined ? {} : { trend }),
    ...(durationDays === undefined ? {} : { durationDays }),
    ...(qualifiers.length === 0 ? {} : { qualifiers }),
  };
}
