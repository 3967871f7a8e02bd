import { tick } from '../../../core/engine/index.ts';
import { connect } from './host.ts';
import { racePipeline } from './race-pipeline.ts';
import { fakeRuntime } from './runtime.ts';

/** A worker process: says `ready`, waits for a line on standard input, then ticks to the end and reports its counts. */
const [url = '', owner = ''] = process.argv.slice(2);
const { db, close } = await connect(url);
const pipeline = racePipeline();
console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
const report = await tick(db, pipeline, fakeRuntime({ owner, monotonicMs: () => performance.now() }), {
  budgetMs: 60_000,
  onBatch: ({ stage, counts }) => console.log(JSON.stringify({ stage, done: counts.done, lost: counts.lost })),
});
console.log(JSON.stringify({ end: report.after.kind }));
close();
process.exit(0);
