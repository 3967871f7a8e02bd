import type { Match } from './lexicon.ts';
import type { Cue, CueMeaning } from './vocabularies/cues.ts';
import type { Entry } from './vocabulary.ts';

export type Result = 'low' | 'high' | 'normal' | 'abnormal' | 'negative' | 'positive';
export const RESULTS: readonly (Result | null)[] = [null, 'low', 'high', 'normal', 'abnormal', 'negative', 'positive'];
export type Course = 'resolved' | 'worsening' | 'improving' | 'stable';
export const COURSES: readonly (Course | null)[] = [null, 'resolved', 'worsening', 'improving', 'stable'];

export const HARD = 1;
export const VERB = 2;
export const BE = 3;
export const RESULT = 4;
export const CUE = 5;
export const WITH = 6;

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));

/** Behind a comma or `and`, these open a new clause. */
export const SUBJECTS = words(
  'a an the his her he there it they we patient physical clinical neurological cardiac laboratory ecg mri ct this that these multiple several some',
);
export const ADVERBS = words(
  'markedly mildly slightly significantly also all both found to be only moderately highly strongly noted reported within very severely otherwise still initially now then grossly extremely consistently persistently again entirely completely largely mostly clearly similarly been both repeatedly shown in at the not weakly diffusely focally as a',
);
export const PREDICATE_STARTS = words('tested returned came remained normalized normalised rose fell dropped declined');
export const TIME_UNITS = words(
  'day week month year hour days weeks months years hours yr h wk mo minutes minute decade decades',
);
export const ARRIVALS = words(
  'presented presenting presents admitted referred came brought consulted complaining arrived visited hospitalized evaluated seen reported',
);
/** Behind a history, these tell how the illness began. */
export const ONSETS = words('developed began complained attended sought');
export const RELATIVE_STATES = words(
  'had has have with died diagnosed suffered suffers suffering affected was were developed having',
);
export const RELATIVE_REPORTS = words(
  'reported noticed noted brought stated described gave denied observed said took who',
);
/** Behind `not`, what says that the subject was looked for: `were not <observed>`. */
export const OBSERVED = words(
  'observed found seen detected noted identified present evident visualized visualised demonstrated palpable palpated reported apparent visible felt heard appreciated confirmed obvious elicited remarkable revealed recorded described appreciable noticed documented encountered detectable experienced complained suspected prominent discernible recognized recognised involved',
);
/** Behind `did not`, verbs without an object: their subject is what is denied. */
export const OCCURS = words('appear occur recur reappear exist emerge ensue arise');
/** Auxiliaries and adverbs between a subject and its predicate. */
export const AUXILIARIES = words(
  'was were is are be been being had has have did does do could can may also then subsequently eventually finally soon later spontaneously almost nearly further yet longer and',
);
/** Words that may stand between `nor` and what it denies: `nor did he <have> fever`. */
export const BETWEEN_NEGATION = words(
  'did does do was were is are he she they the patient there it any have had has been be ever having experienced reported',
);
export const PERSONS = words('he she they patient who i we');
/** Behind these a place follows, and what is found there is not denied: `no granules in the <tumor> cells`. */
export const PLACES = words('in within around throughout near beneath');
export const DETERMINERS = words('the his her both either a an its this these their our');
export const ITEM_JOINS = words(', or nor and / ;');
/** What is denied where a cause is not found: of the disease itself nothing is (`no cause of her anemia`). */
export const CAUSES = words('cause etiology aetiology source reason explanation origin trigger');
/** Where these are denied (`no worsening of her asthma`), what they are of is not. */
export const CHANGES = words(
  'progression worsening exacerbation deterioration aggravation recurrence recurrences relapse relapses reappearance resolution improvement',
);
/** Of these, what there was before. */
export const RETURNS = words('recurrence recurrences relapse relapses reappearance');
export const ARTICLES = words('a an multiple several some');
/** Denials that may open a clause about others: `none of his contacts`. */
export const OTHERS_CUES: ReadonlySet<string> = new Set(['none', 'no', 'no other', 'neither']);
export const OTHERS = words(
  'contacts relatives relative siblings sibling parents parent member members household colleagues classmates coworkers friends neighbors neighbours else',
);
/** Habits told behind a denial of another: `denied smoking, socially <drank> alcohol`. */
export const HABIT_VERBS = words('drank smoked consumed used worked lived drinks smokes uses works lives');

export function resultCode(meaning: CueMeaning): number {
  return Math.max(0, RESULTS.indexOf(meaning as Result)); // other meanings are in no list, which gives 0
}

export function courseCode(meaning: CueMeaning): number {
  return Math.max(0, COURSES.indexOf(meaning as Course)); // as above
}

function stopOf(term: string, meaning: CueMeaning): number {
  if (term === 'with') return WITH;
  if (term === 'if') return HARD;
  if (meaning === 'hard') return HARD;
  if (meaning === 'verb') return VERB;
  if (meaning === 'be') return BE;
  if (resultCode(meaning) > 0) return RESULT;
  return meaning === 'soft' || meaning === 'pseudo' || courseCode(meaning) > 0 ? 0 : CUE;
}

export type PlacedCue = { readonly from: number; readonly to: number; readonly cue: Cue; readonly words: string };

/** The cues and relatives of a text in order, and what each token stops. */
export function placeCues(
  count: number,
  matches: readonly Match<Entry>[],
): { readonly cues: readonly PlacedCue[]; readonly relatives: readonly Match<Entry>[]; readonly stops: Uint8Array } {
  const stops = new Uint8Array(count);
  const cues: PlacedCue[] = [];
  const relatives: Match<Entry>[] = [];
  for (const match of matches)
    for (const entry of match.entries) {
      if (entry.vocabulary === 'relative') relatives.push(match);
      if (entry.vocabulary !== 'cue') continue;
      cues.push({ from: match.from, to: match.to, cue: entry.cue, words: entry.term });
      const stop = stopOf(entry.term, entry.cue.meaning);
      if (stop > 0) for (let at = match.from; at < match.to; at += 1) if (stops[at] === 0) stops[at] = stop;
    }
  return { cues, relatives, stops };
}
