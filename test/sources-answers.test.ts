import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StageError, WaitError } from '../core/engine/errors.ts';
import { ANSWER_CLASSES, errorOf, readAnswer, redact } from '../core/sources/answers.ts';
import type { HttpAnswer } from '../core/sources/http/http.ts';
import {
  ANSWERS,
  answerOf,
  EMAIL,
  type Expected,
  KEY,
  RECORDED_ERRORS,
  RECORDED_UTILITIES,
} from './fixtures/sources/answers.ts';

const recorded = fileURLToPath(new URL('../../shared/data/adapters/', import.meta.url));
const isRecorded = existsSync(recorded);
type Listed = { readonly file: string; readonly status?: number; readonly content_type?: string };
const index: readonly Listed[] = isRecorded ? JSON.parse(readFileSync(`${recorded}index.json`, 'utf8')) : [];
const SECRETS = [KEY, EMAIL];

function check(answer: HttpAnswer, asked: 'listing' | 'documents', expected: Expected, hidden: readonly string[] = []) {
  const reading = readAnswer(answer, asked, SECRETS, 0);
  if ('reads' in expected) {
    expect(reading.kind).toBe(expected.reads);
    return;
  }
  if (reading.kind !== 'problem') throw new Error(`read as ${reading.kind}`);
  const { problem } = reading;
  expect({ class: problem.class, code: problem.code }).toEqual({ class: expected.class, code: expected.code });
  const error = errorOf(problem, 'ncbi', asked);
  expect(error.name).toBe(expected.error);
  expect(error.service).toBe('ncbi');
  for (const secret of [...hidden, ...SECRETS]) expect(error.message).not.toContain(secret);
  expect(error.message.length).toBeGreaterThan(20);
}

describe('each kind of answer becomes what is to be done about it', () => {
  test.each(ANSWERS.map((one) => [one.name, one] as const))('%s', (_, one) => {
    check(answerOf(one), one.asked, one.expected, one.hidden);
  });
});

describe.skipIf(!isRecorded)('recorded answers (skipped where ../shared is absent)', () => {
  test('the table names every recorded error body', () => {
    expect(Object.keys(RECORDED_ERRORS).sort()).toEqual(readdirSync(`${recorded}errors`).sort());
  });

  test.each(Object.entries(RECORDED_ERRORS))('errors/%s', (name, { asked, expected, hidden }) => {
    const listed = index.find(({ file }) => file === `errors/${name}`);
    const body = readFileSync(`${recorded}errors/${name}`, 'utf8');
    const answer = answerOf({ status: listed?.status ?? 0, contentType: listed?.content_type ?? '', body });
    check(answer, asked, expected, hidden);
  });

  test.each(isRecorded ? readdirSync(`${recorded}eutils`) : ['-'])('eutils/%s', (name) => {
    const body = readFileSync(`${recorded}eutils/${name}`, 'utf8');
    const answer = answerOf({ status: 200, contentType: 'text/xml', body });
    check(answer, 'documents', RECORDED_UTILITIES[name] ?? { reads: 'xml' });
  });

  test('a full text that is cut anywhere is never taken for whole', () => {
    const bytes = readFileSync(`${recorded}eutils/pubmed1.xml`);
    let whole = 0;
    for (let length = 0; length < bytes.byteLength - 2; length += 37) {
      const answer = {
        ...answerOf({ status: 200, contentType: 'text/xml', body: '' }),
        bytes: bytes.subarray(0, length),
      };
      if (readAnswer(answer, 'documents').kind !== 'problem') whole += 1;
    }
    expect(whole).toBe(0);
  });
});

describe('waiting', () => {
  const waitOf = (headers: Readonly<Record<string, string>>, status = 429): number => {
    const reading = readAnswer(answerOf({ status, contentType: '', body: '', headers }), 'listing', [], 1_000);
    if (reading.kind !== 'problem') throw new Error('no problem');
    const error = errorOf(reading.problem, 'ncbi', 'listing');
    if (!(error instanceof WaitError)) throw new Error(`${error.name} waits for nothing`);
    return error.retryAfterMs;
  };

  test('as long as the service asks, by its own clock, and never more than a day', () => {
    expect(waitOf({ 'retry-after': '7' })).toBe(7_000);
    const date = 'Sun, 22 Nov 2026 10:00:00 GMT';
    expect(waitOf({ 'retry-after': 'Sun, 22 Nov 2026 10:00:30 GMT', date })).toBe(30_000);
    expect(waitOf({ 'retry-after': '1000000000' })).toBe(86_400_000);
  });

  test('a minute where a quota names no time that can be understood, five for an outage', () => {
    expect(waitOf({})).toBe(60_000);
    expect(waitOf({ 'retry-after': '-5' })).toBe(60_000);
    expect(waitOf({}, 503)).toBe(300_000);
  });
});

