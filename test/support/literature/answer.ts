import { encode } from './article.ts';

export const ROUTES = [
  'esearch',
  'efetch',
  'epmc-search',
  'epmc-fulltext',
  'oai',
  'bioc',
  'robots',
  'unknown',
] as const;
export type Route = (typeof ROUTES)[number];
export type Service = 'ncbi' | 'europe-pmc' | 'other';

/** One request, read: the parameters of its address and of its form together. */
export type Asked = {
  readonly route: Route;
  readonly service: Service;
  readonly method: string;
  readonly path: string;
  readonly params: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Documents that it names or holds. */
  readonly ids: readonly string[];
};

/** What a listing does that was not asked for; what it says stays true. */
export type Quirk = 'clamped' | 'doubled' | null;

export const answer = (status: number, type: string, body: string, ids: readonly string[] = []): Answer => ({
  status,
  headers: type === '' ? {} : { 'content-type': type },
  body: encode(body),
  ids,
});

export const XML_TYPE = 'text/xml; charset=UTF-8';
export const JSON_TYPE = 'application/json';

/** The page of a listing, with what `quirk` does to it: half of it, or its first id again at its end. */
export function withQuirk<T>(page: readonly T[], quirk: Quirk): readonly T[] {
  if (quirk === 'clamped') return page.slice(0, Math.ceil(page.length / 2));
  return quirk === 'doubled' ? [...page, ...page.slice(0, 1)] : page;
}
