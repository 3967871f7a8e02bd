import type { Facet } from '../../schema/vocabulary.ts';
import type { FacetView, Span } from './case.ts';
import type { Draft } from './findings.ts';
import type { Reading } from './reading.ts';

// Longer sentences are cut into clauses, so that a facet carries its own part of `She had fever, and CT showed a mass, …`.
const SENTENCE_LONG = 160;
const CLAUSE_SHORT = 40;
const CLAUSE_OPENERS = new Set('and but while whereas which although however with'.split(' '));

/** Cuts a sentence at semicolons and at commas before a conjunction; short pieces stay with the one before. */
function clausesOf(reading: Reading, sentence: number): readonly Span[] {
  const whole = reading.sentences[sentence];
  if (whole === undefined) return [];
  if (whole.end - whole.start <= SENTENCE_LONG) return [[whole.start, whole.end]];
  const { word, start } = reading.tokens;
  const clauses: Span[] = [];
  let from = whole.start;
  for (let at = whole.from + 1; at < whole.to; at += 1) {
    const mark = word[at - 1];
    const cut = mark === ';' || (mark === ',' && CLAUSE_OPENERS.has(word[at] ?? ''));
    const here = start[at] ?? from;
    if (!cut || here - from < CLAUSE_SHORT || whole.end - here < CLAUSE_SHORT) continue;
    clauses.push([from, here]);
    from = here;
  }
  clauses.push([from, whole.end]);
  return clauses;
}

/**
 * The facet as it is shown and embedded: the clauses that carry its findings, in text order, each once. Clauses whose
 * findings are all absent are left out where others exist, because an embedding hears `no chest pain` as chest pain.
 */
export function makeFacet(reading: Reading, drafts: readonly Draft[]): FacetView | null {
  const ordered = orderDrafts(drafts);
  if (ordered.length === 0) return null;
  const affirmed = ordered.filter((draft) => draft.finding.assertion !== 'absent');
  const seen = new Set<string>();
  const parts: string[] = [];
  let sentence = -1;
  let clauses: readonly Span[] = [];
  let taken: Span | undefined;
  for (const draft of affirmed.length > 0 ? affirmed : ordered) {
    if (draft.sentence !== sentence) {
      sentence = draft.sentence;
      clauses = clausesOf(reading, sentence);
      taken = undefined;
    }
    const [start] = draft.finding.span;
    if (taken !== undefined && start >= taken[0] && start < taken[1]) continue;
    taken = clauses.find(([from, to]) => start >= from && start < to);
    if (taken === undefined) continue;
    const words = reading.text.slice(taken[0], taken[1]).replace(/\s+/g, ' ').trim();
    if (seen.has(words)) continue;
    seen.add(words);
    parts.push(words);
  }
  return { text: parts.join(' '), findings: ordered.map((draft) => draft.finding) };
}

/** In text order, one finding per term and place. */
function orderDrafts(drafts: readonly Draft[]): readonly Draft[] {
  const seen = new Set<string>();
  return [...drafts]
    .sort((a, b) => a.finding.span[0] - b.finding.span[0] || a.finding.span[1] - b.finding.span[1])
    .filter(({ finding }) => {
      const key = `${finding.span[0]}:${finding.term}:${finding.value ?? ''}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

export type FacetDrafts = Readonly<Record<Facet, readonly Draft[]>>;
