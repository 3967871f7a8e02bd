import { type FailPoint, registerPipeline, tick } from '../../../core/engine/index.ts';
import { openEmbedded } from '../../../space/embedded.ts';
import { nodeRuntime, ownerOfThisProcess, recoverDeadLeases } from '../../../space/host/owner.ts';
import { depsOf, embedPipeline, settingsFor } from './pipeline.ts';

/** A worker of the embed stage that dies where its arguments say: file of the database, address of the service, label, how often reached. */
async function main([file = '', endpoint = '', label = '', nth = '0']: readonly string[]): Promise<void> {
  // Nobody waits for a child whose supervisor is gone.
  process.stdin.on('close', () => process.exit(3)).resume();
  const { db, close } = await openEmbedded(file);
  const { pipeline } = embedPipeline(db, settingsFor(endpoint), depsOf());
  await registerPipeline(db, pipeline);
  await recoverDeadLeases(db);
  let reached = 0;
  const reach = (point: FailPoint) => {
    if (point === label) reached += 1;
    if (point === label && reached === Number(nth)) process.kill(process.pid, 'SIGKILL');
  };
  process.stdout.write('ready\n');
  await tick(db, pipeline, { ...nodeRuntime(ownerOfThisProcess()), reach }, { budgetMs: 20_000 });
  close();
  process.exit(0);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
