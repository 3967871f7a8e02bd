import { pino } from 'pino';
import type { Config } from '../config.ts';

export type LogFields = { readonly message: string; readonly [field: string]: unknown };
export type Log = Readonly<Record<'debug' | 'info' | 'warn' | 'error', (fields: LogFields) => void>>;

/** JSON lines on standard error: standard output belongs to the answer of a command. */
export function createLog(level: Config['logLevel']): Log {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
  const at =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    ({ message, ...fields }: LogFields) =>
      logger[name](fields, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
