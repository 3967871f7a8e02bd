import { html } from 'hono/html';
import type { ServiceView, SourcesView, SourceView } from '../client/sources-view.js';
import type { Html } from './layout.ts';

/** The sources and the services behind them. `sources-section.js` draws the same in the browser on every refresh. */
export const sourcesSection = ({ sources, services }: SourcesView): Html => html`
<section aria-labelledby="sources-heading">
  <h2 id="sources-heading">Sources</h2>
  <p class="fine" id="sources-none"${sources.length > 0 ? html` hidden` : ''}>None is defined: documents come from files that are ingested by hand. <code>anamnesis sources add --help</code> says how to follow the literature.</p>
  <ul class="sources" id="sources">${sources.map(sourceItem)}</ul>
  <div id="services-part"${services.length === 0 ? html` hidden` : ''}>
    <h3>Services that were asked</h3>
    <ul class="services" id="services">${services.map(serviceItem)}</ul>
  </div>
</section>`;

// Without white space between the elements, as the browser makes them.
const sourceItem = (source: SourceView): Html =>
  html`<li class="source" data-state="${source.state}"><h3>${source.name} <span class="badge">${source.stateLabel}</span></h3>${[
    line('source-what', html`${source.kind}: <span class="source-query">${source.query}</span>`),
    line('source-plan', source.plan),
    line('source-window', source.window),
    progress(source),
    html`<dl class="source-counts">${source.counts.map(
      ([group, pairs]) =>
        html`<div><dt>${group}</dt>${pairs.map(([label, value]) => html`<dd data-count="${label}"><strong>${value}</strong> ${label}</dd>`)}</div>`,
    )}</dl>`,
    line('source-next', source.next),
    source.waits === '' ? '' : line('source-waits', source.waits),
    source.notes.length === 0
      ? ''
      : html`<ul class="source-notes">${source.notes.map((note) => html`<li>${note}</li>`)}</ul>`,
  ]}</li>`;

const line = (name: string, words: string | Html): Html => html`<p class="${name}">${words}</p>`;

const progress = ({ share, name }: SourceView): Html | '' =>
  share === null
    ? ''
    : html`<progress max="100" value="${share}" aria-label="${name}: listed of this window"></progress>`;

const serviceItem = ({ name, closed, words }: ServiceView): Html =>
  html`<li data-closed="${String(closed)}"><strong>${name}</strong>: ${words}</li>`;
