import { Command } from 'commander';
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

/** An address without what may be secret in it. */
export function redacted(url: string): string {
  const at = url.lastIndexOf('@');
  const query = url.indexOf('?');
  const end = query < 0 ? url.length : query;
  return at < 0 ? url.slice(0, end) : `${url.slice(0, url.indexOf('//') + 2)}…@${url.slice(at + 1, end)}`;
}
