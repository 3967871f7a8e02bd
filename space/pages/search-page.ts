import { html } from 'hono/html';
import { DIAGNOSIS_CATEGORIES, FACETS, type Facet } from '../../schema/vocabulary.ts';
import { FACET_LABELS, PRESETS } from '../client/words.js';
import { DISCLAIMER, type Html } from './layout.ts';

const EXAMPLE_LABEL_LENGTH_MAX = 170;

/**
 * The search page. No control that holds clinical text has a `name`, and the form posts: even a browser whose script
 * failed cannot put a query into an address.
 */
export function searchMain(exampleQueries: readonly string[]): Html {
  return html`<div class="workbench">
<section class="query-pane" aria-labelledby="query-heading">
  <h1 id="query-heading">Find similar cases</h1>
  <form id="search-form" method="post" action="/" novalidate>
    <div class="seed" id="seed" hidden>
      <p>Cases similar to <strong id="seed-id"></strong></p>
      <button type="button" class="button quiet small" id="seed-clear">Paste text instead</button>
    </div>
    <div class="field" id="text-field">
      <label for="text">Describe the case</label>
      <p class="hint" id="text-hint">Age and sex, symptoms, ECG, labs, imaging. What is absent counts too: “no chest pain”.</p>
      <textarea id="text" data-field="text" rows="11" spellcheck="false" autocomplete="off" aria-describedby="text-hint text-error"
        placeholder="A 41-year-old man fainted during a fever. ECG: coved ST elevation in V1 and V2. Troponin normal…"></textarea>
      <p class="field-error" id="text-error"></p>
    </div>
    <div class="field">
      <label for="keywords">Must contain <span class="hint">optional</span></label>
      <input type="text" id="keywords" data-field="keywords" autocomplete="off" spellcheck="false" maxlength="1000" aria-describedby="keywords-error"
        placeholder="&quot;long QT&quot; AND (fever OR exercise)">
      <p class="field-error" id="keywords-error"></p>
    </div>
    <div class="field inline">
      <label for="preset">Weigh the facets for</label>
      <select id="preset" data-field="preset" aria-describedby="preset-error">
        ${Object.entries(PRESETS).map(([name, { label }]) => html`<option value="${name}">${label}</option>`)}
        <option value="custom">My own weights</option>
      </select>
      <p class="field-error" id="preset-error"></p>
    </div>
    <details class="options" id="options">
      <summary>Weights and filters <span class="options-state" id="options-state"></span></summary>
      ${weights()}
      ${filters()}
      ${comparison()}
      <p><button type="button" class="button quiet small" id="reset-options">Reset weights and filters</button></p>
    </details>
    <div class="submit-row">
      <button type="submit" class="button" id="submit">Search</button>
      <button type="button" class="button quiet" id="cancel" hidden>Cancel</button>
      <span class="hint"><kbd>Ctrl</kbd> + <kbd>Enter</kbd></span>
    </div>
    <noscript><p class="notice">Searching needs JavaScript: your text is sent in the body of a request, never in an address.</p></noscript>
  </form>
</section>
<section class="results-pane" aria-labelledby="results-heading">
  <p class="disclaimer">${DISCLAIMER}</p>
  <p id="announce" class="visually-hidden" role="status" aria-live="polite"></p>
  <div id="problem" role="alert"></div>
  <div id="busy" class="busy" hidden><span class="pulse" aria-hidden="true"></span> <span>Comparing with every case…</span></div>
  <div id="comparison" class="comparison" hidden></div>
  <div id="outcome" aria-busy="false">${welcome(exampleQueries)}</div>
</section>
</div>`;
}

function weights(): Html {
  const balanced = PRESETS.balanced.weights;
  return html`<fieldset class="weights">
  <legend>Weights</legend>
  <p class="hint">How much each facet counts. <span id="weights-sum"></span></p>
  ${FACETS.map(
    (facet, i) => html`<div class="weight" data-facet="${facet}">
    <label for="weight-${facet}">${FACET_LABELS[facet]}</label>
    <input type="range" id="weight-${facet}" data-field="weights.${facet}" data-weight="${facet}" min="0" max="100" step="5" value="${balanced[i] ?? 0}" aria-describedby="weight-${facet}-error">
    <output for="weight-${facet}" id="weight-${facet}-output">${balanced[i] ?? 0} %</output>
    <p class="field-error" id="weight-${facet}-error"></p>
  </div>`,
  )}
</fieldset>`;
}

