/** Later than 2001 and earlier than 2286, in ms: an instant, whatever it is called. */
const isInstant = (value: number): boolean => value > 1e12 && value < 1e13;
const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/**
 * What two hosts must agree on in `value`: instants become `past` or `future`, the chained hashes of the audit (which cover
 * instants), the day and random ids become words, JSON in text is opened. Everything else stays as it is.
 */
export function plain(value: unknown, nowMs: number = Date.now()): unknown {
  const when = (ms: number): string => (ms > nowMs + 5_000 ? 'future' : 'past');
  const walk = (part: unknown, name: string): unknown => {
    if (part === undefined || part === null) return null;
    if (typeof part === 'bigint') return Number(part);
    if (typeof part === 'number') {
      if (isInstant(part)) return when(part);
      return name === 'day' && part > 0 ? 'today' : part;
    }
    if (typeof part === 'string') {
      if (name === 'hash') return 'hash';
      if (UUID.test(part)) return 'uuid';
      const opened = jsonOf(part);
      return opened === null ? part.replace(ISO, (iso) => when(Date.parse(iso))) : walk(opened, name);
    }
    if (part instanceof Map) return walk(Object.fromEntries(part), name);
    if (part instanceof Set) return walk([...part], name);
    if (ArrayBuffer.isView(part) || part instanceof ArrayBuffer) return `bytes ${part.byteLength}`;
    if (Array.isArray(part)) return part.map((one) => walk(one, name));
    if (typeof part === 'object')
      return Object.fromEntries(Object.entries(part).map(([key, own]) => [key, walk(own, key)]));
    return part;
  };
  return walk(value, '');
}

function jsonOf(text: string): object | null {
  if (!/^[[{]/.test(text)) return null;
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}
