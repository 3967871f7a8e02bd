import { html } from 'hono/html';
import {
  COMPARED_GROUPS,
  COMPARED_MAX,
  COMPARED_MIN,
  type CompareAnswer,
  type ComparedCase,
  type ComparedGroup,
  type ComparedRow,
} from '../../core/search/compare.ts';
import { FACETS } from '../../schema/vocabulary.ts';
import { caseHref, compareHref, FACET_LABELS, NOTICE_LABELS, OUTCOME_LABELS, safeHref } from '../client/words.js';
import { ageWords } from './case-words.ts';
import { findingCell, LETTERS, termHeading } from './compare-cells.ts';
import { DISCLAIMER, type Html, layout } from './layout.ts';

const GROUP_LABELS: Readonly<Record<ComparedGroup, string>> = {
  ...FACET_LABELS,
  demographics: 'Risk factors and history',
  treatments: 'Treatment',
  complications: 'Complications',
};

/** So many rows of one case only need not be unfolded first. */
const SINGLE_SHOWN_MAX = 3;

/** Cases beside each other. It needs no script, and its address holds ids alone. */
export function comparePage(answer: CompareAnswer): Html {
  return page(html`<div class="compare">
  <header class="compare-head">
    <h1>${answer.cases.length} cases beside each other</h1>
    <p class="fine">What the others say, compared with case A. What a report does not mention is left open: that is not the same as absent.</p>
    <p class="disclaimer">${DISCLAIMER}</p>
    <div class="only field check"><input type="checkbox" id="only-differing"><label for="only-differing">Only what differs</label></div>
  </header>
  ${overview(answer)}
  ${COMPARED_GROUPS.map((group) => groupSection(answer, group))}
</div>`);
}

/** Where no case is named yet. */
export function compareStart(): Html {
  return page(html`<section class="panel narrow compare-start">
  <h1>Compare cases</h1>
  <p>Two to ${COMPARED_MAX} published cases beside each other, finding by finding. Choose them with “Compare” on the results of a <a href="/">search</a>, or name them here.</p>
  <form method="get" action="/compare">
    <label for="ids">Case ids, the reference first</label>
    <input type="text" id="ids" name="ids" required autocomplete="off" spellcheck="false" placeholder="PMC_1234567, PMC_7654321">
    <p><button type="submit" class="button">Compare</button></p>
  </form>
</section>`);
}

function page(main: Html): Html {
  return layout({
    title: 'Compare cases · Anamnesis',
    current: null,
    script: null,
    styles: ['case-findings.css', 'compare.css'],
    main,
  });
}

/** Who, what, how it ended, and where it was published. */
function overview({ cases }: CompareAnswer): Html {
  return html`<section class="compare-group" aria-labelledby="overview">
  <h2 id="overview" class="visually-hidden">The cases</h2>
  ${tableHtml(
    cases,
    'overview',
    html`<thead role="rowgroup"><tr role="row"><td role="cell" class="corner"></td>${cases.map((one, at) => caseHeading(cases, one, at))}</tr></thead>`,
    html`
    ${factRow('Patient', cases, ({ patient: { age_years, sex } }) => `${ageWords(age_years)}, ${sex ?? 'sex not stated'}`)}
    ${factRow('Diagnosis', cases, ({ diagnosis }) => (diagnosis === null ? null : html`<strong dir="auto">${diagnosis}</strong>`))}
    ${factRow('Further diagnoses', cases, ({ secondary_diagnoses: further }) => (further.length === 0 ? null : further.map(({ text }) => text).join('; ')))}
    ${factRow('Kind', cases, ({ diagnosis_category }) => diagnosis_category)}
    ${factRow('Rare', cases, ({ rare, rare_reason }) => (rare ? html`<span class="badge rare">Rare</span> <span dir="auto">${rare_reason ?? ''}</span>` : 'not marked as rare'))}
    ${factRow('Outcome', cases, outcomeWords)}
    ${factRow('Published', cases, published)}`,
  )}
</section>`;
}

