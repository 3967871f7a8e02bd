import { html } from 'hono/html';
import type { CaseAnswer } from '../../core/search/case-contract.ts';
import { ASSERTIONS } from '../../schema/vocabulary.ts';
import { ASSERTION_LABELS, FACET_LABELS, termWords } from '../client/words.js';
import type { Places } from './case-places.ts';
import { LAYERS, type Mark, type Segment, segmentsOf } from './highlight.ts';
import type { Html } from './layout.ts';

/** The text with all that was read out of it marked. The legend switches the marks by style alone. */
export function caseText(theCase: CaseAnswer, { marks }: Places): Html {
  const segments = segmentsOf(theCase.text, marks);
  const targets = targetsOf(marks);
  const shown = new Set(segments.flatMap((segment) => segment.marks.map((mark) => mark.facet)));
  const marked = LAYERS.filter((layer) => shown.has(layer));
  return html`<section class="narrative" aria-labelledby="text-heading">
  <h2 id="text-heading">Text</h2>
  ${
    marked.length === 0
      ? ''
      : html`<fieldset class="legend"><legend>Highlight</legend>
    ${marked.map((layer) => html`<label class="legend-facet" data-facet="${layer}"><input type="checkbox" id="show-${layer}" checked> <span>${FACET_LABELS[layer]}</span></label>`)}
    <p class="legend-assertions fine">Style of the line: ${ASSERTIONS.map((name) => html`<span class="sample" data-assertion="${name}">${ASSERTION_LABELS[name]}</span> `)}</p>
  </fieldset>`
  }
  <div class="case-text" dir="auto" data-length="${theCase.text.length}">${segments.map((segment) => segmentHtml(segment, targets))}</div>
</section>`;
}

/** What an address can lead to, by the key of the mark that begins there: its number on this page, and its place in the text. */
function targetsOf(marks: readonly Mark[]): ReadonlyMap<number, readonly string[]> {
  const places = new Set<string>();
  return new Map(
    marks.map(({ key, span: [start, end] }) => {
      const place = `at-${start}-${end}`;
      const ids = places.has(place) ? [`finding-${key}`] : [`finding-${key}`, place];
      places.add(place);
      return [key, ids];
    }),
  );
}

function segmentHtml(segment: Segment, targets: ReadonlyMap<number, readonly string[]>): Html {
  const ids = segment.starts.flatMap((key) => targets.get(key) ?? []);
  const anchors = ids.map((id) => html`<span class="anchor" id="${id}"></span>`);
  const inner: Html | string = segment.marks.reduce<Html | string>(
    (content, mark) =>
      html`<mark data-facet="${mark.facet}" data-assertion="${mark.assertion}" title="${markTitle(mark)}">${content}</mark>`,
    segment.text,
  );
  return html`${anchors}${inner}`;
}

function markTitle(mark: Mark): string {
  const label = `${FACET_LABELS[mark.facet]}: ${termWords(mark.term)}`;
  return mark.assertion === 'present' ? label : `${label} (${ASSERTION_LABELS[mark.assertion]})`;
}
