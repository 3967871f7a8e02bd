import { html } from 'hono/html';
import type { CaseAnswer } from '../../core/search/contract.ts';
import { ASSERTIONS, FACETS, type Facet } from '../../schema/vocabulary.ts';
import { ASSERTION_LABELS, FACET_LABELS, NOTICE_LABELS, RARITY_LABELS, safeHref, termWords } from '../client/words.js';
import { type Mark, type Segment, segmentsOf } from './highlight.ts';
import { DISCLAIMER, type Html, layout } from './layout.ts';

type Finding = NonNullable<CaseAnswer['facets'][Facet]>['findings'][number];

/** UCUM codes that read badly as they are (https://ucum.org). */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  a: 'years',
  mo: 'months',
  wk: 'weeks',
  d: 'days',
  h: 'hours',
  min: 'minutes',
  Cel: '°C',
  'mm[Hg]': 'mmHg',
  '/min': 'per minute',
  '1': '',
};

/** The page of one case. It needs no script: the legend switches highlights by style alone. */
export function casePage(theCase: CaseAnswer): Html {
  const title = theCase.title ?? theCase.case_id;
  return layout({
    title: `${title} · Anamnesis`,
    current: null,
    script: null,
    styles: ['case.css'],
    main: html`<article class="case">
  <header class="case-head">
    <p class="eyebrow">Case <bdi>${theCase.case_id}</bdi></p>
    <h1 dir="auto">${title}</h1>
    <p class="citation" dir="auto">${theCase.citation}</p>
    <p class="actions"><a class="button" href="/?case=${encodeURIComponent(theCase.case_id)}">Find similar cases</a> ${sourceLink(theCase.url)}</p>
  </header>
  ${noticesOf(theCase)}
  ${sidebar(theCase)}
  ${narrative(theCase)}
  ${findingTables(theCase)}
</article>`,
  });
}

/** What was published about the report since stands before all that it says. */
function noticesOf({ notices = [] }: CaseAnswer): Html | '' {
  if (notices.length === 0) return '';
  return html`<section class="panel notices" aria-label="Published since">
    ${notices.map(({ kind, reference }) => html`<p role="note"><strong>${NOTICE_LABELS[kind] ?? kind}</strong>${reference === null ? '' : html`: <span dir="auto">${reference}</span>`}</p>`)}
  </section>`;
}

function sourceLink(url: string | null): Html | '' {
  const href = safeHref(url);
  return href === null
    ? ''
    : html`<a class="button quiet" href="${href}" rel="noopener noreferrer" target="_blank">Read at the source <span class="visually-hidden">(new tab)</span><span aria-hidden="true">↗</span></a>`;
}

function sidebar(theCase: CaseAnswer): Html {
  const { provenance: from } = theCase;
  return html`<aside class="case-side" aria-label="About this case">
  <section class="panel diagnosis"><h2>Diagnosis</h2>
    ${theCase.diagnosis === null ? html`<p>Not stated</p>` : html`<p class="diagnosis-name" dir="auto">${theCase.diagnosis}</p>`}
    <p class="fine">Category: ${theCase.diagnosis_category}</p>
    ${theCase.rare ? rarity(theCase) : html`<p class="fine">Not marked as rare.</p>`}
  </section>
  <section class="panel"><h2>Patient</h2>
    <dl class="pairs">${pair('Age', ageWords(theCase.patient.age_years))}${pair('Sex', theCase.patient.sex ?? 'not stated')}</dl>
  </section>
  <section class="panel"><h2>Provenance</h2>
    <dl class="pairs">
      ${pair('Source', theCase.source)}
      ${pair('Journal', from.journal)}
      ${pair('Published', from.publicationDate)}
      ${pair('Authors', authorWords(from.authors))}
      ${pair('PMID', from.pmid)}
      ${pair('PMCID', from.pmcid)}
      ${pair('DOI', from.doi)}
      ${pair('Also', linksOf(from))}
      ${pair('Licence', theCase.licence ?? 'not stated: check before you reuse it')}
      ${pair('Release', String(from.release))}
      ${pair('Generation', from.generation)}
    </dl>
  </section>
  <p class="disclaimer">${DISCLAIMER}</p>
</aside>`;
}

