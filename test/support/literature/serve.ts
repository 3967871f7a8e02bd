import { parseArgs } from 'node:util';
import { startLiterature } from './server.ts';

/** `npx tsx test/support/literature/serve.ts --port 0 --articles 500 [--seed 1] [--faults 0.3] [--recorded]` until it is interrupted. */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    articles: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: '0' },
    recorded: { type: 'boolean', default: false },
  },
});
const literature = await startLiterature({
  seed: Number(values.seed),
  articles: Number(values.articles),
  port: Number(values.port),
  recorded: values.recorded,
  faults: { share: Number(values.faults) },
});
for (const [name, value] of Object.entries(literature.environment)) console.log(`export ${name}=${value}`);
console.log(
  `# ${literature.world.articles().length} articles from ${literature.world.since} to ${literature.world.today}`,
);
const end = async (): Promise<void> => {
  console.error(JSON.stringify(literature.ledger.summary(), null, 2));
  await literature.stop();
};
process.once('SIGINT', end);
process.once('SIGTERM', end);
