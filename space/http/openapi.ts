import { schemas } from './openapi-schemas.ts';

const problems = {
  400: 'The body is not valid JSON, or fields of it are wrong',
  404: 'No such address or case',
  410: 'The case was taken out of the corpus; the detail says why',
  413: 'The body is larger than 1 MiB',
  415: 'The body is not application/json in UTF-8 without Content-Encoding',
  500: 'An error on our side; the request id finds it in the log',
  503: 'No release is loaded, its generation does not match, or the database is not reached; see Retry-After',
} as const;

function problem(status: keyof typeof problems) {
  const schema = { $ref: '#/components/schemas/Problem' };
  return { [status]: { description: problems[status], content: { 'application/problem+json': { schema } } } };
}

function json(description: string, schemaName?: string) {
  const schema = schemaName === undefined ? { type: 'object' } : { $ref: `#/components/schemas/${schemaName}` };
  return { 200: { description, content: { 'application/json': { schema } } } };
}

const page = { 200: { description: 'A page for people', content: { 'text/html': {} } } };
const caseId = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

const comparedIds = {
  name: 'ids',
  in: 'query',
  required: true,
  description: '`ids=A,B`, or `ids=A&ids=B` where an id holds a comma; two to four different cases',
  schema: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 4 },
  style: 'form',
  explode: false,
};
const parameter = (name: string, schema: object) => ({ name, in: 'query', schema });
const { k, preset, engine, legs, explain, weights, filters } = schemas.SearchRequest.properties;
/** Those of a search request but its words, which belong into a body; lists are parted by commas. */
const similarParameters = [
  ...Object.entries({ k, preset, engine, explain }).map(([name, schema]) => parameter(name, schema)),
  { ...parameter('legs', legs), style: 'form', explode: false },
  ...Object.entries(weights.properties).map(([facet, schema]) => parameter(`weights.${facet}`, schema)),
  ...Object.entries(filters.properties).map(([name, schema]) => ({
    ...parameter(`filters.${name}`, schema),
    ...(name === 'has' && { style: 'form', explode: false }),
  })),
];

function exported(operationId: string, summary: string, contentType: string) {
  return {
    get: {
      operationId,
      summary,
      parameters: [caseId],
      responses: {
        200: { description: 'A file', content: { [contentType]: {} } },
        ...problem(404),
        ...problem(410),
        ...problem(500),
        ...problem(503),
      },
    },
  };
}

/** OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1) of every route but the static files under `/assets/`. */
export const openapi = {
  openapi: '3.1.0',
  info: {
    title: 'Anamnesis',
    version: '1',
    description:
      'Similar published clinical cases, with the reasons. Research and education support, not a diagnosis. Queries are never stored or logged.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  paths: {
    '/api/search': {
      post: {
        operationId: 'search',
        summary: 'Cases similar to a text, to facets or to a case',
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/SearchRequest' } } },
        },
        responses: {
          ...json('Ranked cases with their explanation', 'SearchAnswer'),
          ...problem(400),
          ...problem(404),
          ...problem(410),
          ...problem(413),
          ...problem(415),
          ...problem(500),
          ...problem(503),
        },
      },
    },
    '/api/cases/{id}': {
      get: {
        operationId: 'getCase',
        summary: 'One case with its text, facets and findings',
        parameters: [caseId],
        responses: { ...json('The case', 'Case'), ...problem(404), ...problem(410), ...problem(500), ...problem(503) },
      },
    },
    '/api/cases/{id}/similar': {
      get: {
        operationId: 'getSimilar',
        summary: 'Cases similar to this one; the options of a search by the names of their fields',
        parameters: [caseId, ...similarParameters],
        responses: {
          ...json('Ranked cases with their explanation', 'SearchAnswer'),
          ...problem(400),
          ...problem(404),
          ...problem(410),
          ...problem(500),
          ...problem(503),
        },
      },
    },
    '/api/compare': {
      get: {
        operationId: 'compareCases',
        summary: 'Two to four cases beside each other, finding by finding; the first is the reference',
        parameters: [comparedIds],
        responses: {
          ...json('The cases and their findings', 'Compare'),
          ...problem(400),
          ...problem(404),
          ...problem(410),
          ...problem(500),
          ...problem(503),
        },
      },
    },
    '/api/cases/{id}/phenopacket': exported(
      'getPhenopacket',
      'One case as a GA4GH phenopacket (2.0): what the patient has and has not',
      'application/json',
    ),
    '/api/cases/{id}/fhir': exported(
      'getFhir',
      'One case as a FHIR R4 bundle of type collection',
      'application/fhir+json',
    ),
    '/api/cases/{id}/markdown': exported(
      'getMarkdown',
      'One case as Markdown with front matter; text and quotations where its licence allows to show them',
      'text/markdown',
    ),
    '/api/cases/{id}/ris': exported(
      'getRis',
      'The citation of one case for reference managers',
      'application/x-research-info-systems',
    ),
    '/api/status': {
      get: {
        operationId: 'getStatus',
        summary: 'How far the pipeline has come and what is degraded',
        responses: { ...json('The state', 'Status'), ...problem(500), ...problem(503) },
      },
    },
    '/api/releases': {
      get: {
        operationId: 'listReleases',
        summary: 'Every release, newest first: which is served, which were rolled back, and what is wrong with one',
        responses: { ...json('The releases', 'Releases'), ...problem(500), ...problem(503) },
      },
    },
    '/livez': { get: { operationId: 'getLive', summary: 'The process answers', responses: json('Alive') } },
    '/readyz': {
      get: {
        operationId: 'getReady',
        summary: 'A release is loaded and the database can be reached',
        responses: { ...json('Ready'), ...problem(503) },
      },
    },
    '/openapi.json': { get: { operationId: 'getOpenapi', summary: 'This document', responses: json('OpenAPI 3.1') } },
    '/': { get: { operationId: 'searchPage', summary: 'Search page', responses: page } },
    '/compare': {
      get: {
        operationId: 'comparePage',
        summary: 'Page of two to four cases beside each other',
        parameters: [{ ...comparedIds, required: false }],
        responses: { ...page, ...problem(400), ...problem(404), ...problem(410), ...problem(500), ...problem(503) },
      },
    },
    '/status': { get: { operationId: 'statusPage', summary: 'Status page', responses: page } },
    '/cases/{id}': {
      get: {
        operationId: 'casePage',
        summary: 'Page of one case',
        parameters: [caseId],
        responses: { ...page, ...problem(404), ...problem(410), ...problem(500), ...problem(503) },
      },
    },
  },
  components: { schemas },
} as const;
