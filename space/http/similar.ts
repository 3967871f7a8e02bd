import { parseSearchRequest, type RequestProblem } from '../../core/search/request.ts';

/** Words of a query in an address would stand in logs and histories. */
const IN_THE_BODY: readonly string[] = ['text', 'facets', 'keywords'];
const NUMBERS = /^(?:k|weights\..+|filters\.(?:age|year)_(?:min|max))$/;
const TRUTHS: readonly string[] = ['explain', 'filters.rare'];
const LISTS: readonly string[] = ['legs', 'filters.has'];

type Parsed = ReturnType<typeof parseSearchRequest>;

/**
 * The search for neighbours of a case that an address asks for. Its parameters are the fields of a search request by the names that
 * problems have: `k=5&preset=rare&filters.has=ecg,labs&weights.ecg=0.5`.
 */
export function similarRequest(caseId: string, address: URLSearchParams): Parsed {
  // Without a prototype, so that no name means more than itself.
  const body: Record<string, unknown> = Object.create(null);
  const problems: RequestProblem[] = [];
  for (const name of new Set(address.keys())) {
    const [value = '', ...more] = address.getAll(name);
    const refused = whyRefused(name, more.length);
    if (refused !== null) problems.push({ field: name, message: refused });
    else put(body, name, typed(name, value));
  }
  if (problems.length > 0) return { ok: false, problems };
  return parseSearchRequest({ ...body, case_id: caseId });
}

function whyRefused(name: string, more: number): string | null {
  if (IN_THE_BODY.some((field) => name === field || name.startsWith(`${field}.`)))
    return 'belongs into the body of POST /api/search: addresses are kept in logs and histories';
  if (name === 'case_id') return 'the case is named by the path';
  return more > 0 ? `expected once, came ${more + 1} times` : null;
}

function put(body: Record<string, unknown>, name: string, value: unknown): void {
  const at = name.indexOf('.');
  if (at < 0) {
    body[name] = value;
    return;
  }
  const group = name.slice(0, at);
  const held = body[group];
  body[group] = { ...(typeof held === 'object' ? held : {}), [name.slice(at + 1)]: value };
}

/** What cannot be read as its type stays as it came, and is refused by the rules of a request. */
function typed(name: string, value: string): unknown {
  if (NUMBERS.test(name)) return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
  if (TRUTHS.includes(name)) return value === 'true' ? true : value === 'false' ? false : value;
  return LISTS.includes(name) ? value.split(',') : value;
}
