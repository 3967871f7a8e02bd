import { tick } from '../../../core/engine/index.ts';
import { connect } from './host.ts';
import { racePipeline } from './race-pipeline.ts';
import { fakeRuntime } from './runtime.ts';

/**
 * A worker process: says `ready`, waits for a line on standard input, then ticks to the end. In the middle of the batch
 * that holds its `holdAt`-th item it says `holding` and waits for another line.
 */
const [url = '', owner = '', holdAt = '0'] = process.argv.slice(2);
const nextLine = () => new Promise<void>((resolve) => process.stdin.once('data', () => resolve()));
const { db, close } = await connect(url);
let begun = 0;
const pipeline = racePipeline(async () => {
  begun += 1;
  if (begun !== Number(holdAt)) return;
  console.log('holding');
  await nextLine();
});
console.log('ready');
await nextLine();
const { counts } = await tick(db, pipeline, fakeRuntime({ owner, monotonicMs: () => performance.now() }), {
  budgetMs: 60_000,
});
console.log(JSON.stringify(counts));
close();
process.exit(0);
