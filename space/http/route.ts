import type { Context } from 'hono';

export type AppEnv = { Variables: { requestId: string; route: string } };
export type AppContext = Context<AppEnv>;

/** One path and what it answers. The table of routes feeds the router, the 405 answers, the log and a test of OpenAPI. */
export type Route = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly handle: (c: AppContext) => Response | Promise<Response>;
};

/** What a 405 names: GET always brings HEAD. */
export function allowOf(routes: readonly Route[], path: string): string {
  const methods = routes.filter((route) => route.path === path).map((route) => route.method);
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
}
