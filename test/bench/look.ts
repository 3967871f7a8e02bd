import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import type { Distillate, Finding, Span } from '../../core/cases/case.ts';
import { extractCase } from '../../core/cases/extract.ts';
import { splitPatients } from '../../core/cases/patients.ts';
import { distillByRules } from '../../core/models/rules.ts';
import type { StoredCase } from '../../core/search/archive.ts';
import { answerOf } from '../../core/search/case-answer.ts';
import { FACETS } from '../../schema/vocabulary.ts';
import { casePage } from '../../space/pages/case-page.ts';

/**
 * Real cases as a person reads them: their pages, a plain list of what was read out of each, and pictures of the pages where a
 * Chromium is found. `npx tsx test/bench/look.ts --cases 10 --seed 5 --out DIR [--dark] [--width 1280] [FILE…]`; six of ten cases are taken of the
 * first file and four of the second, by the seed alone.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: '10' },
    seed: { type: 'string', default: '5' },
    out: { type: 'string' },
    width: { type: 'string', default: '1280' },
    dark: { type: 'boolean', default: false },
  },
});
const CHROMIUM = '/usr/bin/chromium';
const FIRST_FILE_SHARE = 0.6;
const corpus = fileURLToPath(new URL('../../../shared/data/corpus/', import.meta.url));
const files =
  positionals.length > 0 ? positionals : [`${corpus}cases_e3c.jsonl`, `${corpus}cases_medrbench_labelled.jsonl`];

type Line = {
  readonly id: string;
  readonly source: string;
  readonly title: string | null;
  readonly text: string;
  readonly licence: string | null;
  readonly diagnosis?: string;
  readonly rare?: boolean;
};

/** mulberry32: the same cases for the same seed, everywhere. */
function drawing(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function drawn(file: string, count: number, random: () => number): readonly Line[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const taken = new Set<number>();
  while (taken.size < Math.min(count, lines.length)) taken.add(Math.floor(random() * lines.length));
  return [...taken].map((at) => JSON.parse(lines[at] ?? '') as Line);
}

function storedOf(line: Line): StoredCase {
  const [first] = splitPatients(line.text);
  const extracted = extractCase(first?.text ?? line.text);
  return {
    caseId: line.id,
    provenance: {
      source: line.source,
      title: line.title,
      authors: [],
      journal: null,
      publicationDate: null,
      pmid: null,
      pmcid: null,
      doi: null,
      url: null,
      licence: line.licence,
    },
    extracted,
    distillate: distillByRules({ extracted, title: line.title }),
  };
}

const quote = (text: string, span: Span | null): string =>
  span === null ? '' : ` «${text.slice(span[0], span[1]).replace(/\s+/g, ' ')}»`;

/** All that a finding says, in one line. */
function told(text: string, { term, assertion, span, ...rest }: Finding): string {
  const more = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `  [${assertion}] ${term}${more.length === 0 ? '' : ` ${more.join(' ')}`}${quote(text, span)}`;
}

function toldOf(text: string, distillate: Distillate): readonly string[] {
  const { diagnosisSpan, rareSpan, treatments, complications, secondaryDiagnoses, rarityEvidence, outcome, ...rest } =
    distillate;
  return [
    `  diagnosis: ${distillate.diagnosis}${quote(text, diagnosisSpan)} (${distillate.diagnosisCategory})`,
    ...secondaryDiagnoses.map((claim) => `  secondary: ${claim.text}${quote(text, claim.span)}`),
    ...rarityEvidence.map((one) => `  ${one.criterion}: ${one.reason}${quote(text, one.span)}`),
    `  rare: ${rest.isRare}; ${rest.rareReason ?? rest.rejectionReason}${quote(text, rareSpan)}`,
    `  key: ${[...rest.keySymptoms, ...rest.keyLabs, rest.keyEcg ?? ''].join('; ')}`,
    `  outcome: ${outcome.status}, ${outcome.followUpMonths ?? '?'} months${quote(text, outcome.span)}`,
    '  treatments:',
    ...treatments.map((finding) => `  ${told(text, finding)}`),
    '  complications:',
    ...complications.map((finding) => `  ${told(text, finding)}`),
  ];
}

function listOf(line: Line, stored: StoredCase, patients: number): string {
  const { extracted, distillate } = stored;
  const facets = FACETS.flatMap((facet) => {
    const view = extracted.facets[facet];
    return view === undefined ? [] : [`${facet}:`, ...view.findings.map((finding) => told(extracted.text, finding))];
  });
  return [
    `# ${line.id} (${patients} patient(s); labelled: ${line.diagnosis ?? '-'}, rare ${line.rare ?? '-'})`,
    `title: ${line.title}`,
    `age ${extracted.patient.ageYears}, sex ${extracted.patient.sex}, completeness ${extracted.completeness.toFixed(2)}`,
    ...facets,
    'distillate:',
    ...toldOf(extracted.text, distillate),
    '',
    extracted.text,
    '',
  ].join('\n');
}

if (values.out === undefined) throw new Error('say where to write: --out DIR');
const out = resolve(values.out);
mkdirSync(join(out, 'assets'), { recursive: true });
cpSync(fileURLToPath(new URL('../../space/client/', import.meta.url)), join(out, 'assets'), { recursive: true });
const random = drawing(Number(values.seed));
const wanted = Number(values.cases);
const ofFirst = files.length === 1 ? wanted : Math.round(wanted * FIRST_FILE_SHARE);
const lines = files.flatMap((file, i) =>
  drawn(file, i === 0 ? ofFirst : Math.ceil((wanted - ofFirst) / (files.length - 1)), random),
);
const pages: string[] = [];
for (const line of lines) {
  const stored = storedOf(line);
  const name = line.id.replace(/[^\w-]+/g, '_');
  const page = String(casePage(answerOf(stored, { release: 0, generation: 'look' })));
  writeFileSync(join(out, `${name}.html`), page.replaceAll('"/assets/', '"assets/'));
  writeFileSync(join(out, `${name}.txt`), listOf(line, stored, splitPatients(line.text).length));
  pages.push(name);
}
if (existsSync(CHROMIUM)) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  const context = await browser.newContext({
    viewport: { width: Number(values.width), height: 900 },
    colorScheme: values.dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  for (const name of pages) {
    await page.goto(pathToFileURL(join(out, `${name}.html`)).href);
    await page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
  }
  await browser.close();
} else console.log(`no ${CHROMIUM}: pages without pictures`);
console.log(`${pages.length} cases in ${out}:\n${pages.map((name) => `  ${name}.html .txt`).join('\n')}`);
