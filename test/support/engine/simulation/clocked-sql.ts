import { NOW } from '../../../../core/engine/index.ts';

/** A statement whose clock is an argument: `?params + 1` where it reads the time. */
export type ClockedSql = { readonly sql: string; readonly params: number; readonly readsClock: boolean };

/** A clock of SQLite's own, by which a statement would escape from virtual time. */
const OTHER_CLOCK = /unixepoch|julianday|strftime|datetime\s*\(|current_time/i;

/** Numbers the parameters of `sql` and takes the time from one more, wherever the engine's `NOW` stands. */
export function clockedSql(sql: string): ClockedSql {
  const parts: string[] = [];
  let params = 0;
  let readsClock = false;
  let i = 0;
  while (i < sql.length) {
    const char = sql[i] ?? '';
    if (char === 'C' && sql.startsWith(NOW, i)) {
      parts.push('\0');
      readsClock = true;
      i += NOW.length;
    } else if (char === "'" || char === '"' || char === '`') {
      const end = endOfQuoted(sql, i, char);
      parts.push(sql.slice(i, end));
      i = end;
    } else if (char === '-' && sql[i + 1] === '-') {
      const end = sql.indexOf('\n', i);
      i = end < 0 ? sql.length : end;
    } else if (char === '?') {
      const digits = /^\d*/.exec(sql.slice(i + 1, i + 6))?.[0] ?? '';
      const index = digits === '' ? params + 1 : Number(digits);
      params = Math.max(params, index);
      parts.push(`?${index}`);
      i += 1 + digits.length;
    } else {
      parts.push(char);
      i += 1;
    }
  }
  const text = parts.join('');
  if (OTHER_CLOCK.test(text)) throw new Error(`a statement reads a clock that is not NOW: ${sql}`);
  // The cast, because a JavaScript number arrives as a real.
  return { sql: text.replaceAll('\0', `CAST(?${params + 1} AS INTEGER)`), params, readsClock };
}

function endOfQuoted(sql: string, from: number, quote: string): number {
  let i = from + 1;
  while (i < sql.length) {
    if (sql[i] !== quote) i += 1;
    else if (sql[i + 1] === quote) i += 2;
    else return i + 1;
  }
  return i;
}
