import { type CorpusOptions, openCorpus, workUntilQuiet } from './corpus.ts';

/** One life of a host in a process of its own, on the corpus that its argument names. Says `ready` when it begins to work. */
async function live(options: CorpusOptions): Promise<void> {
  const corpus = await openCorpus(options);
  process.stdout.write('ready\n');
  await workUntilQuiet(corpus);
  await corpus.close();
}

live(JSON.parse(process.argv[2] ?? '{}') as CorpusOptions) // written by `beginLife`
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
