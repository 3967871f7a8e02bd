import { Command } from 'commander';
import { redacted } from '../config.ts';
import { printJson, withSpace } from './open.ts';

export const initCommand = (): Command =>
  new Command('init')
    .description('make the database and the store ready; safe to repeat')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      withSpace({ quiet: true }, async ({ config }) => {
        const made = { database: redacted(config.databaseUrl), store: config.storeDir };
        if (options.json) printJson(made);
        else process.stdout.write(`ready: database ${made.database}, store ${made.store}\n`);
      }),
    );
