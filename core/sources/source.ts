import type { Http } from './http/http.ts';
import type { DocumentFormat, Notice } from './record.ts';

/** Sources that a definition may name. `web` fetches pages of a list of addresses and is off unless the operator allows it. */
export const SOURCE_KINDS = ['europe-pmc', 'pubmed', 'pmc', 'file', 'web'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** Days as ISO 8601 dates (`2026-11-22`), both included. */
export type Days = { readonly from: string; readonly to: string };

/**
 * By which date a window chooses documents: when the service first had them, or when it last changed them. A service that
 * cannot be asked for changes has none.
 */
export type WindowBy = 'entry' | 'change';

/** What is asked of a service at once: a query within some days. */
export type Window = {
  readonly query: string;
  readonly by: WindowBy;
  readonly days: Days;
  /** Of a window by change: only what the service first had on this day or later. */
  readonly since?: string;
};

/** One document as a listing names it. */
export type Found = {
  /** The document's key: `PMID_1`, `PMC_1`, `PPR_1`; what the item and its cases are called. */
  readonly key: string;
  /**
   * Changes whenever the service says that the document changed; the same document listed twice in overlapping windows has the
   * same revision, and is not retrieved again.
   */
  readonly revision: string;
  /** The document itself, where the listing carries it: nothing is left to retrieve. */
  readonly document?: RetrievedDocument;
};

export type RetrievedDocument = {
  readonly format: DocumentFormat;
  /** As the service sent them, decoded from their transfer encoding, cut out of the answer that held several. */
  readonly bytes: Uint8Array;
  /** Where a person may look at it. */
  readonly locator: string;
  /** For a conditional request (RFC 9110, 13): ETag and Last-Modified as they came. */
  readonly validators?: { readonly etag?: string; readonly lastModified?: string };
};

/** One page of a listing. */
export type Page = {
  readonly kind: 'page';
  readonly found: readonly Found[];
  /** Hits of the whole window, as the service states it. */
  readonly stated: number;
  /** Opaque place of the next page; null after the last. */
  readonly next: string | null;
  /** What the service did that was not asked (a clamped page, a repeated cursor, an id twice), in words for the operator. */
  readonly remarks: readonly string[];
};
/** The window has more hits than the service gives out: to be split. */
export type TooMany = { readonly kind: 'too_many'; readonly stated: number; readonly ceiling: number };

/** What the service knows of a document that its bytes do not say: a full text stays as it was when an erratum follows. */
type Beside = { readonly notices?: readonly Notice[] };

/** What became of one key of a retrieval. */
export type Retrieved =
  | ({ readonly kind: 'document'; readonly key: string; readonly document: RetrievedDocument } & Beside)
  /** Not changed since the validators that were sent. */
  | ({ readonly kind: 'unchanged'; readonly key: string } & Beside)
  /** The service knows no such document, or no longer. */
  | { readonly kind: 'missing'; readonly key: string; readonly reason: string }
  /** It lives on under another key. */
  | { readonly kind: 'merged'; readonly key: string; readonly into: string }
  /** This one failed while others of the same answer did not; a `StageError` says what is to become of it. */
  | { readonly kind: 'failed'; readonly key: string; readonly error: Error };

export type Wanted = {
  readonly key: string;
  /** What is held of it already. */
  readonly validators?: RetrievedDocument['validators'];
};

/**
 * A place that case reports come from. Every call goes through `http`, which keeps to the pace of the service, checks every address and
 * bounds bytes and time. Errors are thrown as `StageError`s whose class says what is to become of the work: retryable, quota
 * (a 429), outage, permanent (a query that the service refuses), validation (an answer that is not what was asked for).
 */
export type Source = {
  readonly kind: SourceKind;
  /** The service behind it: names its pace, its breaker and its row on the status page. */
  readonly service: string;
  /** Windows by change can be asked for; `day` when a revision is known to the day only, and days are then asked one by one. */
  readonly changes: 'none' | 'day' | 'range';
  /** Most hits of one window that the service gives out; null without such a limit. */
  readonly ceiling: number | null;
  /** Most keys of one `retrieve`. */
  readonly retrieveMax: number;
  /** One page of a window; `cursor` is null for the first, else the `next` of the page before. */
  list(window: Window, cursor: string | null, http: Http): Promise<Page | TooMany>;
  /** Exactly one answer for each key, in any order. */
  retrieve(wanted: readonly Wanted[], http: Http): Promise<readonly Retrieved[]>;
};
