import { decodeHTMLStrict } from 'entities/decode';

const NAME = /^[A-Za-z][A-Za-z0-9]{1,31}$/;

/**
 * The characters of a named entity of HTML 5, which holds the ISO sets of the JATS and MEDLINE DTDs; undefined where there is none of
 * that name.
 */
export function entityOf(name: string): string | undefined {
  if (!NAME.test(name)) return undefined;
  const reference = `&${name};`;
  const decoded = decodeHTMLStrict(reference);
  return decoded === reference ? undefined : decoded;
}

/** Replaces the references that are left in a text because its source escaped them twice: `&#x0201c;`, `&amp;`, `&lt;`. */
export function decodeReferences(text: string): string {
  return text.includes('&')
    ? text.replace(/&(?:#[xX][0-9A-Fa-f]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});/g, (reference) =>
        decodeHTMLStrict(reference),
      )
    : text;
}
