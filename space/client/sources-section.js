// Draws the sources on the status page anew on a refresh, as space/pages/sources-section.ts drew them first.

import { byId, element } from './dom.js';

/** `fill` writes only what changed. */
export function showSources({ sources, services }, fill) {
  byId('sources-none').hidden = sources.length > 0;
  fill(byId('sources'), sources, sourceItem);
  byId('services-part').hidden = services.length === 0;
  fill(byId('services'), services, serviceItem);
}

function sourceItem(source) {
  return element(
    'li',
    { class: 'source', 'data-state': source.state },
    element('h3', {}, `${source.name} `, element('span', { class: 'badge' }, source.stateLabel)),
    element(
      'p',
      { class: 'source-what' },
      `${source.kind}: `,
      element('span', { class: 'source-query' }, source.query),
    ),
    line('source-plan', source.plan),
    line('source-window', source.window),
    source.share !== null &&
      element('progress', {
        max: 100,
        value: source.share,
        'aria-label': `${source.name}: listed of this window`,
      }),
    element('dl', { class: 'source-counts' }, source.counts.map(countGroup)),
    line('source-next', source.next),
    source.waits !== '' && line('source-waits', source.waits),
    source.notes.length > 0 &&
      element(
        'ul',
        { class: 'source-notes' },
        source.notes.map((note) => element('li', {}, note)),
      ),
  );
}

const line = (name, words) => element('p', { class: name }, words);

const countGroup = ([group, pairs]) =>
  element(
    'div',
    {},
    element('dt', {}, group),
    pairs.map(([label, value]) => element('dd', { 'data-count': label }, element('strong', {}, value), ` ${label}`)),
  );

const serviceItem = ({ name, closed, words }) =>
  element('li', { 'data-closed': String(closed) }, element('strong', {}, name), `: ${words}`);
