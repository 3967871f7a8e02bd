/** All SQL about documents, cases, facets, vectors, generations, releases and sources. Writes of a stage are returned as data. */
export * from './corpus/cases.ts';
export * from './corpus/documents.ts';
export * from './corpus/overview.ts';
export * from './corpus/releases.ts';
export * from './corpus/service-paces.ts';
export * from './corpus/sources.ts';
export * from './corpus/vectors.ts';