function filters(): Html {
  return html`<fieldset class="filters">
  <legend>Filters</legend>
  <div class="pair">
    ${numberField('age_min', 'Age from', 'filters.age_min', 0, 130)}
    ${numberField('age_max', 'to', 'filters.age_max', 0, 130)}
  </div>
  <div class="pair">
    ${numberField('year_min', 'Published from', 'filters.year_min', 1800, 2100)}
    ${numberField('year_max', 'to', 'filters.year_max', 1800, 2100)}
  </div>
  <div class="pair">
    <div class="field">
      <label for="sex">Sex</label>
      <select id="sex" data-field="filters.sex" aria-describedby="sex-error"><option value="">Any</option><option value="female">Female</option><option value="male">Male</option></select>
      <p class="field-error" id="sex-error"></p>
    </div>
    <div class="field">
      <label for="category">Kind of diagnosis</label>
      <select id="category" data-field="filters.category" aria-describedby="category-error"><option value="">Any</option>${DIAGNOSIS_CATEGORIES.map((name) => html`<option value="${name}">${name}</option>`)}</select>
      <p class="field-error" id="category-error"></p>
    </div>
  </div>
  <div class="pair">
    ${numberField('k', 'Results', 'k', 1, 100, 10)}
    <div class="field check"><input type="checkbox" id="rare" data-field="filters.rare"><label for="rare">Rare cases only</label></div>
  </div>
  <div class="has" role="group" aria-labelledby="has-label">
    <p id="has-label">Cases must have</p>
    ${FACETS.map((facet) => html`<div class="field check"><input type="checkbox" id="has-${facet}" data-field="filters.has" aria-describedby="has-${facet}-error"><label for="has-${facet}"><span class="visually-hidden">Has </span>${FACET_LABELS[facet]}</label><p class="field-error" id="has-${facet}-error"></p></div>`)}
  </div>
</fieldset>`;
}

function comparison(): Html {
  const legs = [
    ['dense', 'Meaning', 'vectors of each facet'],
    ['lexical', 'Words', 'the words that both texts use'],
    ['findings', 'Findings', 'values, signs and negations'],
  ] as const;
  return html`<fieldset class="legs">
  <legend>Compare by</legend>
  ${legs.map(
    ([leg, label, what]) =>
      html`<div class="field check"><input type="checkbox" id="leg-${leg}" data-leg="${leg}" data-field="legs" checked><label for="leg-${leg}">${label} <span class="hint">${what}</span></label></div>`,
  )}
</fieldset>`;
}

function numberField(id: string, label: string, field: string, min: number, max: number, value?: number): Html {
  return html`<div class="field">
    <label for="${id}">${label}</label>
    <input type="number" inputmode="numeric" id="${id}" data-field="${field}" min="${min}" max="${max}"${value === undefined ? '' : html` value="${value}"`} aria-describedby="${id}-error">
    <p class="field-error" id="${id}-error"></p>
  </div>`;
}

function welcome(exampleQueries: readonly string[]): Html {
  return html`<div class="welcome" id="welcome">
  <h2 id="results-heading" tabindex="-1">Start with a case</h2>
  <p id="corpus" class="corpus">Published cases, compared facet by facet.</p>
  ${
    exampleQueries.length === 0
      ? ''
      : html`<h3>Or try one of these</h3>
  <ul class="examples">${exampleQueries.map((query) => html`<li><button type="button" class="example" data-example="${query}">${shorten(query)}</button></li>`)}</ul>`
  }
  <h3>What you get</h3>
  <ul class="promise">
    <li>${facetKey('symptoms')} Scores for each of five facets, what each weighs, and what it adds.</li>
    <li>${facetKey('labs')} Findings that match, that are missing and that say the opposite.</li>
    <li>${facetKey('imaging')} The sentences that carry the match, quoted with citation and licence.</li>
  </ul>
</div>`;
}

function facetKey(facet: Facet): Html {
  return html`<span class="dot" data-facet="${facet}" aria-hidden="true"></span>`;
}

function shorten(query: string): string {
  if (query.length <= EXAMPLE_LABEL_LENGTH_MAX) return query;
  const cut = query.slice(0, EXAMPLE_LABEL_LENGTH_MAX);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), 100))}…`;
}
