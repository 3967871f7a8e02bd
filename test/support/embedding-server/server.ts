import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openAiAnswer, tokensOf, vectorOf } from './fake-embedding.ts';

/** What the server does with one call. */
export type Manner =
  /** An answer with status 200, whatever it is; `text` is sent as it stands. */
  | { readonly kind: 'answer'; readonly body: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'refusal';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: unknown;
    }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  /** An honest answer whose connection breaks before its end. */
  | { readonly kind: 'cut' };

export type CallRecord = {
  readonly path: string;
  readonly texts: readonly string[];
  readonly authorization: string | null;
  readonly body: Readonly<Record<string, unknown>>;
  /** Tokens billed; 0 where nothing was answered with 200. */
  billed: number;
  status: number;
};

export type EmbeddingServer = {
  /** For EMBEDDING_FORMAT=openai, and for feature-extraction. */
  readonly openAiUrl: string;
  readonly featureUrl: string;
  readonly calls: CallRecord[];
  /** Which model it serves from now on. */
  model: string;
  width: number;
  /** Most texts, and most tokens of one text, that it takes; what is longer is refused as text-embeddings-inference does. */
  textsMax: number;
  tokensMax: number;
  /** How it answers from now on; honestly where it gives null. */
  manner: (call: CallRecord, nth: number) => Manner | null | Promise<Manner | null>;
  readonly vectorsOf: (texts: readonly string[]) => number[][];
  readonly close: () => Promise<void>;
};

/**
 * An embedding service on loopback, as two kinds answer: `/v1/embeddings` of OpenAI-compatible servers, and feature extraction of Hugging
 * Face (text-embeddings-inference).
 */
export async function startEmbeddingServer(): Promise<EmbeddingServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void serve(request.url ?? '', request.headers, Buffer.concat(chunks), response).catch((error: unknown) => {
        response.writeHead(599).end(String(error));
      });
    });
  });
  const serve = async (path: string, headers: IncomingHttpHeaders, bytes: Buffer, response: ServerResponse) => {
    const body = JSON.parse(bytes.toString()) as Record<string, unknown>;
    const openAi = path === '/v1/embeddings';
    const texts = (openAi ? body.input : body.inputs) as string[];
    const call: CallRecord = {
      path,
      texts,
      authorization: headers.authorization ?? null,
      body,
      billed: 0,
      status: 0,
    };
    made.calls.push(call);
    const manner = (await made.manner(call, made.calls.length)) ?? tooMuch(texts, openAi);
    const honest = () => {
      const vectors = made.vectorsOf(texts);
      return openAi ? openAiAnswer(texts, vectors, body.encoding_format === 'base64') : vectors;
    };
    act(manner ?? { kind: 'answer', body: honest() }, call, response, honest);
  };
  const tooMuch = (texts: readonly string[], openAi: boolean): Manner | null => {
    const longest = Math.max(...texts.map(tokensOf));
    const said =
      texts.length > made.textsMax
        ? `batch size ${texts.length} > maximum allowed batch size ${made.textsMax}`
        : longest > made.tokensMax
          ? `Input validation error: \`inputs\` must have less than ${made.tokensMax} tokens. Given: ${longest}`
          : null;
    if (said === null) return null;
    const body = openAi ? { message: said, code: 413, type: 'Validation' } : { error: said, error_type: 'Validation' };
    return { kind: 'refusal', status: 413, body };
  };
  const made: EmbeddingServer = {
    openAiUrl: '',
    featureUrl: '',
    calls: [],
    model: 'a',
    width: 384,
    textsMax: 32,
    tokensMax: 1_000_000,
    manner: () => null,
    vectorsOf: (texts) => texts.map((text) => vectorOf(text, made.model, made.width)),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(made, { openAiUrl: `${url}/v1`, featureUrl: `${url}/embed` });
}

function act(manner: Manner, call: CallRecord, response: ServerResponse, honest: () => unknown): void {
  const json = { 'content-type': 'application/json' };
  const bill = () => {
    call.billed = call.texts.reduce((sum, text) => sum + tokensOf(text), 0);
    call.status = 200;
  };
  switch (manner.kind) {
    case 'answer':
      bill();
      response.writeHead(200, { ...json, 'x-compute-tokens': String(call.billed) }).end(JSON.stringify(manner.body));
      return;
    case 'text':
      bill();
      response.writeHead(200, json).end(manner.text);
      return;
    case 'refusal':
      call.status = manner.status;
      response
        .writeHead(manner.status, { ...json, ...manner.headers })
        .end(typeof manner.body === 'string' ? manner.body : JSON.stringify(manner.body));
      return;
    case 'hang':
      return;
    case 'reset':
      response.socket?.destroy();
      return;
    case 'cut': {
      bill();
      const text = JSON.stringify(honest());
      response.writeHead(200, { ...json, 'content-length': text.length });
      response.write(text.slice(0, Math.floor(text.length / 2)), () => response.socket?.destroy());
    }
  }
}
