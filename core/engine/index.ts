/** The resumable item engine. It knows no medicine: a pipeline of your own needs only what is exported here. */
export * from './database.ts';
export * from './detect.ts';
export * from './errors.ts';
export * from './ledger.ts';
export * from './outcome.ts';
export * from './progress.ts';
export * from './runtime.ts';
export * from './stage.ts';
export * from './tick.ts';