describe('redaction', () => {
  test('keys, e-mail and addresses leave a text whatever stands around them', () => {
    const text = `"api-key":"${KEY}" api_key=${KEY}&email=${EMAIL} from 192.0.2.1 or 2001:db8::1 [::ffff:192.0.2.1]`;
    const clean = redact(text, []);
    for (const secret of [KEY, EMAIL, '192.0.2.1', '2001:db8', '::ffff']) expect(clean).not.toContain(secret);
  });

  test('what is no secret stays', () => {
    const text = "Search Backend failed: 'retstart' cannot be larger than 9998 at 10:30, 9,999 records";
    expect(redact(text, [])).toBe(text);
  });

  test('whatever a body holds around a secret, no message holds the secret', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200 }),
        fc.string({ maxLength: 200 }),
        fc.constantFrom(KEY, EMAIL, encodeURIComponent(EMAIL)),
        fc.constantFrom(200, 400, 429, 500, 503),
        fc.constantFrom('<ERROR>', '<title>', '{"error":"', '', '{"errCode":404,"errMsg":"'),
        (before, after, secret, status, open) => {
          const close = open.startsWith('<') ? open.replace('<', '</') : open === '' ? '' : '"}';
          const reading = readAnswer(
            answerOf({ status, contentType: '', body: `${open}${before}${secret}${after}${close}` }),
            'listing',
            SECRETS,
          );
          if (reading.kind === 'problem') expect(reading.problem.message).not.toContain(secret);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('no input makes it throw', () => {
  const headers = fc.dictionary(fc.constantFrom('retry-after', 'date', 'content-type'), fc.string({ maxLength: 30 }));
  const status = fc.integer({ min: 0, max: 999 });
  const asked = fc.constantFrom('listing', 'documents');
  const survive = (answer: HttpAnswer, about: 'listing' | 'documents') => {
    const reading = readAnswer(answer, about, SECRETS, 0);
    if (reading.kind !== 'problem') return;
    expect(ANSWER_CLASSES).toContain(reading.problem.class);
    expect(errorOf(reading.problem, 'ncbi', about)).toBeInstanceOf(StageError);
  };
  const url = new URL('http://127.0.0.1/');

  test('bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), status, headers, asked, (bytes, code, given, about) => {
        survive({ status: code, headers: given, bytes, url }, about);
      }),
      { numRuns: 800 },
    );
  });

  test('pieces of real answers in any order', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '<',
        '>',
        '</',
        '/>',
        '<!--',
        '-->',
        '<?xml ',
        '?>',
        '<!DOCTYPE ',
        '[',
        ']',
        '{',
        '}',
        '"',
        ':',
        ',',
        '\n',
        '\0',
        'ERROR',
        '<ERROR>',
        '</ERROR>',
        '<error code="',
        'errCode',
        '"error"',
        '"esearchresult"',
        'retstart',
        '<title>',
        '<html>',
        'API rate limit exceeded',
        '<PubmedArticleSet>',
        '</PubmedArticleSet>',
        '404',
        'null',
        '\ufeff',
        '\ud800',
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(pieces, status, asked, (parts, code, about) => {
        survive({ status: code, headers: {}, bytes: new TextEncoder().encode(parts.join('')), url }, about);
      }),
      { numRuns: 1_500 },
    );
  });

  test('JSON of any shape', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), status, asked, (body, code, about) => {
        survive(answerOf({ status: code, contentType: '', body }), about);
      }),
      { numRuns: 800 },
    );
  });

  test('a megabyte of opening brackets, quotes, spaces or comments costs no more than its length', () => {
    for (const piece of ['<', '<a ', '{"a":', '"', ' ', '<!--', '<error ', '<title>', '1:', '1.', 'a@', 'api-key:']) {
      const body = piece.repeat(Math.floor(1_000_000 / piece.length));
      for (const code of [200, 500]) survive(answerOf({ status: code, contentType: '', body }), 'listing');
    }
  });
});
