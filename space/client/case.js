// The page of a case: the place that its address names, and the cases most like it.

import { byId, element } from './dom.js';
import { showPlace } from './place.js';
import { caseHref, compareHref, count, FACETS, percentile } from './words.js';

const NEIGHBOURS = 5;
/** As many as can be compared with this one. */
const COMPARED = 3;

addEventListener('hashchange', showPlace);
showPlace();
void showNeighbours(byId('neighbours'));

/** What cannot be had is left out: the page has a link to the same search. */
async function showNeighbours(section) {
  const caseId = section.dataset.case;
  const response = await fetch(`/api${caseHref(caseId)}/similar?k=${NEIGHBOURS}`).catch(() => null);
  const answer = response?.ok ? await response.json().catch(() => null) : null;
  if (answer === null || answer.results.length === 0) return;
  const ids = [caseId, ...answer.results.slice(0, COMPARED).map(({ case_id }) => case_id)];
  section.replaceChildren(
    element('h2', { id: 'neighbours-heading' }, 'Most like this case'),
    element(
      'p',
      { class: 'actions' },
      element(
        'a',
        { class: 'button quiet small', href: compareHref(ids) },
        ids.length === 2 ? 'Compare with it' : `Compare with the first ${ids.length - 1}`,
      ),
      element(
        'a',
        { class: 'button quiet small', href: `/?case=${encodeURIComponent(caseId)}` },
        'Search with filters and reasons',
      ),
    ),
    element(
      'ol',
      {},
      answer.results.map((result) => neighbour(caseId, result)),
    ),
    element('p', { class: 'fine' }, answer.disclaimer),
  );
  section.hidden = false;
}

function neighbour(caseId, result) {
  const shared = FACETS.reduce((n, facet) => n + (result.facets[facet]?.matched.length ?? 0), 0);
  return element(
    'li',
    { class: 'neighbour' },
    element('h3', {}, element('a', { href: caseHref(result.case_id), dir: 'auto' }, result.title)),
    element('p', { class: 'fine' }, `closer than ${percentile(result.percentile)}`),
    element(
      'p',
      { class: 'fine', dir: 'auto' },
      `${result.diagnosis ?? 'Diagnosis not stated'} · ${count(shared)} ${shared === 1 ? 'finding' : 'findings'} in both`,
    ),
    element(
      'p',
      { class: 'links' },
      element('a', { href: compareHref([caseId, result.case_id]) }, 'Compare with this case'),
    ),
  );
}
