import { html } from 'hono/html';
import type { CaseAnswer } from '../../core/search/case-contract.ts';
import { OUTCOME_LABELS, percent, RARITY_LABELS, termWords } from '../client/words.js';
import { hrefOf, type PlaceGroup, type Places } from './case-places.ts';
import { ageWords } from './case-words.ts';
import { DISCLAIMER, type Html } from './layout.ts';

const QUOTE_CHARS_MAX = 240;
/** The last part of their addresses, and what a person calls them. */
const EXPORTS = [
  ['phenopacket', 'Phenopacket'],
  ['fhir', 'FHIR'],
  ['markdown', 'Markdown'],
  ['ris', 'RIS'],
] as const;

/** What a reader wants before the text: the diagnosis, how it ended, and who says so. */
export function caseAside(theCase: CaseAnswer, places: Places): Html {
  return html`<aside class="case-side" aria-label="About this case">
  <section class="panel diagnosis"><h2>Diagnosis</h2>
    ${diagnosisHtml(theCase, places)}
    ${theCase.rare ? rarity(theCase, places) : notRare(theCase)}
  </section>
  <section class="panel"><h2>Patient</h2>
    <dl class="pairs">
      ${pair('Age', ageWords(theCase.patient.age_years))}
      ${pair('Sex', theCase.patient.sex ?? 'not stated')}
      ${pair('Key findings', keyWords(theCase))}
    </dl>
  </section>
  <section class="panel"><h2>Outcome</h2>${outcome(theCase, places)}</section>
  <section class="panel"><h2>How it was read</h2>${review(theCase)}</section>
</aside>`;
}

/** Where the case comes from, and how it leaves. */
export function caseSource(theCase: CaseAnswer): Html {
  return html`<aside class="case-source" aria-label="Source and export">
  ${provenance(theCase)}
  <section class="panel exports"><h2>Take it with you</h2>
    <ul>${EXPORTS.map(([part, name]) => html`<li><a href="/api/cases/${encodeURIComponent(theCase.case_id)}/${part}">${name}</a></li>`)}</ul>
  </section>
  <p class="disclaimer">${DISCLAIMER}</p>
</aside>`;
}

function diagnosisHtml(theCase: CaseAnswer, places: Places): Html {
  const { diagnosis, diagnosis_span: span, secondary_diagnoses: further } = theCase;
  return html`${
    diagnosis === null
      ? html`<p>Not stated</p>`
      : html`<p class="diagnosis-name" dir="auto">${placed(theCase, places, 'diagnosis', 0, span, diagnosis)}</p>`
  }
    <p class="fine">Category: ${theCase.diagnosis_category}</p>
    ${
      further.length === 0
        ? ''
        : html`<h3>Further diagnoses</h3><ul class="plain">${further.map((claim, at) => html`<li dir="auto">${placed(theCase, places, 'secondary', at, claim.span, claim.text)}</li>`)}</ul>`
    }`;
}

function rarity(theCase: CaseAnswer, places: Places): Html {
  const { rarity_evidence: evidence, rarity_criteria: criteria, rare_reason: reason } = theCase;
  if (evidence.length === 0)
    return html`<p><span class="badge rare">Rare</span> ${reason ?? ''}</p>
  <ul class="plain">${criteria.map((name) => html`<li>${RARITY_LABELS[name] ?? name}</li>`)}</ul>`;
  return html`<p><span class="badge rare">Rare</span></p>
  <ul class="plain evidence">${evidence.map(
    (one, at) => html`<li><strong>${RARITY_LABELS[one.criterion] ?? one.criterion}</strong>
    <p dir="auto">${one.reason}</p>${one.quote === null ? '' : quoted(theCase, places, 'evidence', at, one.span, one.quote)}</li>`,
  )}</ul>`;
}

function notRare({ rejection_reason: reason }: CaseAnswer): Html {
  return html`<p class="fine">Not marked as rare.${reason === null ? '' : html` <span dir="auto">${reason}</span>`}</p>`;
}

function outcome(theCase: CaseAnswer, places: Places): Html {
  const { status, follow_up_months: months, quote, span } = theCase.outcome;
  return html`<p><strong>${OUTCOME_LABELS[status]}</strong>${months === null ? '' : html`, followed for ${monthsWords(months)}`}</p>
    ${quote === null ? '' : quoted(theCase, places, 'outcome', 0, span, quote)}`;
}

function monthsWords(months: number): string {
  const said = months >= 1 ? Math.round(months * 10) / 10 : Math.round(months * 100) / 100;
  return said === 1 ? '1 month' : `${said} months`;
}

/** By what the judgement was made, and what of a model's answer was left out. */
function review({ review: { by, claims, dropped, repairs, truncated, suspicious }, completeness }: CaseAnswer): Html {
  return html`${
    by === 'rules'
      ? html`<p>By rules, without a language model.</p>`
      : html`<p>Diagnosis, rarity, treatment and outcome by the model <bdi>${by}</bdi>: ${claims} ${claims === 1 ? 'claim' : 'claims'}, ${dropped} left out because their words are not in the text.${repairs === 0 ? '' : ` It was asked ${repairs} more ${repairs === 1 ? 'time' : 'times'} because an answer did not fit.`}</p>`
  }
    ${truncated ? html`<p role="note" class="notice">The model read only the beginning of the text.</p>` : ''}
    ${suspicious ? html`<p role="note" class="notice">The text holds words that read like orders to a model. They were read as text.</p>` : ''}
    <p class="fine">${percent(completeness)} of what a complete report tells was found.</p>`;
}

function keyWords({ key_symptoms: symptoms, key_labs: labs, key_ecg: ecg }: CaseAnswer): string | null {
  const words = [...symptoms, ...labs, ...(ecg === null ? [] : [ecg])].map(termWords);
  return words.length === 0 ? null : words.join(', ');
}

function provenance(theCase: CaseAnswer): Html {
  const { provenance: from } = theCase;
  return html`<section class="panel"><h2>Provenance</h2>
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
  </section>`;
}

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

function authorWords(authors: readonly string[]): string | null {
  if (authors.length === 0) return null;
  return authors.length <= 6 ? authors.join(', ') : `${authors.slice(0, 5).join(', ')} and ${authors.length - 5} more`;
}

function pair(label: string, value: string | null): Html | '' {
  return value === null ? '' : html`<div><dt>${label}</dt><dd dir="auto">${value}</dd></div>`;
}

type Span = readonly [number, number] | null;

/** Words with a way to their place in the text, where the page shows it. */
function placed(theCase: CaseAnswer, places: Places, group: PlaceGroup, at: number, span: Span, words: string): Html {
  const isShown = span !== null && span[1] > span[0] && span[1] <= theCase.text.length;
  return isShown ? html`<a href="${hrefOf(places, group, at)}">${words}</a>` : html`${words}`;
}

function quoted(theCase: CaseAnswer, places: Places, group: PlaceGroup, at: number, span: Span, quote: string): Html {
  const words = quote.length > QUOTE_CHARS_MAX ? `${quote.slice(0, QUOTE_CHARS_MAX)}…` : quote;
  return html`<blockquote class="said" dir="auto">${placed(theCase, places, group, at, span, words)}</blockquote>`;
}