/** The other documents of the article, by all the ids that they go by. */
/** The ids under which documents of the same article stand, without those that are named already. */
function linksOf({ also = [], pmid, pmcid, doi }: CaseAnswer['provenance']): string | null {
  const named = new Set([pmid, pmcid, doi]);
  const fresh = (id: string | null, words: string) => (id === null || named.has(id) ? [] : [words]);
  const links = also.flatMap((link) => {
    const ids = [
      ...fresh(link.pmid, `PMID ${link.pmid}`),
      ...fresh(link.pmcid, `${link.pmcid}`),
      ...fresh(link.doi, `doi:${link.doi}`),
    ];
    return ids.length > 0 || link.pmid || link.pmcid || link.doi ? ids : [link.key];
  });
  return links.length > 0 ? [...new Set(links)].join(', ') : null;
}

function rarity(theCase: CaseAnswer): Html {
  return html`<p><span class="badge rare">Rare</span> ${theCase.rare_reason ?? ''}</p>
  <ul class="criteria">${theCase.rarity_criteria.map((name) => html`<li>${RARITY_LABELS[name] ?? name}</li>`)}</ul>`;
}

function narrative(theCase: CaseAnswer): Html {
  if (theCase.text_withheld !== undefined)
    return html`<section class="narrative" aria-labelledby="text-heading">
  <h2 id="text-heading">Text</h2>
  <p>The text is not shown here: ${theCase.text_withheld}. ${sourceLink(theCase.url)}</p>
</section>`;
  const marks = marksOf(theCase);
  const marked = FACETS.filter((facet) => marks.some((mark) => mark.facet === facet));
  return html`<section class="narrative" aria-labelledby="text-heading">
  <h2 id="text-heading">Text</h2>
  ${
    marked.length === 0
      ? ''
      : html`<fieldset class="legend"><legend>Highlight</legend>
    ${marked.map((facet) => html`<label class="legend-facet" data-facet="${facet}"><input type="checkbox" id="show-${facet}" checked> <span>${FACET_LABELS[facet]}</span></label>`)}
    <p class="legend-assertions fine">Style of the line: ${ASSERTIONS.map((name) => html`<span class="sample" data-assertion="${name}">${ASSERTION_LABELS[name]}</span> `)}</p>
  </fieldset>`
  }
  <div class="case-text" dir="auto">${segmentsOf(theCase.text, marks).map(segmentHtml)}</div>
</section>`;
}

function marksOf(theCase: CaseAnswer): readonly Mark[] {
  const flat = FACETS.flatMap((facet) =>
    (theCase.facets[facet]?.findings ?? []).map((finding) => ({ facet, finding })),
  );
  return flat.map(({ facet, finding }, key) => ({
    key,
    facet,
    assertion: finding.assertion,
    term: finding.term,
    span: finding.span,
  }));
}

