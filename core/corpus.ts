/** All SQL about documents, cases, facets, vectors, generations, releases and sources. Writes of a stage are returned as data. */
export * from './corpus/batch-jobs.ts';
export * from './corpus/batch-operator.ts';
export * from './corpus/batch-steps.ts';
export * from './corpus/cases.ts';
export * from './corpus/distillates.ts';
export * from './corpus/documents.ts';
export { foldOf, type Member } from './corpus/fold.ts';
export * from './corpus/groups.ts';
export * from './corpus/identity.ts';
export * from './corpus/model-cases.ts';
export * from './corpus/overview.ts';
export * from './corpus/releases.ts';
export * from './corpus/service-paces.ts';
export * from './corpus/source-steps.ts';
export * from './corpus/source-waits.ts';
export * from './corpus/sources.ts';
export * from './corpus/tombstones.ts';
export * from './corpus/vectors.ts';
