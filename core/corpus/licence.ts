import { SOURCE_KINDS } from '../sources/source.ts';

/**
 * What of a document may be shown. `full`: its text. `facts`: title, citation, link, and what was read out of it as typed findings
 * and scores, but no sentence of it.
 */
export type Showing = { readonly kind: 'full' } | { readonly kind: 'facts'; readonly reason: string };

/** `source` is who brought it: the source of the document, not of what it says about itself. */
export type Rights = { readonly source: string; readonly licence: string | null };

/** Sources of which we fetch documents ourselves; any other name is that of a file's record. */
const NETWORK: readonly string[] = SOURCE_KINDS.filter((kind) => kind !== 'file');

/** The operator brought it himself: its source is `file`, or what the record calls it. */
export const isFromFile = (source: string): boolean => !NETWORK.includes(source);

/** Longest statement of a licence that is read; the name of one stands at its beginning. */
const LICENCE_CHARS_MAX = 2_000;
/** Creative Commons and the public domain, by short name (SPDX, PMC, Crossref), in words, or by address. */
const OPEN: readonly RegExp[] = [
  /\bcc[ -]?0\b|\bcc[ -]zero\b|\bpublicdomain\/(?:zero|mark)\b/,
  /\bpublic domain\b/,
  /\bcc[ -]by(?:[ -](?:nc|sa|nd)){0,2}\b/,
  /\bcreativecommons\.org\/licenses\/by(?:-(?:nc|sa|nd)){0,2}\b/,
  /\bcreative commons (?:cc[ -])?attribution\b/,
];
const FULL: Showing = { kind: 'full' };

/**
 * What may be shown of a document, by its licence alone: that a text can be read for free (open access) says nothing about
 * copying it. A file that names no licence is shown, because whoever put it into the corpus has it and answers for it; one that
 * names terms of its own is held to them.
 */
export function showingOf({ source, licence }: Rights): Showing {
  const stated =
    licence
      ?.slice(0, LICENCE_CHARS_MAX)
      .toLowerCase()
      .replaceAll(/[\s_‐‑–]+/g, ' ')
      .trim() ?? '';
  if (OPEN.some((pattern) => pattern.test(stated))) return FULL;
  if (stated !== '')
    return { kind: 'facts', reason: 'its licence does not allow to copy the text: read it at the source' };
  if (isFromFile(source)) return FULL;
  return {
    kind: 'facts',
    reason: 'its source names no licence, so the text is not copied here: read it at the source',
  };
}
