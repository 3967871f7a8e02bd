/**
 * What becomes of the error bodies of the literature services, as a table: `npx tsx test/bench/answers.ts`. The recorded ones where
 * `../shared` is there, and those written for the tests.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Asked, errorOf, readAnswer } from '../../core/sources/answers.ts';
import type { HttpAnswer } from '../../core/sources/http/http.ts';
import { ANSWERS, answerOf, EMAIL, KEY, RECORDED_ERRORS } from '../fixtures/sources/answers.ts';

const recorded = fileURLToPath(new URL('../../../shared/data/adapters/', import.meta.url));
type Listed = { readonly file: string; readonly status?: number; readonly content_type?: string };

function row(name: string, answer: HttpAnswer, asked: Asked): string {
  const reading = readAnswer(answer, asked, [KEY, EMAIL]);
  if (reading.kind !== 'problem')
    return `| ${name} | ${answer.status} | data (${reading.kind}) | | ${reading.kind === 'xml' ? `<${reading.root}>` : ''} |`;
  const { problem } = reading;
  return `| ${name} | ${answer.status} | ${problem.class} | ${errorOf(problem, 'service', asked).name} | ${problem.message.replaceAll('|', '/')} |`;
}

const lines = ['| answer | status | class | error | message |', '| --- | --- | --- | --- | --- |'];
if (existsSync(recorded)) {
  const index: readonly Listed[] = JSON.parse(readFileSync(`${recorded}index.json`, 'utf8'));
  for (const [name, { asked }] of Object.entries(RECORDED_ERRORS)) {
    const listed = index.find(({ file }) => file === `errors/${name}`);
    const body = readFileSync(`${recorded}errors/${name}`, 'utf8');
    lines.push(
      row(name, answerOf({ status: listed?.status ?? 0, contentType: listed?.content_type ?? '', body }), asked),
    );
  }
}
for (const one of ANSWERS) lines.push(row(one.name, answerOf(one), one.asked));
console.info(lines.join('\n'));
