import { html } from 'hono/html';
import type { CaseAnswer, CaseFinding } from '../../core/search/case-contract.ts';
import { FACETS } from '../../schema/vocabulary.ts';
import { ASSERTION_LABELS, FACET_LABELS, termWords } from '../client/words.js';
import { hrefOf, type PlaceGroup, type Places } from './case-places.ts';
import { besideValue, courseWords, trendWords, valueWords } from './case-words.ts';
import type { Layer } from './highlight.ts';
import type { Html } from './layout.ts';

const QUOTE_CHARS_MAX = 160;

type Mention = { readonly finding: CaseFinding; readonly place: number };
type Table = {
  readonly id: PlaceGroup;
  readonly layer: Layer;
  readonly title: string;
  readonly findings: readonly CaseFinding[];
  /** Said where there is no finding. */
  readonly otherwise: Html | string;
};

/** All that was read out of the text, in tables: by facet, then treatment and complications. */
export function findingTables(theCase: CaseAnswer, places: Places): Html {
  const tables = tablesOf(theCase).map((table) => tableHtml(theCase.text, table, places));
  return html`<section class="findings" aria-labelledby="findings-heading">
  <h2 id="findings-heading">What was read out of it</h2>
  ${tables.length === 0 ? html`<p class="fine">Nothing was recognised in this text.</p>` : tables}
</section>`;
}

function tablesOf(theCase: CaseAnswer): readonly Table[] {
  const facets = FACETS.flatMap((facet): readonly Table[] => {
    const view = theCase.facets[facet];
    if (view === undefined) return [];
    const otherwise =
      view.text === ''
        ? 'No finding was recognised.'
        : html`Text without a recognised finding: <span dir="auto">${view.text}</span>`;
    return [{ id: facet, layer: facet, title: FACET_LABELS[facet], findings: view.findings, otherwise }];
  });
  const course: readonly Table[] = [
    { id: 'treatment', layer: 'course', title: 'Treatment', findings: theCase.treatments, otherwise: '' },
    { id: 'complication', layer: 'course', title: 'Complications', findings: theCase.complications, otherwise: '' },
  ];
  return [...facets, ...course.filter(({ findings }) => findings.length > 0)];
}

function tableHtml(text: string, { id, layer, title, findings, otherwise }: Table, places: Places): Html {
  const rows = mentionsOf(findings).map((mentions) => findingRow(text, mentions, id, places));
  return html`<section class="facet-block" data-facet="${layer}" aria-labelledby="facet-${id}">
    <h3 id="facet-${id}"><span class="dot" data-facet="${layer}" aria-hidden="true"></span> ${title} <span class="fine">${rows.length} ${rows.length === 1 ? 'finding' : 'findings'}</span></h3>
    ${
      rows.length === 0
        ? html`<p class="fine">${otherwise}</p>`
        : html`<div class="table-scroll" role="region" aria-labelledby="facet-${id}" tabindex="0"><table>
      <thead><tr><th scope="col">Finding</th><th scope="col">Status</th><th scope="col">Value</th><th scope="col">Words of the text</th></tr></thead>
      <tbody>${rows}</tbody></table></div>`
    }
  </section>`;
}

/** Where a text says the same of the same more than once, as abstract and body do: one entry a finding, its mentions in text order. */
function mentionsOf(findings: readonly CaseFinding[]): readonly (readonly Mention[])[] {
  const told = new Map<string, Mention[]>();
  for (const [place, finding] of findings.entries()) {
    const { span: _, ...said } = finding;
    const name = JSON.stringify(said);
    told.set(name, [...(told.get(name) ?? []), { finding, place }]);
  }
  return [...told.values()];
}

function findingRow(text: string, mentions: readonly Mention[], group: PlaceGroup, places: Places): Html | string {
  const [mention] = mentions;
  if (mention === undefined) return '';
  const { finding, place } = mention;
  const more = mentions.slice(1).map((other) => html` <a href="${hrefOf(places, group, other.place)}">again</a>`);
  const [start, end] = finding.span;
  const words = text.slice(start, Math.min(end, start + QUOTE_CHARS_MAX));
  return html`<tr data-assertion="${finding.assertion}">
  <th scope="row"><bdi>${termWords(finding.term)}</bdi>${(finding.qualifiers ?? []).map((word) => html` <span class="qualifier">${termWords(word)}</span>`)}${aside(courseWords(finding))}${finding.code === undefined ? '' : html`<span class="aside"><code>${finding.code}</code></span>`}</th>
  <td><span class="status" data-assertion="${finding.assertion}">${ASSERTION_LABELS[finding.assertion]}</span></td>
  <td class="value">${valueWords(finding)}${finding.flag === undefined ? '' : html` <span class="flag" data-flag="${finding.flag}">${finding.flag}</span>`}${finding.trend === undefined ? '' : html` <span class="trend">${trendWords(finding.trend)}</span>`}${besideValue(finding).map((words) => aside([words]))}</td>
  <td>${text === '' ? 'not shown' : html`<a href="${hrefOf(places, group, place)}"><bdi>${words === '' ? 'show' : words}</bdi></a>${more}`}</td>
</tr>`;
}

function aside(words: readonly string[]): Html | '' {
  return words.length === 0 ? '' : html`<span class="aside">${words.join(' · ')}</span>`;
}
