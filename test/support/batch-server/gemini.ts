import type { Reply, Route } from './server.ts';
import type { Asked, Line, Shop, ShopJob } from './shop.ts';

/** The shop as Gemini's batch mode speaks (guide "Batch API", references "Batch API" and "Files"). */

const json = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) });
const missing = (): Reply => json({ error: { code: 404, status: 'NOT_FOUND', message: 'not found' } }, 404);
const STATE = {
  running: 'RUNNING',
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
  expired: 'EXPIRED',
};

const operation = ({ externalId, key, state, lines, createdSeconds }: ShopJob) => ({
  name: `batches/${externalId}`,
  // Both words that the documentation has for a state.
  metadata: {
    '@type': 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch',
    displayName: key,
    state: `${createdSeconds % 2 === 0 ? 'JOB' : 'BATCH'}_STATE_${STATE[state]}`,
    createTime: new Date(createdSeconds * 1_000).toISOString(),
    ...(lines.length > 0 && state === 'cancelled' ? { output: { responsesFile: `files/out-${externalId}` } } : {}),
  },
  done: state !== 'running',
  ...(state === 'failed' ? { error: { code: 3, message: 'The model does not exist' } } : {}),
  ...(state === 'succeeded' ? { response: { responsesFile: `files/out-${externalId}` } } : {}),
});

const written = (line: Line): string => {
  if (line.kind === 'raw') return line.text;
  if (line.kind === 'unworked') return JSON.stringify({ key: line.id, error: { code: 1, message: line.code } });
  if (line.kind === 'error')
    return JSON.stringify({ key: line.id, error: { code: line.status === 400 ? 3 : 13, message: 'no' } });
  const half = Math.floor(line.text.length / 2);
  const parts = [
    { text: 'thinking about it', thought: true },
    { text: line.text.slice(0, half) },
    { text: line.text.slice(half) },
  ];
  return JSON.stringify({
    key: line.id,
    response: {
      candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }],
      usageMetadata: { totalTokenCount: line.tokens },
    },
  });
};

const askedOf = (body: Buffer): readonly Asked[] =>
  body
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { key, request } = JSON.parse(line);
      return { id: key, system: request.systemInstruction.parts[0].text, user: request.contents[0].parts[0].text };
    });

export const geminiRoutes =
  (shop: Shop, base: string) =>
  (method: string, url: URL): Route | null => {
    const path = url.pathname.startsWith('/gemini/') ? url.pathname.slice('/gemini/'.length) : '';
    const id = path.split('/').at(-1)?.split(':')[0] ?? '';
    if (method === 'POST' && path === 'upload/v1beta/files')
      return {
        operation: 'upload',
        act: ({ headers }) => {
          const { 'x-goog-upload-protocol': protocol, 'x-goog-upload-command': command } = headers;
          if (protocol !== 'resumable' || command !== 'start') throw new Error('an upload of another form');
          return {
            status: 200,
            headers: { 'x-goog-upload-url': `${base}upload/v1beta/files/session?upload_id=1` },
            body: '',
          };
        },
      };
    if (method === 'POST' && path === 'upload/v1beta/files/session')
      return {
        operation: 'upload',
        act: ({ body, headers }) => {
          if (headers['x-goog-upload-command'] !== 'upload, finalize') throw new Error('an upload of another form');
          return json({ file: { name: `files/${shop.upload(askedOf(body))}` } });
        },
      };
    if (method === 'POST' && /^v1beta\/models\/[^/]+:batchGenerateContent$/.test(path))
      return {
        operation: 'submit',
        act: ({ body }) => {
          const { batch } = JSON.parse(body.toString());
          const job = shop.submit(batch.display_name, String(batch.input_config.file_name).replace('files/', ''));
          return job ? json(operation(job)) : missing();
        },
      };
    if (method === 'GET' && path === 'v1beta/batches')
      return {
        operation: 'list',
        act: ({ query }) => {
          const from = Number(query.get('pageToken') ?? 0);
          const next = from + 2 < shop.jobs.length ? { nextPageToken: String(from + 2) } : {};
          return json({ operations: shop.jobs.slice(from, from + 2).map(operation), ...next });
        },
      };
    if (method === 'GET' && /^v1beta\/batches\/[^/:]+$/.test(path))
      return {
        operation: 'status',
        act: () => {
          const job = shop.look(id);
          return job ? json(operation(job)) : missing();
        },
      };
    if (method === 'POST' && /^v1beta\/batches\/[^/]+:cancel$/.test(path))
      return { operation: 'cancel', act: () => (shop.cancel(id) ? json({}) : missing()) };
    if (method === 'GET' && /^download\/v1beta\/files\/[^/]+:download$/.test(path))
      return {
        operation: 'download',
        act: () => {
          const job = shop.jobs.find(({ externalId }) => id === `out-${externalId}`);
          return job ? { status: 200, body: job.lines.map((line) => `${written(line)}\n`).join('') } : missing();
        },
      };
    return null;
  };
