import type { Embedder } from '../../../core/models/ports.ts';
import { similarity } from '../../../core/search/dense.ts';
import { agreementScores } from '../../../core/search/findings.ts';
import { lexicalQuery, lexicalScores, lexicalText } from '../../../core/search/lexical.ts';
import { type Query, readQuery } from '../../../core/search/query.ts';
import type { Release } from '../../../core/search/release.ts';
import type { Signals } from '../../../core/search/score.ts';
import { SETTINGS } from '../../../core/search/settings.ts';
import { understoodShare } from '../../../core/search/understood.ts';
import { VIEWS, type View } from '../../../schema/vocabulary.ts';
import type { Question, Task } from './data.ts';

/** A question with its signals for every case of the release: all that any variant scores by. */
export type Heard = {
  readonly question: Question;
  readonly query: Query;
  readonly signals: Signals;
  readonly understood: number;
  /** 0 for cases of the question's own source. */
  readonly kept: Uint8Array;
};

/** Whose own cases are no answers; ordinals of each source. */
function ordinalsBySource(release: Release, task: Task): ReadonlyMap<string, readonly number[]> {
  const bySource = new Map<string, number[]>();
  for (const { id, source } of task.documents) {
    const ordinal = release.cards.ordinalOf(id);
    if (ordinal === undefined) continue;
    const held = bySource.get(source);
    if (held) held.push(ordinal);
    else bySource.set(source, [ordinal]);
  }
  return bySource;
}

/** The questions of a task, each with all signals, one at a time: together they would not fit the memory. */
export async function* heardBy(task: Task, release: Release, embedder: Embedder): AsyncGenerator<Heard> {
  const bySource = ordinalsBySource(release, task);
  const count = release.cards.count;
  for (const question of task.questions) {
    const request = { text: question.text, k: 1, legs: SETTINGS.legs, explain: false };
    const query = await readQuery(request, release, embedder);
    const dense: Partial<Record<View, Float32Array>> = {};
    for (const view of VIEWS) {
      const vector = query.vectors[view];
      if (!vector) continue;
      const held = release.views[view];
      const values = new Float32Array(count).fill(Number.NaN);
      const rows = await release.vectors(view, [...held.rows.keys()]);
      for (const [row, ordinal] of held.rows.entries()) values[ordinal] = similarity(rows, vector, row);
      dense[view] = values;
    }
    const words = lexicalQuery(release.lexical, lexicalText(query.text, query.extracted), SETTINGS.bm25);
    const signals: Signals = {
      length: count,
      dense,
      agreement: agreementScores(release.findings, release.cards, query.extracted),
      lexical: words.terms.length > 0 ? lexicalScores(release.lexical, words, SETTINGS.bm25) : null,
    };
    const kept = new Uint8Array(count).fill(1);
    for (const ordinal of bySource.get(question.source ?? '') ?? []) kept[ordinal] = 0;
    yield { question, query, signals, kept, understood: understoodShare(query, release.lexical) };
  }
}
