import { type DocumentRead, readDocument } from '../../core/sources/record.ts';
import { readHtml } from './html.ts';

/** Every format, web pages included; a document that takes too long is refused. */
export const readBytes: DocumentRead = (format, bytes, key) =>
  readDocument(format, bytes, key, { readers: { html: readHtml }, now: () => performance.now() });
