import type { CaseAnswer, SearchAnswer } from '../../core/search/contract.ts';
import type { StoreState, StoreTraffic } from './store-server.ts';

/** What every host is asked alike: web APIs only, so that workerd and Deno load it too. */
export const QUERIES: readonly Readonly<Record<string, unknown>>[] = [
  { text: 'A 34-year-old man fainted while running. The ECG showed a coved ST elevation in V1 and V2.' },
  { text: 'Fever for 3 weeks, weight loss, haemoglobin 7.9 g/dL and CRP 154 mg/L.', k: 25, preset: 'metabolic' },
  { facets: { symptoms: 'chest pain and syncope', ecg: 'QTc 560 ms' }, k: 5, weights: { ecg: 1, symptoms: 1 } },
  { case_id: 'sample-004-1', k: 3 },
  { text: 'dizziness in an old woman', filters: { sex: 'female', age_min: 60 }, legs: ['lexical', 'findings'] },
  { text: 'myocardial infarction', legs: ['dense'], explain: false },
];

export type Answer = Omit<SearchAnswer, 'took_ms'>;

/** A question as the edge is asked it. */
export const asked = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** The Node side over HTTP: a Space on a real sqld, its release published as files. See `search-space.ts`. */
export function searchSpace(url: string) {
  const ask = async <Result>(method: string, path: string, query: Record<string, string> = {}): Promise<Result> => {
    const response = await fetch(new URL(`${path}?${new URLSearchParams(query)}`, url), { method });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Result;
  };
  return {
    /** The database and the version of the one release. */
    facts: () => ask<{ readonly database: string; readonly version: number }>('POST', '/search-space'),
    /** Address of the same store under a name whose state and traffic are its own. */
    storeUrl: (name: string): string => new URL(`/stores/${name}/`, url).href,
    setStore: (name: string, state: StoreState) =>
      ask<null>('POST', '/search-store', { name, state: JSON.stringify(state) }),
    traffic: (name: string) => ask<StoreTraffic>('GET', '/search-store', { name }),
    files: () => ask<Readonly<Record<string, string>>>('GET', '/search-files'),
    answer: (request: unknown) => ask<Answer>('GET', '/search-answer', { request: JSON.stringify(request) }),
    caseById: (id: string) => ask<CaseAnswer | null>('GET', '/search-case', { id }),
    retract: (id: string, reason: string) => ask<null>('POST', '/search-retraction', { id, reason }),
    restore: (id: string) => ask<null>('DELETE', '/search-retraction', { id }),
  };
}
