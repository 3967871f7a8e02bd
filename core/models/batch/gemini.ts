import { PermanentError } from '../../engine/errors.ts';
import {
  type Answered,
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
 * Batch mode of the Gemini API. Sources: guide "Batch API" (JSONL of `key` and `request`, states, results, REST examples), reference
 * "Batch API" (`models.batchGenerateContent`, `batches.get`, `.list`, `.cancel`, `GenerateContentBatch`) and "Files" (resumable upload), read 2026-11.
 * https://ai.google.dev/gemini-api/docs/batch-api, https://ai.google.dev/api/batch-api, https://ai.google.dev/api/files
 */
export type GeminiSettings = CallDeps & {
  /** With a slash at its end: `https://generativelanguage.googleapis.com/`. */
  readonly endpoint: string;
  /** Without `models/`. */
  readonly model: string;
};

/** A job that runs or waits for longer expires, without answers. */
const WINDOW_MS = 48 * 3_600_000;
const PAGE_SIZE = 100;
const LIST_PAGES_MAX = 20;
/** The guide names the states `JOB_STATE_…`, the reference `BATCH_STATE_…`. */
const STATES: Readonly<Record<string, JobState>> = {
  PENDING: 'running',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  EXPIRED: 'expired',
};
const MIME = 'application/jsonl';

export function geminiJobs(settings: GeminiSettings): BatchJobs {
  const { endpoint, model, service } = settings;
  const calls = caller(settings);
  // The key goes to the service alone: an upload address is one that the service names, and carries its own right.
  const bare = caller({ ...settings, credentials: {} });
  const at = (path: string): URL => new URL(path, endpoint);
  const get = (path: string, what: string): Call => ({ method: 'GET', url: at(path), ms: CALL_MS, what });
  const post = (path: string, body: unknown, what: string): Call => ({
    method: 'POST',
    url: at(path),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ms: CALL_MS,
    what,
  });
  /** Names come from the service and go into addresses. */
  const named = (kind: 'batches' | 'files', name: string | null): string => {
    if (name !== null && new RegExp(`^${kind}/[A-Za-z0-9_-]{1,128}$`).test(name)) return name;
    throw new PermanentError(`${service}: the answer names no resource of ${kind}`, { service });
  };
  const operation = (call: Call, answered: Answered) => {
    const found = calls.json(call, answered);
    const status = statusOf(found);
    if (status === null) throw calls.broken(call, 'the answer is no batch');
    return { found, status };
  };

  const upload = async (key: string, requests: readonly JobRequest[], signal: AbortSignal): Promise<string> => {
    const file = new Blob(requests.map((request) => `${JSON.stringify(lineOf(request))}\n`));
    const begin = post('upload/v1beta/files', { file: { display_name: key } }, 'upload');
    const began = await calls.answer(
      {
        ...begin,
        headers: {
          ...begin.headers,
          'X-Goog-Upload-Protocol': 'resumable',
          'X-Goog-Upload-Command': 'start',
          'X-Goog-Upload-Header-Content-Length': String(file.size),
          'X-Goog-Upload-Header-Content-Type': MIME,
        },
      },
      signal,
    );
    const address = began.headers.get('x-goog-upload-url') ?? '';
    if (!URL.canParse(address) || new URL(address).origin !== new URL(endpoint).origin)
      throw calls.broken(begin, 'the service names no address of its own for the upload');
    const call: Call = {
      method: 'POST',
      url: new URL(address),
      headers: { 'X-Goog-Upload-Offset': '0', 'X-Goog-Upload-Command': 'upload, finalize', 'content-type': MIME },
      body: file,
      ms: FILE_MS,
      what: 'upload',
    };
    const uploaded = bare.json(call, await bare.answer(call, signal));
    return named('files', stringOf(record(uploaded.file).name));
  };

  return {
    windowMs: WINDOW_MS,
    upload,
    submit: async (key, file, signal) => {
      const batch = { display_name: key, input_config: { file_name: file } };
      const call = post(`v1beta/models/${encodeURIComponent(model)}:batchGenerateContent`, { batch }, 'submission');
      try {
        return operation(call, await calls.answer(call, signal)).status;
      } catch (error) {
        throw error instanceof NoAnswerError
          ? new SubmissionUnknownError(error.message, { service, cause: error })
          : error;
      }
    },
    find: async (key, signal) => {
      let token: string | null = null;
      for (let page = 0; page < LIST_PAGES_MAX; page++) {
        const call = get(
          `v1beta/batches?pageSize=${PAGE_SIZE}${token === null ? '' : `&pageToken=${encodeURIComponent(token)}`}`,
          'listing',
        );
        const listed = calls.json(call, await calls.answer(call, signal));
        const found = (Array.isArray(listed.operations) ? listed.operations : [])
          .map((one) => ({
            status: statusOf(record(one)),
            createTime: String(record(record(one).metadata).createTime ?? ''),
          }))
          .filter(({ status }) => status?.key === key)
          .sort((a, b) => b.createTime.localeCompare(a.createTime))
          .at(0);
        if (found?.status) return found.status;
        token = stringOf(listed.nextPageToken);
        if (token === null) return null;
      }
      return null;
    },
    status: async (externalId, signal) => {
      const call = get(`v1beta/${named('batches', externalId)}`, 'status');
      const answered = await calls.answerOrNull(call, signal);
      return answered && operation(call, answered).status;
    },
    answers: async (externalId, signal) => {
      const call = get(`v1beta/${named('batches', externalId)}`, 'answers');
      const { found } = operation(call, await calls.answer(call, signal));
      const output =
        stringOf(record(found.response).responsesFile) ?? stringOf(record(record(found.metadata).output).responsesFile);
      if (output === null) return { answers: [], unreadable: 0 };
      const file: Call = {
        ...get(`download/v1beta/${named('files', output)}:download?alt=media`, 'response file'),
        ms: FILE_MS,
        bytesMax: FILE_BYTES_MAX,
      };
      const { lines, unreadable } = linesOf((await calls.answerOrNull(file, signal))?.text ?? '');
      const answers = lines.map(answerOf);
      const read = answers.filter((answer) => answer !== null);
      return { answers: read, unreadable: unreadable + answers.length - read.length };
    },
    cancel: async (externalId, signal) => {
      await calls.answer(post(`v1beta/${named('batches', externalId)}:cancel`, {}, 'cancellation'), signal);
    },
  };
}

function lineOf({ id, messages, schema, answerTokensMax }: JobRequest) {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => ({ text: content }));
  return {
    key: id,
    request: {
      ...(system.length > 0 ? { systemInstruction: { parts: system } } : {}),
      contents: messages
        .filter(({ role }) => role === 'user')
        .map(({ content }) => ({ role: 'user', parts: [{ text: content }] })),
      generationConfig: {
        maxOutputTokens: answerTokensMax,
        responseMimeType: 'application/json',
        responseJsonSchema: schema.schema,
      },
    },
  };
}

