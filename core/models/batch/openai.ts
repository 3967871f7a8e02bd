import {
  CALL_MS,
  type Call,
  type CallDeps,
  caller,
  FILE_BYTES_MAX,
  FILE_MS,
  linesOf,
  NoAnswerError,
  numberOf,
  record,
  stringOf,
} from './calls.ts';
import {
  type BatchJobs,
  type JobAnswer,
  type JobRequest,
  type JobState,
  type JobStatus,
  SubmissionUnknownError,
} from './port.ts';

/**
 * Batches of OpenAI and of services that answer alike. Sources: OpenAI API reference, "Files: upload" (`POST /files`, multipart, purpose
 * `batch`), "Batch" (`POST /batches` with `metadata`, `GET /batches/{id}`, `GET /batches?after&limit`, `POST /batches/{id}/cancel`), "The request
 * input object" and "The request output object"; guide "Batch API", read 2026-11.
 * https://developers.openai.com/api/reference/resources/batches, https://platform.openai.com/docs/guides/batch
 */
export type OpenAiSettings = CallDeps & {
  /** With a slash at its end: `https://api.openai.com/v1/`. */
  readonly endpoint: string;
  readonly model: string;
};

/** The name under which a job's key stands in its metadata. */
const KEY = 'anamnesis_key';
const ENDPOINT = '/v1/chat/completions';
const WINDOW_MS = 24 * 3_600_000;
const LIST_LIMIT = 100;
/** Pages of a listing that are read for one key: jobs older than that many others are not adopted. */
const LIST_PAGES_MAX = 20;

const STATES: Readonly<Record<string, JobState>> = {
  validating: 'running',
  in_progress: 'running',
  finalizing: 'running',
  cancelling: 'running',
  completed: 'succeeded',
  failed: 'failed',
  expired: 'expired',
  cancelled: 'cancelled',
};

export function openAiJobs(settings: OpenAiSettings): BatchJobs {
  const { endpoint, model, service } = settings;
  const calls = caller(settings);
  const at = (path: string): URL => new URL(path, endpoint);
  const get = (path: string, what: string): Call => ({ method: 'GET', url: at(path), ms: CALL_MS, what });
  const batchPath = (id: string): string => `batches/${encodeURIComponent(id)}`;

  const batchOf = (call: Call, text: { readonly status: number; readonly headers: Headers; readonly text: string }) => {
    const batch = calls.json(call, text);
    const status = statusOf(batch);
    if (status === null) throw calls.broken(call, 'the answer is no batch');
    return { batch, status };
  };
  const readFile = async (id: string | null, what: string, signal: AbortSignal): Promise<string> => {
    if (id === null) return '';
    const call: Call = {
      ...get(`files/${encodeURIComponent(id)}/content`, what),
      ms: FILE_MS,
      bytesMax: FILE_BYTES_MAX,
    };
    // A file that is gone holds nothing: its answers are asked for again.
    return (await calls.answerOrNull(call, signal))?.text ?? '';
  };

  return {
    windowMs: WINDOW_MS,
    upload: async (key, requests, signal) => {
      const form = new FormData();
      form.set('purpose', 'batch');
      const lines = requests.map((request) => `${JSON.stringify(lineOf(model, request))}\n`);
      form.set('file', new Blob(lines, { type: 'application/jsonl' }), `${key.slice(0, 32)}.jsonl`);
      const call: Call = { method: 'POST', url: at('files'), body: form, ms: FILE_MS, what: 'upload' };
      const id = stringOf(calls.json(call, await calls.answer(call, signal)).id);
      if (id === null) throw calls.broken(call, 'the answer names no file');
      return id;
    },
    submit: async (key, file, signal) => {
      const body = { input_file_id: file, endpoint: ENDPOINT, completion_window: '24h', metadata: { [KEY]: key } };
      const call: Call = {
        method: 'POST',
        url: at('batches'),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ms: CALL_MS,
        what: 'submission',
      };
      try {
        return batchOf(call, await calls.answer(call, signal)).status;
      } catch (error) {
        throw error instanceof NoAnswerError
          ? new SubmissionUnknownError(error.message, { service, cause: error })
          : error;
      }
    },
    find: async (key, signal) => {
      let after: string | null = null;
      for (let page = 0; page < LIST_PAGES_MAX; page++) {
        const call = get(
          `batches?limit=${LIST_LIMIT}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`,
          'listing',
        );
        const listed = calls.json(call, await calls.answer(call, signal));
        const batches = Array.isArray(listed.data) ? listed.data.map(record) : [];
        // The newest come first.
        const found = batches.map(statusOf).find((status) => status?.key === key);
        if (found) return found;
        after = stringOf(batches.at(-1)?.id);
        if (listed.has_more !== true || after === null) return null;
      }
      return null;
    },
    status: async (externalId, signal) => {
      const call = get(batchPath(externalId), 'status');
      const answered = await calls.answerOrNull(call, signal);
      return answered && batchOf(call, answered).status;
    },
    answers: async (externalId, signal) => {
      const call = get(batchPath(externalId), 'answers');
      const { batch } = batchOf(call, await calls.answer(call, signal));
      const good = linesOf(await readFile(stringOf(batch.output_file_id), 'output file', signal));
      const bad = linesOf(await readFile(stringOf(batch.error_file_id), 'error file', signal));
      const answers = [...good.lines, ...bad.lines].map(answerOf);
      const read = answers.filter((answer) => answer !== null);
      return { answers: read, unreadable: good.unreadable + bad.unreadable + answers.length - read.length };
    },
    cancel: async (externalId, signal) => {
      const call: Call = {
        method: 'POST',
        url: at(`${batchPath(externalId)}/cancel`),
        ms: CALL_MS,
        what: 'cancellation',
      };
      await calls.answer(call, signal);
    },
  };
}

