import { ReleaseFormatError } from './binary.ts';

/** Terms by their place in the order of their UTF-8 bytes: the bytes as they come from the file, and where each term begins. */
export type TermTable = { readonly size: number; get(term: string): number | undefined };

const LINE_FEED = 10;

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}

/** The terms in the order of their bytes, split by line feeds (which no term holds), and the rank in it of each term as given. */
export function packTerms(terms: readonly string[]): { readonly rank: Uint32Array; readonly packed: Uint8Array } {
  const encoder = new TextEncoder();
  const encoded = terms.map((term) => encoder.encode(term));
  const order = Uint32Array.from(encoded.keys()).sort((a, b) =>
    compareBytes(encoded[a] as Uint8Array, encoded[b] as Uint8Array),
  );
  const rank = new Uint32Array(terms.length);
  const packed = new Uint8Array(encoded.reduce((sum, bytes) => sum + bytes.length + 1, 0));
  let at = 0;
  for (const [place, id] of order.entries()) {
    rank[id] = place;
    packed.set(encoded[id] as Uint8Array, at);
    at += (encoded[id] as Uint8Array).length;
    packed[at] = LINE_FEED;
    at += 1;
  }
  return { rank, packed: packed.subarray(0, Math.max(0, at - 1)) };
}

/**
 * Looks terms up by binary search in the bytes themselves: four bytes a term beside the file, where a map of strings takes a hundred.
 * Throws `ReleaseFormatError` where the bytes are not `count` terms in order.
 */
export function createTermTable(file: string, packed: Uint8Array, count: number): TermTable {
  const starts = new Uint32Array(count + 1);
  let found = 0;
  for (let at = 0; at < packed.length && found <= count; at += 1) {
    if (packed[at] !== LINE_FEED) continue;
    found += 1;
    starts[found] = at + 1;
  }
  // The last term has no line feed behind it.
  if (count > 0 && found !== count - 1) throw new ReleaseFormatError(`${file}: expected ${count} terms`);
  starts[count] = packed.length + 1;
  const encoder = new TextEncoder();
  const compareAt = (place: number, term: Uint8Array): number => {
    const start = starts[place] as number;
    const length = (starts[place + 1] as number) - 1 - start;
    const shorter = Math.min(length, term.length);
    for (let i = 0; i < shorter; i += 1) {
      const difference = (packed[start + i] as number) - (term[i] as number);
      if (difference !== 0) return difference;
    }
    return length - term.length;
  };
  for (let place = 1; place < count; place += 1) {
    const start = starts[place] as number;
    if (compareAt(place - 1, packed.subarray(start, (starts[place + 1] as number) - 1)) >= 0) {
      throw new ReleaseFormatError(`${file}: its terms are not in order; build the release again`);
    }
  }
  return {
    size: count,
    get(term) {
      const bytes = encoder.encode(term);
      let low = 0;
      let high = count - 1;
      while (low <= high) {
        const middle = (low + high) >>> 1;
        const difference = compareAt(middle, bytes);
        if (difference === 0) return middle;
        if (difference < 0) low = middle + 1;
        else high = middle - 1;
      }
      return undefined;
    },
  };
}