function statusOf(operation: Readonly<Record<string, unknown>>): JobStatus | null {
  const metadata = record(operation.metadata);
  const externalId = stringOf(operation.name);
  const state = STATES[String(metadata.state).replace(/^(?:JOB|BATCH)_STATE_/, '')];
  if (externalId === null || state === undefined) return null;
  return { externalId, key: stringOf(metadata.displayName), state, reason: stringOf(record(operation.error).message) };
}

/** Codes of google.rpc.Code after which the same request may be answered: cancelled, unknown, deadline, exhausted, aborted, internal, unavailable. */
const AGAIN: ReadonlySet<number | null> = new Set([1, 2, 4, 8, 10, 13, 14]);

/** One line of a response file; null where it names no request. */
function answerOf(line: Readonly<Record<string, unknown>>): JobAnswer | null {
  const id = stringOf(line.key);
  if (id === null) return null;
  if (line.response === undefined || line.response === null) {
    const { code, message } = record(line.error ?? line.status);
    const said = `${String(code ?? 'no code')} ${stringOf(message) ?? ''}`.trim();
    return { id, outcome: { kind: 'refused', reason: `answered ${said}`, again: AGAIN.has(numberOf(code)) } };
  }
  const response = record(line.response);
  const [candidate] = Array.isArray(response.candidates) ? response.candidates.map(record) : [];
  const { parts } = record(candidate?.content);
  const words = (Array.isArray(parts) ? parts.map(record) : [])
    .filter(({ thought }) => thought !== true)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join('');
  const units = numberOf(record(response.usageMetadata).totalTokenCount);
  return { id, outcome: { kind: 'answer', text: words === '' ? null : words, units } };
}
