import { html } from 'hono/html';
import type { Problem } from '../http/problems.ts';
import type { Html } from './layout.ts';

/** What a person sees where a program gets problem+json. */
export function problemMain(problem: Problem): Html {
  // Of a page for one case the detail has said it.
  const named = (problem.errors ?? []).filter(({ field }) => field !== 'case_id');
  return html`<section class="panel narrow">
  <p class="eyebrow">${problem.status}</p>
  <h1>${problem.title}</h1>
  <p>${problem.detail}</p>
  ${named.length === 0 ? '' : html`<ul>${named.map(({ message }) => html`<li dir="auto">${message}</li>`)}</ul>`}
  <p class="actions"><a class="button" href="/">Go to search</a> <a class="button quiet" href="/status">See the status</a></p>
  <p class="fine">Request <code>${problem.instance}</code></p>
</section>`;
}
