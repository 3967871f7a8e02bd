import { html } from 'hono/html';
import type { CaseAnswer } from '../../core/search/case-contract.ts';
import { NOTICE_LABELS, safeHref } from '../client/words.js';
import { caseAside, caseSource } from './case-aside.ts';
import { findingTables } from './case-findings.ts';
import { placesOf } from './case-places.ts';
import { caseText } from './case-text.ts';
import { type Html, layout } from './layout.ts';

/**
 * The page of one case. It needs no script; with one it shows the place that an address names, and the cases most like this one. All that a source or a model said stands in it as text: the one link outside is the address
 * of the source, where it is one of the web.
 */
export function casePage(theCase: CaseAnswer): Html {
  const title = theCase.title ?? theCase.case_id;
  const places = placesOf(theCase);
  return layout({
    title: `${title} · Anamnesis`,
    current: null,
    script: 'case.js',
    styles: ['case.css', 'case-findings.css'],
    main: html`<article class="case">
  <header class="case-head">
    <p class="eyebrow">Case <bdi>${theCase.case_id}</bdi></p>
    <h1 dir="auto">${title}</h1>
    <p class="citation" dir="auto">${theCase.citation}</p>
    <p class="actions"><a class="button" href="/?case=${encodeURIComponent(theCase.case_id)}">Find similar cases</a> ${sourceLink(theCase.url)}</p>
    ${noticesOf(theCase)}
  </header>
  ${caseAside(theCase, places)}
  <div class="case-main">
    ${theCase.text_withheld === undefined ? caseText(theCase, places) : withheldText(theCase.text_withheld, theCase.url)}
    ${findingTables(theCase, places)}
    <section class="neighbours" id="neighbours" data-case="${theCase.case_id}" aria-labelledby="neighbours-heading" hidden></section>
  </div>
  ${caseSource(theCase)}
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

function withheldText(reason: string, url: string | null): Html {
  return html`<section class="narrative" aria-labelledby="text-heading">
  <h2 id="text-heading">Text</h2>
  <p>The text is not shown here: ${reason}. ${sourceLink(url)}</p>
</section>`;
}
