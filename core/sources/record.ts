import * as z from 'zod';
import type { NoticeKind, PublicationState, SetAsideReason } from '../../schema/vocabulary.ts';
import type { Provenance } from '../search/contract.ts';
import { readBioC } from './formats/bioc.ts';
import { readEpmc } from './formats/epmc.ts';
import { readJats } from './formats/jats.ts';
import { readMedline } from './formats/medline.ts';

/** How the bytes of a document are to be read: `epmc` is one result of a Europe PMC search (core, JSON), `html` one page. */
export const DOCUMENT_FORMATS = ['json-case', 'text', 'medline', 'jats', 'bioc', 'epmc', 'html'] as const;
export type DocumentFormat = (typeof DOCUMENT_FORMATS)[number];

/** Longest document in bytes; a full-text article has some tens of thousands. */
export const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;

/** A document after its bytes were read. */
export type DocumentRecord = {
  readonly key: string;
  /** Title, abstract and body as prose: a line for each heading, labelled sections, tables row by row. */
  readonly text: string;
  readonly publication: Publication;
  /** Set where what the source says about it rules out a human case report; then no case is made of it. */
  readonly setAside?: { readonly reason: SetAsideReason; readonly detail: string };
};
export type Publication = Provenance & {
  readonly lang: string | null;
  /** What the source calls it; several are joined by `; `. */
  readonly articleType: string | null;
  readonly state: PublicationState;
  readonly notices: readonly Notice[];
  /** Null where the source does not say. */
  readonly openAccess: boolean | null;
  /** The text is more than an abstract. */
  readonly fullText: boolean;
};
/** What was published about a document later, with where to read it (a citation, PMID or DOI). */
export type Notice = { readonly kind: NoticeKind; readonly reference: string | null };

/** What is said of a document that says nothing about itself. */
export const NOTHING_SAID = {
  lang: null,
  articleType: null,
  state: 'current',
  notices: [],
  openAccess: null,
  fullText: false,
} as const satisfies Partial<Publication>;

export type Reading =
  | { readonly kind: 'record'; readonly record: DocumentRecord }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string };

/** Why a record cannot enter the pipeline. */
export const REFUSAL_REASONS = [
  'unreadable',
  'not_utf8',
  'missing_field',
  'bad_field',
  'too_large',
  'duplicate_id',
  'empty_file',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

const optionalText = z.string().trim().max(2_000).nullish();
const idOf = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:@()/-]{0,199}$/,
    'must be 1 to 200 of A-Z a-z 0-9 . _ : @ ( ) / -, beginning with a letter or digit',
  );

/** One record of `ingest --file`. Fields that it does not know are left in the stored bytes and not read. */
const jsonCase = z.object({
  id: idOf,
  text: z.string().refine((text) => text.trim().length > 0, 'must not be empty'),
  source: optionalText,
  title: optionalText,
  pmid: z.union([optionalText, z.number().int().positive()]),
  pmcid: optionalText,
  doi: optionalText,
  url: optionalText,
  journal: optionalText,
  publication_date: optionalText,
  received: optionalText,
  licence: optionalText,
  authors: z.array(z.string()).nullish(),
  lang: optionalText,
});

/** Reads the bytes of one document of a format that not every host reads. It throws nothing. */
export type DocumentReader = (bytes: Uint8Array, fallbackKey: string) => Reading;
export type ReadOptions = {
  /** Readers that the host brings along: `html` needs a DOM, which core does without. */
  readonly readers?: Partial<Readonly<Record<DocumentFormat, DocumentReader>>>;
  /** A clock that never goes back, in ms: with it a document that takes too long is refused. */
  readonly now?: () => number;
};

/** `readDocument` with what a host brings along for it. */
export type DocumentRead = (format: DocumentFormat, bytes: Uint8Array, fallbackKey: string) => Reading;

/** Reads one document. `fallbackKey` names one that has no id of its own. It throws nothing that the bytes could cause. */
export function readDocument(
  format: DocumentFormat,
  bytes: Uint8Array,
  fallbackKey: string,
  options: ReadOptions = {},
): Reading {
  if (bytes.byteLength > DOCUMENT_BYTES_MAX)
    return refused('too_large', `${bytes.byteLength} bytes; at most ${DOCUMENT_BYTES_MAX} are taken`);
  const brought = options.readers?.[format];
  if (brought !== undefined) return brought(bytes, fallbackKey);
  switch (format) {
    case 'json-case':
    case 'text': {
      let text: string;
      try {
        text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      } catch {
        return refused(
          'not_utf8',
          'the bytes are not UTF-8; convert the file (iconv -f latin1 -t utf-8) and ingest it again',
        );
      }
      return format === 'json-case' ? readJsonCase(text) : readText(text, fallbackKey);
    }
    case 'medline':
      return readMedline(bytes, fallbackKey, options);
    case 'jats':
      return readJats(bytes, fallbackKey, options);
    case 'bioc':
      return readBioC(bytes, fallbackKey, options);
    case 'epmc':
      return readEpmc(bytes, fallbackKey);
    case 'html':
      return refused('unreadable', 'this host does not read web pages; run the stage in a Space or with the CLI');
  }
}

function readJsonCase(line: string): Reading {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return refused(
      'unreadable',
      `not JSON: ${error instanceof Error ? withoutContent(error.message) : 'unknown error'}`,
    );
  }
  const parsed = jsonCase.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') || 'record';
    const missing = isRecord(value) && issue?.path.length === 1 && !(String(issue.path[0]) in value);
    return refused(
      missing ? 'missing_field' : 'bad_field',
      `${field}: ${missing ? 'missing' : (issue?.message ?? 'invalid')}`,
    );
  }
  const { id, text, ...rest } = parsed.data;
  return {
    kind: 'record',
    record: {
      key: id,
      text,
      publication: {
        source: rest.source || 'file',
        title: rest.title || null,
        authors: rest.authors ?? [],
        journal: rest.journal || null,
        publicationDate: rest.publication_date || rest.received || null,
        pmid: rest.pmid ? String(rest.pmid) : null,
        pmcid: rest.pmcid || null,
        doi: rest.doi || null,
        url: rest.url || null,
        licence: rest.licence || null,
        ...NOTHING_SAID,
        lang: rest.lang || null,
      },
    },
  };
}

function readText(text: string, key: string): Reading {
  const id = idOf.safeParse(key);
  if (!id.success)
    return refused(
      'bad_field',
      `the file name gives the case id ${JSON.stringify(key)}, which ${id.error.issues[0]?.message}`,
    );
  if (text.trim().length === 0) return refused('empty_file', 'the file holds no text');
  const none = {
    title: null,
    journal: null,
    publicationDate: null,
    pmid: null,
    pmcid: null,
    doi: null,
    url: null,
    licence: null,
  };
  return {
    kind: 'record',
    record: { key, text, publication: { source: 'file', authors: [], ...NOTHING_SAID, ...none } },
  };
}

const refused = (reason: RefusalReason, detail: string): Reading => ({ kind: 'refused', reason, detail });
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
/** V8 quotes the text around a syntax error; clinical text must not reach a log that way. */
function withoutContent(message: string): string {
  const quote = message.includes(' is not valid JSON') ? message.indexOf('"') : -1;
  return (quote < 0 ? message : message.slice(0, quote).replace(/,? ?$/, '')).slice(0, 120);
}
