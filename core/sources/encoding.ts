/** Encodings that documents of the services come in; names as in an XML declaration, lower case. */
const LABELS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  'iso-8859-1': 'windows-1252',
  'iso_8859-1': 'windows-1252',
  latin1: 'windows-1252',
  'windows-1252': 'windows-1252',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
};
/** Enough of a file for its byte order mark and XML declaration. */
const HEAD_BYTES = 256;

export type Encoding =
  | { readonly kind: 'encoding'; readonly label: string }
  | { readonly kind: 'unknown'; readonly declared: string };

const begins = (bytes: Uint8Array, ...head: readonly number[]): boolean =>
  head.every((byte, place) => bytes[place] === byte);

/** The encoding of an XML file from its first bytes: byte order mark, else declaration, else UTF-8 (XML 1.0, appendix F). */
export function encodingOf(head: Uint8Array): Encoding {
  if (begins(head, 0xef, 0xbb, 0xbf)) return { kind: 'encoding', label: 'utf-8' };
  if (begins(head, 0xff, 0xfe) || begins(head, 0x3c, 0, 0x3f, 0)) return { kind: 'encoding', label: 'utf-16le' };
  if (begins(head, 0xfe, 0xff) || begins(head, 0, 0x3c, 0, 0x3f)) return { kind: 'encoding', label: 'utf-16be' };
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  const declared = /^\s{0,64}<\?xml[^>]{1,128}?encoding\s{0,8}=\s{0,8}["']([A-Za-z0-9._-]{1,40})["']/.exec(text)?.[1];
  if (declared === undefined) return { kind: 'encoding', label: 'utf-8' };
  // What says UTF-16 in bytes that begin as ASCII was converted on its way.
  const name = declared.toLowerCase();
  const label = name.startsWith('utf-16') ? 'utf-8' : LABELS[name];
  return label === undefined ? { kind: 'unknown', declared } : { kind: 'encoding', label };
}

/** Text of bytes without its byte order mark; null where they are not of that encoding. */
export function decode(bytes: Uint8Array, label: string): string | null {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