function segmentHtml(segment: Segment): Html {
  const anchors = segment.starts.map((key) => html`<span class="anchor" id="finding-${key}"></span>`);
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

function findingTables(theCase: CaseAnswer): Html {
  let key = 0;
  const tables = FACETS.flatMap((facet) => {
    const view = theCase.facets[facet];
    if (view === undefined) return [];
    const first = key;
    key += view.findings.length;
    const rows = mentionsOf(view.findings).map((mentions) => findingRow(theCase.text, mentions, first));
    return [
      html`<section class="facet-block" data-facet="${facet}" aria-labelledby="facet-${facet}">
    <h3 id="facet-${facet}"><span class="dot" data-facet="${facet}" aria-hidden="true"></span> ${FACET_LABELS[facet]} <span class="fine">${rows.length} ${rows.length === 1 ? 'finding' : 'findings'}</span></h3>
    ${
      rows.length === 0
        ? html`<p class="fine">${view.text === '' ? 'No finding was recognised.' : html`Text without a recognised finding: <span dir="auto">${view.text}</span>`}</p>`
        : html`<div class="table-scroll" role="region" aria-labelledby="facet-${facet}" tabindex="0"><table>
      <thead><tr><th scope="col">Finding</th><th scope="col">Status</th><th scope="col">Value</th><th scope="col">Words of the text</th></tr></thead>
      <tbody>${rows}</tbody></table></div>`
    }
  </section>`,
    ];
  });
  return html`<section class="findings" aria-labelledby="findings-heading">
  <h2 id="findings-heading">Findings by facet</h2>
  ${tables.length === 0 ? html`<p class="fine">None were recognised in this text.</p>` : tables}
</section>`;
}

type Mention = { readonly finding: Finding; readonly place: number };

/** Where a text says the same of the same more than once, as abstract and body do: one entry a finding, its mentions in text order. */
function mentionsOf(findings: readonly Finding[]): readonly (readonly Mention[])[] {
  const told = new Map<string, Mention[]>();
  for (const [place, finding] of findings.entries()) {
    const { span: _, ...said } = finding;
    const name = JSON.stringify(said);
    told.set(name, [...(told.get(name) ?? []), { finding, place }]);
  }
  return [...told.values()];
}

/** `first` is the key of the first finding of the facet. */
function findingRow(text: string, mentions: readonly Mention[], first: number): Html | string {
  const [mention] = mentions;
  if (mention === undefined) return '';
  const { finding, place } = mention;
  const more = mentions.slice(1).map((other) => html` <a href="#finding-${first + other.place}">again</a>`);
  const [start, end] = finding.span;
  const words = text.slice(start, Math.min(end, start + 160));
  return html`<tr data-assertion="${finding.assertion}">
  <th scope="row"><bdi>${termWords(finding.term)}</bdi>${(finding.qualifiers ?? []).map((word) => html` <span class="qualifier">${termWords(word)}</span>`)}</th>
  <td>${ASSERTION_LABELS[finding.assertion]}</td>
  <td class="value">${valueWords(finding)}${finding.flag === undefined ? '' : html` <span class="flag" data-flag="${finding.flag}">${finding.flag}</span>`}</td>
  <td>${text === '' ? 'not shown' : html`<a href="#finding-${first + place}"><bdi>${words === '' ? 'show' : words}</bdi></a>${more}`}</td>
</tr>`;
}

function valueWords({ value, unit, comparator }: Finding): string {
  if (value === undefined) return '';
  const unitWord = unit === undefined ? '' : (UNIT_WORDS[unit] ?? unit);
  return `${comparator === undefined ? '' : `${comparator} `}${value}${unitWord === '' ? '' : ` ${unitWord}`}`;
}

/** Under two years an age is said in months, under one month in days. */
export function ageWords(ageYears: number | null): string {
  if (ageYears === null) return 'not stated';
  if (ageYears >= 2) return `${Math.floor(ageYears)} years`;
  const months = Math.floor(ageYears * 12 + 1e-6);
  if (months >= 1) return months === 1 ? '1 month' : `${months} months`;
  const days = Math.round(ageYears * 365.25);
  return days === 0 ? 'newborn' : days === 1 ? '1 day' : `${days} days`;
}

function authorWords(authors: readonly string[]): string | null {
  if (authors.length === 0) return null;
  return authors.length <= 6 ? authors.join(', ') : `${authors.slice(0, 5).join(', ')} and ${authors.length - 5} more`;
}

function pair(label: string, value: string | null): Html | '' {
  return value === null ? '' : html`<div><dt>${label}</dt><dd dir="auto">${value}</dd></div>`;
}
