import { type CorpusOptions, openCorpus, workUntilQuiet } from './corpus.ts';

/**
 * One life of a host in a process of its own: `node --import tsx worker.ts '{"folder": …}'`. Says when it begins to work and what it
 * did when nothing is left, one JSON a line.
 */
export type WorkerSays =
  | { readonly say: 'ready' }
  | { readonly say: 'quiet'; readonly settled: Readonly<Record<string, number>>; readonly skippedMs: number };

const say = (line: WorkerSays): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const options = JSON.parse(process.argv[2] ?? '{}') as CorpusOptions; // written by `beginLife`
const corpus = await openCorpus(options);
say({ say: 'ready' });
const { settled, skippedMs } = await workUntilQuiet(corpus);
await corpus.close();
say({ say: 'quiet', settled, skippedMs });