const lineOf = (model: string, { id, messages, schema, answerTokensMax }: JobRequest) => ({
  custom_id: id,
  method: 'POST',
  url: ENDPOINT,
  body: {
    model,
    messages,
    max_completion_tokens: answerTokensMax,
    response_format: { type: 'json_schema', json_schema: { name: schema.name, schema: schema.schema, strict: true } },
  },
});

/** Null for what is no batch, or of a state that nobody knows. */
function statusOf(batch: Readonly<Record<string, unknown>>): JobStatus | null {
  const externalId = stringOf(batch.id);
  const state = STATES[String(batch.status)];
  if (externalId === null || state === undefined) return null;
  const errors = record(batch.errors).data;
  const [first] = Array.isArray(errors) ? errors.map(record) : [];
  return {
    externalId,
    key: stringOf(record(batch.metadata)[KEY]),
    state,
    reason: stringOf(first?.message) ?? stringOf(first?.code),
  };
}

/** One line of an output or error file; null where it names no request. */
function answerOf(line: Readonly<Record<string, unknown>>): JobAnswer | null {
  const id = stringOf(line.custom_id);
  if (id === null) return null;
  const refused = (reason: string, again: boolean): JobAnswer => ({ id, outcome: { kind: 'refused', reason, again } });
  const error = record(line.error);
  const response = record(line.response);
  const status = numberOf(response.status_code);
  if (status === null)
    // Of a batch that expired or was cancelled; the request was never worked on.
    return refused(`not worked on: ${stringOf(error.code) ?? 'no reason given'}`, true);
  const body = record(response.body);
  if (status !== 200) {
    const said = stringOf(record(body.error).code) ?? stringOf(record(body.error).type) ?? 'no reason given';
    return refused(`answered ${status}: ${said}`, status === 408 || status === 409 || status === 429 || status >= 500);
  }
  const [choice] = Array.isArray(body.choices) ? body.choices.map(record) : [];
  const message = record(choice?.message);
  const units = numberOf(record(body.usage).total_tokens);
  return { id, outcome: { kind: 'answer', text: stringOf(message.content), units } };
}
