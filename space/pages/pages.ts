import { findCase } from '../http/api.ts';
import { compared, idsOf } from '../http/compare.ts';
import type { AppDeps } from '../http/deps.ts';
import type { Problem } from '../http/problems.ts';
import type { Route } from '../http/route.ts';
import { casePage } from './case-page.ts';
import { comparePage, compareStart } from './compare-page.ts';
import { type Html, layout } from './layout.ts';
import { problemMain } from './problem-page.ts';
import { searchMain } from './search-page.ts';
import { statusMain } from './status-page.ts';

/** The half for people. No page waits for the database but those that show what is in it. */
export function pageRoutes(deps: AppDeps): readonly Route[] {
  const search = layout({
    title: 'Anamnesis: find similar clinical cases',
    current: 'search',
    script: 'search.js',
    styles: ['search.css', 'results.css', 'result-card.css'],
    main: searchMain(deps.exampleQueries),
  });
  return [
    { method: 'GET', path: '/', handle: (c) => c.html(search) },
    { method: 'GET', path: '/compare', handle: async (c) => c.html(await compare(deps, new URL(c.req.url))) },
    { method: 'GET', path: '/status', handle: async (c) => c.html(await statusPage(deps)) },
    {
      method: 'GET',
      path: '/cases/:id',
      handle: async (c) => c.html(casePage(await findCase(deps, c.req.param('id')))),
    },
  ];
}

async function compare(deps: AppDeps, { searchParams }: URL): Promise<Html> {
  const ids = idsOf(searchParams);
  return ids.length === 0 ? compareStart() : comparePage(await compared(deps, ids));
}

/** A status page must come up when the state cannot be read: that is when it is looked at. */
async function statusPage(deps: AppDeps): Promise<Html> {
  const status = await deps.status().catch(() => null);
  return layout({
    title: 'Status · Anamnesis',
    current: 'status',
    script: 'status.js',
    styles: ['status.css', 'sources.css'],
    main: statusMain(status, Date.now()),
  });
}

export function problemPage(problem: Problem): Html {
  return layout({
    title: `${problem.title} · Anamnesis`,
    current: null,
    script: null,
    styles: [],
    main: problemMain(problem),
  });
}
