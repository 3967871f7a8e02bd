import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ChatRequest, completion, type Form, formOf, readPrompt, type Shown } from './fake-model.ts';

/** What the server does with one call. */
export type Manner =
  /** The model's words; an object is written as JSON. */
  | {
      readonly kind: 'content';
      readonly content: string | null | Form;
      readonly finish?: string;
      readonly extra?: object;
    }
  /** Any answer whatever. */
  | { readonly kind: 'raw'; readonly status: number; readonly headers?: Record<string, string>; readonly body: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'headers-then-silence' }
  /** One byte every `everyMs`. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  | { readonly kind: 'reset' }
  /** An honest answer whose connection breaks before its end. */
  | { readonly kind: 'cut' };

/** One call as the ledger outside of the system has it. */
export type CallRecord = {
  readonly path: string;
  readonly caseId: string;
  readonly repair: string | null;
  readonly key: string | null;
  readonly authorization: string | null;
  readonly format: string;
  readonly prompt: string;
  readonly bytes: number;
  /** Tokens billed; 0 where nothing was answered with 200. */
  billed: number;
  status: number;
};

export type ModelServer = {
  readonly url: string;
  readonly calls: CallRecord[];
  /** How it answers from now on; honestly by default. */
  manner: (shown: Shown, call: CallRecord, nth: number) => Manner | null | Promise<Manner | null>;
  /** As a service that knows no JSON Schema. */
  refusesSchema: boolean;
  readonly close: () => Promise<void>;
};

/** A chat service on loopback: `/v1/chat/completions` as OpenAI-compatible servers and the router of Hugging Face have it. */
export async function startModelServer(): Promise<ModelServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void answer(request.url ?? '', request.headers, Buffer.concat(chunks), response).catch((error: unknown) => {
        response.writeHead(599).end(String(error));
      });
    });
  });
  const answer = async (
    path: string,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    bytes: Buffer,
    response: ServerResponse,
  ): Promise<void> => {
    if (path !== '/v1/chat/completions') {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"code":"not_found"}}');
      return;
    }
    const body = JSON.parse(bytes.toString()) as ChatRequest;
    const { shown, repair } = readPrompt(body);
    const call: CallRecord = {
      path,
      caseId: shown.case_id,
      repair,
      key: headers['idempotency-key']?.toString() ?? null,
      authorization: headers.authorization?.toString() ?? null,
      format: body.response_format?.type ?? 'none',
      prompt: body.messages.map(({ content }) => content).join('\n'),
      bytes: bytes.length,
      billed: 0,
      status: 0,
    };
    if (made.refusesSchema && call.format === 'json_schema') {
      send(response, call, 400, { error: { message: "response_format 'json_schema' is not supported", code: null } });
      return;
    }
    made.calls.push(call);
    const nth = made.calls.filter(({ caseId }) => caseId === call.caseId).length;
    const manner = (await made.manner(shown, call, nth)) ?? { kind: 'content' as const, content: formOf(shown) };
    act(manner, body, shown, call, response);
  };
  const made: ModelServer = {
    url: '',
    calls: [],
    manner: () => null,
    refusesSchema: false,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(made, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function act(manner: Manner, body: ChatRequest, shown: Shown, call: CallRecord, response: ServerResponse): void {
  switch (manner.kind) {
    case 'content': {
      const { content, finish, extra } = manner;
      const words = content !== null && typeof content === 'object' ? JSON.stringify(content) : content;
      const answered = completion(body, { content: words, ...extra }, finish);
      call.billed = answered.usage.total_tokens;
      send(response, call, 200, answered);
      return;
    }
    case 'raw':
      call.status = manner.status;
      response.writeHead(manner.status, { 'content-type': 'application/json', ...manner.headers }).end(manner.body);
      return;
    case 'hang':
      return;
    case 'headers-then-silence':
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      return;
    case 'drip': {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), manner.everyMs);
      response.on('close', () => clearInterval(timer));
      return;
    }
    case 'reset':
      response.socket?.destroy();
      return;
    case 'cut': {
      const text = JSON.stringify(completion(body, { content: JSON.stringify(formOf(shown)) }));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length + 100 });
      response.write(text.slice(0, 200), () => response.socket?.destroy());
    }
  }
}

function send(response: ServerResponse, call: CallRecord, status: number, body: object): void {
  call.status = status;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
