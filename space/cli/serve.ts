import { Command } from 'commander';
import { readStatus } from '../../core/status.ts';
import { type Stop, stopOnSignal } from '../host/stop.ts';
import { ingestFile } from '../ingest/ingest.ts';
import { exampleQueries, sampleFile } from '../sample/sample.ts';
import { startSearching } from '../searching/searching.ts';
import { startServer } from '../server.ts';
import type { Space } from '../space.ts';
import { runUntilIdle } from '../ticking/run.ts';
import { withSpace } from './open.ts';
import { progressView } from './progress.ts';
import { printRun, wholeNumber } from './run.ts';

export const serveCommand = (): Command =>
  new Command('serve')
    .description('serve the pages and the API, and tick the pipeline')
    .option('--port <port>', 'where to listen (7860)', wholeNumber(0, 65_535))
    .option('--sample', 'bring in the made-up sample cases first when the corpus is empty, and work them to the end')
    .action((options: { port?: number; sample?: boolean }) =>
      withSpace(
        { searchesElsewhere: true, ...(options.port === undefined ? {} : { env: { PORT: String(options.port) } }) },
        async (space) => {
          const stop = stopOnSignal(() => process.stderr.write('stopping …\n'));
          stop.asked.addEventListener('abort', space.stopOutside, { once: true });
          if (options.sample) await firstRun(space, stop);
          if (stop.stopping()) return;
          const searching = startSearching(space.config, space.log);
          try {
            await searching.refresh();
            const server = await startServer(space, searching, stop.abandon);
            process.stdout.write(greeting(server.url));
            await aborted(stop.asked);
            await server.stop();
          } finally {
            await searching.close();
          }
          stop.off();
        },
      ),
    );

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** An empty corpus gets the sample cases; a corpus that is being worked is worked on. */
async function firstRun(space: Space, { stopping, abandon }: Stop): Promise<void> {
  const view = progressView(process.stderr, () => performance.now());
  const startedMs = performance.now();
  const status = await readStatus(space.db, space.pipeline, []);
  const [first] = space.pipeline.stages;
  if (status.documents === 0 && first) {
    const report = await ingestFile(space.db, first, sampleFile, { stopping, onProgress: () => undefined });
    view.say(`${report.added} made-up sample documents brought in`);
  }
  const run = await runUntilIdle(space, {
    stopping,
    abandon,
    onProgress: (line) => view.show(line),
    waitMsMax: 60_000,
  });
  view.close();
  if (Object.keys(run.stageItems).length > 0) printRun(run, performance.now() - startedMs);
}

const greeting = (url: string): string => `
Anamnesis serves on ${url}   (Ctrl-C stops it; nothing is lost)
  search   ${url}/
  status   ${url}/status
  try      curl -s ${url}/api/search -H 'content-type: application/json' \\
             -d '${JSON.stringify({ text: exampleQueries[0] ?? '', k: 3 }).replaceAll("'", "'\\''")}'
For research and education, never a diagnosis.
`;
