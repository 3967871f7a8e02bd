/**
 * Which addresses may be called. Names say nothing about where they lead; so a URL is judged as it was parsed, and each address that a
 * name resolves to is judged again when the connection is made.
 */

/** An address that may not be called. The message says which rule, and holds nothing of the address but its host. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

/**
 * The URL of a hop, or `AddressError`. `origins` are those that the operator configured; they are taken as they are.
 * WHATWG URL has brought every spelling (`127.1`, `0x7f000001`, full-width digits, %-escapes) to one form by now.
 */
export function checkUrl(url: URL, origins: readonly string[]): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new AddressError(`only http: and https: may be called, not ${url.protocol}`);
  if (url.username !== '' || url.password !== '') throw new AddressError('an address with a user name is not called');
  if (origins.includes(url.origin)) return;
  // WHATWG URL drops the default port; the other scheme's is no use to anyone.
  if (url.port !== '') throw new AddressError(`port ${url.port} of ${url.hostname} is not called; only 80 and 443 are`);
  const host = hostOf(url);
  const bytes = addressBytes(host);
  if (bytes === null ? !isPublicName(host) : !isPublicBytes(bytes))
    throw new AddressError(`${host} is not a public address`);
}

/** The host without brackets and without the dot that may end it. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

/** Names that never belong to the public (RFC 6761, RFC 6762, RFC 7686, RFC 8375, ICANN's `internal`). */
const LOCAL_NAMES = [
  'localhost',
  'local',
  'localdomain',
  'internal',
  'intranet',
  'lan',
  'home.arpa',
  'onion',
  'test',
  'invalid',
];
const isPublicName = (host: string): boolean =>
  /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/i.test(host) &&
  !LOCAL_NAMES.some((name) => host === name || host.toLowerCase().endsWith(`.${name}`));

/** True for an address that the public internet routes to one machine. Anything that is not an address is not. */
export function isPublicAddress(address: string): boolean {
  const bytes = addressBytes(address);
  return bytes !== null && isPublicBytes(bytes);
}

const isPublicBytes = (bytes: readonly number[]): boolean =>
  bytes.length === 4 ? isPublicV4(bytes) : isPublicV6(bytes);

type Prefix = readonly [bytes: readonly number[], bits: number];
const within = (bytes: readonly number[], [prefix, bits]: Prefix): boolean =>
  prefix.every((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * i));
    const mask = (0xff << (8 - kept)) & 0xff;
    return ((bytes[i] ?? 0) & mask) === (byte & mask);
  });

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890 and its updates), multicast and the cloud's own addresses. */
const V4_SPECIAL: readonly Prefix[] = [
  [[0], 8], // this network
  [[10], 8], // private
  [[100, 64], 10], // shared; 100.100.100.200 answers questions about a cloud machine
  [[127], 8], // loopback
  [[168, 63, 129, 16], 32], // a cloud's own services
  [[169, 254], 16], // link-local; 169.254.169.254 too
  [[172, 16], 12], // private
  [[192, 0, 0], 24], // protocol assignments
  [[192, 0, 2], 24], // documentation
  [[192, 31, 196], 24], // AS112
  [[192, 52, 193], 24], // AMT
  [[192, 88, 99], 24], // 6to4 relays
  [[192, 168], 16], // private
  [[192, 175, 48], 24], // AS112
  [[198, 18], 15], // benchmarks
  [[198, 51, 100], 24], // documentation
  [[203, 0, 113], 24], // documentation
  [[224], 4], // multicast
  [[240], 4], // reserved, broadcast
];
const isPublicV4 = (bytes: readonly number[]): boolean => !V4_SPECIAL.some((prefix) => within(bytes, prefix));

/** Only 2000::/3 is handed out as global unicast; these parts of it are not (IANA IPv6 Special-Purpose Address Registry). */
const V6_SPECIAL: readonly Prefix[] = [
  [[0x20, 0x01, 0x00], 23], // protocol assignments: Teredo, ORCHID, benchmarks
  [[0x20, 0x01, 0x0d, 0xb8], 32], // documentation
  [[0x26, 0x20, 0x00, 0x4f, 0x80, 0x00], 48], // AS112
  [[0x3f, 0xf0], 12], // documentation (3fff::/20) and what was the 6bone
];
const GLOBAL: Prefix = [[0x20], 3];
const SIX_TO_FOUR: Prefix = [[0x20, 0x02], 16];
const MAPPED: Prefix = [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96];
const NAT64: Prefix = [[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96];

/** Forms that carry an IPv4 address lead where that leads; all other parts outside global unicast lead nowhere public. */
function isPublicV6(bytes: readonly number[]): boolean {
  if (within(bytes, MAPPED) || within(bytes, NAT64)) return isPublicV4(bytes.slice(12));
  if (within(bytes, SIX_TO_FOUR)) return isPublicV4(bytes.slice(2, 6));
  return within(bytes, GLOBAL) && !V6_SPECIAL.some((prefix) => within(bytes, prefix));
}

/** 4 or 16 bytes of an IP address in its usual spellings, a zone (`%eth0`) left out; null for a name. */
export function addressBytes(address: string): readonly number[] | null {
  const text = address.split('%')[0] ?? '';
  return text.includes(':') ? v6Bytes(text) : v4Bytes(text);
}

function v4Bytes(text: string): readonly number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.map(Number);
}

function v6Bytes(text: string): readonly number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === '' ? [] : groupsOf(half)));
  if (!head || (halves.length === 2 && !tail)) return null;
  const zeros = 16 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? zeros !== 0 : zeros < 2) return null;
  return [...head, ...new Array<number>(zeros).fill(0), ...(tail ?? [])];
}

/** Bytes of `a:b:1.2.3.4`; null where a group is none. */
function groupsOf(text: string): number[] | null {
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    const last = i === groups.length - 1 ? v4Bytes(group) : null;
    if (last) bytes.push(...last);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return null;
  }
  return bytes;
}
