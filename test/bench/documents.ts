import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { splitPatients } from '../../core/cases/patients.ts';
import { screenDocument } from '../../core/cases/screen.ts';
import { type DocumentFormat, type DocumentRecord, readDocument } from '../../core/sources/record.ts';
import { FORMAT_OF_ELEMENT, slices } from '../../core/sources/slices.ts';

/**
 * What the readers make of the recorded files, and what is decided about each: `node --import tsx test/bench/documents.ts`. Expectations
 * were set by reading titles, types and abstracts, not by running this.
 */
const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const bytesOf = (file: string) => readFileSync(`${shared}${file}`);

type Read = { readonly records: readonly DocumentRecord[]; readonly refused: readonly string[] };
const totals = { bytes: 0, documents: 0, ms: 0 };

function readAll(parts: readonly { readonly format: DocumentFormat; readonly bytes: Uint8Array }[]): Read {
  const records: DocumentRecord[] = [];
  const refused: string[] = [];
  for (const { format, bytes } of parts) {
    const reading = readDocument(format, bytes, 'no-id', { now: () => performance.now() });
    if (reading.kind === 'record') records.push(reading.record);
    else refused.push(`${reading.reason}: ${reading.detail}`);
  }
  return { records, refused };
}

function readFile(file: string): Read {
  const bytes = bytesOf(file);
  const startedMs = performance.now();
  try {
    const read = file.endsWith('.json')
      ? readAll(
          resultsOf(JSON.parse(bytes.toString())).map((result) => ({
            format: 'epmc',
            bytes: new TextEncoder().encode(JSON.stringify(result)),
          })),
        )
      : readAll(
          slices(bytes).map((cut) => ({
            format: FORMAT_OF_ELEMENT[cut.element] ?? 'jats',
            bytes: cut.bytes ?? new Uint8Array(),
          })),
        );
    totals.bytes += bytes.byteLength;
    totals.documents += read.records.length;
    totals.ms += performance.now() - startedMs;
    return read;
  } catch (error) {
    return { records: [], refused: [String(error).slice(0, 120)] };
  }
}

type Answer = { readonly resultList?: { readonly result: readonly unknown[] } };
const resultsOf = (answer: Answer | readonly (Answer & { readonly id?: string })[]): readonly unknown[] =>
  (Array.isArray(answer) ? answer : [answer]).flatMap((page: Answer) => page.resultList?.result ?? [page]);

const files = [
  ...readdirSync(`${shared}adapters/jats`).map((file) => `adapters/jats/${file}`),
  ...readdirSync(`${shared}adapters/medline`).map((file) => `adapters/medline/${file}`),
  ...readdirSync(`${shared}adapters/eutils`)
    .filter((file) => /^pubmed\d\.xml|^efetch|^einfo4/.test(file))
    .map((file) => `adapters/eutils/${file}`),
  'adapters/europepmc/search_cancer_core.json',
];
const reads = new Map(files.map((file) => [file, readFile(file)]));
console.table(
  [...reads].map(([file, { records, refused }]) => {
    const having = (has: (record: DocumentRecord) => unknown) => records.filter(has).length;
    return {
      file: file.replace(/^adapters\//, ''),
      records: records.length,
      title: having(({ publication }) => publication.title),
      'abstract or body': having(({ text, publication }) => text.length > (publication.title?.length ?? 0) + 20),
      'full text': having(({ publication }) => publication.fullText),
      authors: having(({ publication }) => publication.authors.length > 0),
      date: having(({ publication }) => publication.publicationDate),
      pmid: having(({ publication }) => publication.pmid),
      pmcid: having(({ publication }) => publication.pmcid),
      doi: having(({ publication }) => publication.doi),
      type: having(({ publication }) => publication.articleType),
      licence: having(({ publication }) => publication.licence),
      notices: records.reduce((sum, { publication }) => sum + publication.notices.length, 0),
      refused: refused.join('; '),
    };
  }),
);
console.info(
  `read ${totals.documents} documents, ${(totals.bytes / 1e6).toFixed(1)} MB in ${Math.round(totals.ms)} ms: ${(totals.bytes / 1e3 / totals.ms).toFixed(1)} MB/s, ${Math.round((totals.documents / totals.ms) * 1e3)} documents/s (cutting, reading, deciding; one thread)`,
);

const EXPECTED: Readonly<Record<string, string>> = {
  'PMC13261293.xml': 'veterinary',
  'PMC12634591.xml': 'correction',
  'PMC13244564.xml': 'letter',
  'PMC13255143.xml': 'review',
  '10_1136_jitc-2024-010530.xml': 'editorial',
  '10_3389_fimmu_2025_1706172.xml': 'editorial',
  '10_32604_or_2025_071708.xml': 'editorial',
  'PMC13249065.xml': 'editorial',
  'pntd.0002065.nxml': 'veterinary',
  'acmi.0.000530.v1.xml': 'case',
  'efetch_pmc.xml': 'correction',
};
const decided = (record: DocumentRecord): string => {
  if (record.setAside) return record.setAside.reason;
  const screening = screenDocument(record.text);
  return screening.kind === 'accepted' ? 'case' : screening.reason;
};
const jats = [...reads].filter(([file]) => /jats\/|efetch/.test(file));
const decisions = jats.map(([file, { records }]) => {
  const name = file.split('/').at(-1) ?? '';
  const [record] = records;
  const expected = EXPECTED[name] ?? 'research';
  const got = record ? decided(record) : 'unread';
  return {
    file: name,
    type: record?.publication.articleType?.slice(0, 40),
    expected,
    got,
    right: expected === got ? '' : 'WRONG',
    why: record?.setAside?.detail.slice(0, 60),
  };
});
console.table(decisions);
console.info(
  `JATS and efetch: ${decisions.filter(({ right }) => right === '').length} of ${decisions.length} as expected`,
);

const medline = reads.get('adapters/medline/medline16n0902.xml')?.records ?? [];
const byReason: Record<string, number> = {};
for (const record of medline) byReason[decided(record)] = (byReason[decided(record)] ?? 0) + 1;
console.info('medline16n0902.xml by decision:', byReason);

type Row = { readonly id: string; readonly text: string };
const rows = (file: string): readonly Row[] =>
  bytesOf(file)
    .toString()
    .trim()
    .split('\n')
    .map((line): Row => JSON.parse(line));
const screened = (file: string, reason: string) => {
  const all = rows(file);
  const wrong = all.filter(({ text }) => {
    const screening = screenDocument(text);
    return screening.kind === 'accepted' || screening.reason !== reason;
  });
  return {
    trap: file,
    expected: reason,
    documents: all.length,
    right: all.length - wrong.length,
    errors: wrong.map(({ id }) => id).join(' '),
  };
};
const several = new Set<string>(JSON.parse(bytesOf('traps/multi_patient_ids.json').toString()));
const together = rows('corpus/cases_e3c.jsonl').filter(
  ({ id, text }) => several.has(id) && splitPatients(text).length < 2,
);
console.table([
  screened('traps/non_english.jsonl', 'not_english'),
  screened('traps/scraped_page_text.jsonl', 'web_page'),
  {
    trap: 'traps/multi_patient_ids.json',
    expected: 'several patients',
    documents: several.size,
    right: several.size - together.length,
    errors: together.map(({ id }) => id.replace('e3c:', '')).join(' '),
  },
]);
