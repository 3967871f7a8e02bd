import { html } from 'hono/html';
import type { Problem } from '../http/problems.ts';
import type { Html } from './layout.ts';

/** What a person sees where a program gets problem+json. */
export function problemMain(problem: Problem): Html {
  return html`<section class="panel narrow">
  <p class="eyebrow">${problem.status}</p>
  <h1>${problem.title}</h1>
  <p>${problem.detail}</p>
  ${problem.errors === undefined ? '' : html`<ul>${problem.errors.map(({ message }) => html`<li dir="auto">${message}</li>`)}</ul>`}
  <p class="actions"><a class="button" href="/">Go to search</a> <a class="button quiet" href="/status">See the status</a></p>
  <p class="fine">Request <code>${problem.instance}</code></p>
</section>`;
}
