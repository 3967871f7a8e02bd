import { z } from 'zod';
import { DIAGNOSIS_CATEGORIES, FACETS, type Facet, PRESETS, SEXES } from '../../schema/vocabulary.ts';
import type { SearchRequest } from './contract.ts';
import { KEYWORDS_CHARS_MAX, parseKeywords } from './keywords.ts';
import { SETTINGS } from './settings.ts';

export type RequestProblem = { readonly field: string; readonly message: string };

const LEGS = ['dense', 'lexical', 'findings'] as const;
const ENGINES = ['fused', 'faiss'] as const;
const YEAR_MIN = 1500;
const YEAR_MAX = 2200;
const AGE_YEARS_MAX = 130;
const LABEL_CHARS_MAX = 200;
export const CASE_ID_CHARS_MAX = 300;

/** Line breaks and tabs stay, since they part sentences; other control characters carry nothing. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '').trim();
}

const words = (charsMax: number, message: string) =>
  z
    .string()
    .max(charsMax)
    .transform(withoutControls)
    .refine((cleaned) => cleaned.length > 0, { message });
const text = words(SETTINGS.textCharsMax, 'expected some text, came nothing');
const keywords = words(KEYWORDS_CHARS_MAX, 'expected some keywords, came nothing').superRefine((value, context) => {
  const parsed = value === '' ? null : parseKeywords(value);
  if (parsed && !parsed.ok) context.addIssue({ code: 'custom', message: parsed.message });
});
const label = z.string().trim().min(1).max(LABEL_CHARS_MAX);
const caseId = z.string().trim().min(1).max(CASE_ID_CHARS_MAX);
const weight = z.number().finite().min(0);

const facetKeyed = <Value extends z.ZodType>(value: Value) =>
  z.strictObject(
    Object.fromEntries(FACETS.map((facet) => [facet, value.optional()])) as Record<Facet, z.ZodOptional<Value>>,
  );

const filters = z
  .strictObject({
    age_min: z.number().min(0).max(AGE_YEARS_MAX).optional(),
    age_max: z.number().min(0).max(AGE_YEARS_MAX).optional(),
    sex: z.enum(SEXES).optional(),
    rare: z.boolean().optional(),
    category: z.enum(DIAGNOSIS_CATEGORIES).optional(),
    year_min: z.int().min(YEAR_MIN).max(YEAR_MAX).optional(),
    year_max: z.int().min(YEAR_MIN).max(YEAR_MAX).optional(),
    source: label.optional(),
    licence: label.optional(),
    has: z
      .array(z.enum(FACETS))
      .min(1)
      .transform((has) => FACETS.filter((facet) => has.includes(facet)))
      .optional(),
  })
  .superRefine((value, context) => {
    for (const [low, high] of [
      ['age_min', 'age_max'],
      ['year_min', 'year_max'],
    ] as const) {
      const [from, to] = [value[low], value[high]];
      if (from !== undefined && to !== undefined && from > to) {
        context.addIssue({ code: 'custom', path: [low], message: `expected at most ${high} (${to}), came ${from}` });
      }
    }
  });

const request = z
  .strictObject({
    text: text.optional(),
    facets: facetKeyed(text)
      .refine((value) => Object.keys(value).length > 0, { message: `expected at least one of ${FACETS.join(', ')}` })
      .optional(),
    case_id: caseId.optional(),
    keywords: keywords.optional(),
    k: z.int().min(1).max(SETTINGS.kMax).default(SETTINGS.kDefault),
    preset: z.enum(PRESETS).optional(),
    weights: facetKeyed(weight)
      .refine((value) => Object.values(value).some((one) => one !== undefined && one > 0), {
        message: 'expected at least one weight above zero',
      })
      .optional(),
    filters: filters.optional(),
    engine: z.enum(ENGINES).optional(),
    legs: z
      .array(z.enum(LEGS))
      .min(1)
      .transform((legs) => LEGS.filter((leg) => legs.includes(leg)))
      .default([...SETTINGS.legs]),
    explain: z.boolean().default(true),
  })
  .superRefine((value, context) => {
    const given = (['text', 'facets', 'case_id'] as const).filter((field) => value[field] !== undefined);
    if (given.length > 1 || (given.length === 0 && value.keywords === undefined)) {
      const came = given.length === 0 ? 'none' : given.join(' and ');
      const message = `expected exactly one of text, facets and case_id (or keywords alone), came ${came}`;
      context.addIssue({ code: 'custom', path: [given[1] ?? 'text'], message });
    }
    if (value.preset !== undefined && value.weights !== undefined) {
      context.addIssue({ code: 'custom', path: ['weights'], message: 'expected either preset or weights, came both' });
    }
  });

const MESSAGE_CAME_MAX = 60;

/** What came, short enough for a message; text of a query is never echoed. */
function came(input: unknown, path: readonly PropertyKey[]): string {
  let value = input;
  for (const key of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }
  if (value === undefined) return 'nothing';
  if (path[0] === 'text' || path[0] === 'facets' || path[0] === 'keywords') {
    return typeof value === 'string'
      ? `${value.length} characters`
      : Array.isArray(value)
        ? 'a list'
        : `a ${typeof value}`;
  }
  if (typeof value === 'number') return String(value);
  return (JSON.stringify(value) ?? typeof value).slice(0, MESSAGE_CAME_MAX);
}

function problemsOf(error: z.ZodError, input: unknown): RequestProblem[] {
  return error.issues.flatMap((issue): RequestProblem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: [...issue.path, key.slice(0, MESSAGE_CAME_MAX)].join('.'),
        message: 'unknown field: not part of a search',
      }));
    }
    const field = issue.path.join('.') || 'request';
    if (issue.code === 'custom') return [{ field, message: issue.message }];
    return [{ field, message: `${expectation(issue)}, came ${came(input, issue.path)}` }];
  });
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}`;
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `expected at least ${issue.minimum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_big':
      return `expected at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    default:
      return `expected another value (${issue.code})`;
  }
}

/** Without the keys whose value is undefined, so that a field which was not given is not there. */
function defined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  // The cast says what the filter does, which the types cannot follow; optional keys stay optional.
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

/**
 * Turns a request body or command line into a search. Nothing is guessed or silently replaced: each problem names the field, what was
 * expected and what came (but never the words of a query).
 */
export function parseSearchRequest(
  input: unknown,
): { ok: true; request: SearchRequest } | { ok: false; problems: RequestProblem[] } {
  const parsed = request.safeParse(input);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error, input) };
  const { facets, weights, filters: asked, ...rest } = parsed.data;
  return {
    ok: true,
    request: {
      ...defined(rest),
      ...(facets && { facets: defined(facets) }),
      ...(weights && { weights: defined(weights) }),
      ...(asked && { filters: defined(asked) }),
    },
  };
}
