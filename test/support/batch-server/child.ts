import { registerPipeline, tick } from '../../../core/engine/index.ts';
import type { BatchProvider } from '../../../core/models/batch/settings.ts';
import { stepJobs } from '../../../core/models/batch/steps.ts';
import { openEmbedded } from '../../../space/embedded.ts';
import { nodeRuntime, ownerOfThisProcess, recoverDeadLeases } from '../../../space/host/owner.ts';
import { distillerOf, pipelineOf } from './world.ts';

/** A worker process of its own: takes back what dead ones held, then steps jobs and ticks until nothing goes on. Its parent kills it. */

type Plan = { readonly file: string; readonly provider: BatchProvider; readonly endpoint: string };

async function main({ file, provider, endpoint }: Plan): Promise<void> {
  process.stdin.on('close', () => process.exit(3)).resume();
  const { db, close } = openEmbedded(file);
  const distiller = distillerOf(provider, endpoint);
  const pipeline = pipelineOf(db, distiller);
  await registerPipeline(db, pipeline);
  await recoverDeadLeases(db);
  const runtime = nodeRuntime(ownerOfThisProcess());
  const { owner, random, monotonicMs } = runtime;
  const signal = new AbortController().signal;
  for (let idle = 0; idle < 3; ) {
    const jobs = await stepJobs(
      { db, distiller, owner, random, monotonicMs },
      { budgetMs: 5_000, stopping: () => false, signal },
    );
    const { batches, after } = await tick(db, pipeline, runtime, { budgetMs: 0 });
    idle = jobs.steps + batches > 0 ? 0 : idle + 1;
    if (after.kind === 'serving') break;
  }
  close();
  process.exit(0);
}

main(JSON.parse(process.argv[2] ?? '{}') as Plan).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
