import { definePipeline, enterStatements, registerPipeline, tick } from '../../core/engine/index.ts';
import { nodeRuntime, ownerOfThisProcess } from '../../space/host/owner.ts';
import { stopOnSignal } from '../../space/host/stop.ts';
import { connect } from './engine/host.ts';
import { newItem } from './engine/ledger.ts';
import { stageOf } from './engine/walk.ts';

/**
 * A host whose stage behaves as the first argument after the address says: `polite` looks at `stopping`, `deaf` never ends,
 * and after `deaf stuck` the host itself hangs as well. Says `working` once the stage runs.
 */
const [url = '', stageManner, hostManner, abandonMs, exitMs] = process.argv.slice(2);
const forever = new Promise<never>(() => undefined);
const stage = stageOf('work', async (batch, context) => {
  process.stdout.write('working\n');
  while (stageManner === 'polite' && !context.stopping()) await new Promise((resolve) => setTimeout(resolve, 10));
  if (stageManner === 'polite')
    return { outcomes: batch.map(() => ({ kind: 'done', outputHash: 'finished' }) as const), writes: [] };
  return forever;
});
const pipeline = definePipeline('stopped', [stage]);
const { db, close } = await connect(url);
await registerPipeline(db, pipeline);
await db.write(enterStatements(stage, [newItem('a'), newItem('b')]));
// Something has to keep a process alive whose stage waits for nothing.
const alive = setInterval(() => undefined, 1_000);
const stop = stopOnSignal(() => process.stdout.write('asked\n'), {
  abandonMs: Number(abandonMs),
  exitMs: Number(exitMs),
});
const { counts } = await tick(db, pipeline, nodeRuntime(ownerOfThisProcess()), {
  budgetMs: 3_600_000,
  stopping: stop.stopping,
  abandon: stop.abandon,
});
process.stdout.write(`${JSON.stringify(counts)}\n`);
stop.off();
if (hostManner === 'stuck') await forever;
clearInterval(alive);
close();
