import { type Assertion, FACETS, type Facet } from '../../schema/vocabulary.ts';

/** What marks are told apart by: the facets, and what was made of the case as a whole. */
export const LAYERS = [...FACETS, 'course'] as const;
export type Layer = Facet | 'course';

/** A finding to be marked in a text; `key` numbers it on its page. */
export type Mark = {
  readonly key: number;
  readonly facet: Layer;
  readonly assertion: Assertion;
  readonly term: string;
  readonly span: readonly [number, number];
};

/** A run of text under one set of marks. `starts` are the keys of the marks that begin here, as targets of links. */
export type Segment = {
  readonly text: string;
  readonly starts: readonly number[];
  /** At most one mark per layer: the one that began last, so that a narrow mark shows inside a wide one. */
  readonly marks: readonly Mark[];
};

/**
 * Cuts `text` wherever a mark begins or ends; the segments joined give `text` again. Spans are UTF-16 offsets: one that
 * is not a range of this text is left out, and one that would cut a surrogate pair is widened by that half.
 */
export function segmentsOf(text: string, marks: readonly Mark[]): readonly Segment[] {
  const usable = marks.flatMap((mark) => {
    const span = usableSpan(text, mark.span);
    return span === null ? [] : [{ ...mark, span }];
  });
  const opening = groupBy(usable, (mark) => mark.span[0]);
  const closing = groupBy(usable, (mark) => mark.span[1]);
  const cuts = [...new Set([0, text.length, ...opening.keys(), ...closing.keys()])].sort((a, b) => a - b);
  const active = new Map<Layer, Mark[]>();
  return cuts.slice(0, -1).map((start, i) => {
    for (const mark of closing.get(start) ?? []) {
      active.set(
        mark.facet,
        (active.get(mark.facet) ?? []).filter((other) => other !== mark),
      );
    }
    const starts = opening.get(start) ?? [];
    for (const mark of starts) active.set(mark.facet, [...(active.get(mark.facet) ?? []), mark]);
    return {
      text: text.slice(start, cuts[i + 1]),
      starts: starts.map((mark) => mark.key),
      marks: [...active.values()].flatMap((stack) => stack.slice(-1)),
    };
  });
}

function usableSpan(text: string, [start, end]: readonly [number, number]): readonly [number, number] | null {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > text.length || start >= end) return null;
  return [splitsPair(text, start) ? start - 1 : start, splitsPair(text, end) ? end + 1 : end];
}

function splitsPair(text: string, offset: number): boolean {
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

function groupBy(marks: readonly Mark[], offsetOf: (mark: Mark) => number): ReadonlyMap<number, readonly Mark[]> {
  const groups = new Map<number, Mark[]>();
  for (const mark of marks) {
    const group = groups.get(offsetOf(mark));
    if (group === undefined) groups.set(offsetOf(mark), [mark]);
    else group.push(mark);
  }
  return groups;
}
