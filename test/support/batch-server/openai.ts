import type { Reply, Route } from './server.ts';
import type { Asked, Line, Shop, ShopJob } from './shop.ts';

/** The shop as OpenAI's Batch API speaks (API reference "Files", "Batch"; guide "Batch API"). */

const json = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) });
const missing = (what: string): Reply => json({ error: { code: 'not_found', message: `No such ${what}` } }, 404);
const STATUS = {
  running: 'in_progress',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'expired',
};

const batch = ({ externalId, key, state, lines, createdSeconds }: ShopJob) => ({
  id: externalId,
  object: 'batch',
  endpoint: '/v1/chat/completions',
  status: STATUS[state],
  created_at: createdSeconds,
  metadata: { anamnesis_key: key },
  output_file_id: lines.some(isGood) ? `out-${externalId}` : null,
  error_file_id: lines.some((line) => !isGood(line)) ? `err-${externalId}` : null,
  errors:
    state === 'failed'
      ? { object: 'list', data: [{ code: 'invalid_model', message: 'The model does not exist', line: 1 }] }
      : null,
});
const isGood = (line: Line): boolean => line.kind === 'answer' || line.kind === 'raw';

const written = (line: Line): string => {
  if (line.kind === 'raw') return line.text;
  const own = { id: `req_${line.id}`, custom_id: line.id };
  if (line.kind === 'unworked')
    return JSON.stringify({ ...own, response: null, error: { code: line.code, message: 'not executed' } });
  const body =
    line.kind === 'error'
      ? { error: { code: 'server_error', message: 'no' } }
      : {
          object: 'chat.completion',
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: line.text } }],
          usage: { total_tokens: line.tokens },
        };
  return JSON.stringify({
    ...own,
    response: { status_code: line.kind === 'error' ? line.status : 200, request_id: 'r', body },
    error: null,
  });
};

/** The file of a multipart form, line by line. */
function askedOf(body: Buffer): readonly Asked[] {
  const text = body.toString('utf8');
  if (!/name="purpose"\r\n\r\nbatch\r\n/.test(text)) throw new Error('an upload without its purpose');
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const { custom_id, method, url, body: own } = JSON.parse(line);
      if (method !== 'POST' || url !== '/v1/chat/completions') throw new Error('a line of another form');
      const said = (role: string): string =>
        own.messages.find((one: { role: string }) => one.role === role)?.content ?? '';
      return { id: custom_id, system: said('system'), user: said('user') };
    });
}

export const openAiRoutes =
  (shop: Shop) =>
  (method: string, url: URL): Route | null => {
    const path = url.pathname.startsWith('/v1/') ? url.pathname.slice('/v1/'.length) : '';
    const id = path.split('/')[1] ?? '';
    if (method === 'POST' && path === 'files')
      return {
        operation: 'upload',
        act: ({ body }) => json({ id: shop.upload(askedOf(body)), object: 'file', purpose: 'batch' }),
      };
    if (method === 'POST' && path === 'batches')
      return {
        operation: 'submit',
        act: ({ body }) => {
          const { input_file_id, endpoint, completion_window, metadata } = JSON.parse(body.toString());
          if (endpoint !== '/v1/chat/completions' || completion_window !== '24h')
            throw new Error('a batch of another form');
          const job = shop.submit(metadata.anamnesis_key, input_file_id);
          return job ? json(batch(job)) : missing('file');
        },
      };
    if (method === 'GET' && path === 'batches')
      return {
        operation: 'list',
        act: ({ query }) => {
          const from = shop.jobs.findIndex(({ externalId }) => externalId === query.get('after')) + 1;
          // Short pages, so that whoever looks for a job has to turn them.
          const page = shop.jobs.slice(from, from + 2);
          return json({ object: 'list', data: page.map(batch), has_more: from + 2 < shop.jobs.length });
        },
      };
    if (method === 'GET' && /^batches\/[^/]+$/.test(path))
      return {
        operation: 'status',
        act: () => {
          const job = shop.look(id);
          return job ? json(batch(job)) : missing('batch');
        },
      };
    if (method === 'POST' && /^batches\/[^/]+\/cancel$/.test(path))
      return {
        operation: 'cancel',
        act: () => (shop.cancel(id) ? json({ id, status: 'cancelling' }) : missing('batch')),
      };
    if (method === 'GET' && /^files\/[^/]+\/content$/.test(path))
      return {
        operation: 'download',
        act: () => {
          const job = shop.jobs.find(({ externalId }) => id.slice(4) === externalId);
          if (!job) return missing('file');
          const lines = job.lines.filter((line) => isGood(line) === id.startsWith('out-'));
          return { status: 200, body: lines.map((line) => `${written(line)}\n`).join('') };
        },
      };
    return null;
  };
