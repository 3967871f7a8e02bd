export const BODY_BYTES_MAX = 1024 * 1024;
/** A search request nests two deep; anything deeper than this is an attack on the parser. */
export const JSON_DEPTH_MAX = 16;

/** A body that is not taken, as a problem (RFC 9457) says it; the message never quotes what came. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly status: 400 | 413 | 415;
  readonly code: string;
  constructor({
    status,
    code,
    detail,
  }: { readonly status: 400 | 413 | 415; readonly code: string; readonly detail: string }) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/**
 * The JSON value of a request body. Rejects with `BodyError`: 415 for another media type, charset or any Content-Encoding,
 * 413 beyond `BODY_BYTES_MAX` (counted while reading, whatever Content-Length says), 400 for what is not JSON.
 */
export async function readJson(request: Request): Promise<unknown> {
  requireJsonMediaType(request.headers);
  const declaredBytes = Number(request.headers.get('Content-Length') ?? '0');
  if (declaredBytes > BODY_BYTES_MAX) throw tooLarge();
  return parseJson(await readText(request.body));
}

function requireJsonMediaType(headers: Headers): void {
  const [mediaType = '', ...parameters] = (headers.get('Content-Type') ?? '').toLowerCase().split(';');
  const charsets = parameters.map((p) => p.trim()).filter((p) => p.startsWith('charset='));
  const utf8 = charsets.every((p) => p === 'charset=utf-8' || p === 'charset="utf-8"');
  if (mediaType.trim() !== 'application/json' || !utf8) {
    throw unsupported('Send the body as application/json in UTF-8.');
  }
  const encoding = (headers.get('Content-Encoding') ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity') throw unsupported('Send the body without Content-Encoding.');
}

async function readText(body: ReadableStream<Uint8Array> | null): Promise<string> {
  if (body === null) throw badJson('The body is empty.');
  const reader = body.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > BODY_BYTES_MAX) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge();
    }
    text += decode(() => decoder.decode(value, { stream: true }));
  }
  return text + decode(() => decoder.decode());
}

function decode(step: () => string): string {
  try {
    return step();
  } catch {
    throw badJson('The body is not valid UTF-8.');
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === '') throw badJson('The body is empty.');
  if (deeperThan(text, JSON_DEPTH_MAX)) throw badJson(`The body nests deeper than ${JSON_DEPTH_MAX} levels.`);
  try {
    return JSON.parse(text);
  } catch {
    // V8's message quotes the body, which is clinical text: it goes nowhere.
    throw badJson('The body is not valid JSON.');
  }
}

/** Whether brackets outside strings nest deeper than `depthMax`; one pass, so it can run before the recursive parser. */
export function deeperThan(json: string, depthMax: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < json.length; i += 1) {
    const char = json.charCodeAt(i);
    if (inString) {
      if (char === 0x5c) i += 1;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x5b || char === 0x7b) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (char === 0x5d || char === 0x7d) depth -= 1;
  }
  return false;
}

const badJson = (detail: string) => new BodyError({ status: 400, code: 'invalid_json', detail });
const unsupported = (detail: string) => new BodyError({ status: 415, code: 'unsupported_media_type', detail });
const tooLarge = () =>
  new BodyError({
    status: 413,
    code: 'content_too_large',
    detail: `The body may hold at most ${BODY_BYTES_MAX} bytes.`,
  });
