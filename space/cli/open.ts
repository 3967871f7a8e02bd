import { readConfig } from '../config.ts';
import { createLog } from '../host/log.ts';
import { openSpace, type Space } from '../space.ts';

/** Opens the Space for one command and closes it whatever the command does. */
export async function withSpace<T>(
  options: {
    readonly quiet?: boolean;
    readonly env?: Readonly<Record<string, string | undefined>>;
    /** A thread of its own searches. */
    readonly searchesElsewhere?: boolean;
  },
  act: (space: Space) => Promise<T>,
): Promise<T> {
  const config = readConfig({ ...process.env, ...options.env });
  const log = createLog(options.quiet && process.env.LOG_LEVEL === undefined ? 'warn' : config.logLevel);
  const space = await openSpace(config, log, options.searchesElsewhere);
  try {
    return await act(space);
  } finally {
    await space.close();
  }
}

export const printJson = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
};
