import { html } from 'hono/html';
import type { StatusAnswer } from '../../core/search/contract.ts';
import { type StageView, viewStatus } from '../client/status-view.js';
import type { Html } from './layout.ts';
import { sourcesSection } from './sources-section.ts';

const FACT_LABELS = {
  documents: 'Documents',
  cases: 'Cases',
  release: 'Release being served',
  published: 'Published',
  generation: 'Generation of vectors',
  tick: 'Last tick',
  host: 'Run by',
  worked: 'It settled',
} as const;

/**
 * The status page as of `nowMs`. Every place that the browser refreshes carries `data-field`, named by its path in the
 * view; `status.js` writes there and nowhere else.
 */
export function statusMain(status: StatusAnswer | null, nowMs: number): Html {
  const view = viewStatus(status, nowMs);
  return html`
<div class="status-head" data-tone="${view.tone}">
  <h1 data-field="headline" aria-live="polite">${view.headline}</h1>
  <p data-field="detail">${view.detail}</p>
  <p class="fresh" id="fresh" role="status">Loading the newest state…</p>
</div>
<section aria-labelledby="stages-heading">
  <h2 id="stages-heading">Pipeline</h2>
  <ol class="stages">${view.stages.map(stageItem)}</ol>
</section>
<section class="degraded" id="degraded" aria-labelledby="degraded-heading"${view.degraded.length === 0 ? html` hidden` : ''}>
  <h2 id="degraded-heading">Running below its best</h2>
  <ul>${view.degraded.map((line) => html`<li>${line}</li>`)}</ul>
</section>
${sourcesSection(view)}
<section aria-labelledby="facts-heading">
  <h2 id="facts-heading">Corpus and release</h2>
  <dl class="facts">${Object.entries(FACT_LABELS).map(
    ([key, label]) =>
      html`<div><dt>${label}</dt><dd data-field="facts.${key}">${view.facts[key as keyof typeof FACT_LABELS]}</dd></div>`,
  )}</dl>
</section>
<section aria-labelledby="evaluation-heading">
  <h2 id="evaluation-heading">How well it finds</h2>
  <p class="notice" id="evaluation-stale"${view.evaluation.stale === '' ? html` hidden` : ''} data-field="evaluation.stale">${view.evaluation.stale}</p>
  <p class="fine" data-field="evaluation.line">${view.evaluation.line}</p>
  <div class="table-scroll" id="evaluation-table" role="region" aria-labelledby="evaluation-heading" tabindex="0"${view.evaluation.rows.length === 0 ? html` hidden` : ''}>
    <table class="evaluation">
      <thead><tr><th scope="col">Ranked by</th><th scope="col">hit@10</th><th scope="col">MRR</th><th scope="col">nDCG@10</th><th scope="col">recall@100</th></tr></thead>
      <tbody id="evaluation">${view.evaluation.rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
    </table>
  </div>
</section>
<section aria-labelledby="set-aside-heading">
  <h2 id="set-aside-heading">Set aside</h2>
  <p class="fine">Documents that were refused or gave up after every retry, newest first. Nothing is lost: each keeps its reason.</p>
  <div class="table-scroll" id="set-aside-table" role="region" aria-labelledby="set-aside-heading" tabindex="0"${view.setAside.length === 0 ? html` hidden` : ''}>
    <table class="set-aside">
      <thead><tr><th scope="col">Document or case</th><th scope="col">Stage</th><th scope="col">State</th><th scope="col">Reason</th><th scope="col">When</th></tr></thead>
      <tbody id="set-aside">${view.setAside.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
    </table>
  </div>
  <p class="fine" id="set-aside-none"${view.setAside.length > 0 ? html` hidden` : ''}>None so far.</p>
</section>
<noscript><p class="notice">This page refreshes itself by script; without it, reload to see the newest state.</p></noscript>`;
}

function stageItem(stage: StageView, index: number): Html {
  const field = (name: string) => `stages.${index}.${name}`;
  return html`<li class="stage" data-stage="${index}" data-state="${stage.state}" data-dead="${String(stage.hasDead)}" data-failed="${String(stage.failed)}"${stage.current ? html` aria-current="step"` : ''}>
  <h3><span class="stage-number" aria-hidden="true">${index + 1}</span> ${stage.label}</h3>
  <p class="stage-purpose">${stage.purpose}</p>
  <p class="stage-state"><span class="badge" data-field="${field('stateLabel')}">${stage.stateLabel}</span> <span class="now">now</span></p>
  <progress max="100" value="${stage.share}" data-progress="${field('share')}" aria-label="${stage.label}: items settled"></progress>
  <p class="stage-progress"><strong><span data-field="${field('share')}">${stage.share}</span> %</strong> <span data-field="${field('progress')}">${stage.progress}</span></p>
  <dl class="stage-counts">${stage.counts.map(
    ([label, value], i) =>
      html`<div data-count="${label}"><dt>${label}</dt><dd data-field="${field(`counts.${i}.1`)}">${value}</dd></div>`,
  )}</dl>
  <p class="stage-pace" data-field="${field('pace')}">${stage.pace}</p>
  <p class="stage-record" data-field="${field('record')}">${stage.record}</p>
  <p class="stage-gate" data-field="${field('gate')}">${stage.gate}</p>
  <ul class="stage-notes" aria-label="${stage.label}: further notes">${stage.notes.map((note) => html`<li>${note}</li>`)}</ul>
</li>`;
}
