import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ExtractedCase } from '../../core/cases/case.ts';
import { extractCase } from '../../core/cases/extract.ts';
import { splitPatients } from '../../core/cases/patients.ts';
import { screenDocument } from '../../core/cases/screen.ts';
import { distillByRules } from '../../core/models/rules.ts';
import { ADVERSARIAL_TEXTS } from '../support/adversarial-texts.ts';

/**
 * Speed and memory of understanding on one core, and how long texts take that are made to be slow: `npx tsx test/bench/understand.ts
 * [--runs 5] [--only speed|adversarial]`. Each run is a process of its own; given are medians. Speed is of extraction and of the rules'
 * distillation, each alone, over texts that are in memory; peak memory is the largest resident set of such a process, corpus included.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string' },
    child: { type: 'string' },
  },
});
const corpus = fileURLToPath(new URL('../../../shared/data/corpus/', import.meta.url));
const CORPORA = { narratives: 'cases_e3c.jsonl', 'full texts': 'cases_medrbench_labelled.jsonl' } as const;
const WARM_UP = 200;
const WARM_UP_CHARS = 16_384;
const WARM_UP_RUNS = 10;
const SIZES = [131_072, 524_288, 1_048_576] as const;

type Line = { readonly text: string; readonly title: string | null };
type Run = {
  readonly documents: number;
  readonly chars: number;
  readonly cpuS: Readonly<Record<'extraction' | 'distillation' | 'screening', number>>;
  readonly peakMb: number;
};

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** CPU seconds of this process that `work` takes: a busy machine stretches the clock and not these. */
function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function measureCorpus(file: string): Run {
  const lines = readFileSync(`${corpus}${file}`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  for (const { text, title } of lines.slice(0, WARM_UP)) distillByRules({ extracted: extractCase(text), title });
  const cases: { readonly extracted: ExtractedCase; readonly title: string | null }[] = [];
  const cpuS = {
    extraction: cpuSeconds(() => {
      for (const { text, title } of lines) cases.push({ extracted: extractCase(text), title });
    }),
    distillation: cpuSeconds(() => {
      for (const one of cases) distillByRules(one);
    }),
    screening: cpuSeconds(() => {
      for (const { text } of lines) {
        screenDocument(text);
        splitPatients(text);
      }
    }),
  };
  return {
    documents: lines.length,
    chars: lines.reduce((sum, { text }) => sum + text.length, 0),
    cpuS,
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
}

function measureText(name: string): readonly (readonly number[])[] {
  const textOf = ADVERSARIAL_TEXTS[name];
  if (textOf === undefined) throw new Error(`no such text: ${name}`);
  const warm = textOf(WARM_UP_CHARS);
  for (let run = 0; run < WARM_UP_RUNS; run += 1) {
    screenDocument(warm);
    splitPatients(warm);
    distillByRules({ extracted: extractCase(warm), title: null });
  }
  return SIZES.map((chars) => {
    const text = textOf(chars);
    let extracted: ExtractedCase | null = null;
    return [
      cpuSeconds(() => {
        screenDocument(text);
      }),
      cpuSeconds(() => {
        splitPatients(text);
      }),
      cpuSeconds(() => {
        extracted = extractCase(text);
      }),
      cpuSeconds(() => {
        distillByRules({ extracted: extracted ?? extractCase(text), title: null });
      }),
    ];
  });
}

function inChild<Answer>(child: string): Answer {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), '--child', child];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${child}: ${stderr.slice(-400)}`);
  return JSON.parse(stdout) as Answer;
}

function speed(runs: number): void {
  console.log(
    '\n| | documents | characters | extraction a core·s | distillation a core·s | both | screening and splitting | peak MB |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const [name, file] of Object.entries(CORPORA)) {
    const made = Array.from({ length: runs }, () => inChild<Run>(`corpus:${file}`));
    const [first] = made;
    if (first === undefined) continue;
    const of = (pick: (run: Run) => number) => median(made.map(pick));
    const rate = (seconds: number) => Math.round(first.documents / seconds);
    const row = [
      first.documents,
      first.chars,
      rate(of(({ cpuS }) => cpuS.extraction)),
      rate(of(({ cpuS }) => cpuS.distillation)),
      rate(of(({ cpuS }) => cpuS.extraction + cpuS.distillation)),
      rate(of(({ cpuS }) => cpuS.screening)),
      Math.round(of(({ peakMb }) => peakMb)),
    ];
    console.log(`| ${name} | ${row.join(' | ')} |`);
  }
}

function adversarial(): void {
  console.log('\n| CPU s on 1 MiB of | screen | split | extract | distill | all | to 512 KiB | to 128 KiB |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const name of Object.keys(ADVERSARIAL_TEXTS)) {
    const bySize = inChild<readonly (readonly number[])[]>(`text:${name}`);
    const sums = bySize.map((parts) => parts.reduce((sum, part) => sum + part, 0));
    const [small = 0, middle = 0, large = 0] = sums;
    const parts = (bySize[2] ?? []).map((part) => part.toFixed(2));
    const ratios = [large / middle, large / small].map((ratio) => `× ${ratio.toFixed(1)}`);
    console.log(`| ${name} | ${[...parts, large.toFixed(2), ...ratios].join(' | ')} |`);
  }
}

if (values.child?.startsWith('corpus:')) console.log(JSON.stringify(measureCorpus(values.child.slice(7))));
else if (values.child?.startsWith('text:')) console.log(JSON.stringify(measureText(values.child.slice(5))));
else {
  const [cpu] = cpus();
  console.log(
    `${cpus().length} × ${cpu?.model}, Node ${process.version}; CPU time, medians of ${values.runs} processes`,
  );
  if (values.only !== 'adversarial') speed(Number(values.runs));
  if (values.only !== 'speed') adversarial();
}