function caseHeading(cases: readonly ComparedCase[], theCase: ComparedCase, at: number): Html {
  const ids = cases.map(({ case_id }) => case_id);
  const others = ids.filter((_, place) => place !== at);
  const first = [theCase.case_id, ...others];
  return html`<th scope="col" role="columnheader">
    <span class="letter">${LETTERS[at]}</span>${at === 0 ? html` <span class="badge">Reference</span>` : ''}
    <a class="compare-title" href="${caseHref(theCase.case_id)}" dir="auto">${theCase.title ?? theCase.case_id}</a>
    <span class="fine"><bdi>${theCase.case_id}</bdi></span>
    ${(theCase.notices ?? []).map(({ kind, reference }) => html`<span class="notice" role="note"><strong>${NOTICE_LABELS[kind] ?? kind}</strong>${reference === null ? '' : html`: <span dir="auto">${reference}</span>`}</span>`)}
    <span class="compare-acts">
      ${at === 0 ? '' : html`<a href="${compareHref(first)}">Make it the reference</a>`}
      ${others.length < COMPARED_MIN ? '' : html`<a href="${compareHref(others)}">Leave it out</a>`}
    </span>
  </th>`;
}

type Fact = Html | string | null;

function factRow(label: string, cases: readonly ComparedCase[], factOf: (one: ComparedCase) => Fact): Html {
  return html`<tr role="row"><th scope="row" role="rowheader">${label}</th>${cases.map((one, at) => {
    const fact = factOf(one);
    return html`<td role="cell"><span class="letter">${LETTERS[at]}</span><div>${fact ?? html`<span class="unsaid">not stated</span>`}</div></td>`;
  })}</tr>`;
}

function outcomeWords({ outcome: { status, follow_up_months: months } }: ComparedCase): string {
  const followed = months === null ? '' : `, followed for ${Math.round(months * 10) / 10} months`;
  return `${OUTCOME_LABELS[status]}${followed}`;
}

function published({ citation, licence, url, text_withheld: withheld }: ComparedCase): Html {
  const href = safeHref(url);
  return html`<span class="citation" dir="auto">${citation}</span>
    <span class="aside">${licence ?? 'licence not stated'}${withheld === undefined ? '' : html` · text not shown: ${withheld}`}</span>
    ${href === null ? '' : html`<a href="${href}" rel="noopener noreferrer" target="_blank">Source <span class="visually-hidden">(new tab)</span><span aria-hidden="true">↗</span></a>`}`;
}

function groupSection(answer: CompareAnswer, group: ComparedGroup): Html | '' {
  const rows = answer.groups[group];
  if (rows.length === 0) return '';
  const shared = rows.filter(({ cases }) => cases > 1);
  const single = rows.filter(({ cases }) => cases === 1);
  const differing = rows.filter(({ relation }) => relation === 'differs').length;
  const layer = FACETS.some((facet) => facet === group) ? group : 'course';
  return html`<section class="compare-group" data-facet="${layer}" data-differing="${differing}" aria-labelledby="group-${group}">
  <h2 id="group-${group}"><span class="dot" data-facet="${layer}" aria-hidden="true"></span> ${GROUP_LABELS[group]} <span class="fine">${shared.length === 0 ? 'nothing in more than one' : `${shared.length} in more than one`}${differing === 0 ? '' : `, ${differing} ${differing === 1 ? 'differs' : 'differ'}`}</span></h2>
  ${shared.length === 0 ? '' : rowsTable(answer, group, shared)}
  ${single.length === 0 ? '' : html`<details class="single"${single.length <= SINGLE_SHOWN_MAX ? html` open` : ''}><summary>${single.length} in one case only</summary>${rowsTable(answer, group, single)}</details>`}
</section>`;
}

function rowsTable({ cases }: CompareAnswer, group: ComparedGroup, rows: readonly ComparedRow[]): Html {
  return tableHtml(
    cases,
    `group-${group}`,
    html`<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Finding</th>${cases.map(({ case_id, diagnosis }, at) => html`<th scope="col" role="columnheader"><span class="letter">${LETTERS[at]}</span> <bdi>${diagnosis ?? case_id}</bdi></th>`)}</tr></thead>`,
    html`${rows.map(
      (row) =>
        html`<tr role="row" data-relation="${row.relation}"><th scope="row" role="rowheader">${termHeading(row)}</th>${row.cells.map(
          (cell, at) =>
            html`<td role="cell"${cell === null ? html` class="silent"` : ''}><span class="letter">${LETTERS[at]}</span><div>${findingCell(row.term, cell, cases[at]?.case_id ?? '')}</div></td>`,
        )}</tr>`,
    )}`,
  );
}

/** Its roles are said, since a narrow screen lays it out as blocks. */
function tableHtml(cases: readonly ComparedCase[], labelledBy: string, head: Html, body: Html): Html {
  return html`<table role="table" class="compare-table" data-cases="${cases.length}" aria-labelledby="${labelledBy}">${head}<tbody role="rowgroup">${body}</tbody></table>`;
}
