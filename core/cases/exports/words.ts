/** Own terms as CURIEs: `ANAMNESIS:symptoms.chest_pain`. */
export const OWN_PREFIX = 'ANAMNESIS';
/** The same as URIs, of systems and extensions. */
export const OWN_URN = 'urn:x-anamnesis:';

const LONE_SURROGATE = /[\ud800-\udfff]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** A string as UTF-8 can hold it. */
export const wellFormed = (text: string): string => text.replace(LONE_SURROGATE, '\ufffd');

/** A string as XML 1.0 and FHIR allow it; what they do not is shown as U+FFFD. */
export const clean = (text: string): string => wellFormed(text).replace(NOT_XML, '\ufffd');

/** A name as one word of a CURIE or code; `nameOf` reads it back. */
export function slug(name: string): string {
  return encodeURIComponent(wellFormed(name))
    .replaceAll('_', '%5F')
    .replaceAll('.', '%2E')
    .replaceAll('%20', '_')
    .replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Null where it is no slug. */
export function nameOf(word: string): string | null {
  try {
    return decodeURIComponent(word.replaceAll('_', '%20'));
  } catch {
    return null;
  }
}

/** FNV-1a, 32 bit (draft-eastlake-fnv): for names that must not repeat by chance; nothing is kept safe by it. */
export function fnv1a(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    hash = Math.imul(hash ^ (code & 0xff), 0x01000193) >>> 0;
    hash = Math.imul(hash ^ (code >>> 8), 0x01000193) >>> 0;
  }
  return hash;
}

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');

/** A UUID of version 8 (RFC 9562) that the same name always has. */
export function uuidOf(name: string): string {
  const hex = [1, 2, 3, 4].map((seed) => hex8(fnv1a(name, Math.imul(seed, 0x9e3779b1)))).join('');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const NAME_CHARS_MAX = 80;

/** A file name of letters, digits, `-` and `_` with one extension: no path, no hidden file, no reserved name comes of any id. */
export function fileNameOf(caseId: string, extension: string): string {
  const plain = caseId.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, NAME_CHARS_MAX);
  const told = plain === caseId ? plain : `${plain}-${hex8(fnv1a(caseId))}`;
  return `case-${told}.${extension}`;
}
