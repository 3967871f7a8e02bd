/** Files of a release that hold several arrays: a JSON header, then the arrays, each aligned to 8 bytes, little-endian. */
const MAGIC = 0x314d4e41;
const ALIGNMENT = 8;

/** A file of a release that is not what its name says: foreign, cut short or altered. */
export class ReleaseFormatError extends Error {
  override readonly name = 'ReleaseFormatError';
}

const ARRAY_TYPES = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;
type ArrayType = keyof typeof ARRAY_TYPES;
export type PackedArray = Uint8Array | Int8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;
type Section = { readonly name: string; readonly type: ArrayType; readonly offset: number; readonly length: number };

function typeOf(array: PackedArray): ArrayType {
  const found = Object.entries(ARRAY_TYPES).find(([, kind]) => array instanceof kind);
  if (!found) throw new Error('packed array of an unknown type');
  return found[0] as ArrayType;
}

const aligned = (offset: number): number => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;

export function packArrays(arrays: Readonly<Record<string, PackedArray>>): Uint8Array {
  const sections: Section[] = [];
  let offset = 0;
  for (const [name, array] of Object.entries(arrays)) {
    sections.push({ name, type: typeOf(array), offset, length: array.length });
    offset = aligned(offset + array.byteLength);
  }
  const header = new TextEncoder().encode(JSON.stringify(sections));
  const bodyStart = aligned(8 + header.length);
  const bytes = new Uint8Array(bodyStart + offset);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, header.length, true);
  bytes.set(header, 8);
  for (const section of sections) {
    const array = arrays[section.name];
    if (array) {
      bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), bodyStart + section.offset);
    }
  }
  return bytes;
}

/** Gives an array by its name; `names` are in the order of the file. Throws `ReleaseFormatError` for one that is not there. */
export type Unpacked = { (name: string): PackedArray; has(name: string): boolean; readonly names: readonly string[] };

/** Views into `bytes`, without copying where its start is aligned. Throws `ReleaseFormatError`. */
export function unpackArrays(file: string, bytes: Uint8Array): Unpacked {
  const held = bytes.byteOffset % ALIGNMENT === 0 ? bytes : bytes.slice();
  const view = new DataView(held.buffer, held.byteOffset, held.byteLength);
  if (held.byteLength < 8 || view.getUint32(0, true) !== MAGIC) {
    throw new ReleaseFormatError(`${file}: not a packed file of this program`);
  }
  const headerLength = view.getUint32(4, true);
  const bodyStart = aligned(8 + headerLength);
  if (bodyStart > held.byteLength) throw new ReleaseFormatError(`${file}: cut short in its header`);
  const sections = JSON.parse(new TextDecoder().decode(held.subarray(8, 8 + headerLength))) as readonly Section[];
  for (const { name, type, offset, length } of sections) {
    if (bodyStart + offset + length * ARRAY_TYPES[type].BYTES_PER_ELEMENT > held.byteLength)
      throw new ReleaseFormatError(`${file}: cut short in array ${name}`);
  }
  const has = (name: string): boolean => sections.some((one) => one.name === name);
  const read = (name: string): PackedArray => {
    const section = sections.find((one) => one.name === name);
    if (!section) throw new ReleaseFormatError(`${file}: array ${name} is missing`);
    const kind = ARRAY_TYPES[section.type];
    const start = held.byteOffset + bodyStart + section.offset;
    return new kind(held.buffer as ArrayBuffer, start, section.length);
  };
  return Object.assign(read, { has, names: sections.map(({ name }) => name) });
}

/** The array `name` of an unpacked file, checked to be of the kind that the caller expects. */
export function arrayOf<T extends PackedArray>(
  unpacked: (name: string) => PackedArray,
  name: string,
  kind: new (length: number) => T,
): T {
  const array = unpacked(name);
  if (!(array instanceof kind)) throw new ReleaseFormatError(`array ${name} is not a ${kind.name}`);
  return array;
}

/** Strings as one UTF-8 array, split by line feeds (which are blanked inside them). */
export function packStrings(strings: Iterable<string>): Uint8Array {
  const lines: string[] = [];
  for (const text of strings) lines.push(text.replaceAll('\n', ' '));
  return new TextEncoder().encode(lines.join('\n'));
}
export function unpackStrings(bytes: Uint8Array, count: number): string[] {
  return count === 0 ? [] : new TextDecoder().decode(bytes).split('\n');
}

/** Bytes as f32 without copying where aligned. Throws `ReleaseFormatError` when they are not whole numbers of `width` floats. */
export function asFloats(file: string, bytes: Uint8Array, width: number): Float32Array {
  if (bytes.byteLength % (4 * width) !== 0) throw new ReleaseFormatError(`${file}: not a whole number of rows`);
  const held = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(held.buffer as ArrayBuffer, held.byteOffset, held.byteLength / 4);
}
export function asOrdinals(file: string, bytes: Uint8Array): Uint32Array {
  if (bytes.byteLength % 4 !== 0) throw new ReleaseFormatError(`${file}: not a whole number of rows`);
  const held = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(held.buffer as ArrayBuffer, held.byteOffset, held.byteLength / 4);
}

/** Numbers that arrive one by one; doubles its room as it fills. */
export class Growing<T extends Uint32Array | Uint8Array | Float32Array | Uint16Array> {
  #held: T;
  readonly #make: (length: number) => T;
  length = 0;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#held = make(1024);
  }

  push(value: number): void {
    if (this.length === this.#held.length) {
      const larger = this.#make(2 * this.#held.length);
      larger.set(this.#held);
      this.#held = larger;
    }
    this.#held[this.length] = value;
    this.length += 1;
  }

  /** A copy of exactly what was pushed. */
  taken(): T {
    return this.#held.slice(0, this.length) as T;
  }

  at(index: number): number {
    return this.#held[index] ?? 0;
  }
}

/**
 * Order that puts entries of equal key together and keeps their order within a key (counting sort). `start` has one entry more than
 * there are keys: those of key k are at start[k] .. start[k + 1] of `order`.
 */
export function groupByKey(
  keys: Uint32Array | Growing<Uint32Array>,
  keyCount: number,
): { start: Uint32Array; order: Uint32Array } {
  const at = keys instanceof Growing ? (i: number) => keys.at(i) : (i: number) => keys[i] ?? 0;
  const start = new Uint32Array(keyCount + 1);
  for (let i = 0; i < keys.length; i += 1) start[at(i) + 1] = (start[at(i) + 1] ?? 0) + 1;
  for (let k = 0; k < keyCount; k += 1) start[k + 1] = (start[k + 1] ?? 0) + (start[k] ?? 0);
  const next = start.slice();
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i += 1) {
    const key = at(i);
    const to = next[key] ?? 0;
    next[key] = to + 1;
    order[to] = i;
  }
  return { start, order };
}
