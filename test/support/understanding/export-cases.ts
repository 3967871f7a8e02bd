import fc from 'fast-check';
import type { Distillate, Finding, Span } from '../../../core/cases/case.ts';
import { NOTHING_DISTILLED } from '../../../core/cases/distillate.ts';
import type { ImportedCase } from '../../../core/cases/exports/imported.ts';
import { extractCase } from '../../../core/cases/extract.ts';
import { distillByRules } from '../../../core/models/rules.ts';
import type { StoredCase } from '../../../core/search/archive.ts';
import type { Provenance } from '../../../core/search/contract.ts';
import {
  ASSERTIONS,
  COMPARATORS,
  FACETS,
  type Facet,
  FLAGS,
  ONSETS,
  OUTCOME_STATUSES,
  SEVERITIES,
  SEXES,
  TRENDS,
} from '../../../schema/vocabulary.ts';

export const META = { createdAt: '2026-01-02T03:04:05.000Z', createdBy: 'Anamnesis 0.1.0, release 3' };

export const PROVENANCE: Provenance = {
  source: 'file',
  title: 'A made-up case',
  authors: ['Anamnesis'],
  journal: 'Made-up Cases',
  publicationDate: '2019-03-14',
  pmid: '12345678',
  pmcid: null,
  doi: '10.1000/made-up',
  url: 'https://example.org/cases/1',
  licence: 'CC BY 4.0',
};

/** A case as a release stores it, read by the rules. */
export function storedOf(caseId: string, text: string, over: Partial<StoredCase> = {}): StoredCase {
  const extracted = extractCase(text);
  return { caseId, provenance: PROVENANCE, extracted, distillate: distillByRules({ extracted, title: null }), ...over };
}

/** Words that try to be markup, fields, formulas or paths wherever they are put. */
export const HOSTILE_WORDS = [
  '</div><script>alert(1)</script>',
  '![x](https://evil.example/beacon.png)',
  '[a](javascript:alert(1)) <https://evil.example> https://evil.example www.evil.example a@evil.example',
  '---\ntitle: "taken"\n---',
  '\n## Text\n> taken',
  '| a | b |\n| --- | --- |',
  'x\r\nER  - \r\nTY  - JOUR',
  '=HYPERLINK("https://evil.example")',
  '../../etc/passwd',
  '`code` ~~~ *strong* _under_ &lt; \\ \\\\ $x$ ^1 #1 - + 1. 2)',
  '\u0000\u0007\u001b[31m\u202e\u2028\ud800',
  '    indented',
  '`',
];

const words = fc.oneof(
  fc.constantFrom('chest pain', 'troponin i', 'lvef', 'st elevation', 'fever, low-grade', 'electrocardiogram'),
  fc.constantFrom(...HOSTILE_WORDS),
  fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }).filter((text) => text.trim() !== ''),
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const amount = fc.oneof(fc.integer({ min: -5, max: 2_000 }), fc.double({ min: 0, max: 1e6, noNaN: true }));
const unit = fc.oneof(fc.constantFrom('mmol/L', '/min', 'mm[Hg]', '10*9/L', '%', 'Cel', 'ms'), words);
const range = fc
  .tuple(fc.option(amount), fc.option(amount))
  .filter(([low, high]) => low !== null || high !== null) as fc.Arbitrary<readonly [number | null, number | null]>;

const TEXT = HOSTILE_WORDS.join('\n\n');
const span: fc.Arbitrary<Span> = fc
  .tuple(fc.nat(TEXT.length - 1), fc.integer({ min: 1, max: 40 }))
  .map(([start, length]) => [start, Math.min(TEXT.length, start + length)]);

/** Fields that are undefined are not there: that is how findings are. */
const present = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

const finding: fc.Arbitrary<Finding> = fc
  .record({
    term: words,
    assertion: fc.constantFrom(...ASSERTIONS),
    span,
    amount: maybe(
      fc.record({
        value: amount,
        unit: maybe(unit),
        comparator: maybe(fc.constantFrom(...COMPARATORS)),
        range: maybe(range),
      }),
    ),
    flag: maybe(fc.constantFrom(...FLAGS)),
    canonical: maybe(fc.record({ value: amount, unit: fc.constantFrom('mmol/L', '10*9/L') })),
    trend: maybe(fc.constantFrom(...TRENDS)),
    severity: maybe(fc.constantFrom(...SEVERITIES)),
    onset: maybe(fc.constantFrom(...ONSETS)),
    durationDays: maybe(fc.oneof(fc.nat(4_000), fc.constant(0.5))),
    at: maybe(words),
    code: maybe(fc.constantFrom('HP:0002094', 'SNOMED:29857009')),
    qualifiers: maybe(
      fc.array(fc.oneof(words, fc.constantFrom('medication', 'allergy', 'social')), { minLength: 1, maxLength: 3 }),
    ),
  })
  .map(
    ({ amount: measured, ...rest }) =>
      present({ ...rest, ...(measured === undefined ? {} : present(measured)) }) as Finding,
  );

const treatment = fc
  .tuple(finding, fc.constantFrom('medication', 'procedure', 'device', 'therapy'))
  .map(([given, kind]): Finding => ({ ...given, qualifiers: [kind, ...(given.qualifiers ?? [])] }));
const few = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 4 });

const distillate: fc.Arbitrary<Distillate> = fc
  .record({
    diagnosis: fc.option(words),
    secondary: few(words),
    treatments: few(treatment),
    complications: few(finding),
    outcome: fc.record({
      status: fc.constantFrom(...OUTCOME_STATUSES),
      span: fc.option(span),
      followUpMonths: fc.option(fc.nat(240)),
    }),
    isRare: fc.boolean(),
    reason: words,
  })
  .map(({ secondary, isRare, reason, ...rest }) => ({
    ...NOTHING_DISTILLED,
    ...rest,
    diagnosisSpan: rest.diagnosis === null ? null : [0, 6],
    secondaryDiagnoses: secondary.map((text) => ({ text, span: [0, 6] as const })),
    isRare,
    rareReason: isRare ? reason : null,
    rarityEvidence: isRare ? [{ criterion: 'prevalence' as const, reason, span: [0, 3] as const }] : [],
    rarityCriteria: isRare ? (['prevalence'] as const) : [],
    rejectionReason: isRare ? null : reason,
  }));

const ageYears = fc.oneof(
  fc.nat(110),
  fc.nat(23).map((months) => months / 12),
  fc.nat(51).map((weeks) => (weeks * 7) / 365.25),
  fc.nat(27).map((days) => days / 365.25),
);

/** Any case that could be stored, with hostile words in every place that takes words. */
export const anyStored: fc.Arbitrary<StoredCase> = fc
  .record({
    caseId: words,
    title: fc.option(words),
    authors: few(words),
    patient: fc.record({ ageYears: fc.option(ageYears), sex: fc.option(fc.constantFrom(...SEXES)) }),
    facets: fc.record(Object.fromEntries(FACETS.map((facet) => [facet, few(finding)]))),
    distillate,
  })
  .map(({ caseId, title, authors, patient, facets, distillate: judged }) => ({
    caseId,
    provenance: { ...PROVENANCE, title, authors },
    extracted: {
      text: TEXT,
      patient,
      facets: Object.fromEntries(
        Object.entries(facets).map(([facet, findings]) => [facet, { text: 'words', findings }]),
      ) as StoredCase['extracted']['facets'],
      completeness: 0.5,
    },
    distillate: judged,
    notices: [{ kind: 'expression_of_concern' as const, reference: title }],
  }));

/** What a format cannot carry is taken off both sides before they are compared. */
export type Carried = {
  readonly finding: (finding: Finding, facet: Facet | 'complication') => Finding | null;
  readonly treatment: (finding: Finding) => Finding | null;
  readonly text: (words: string) => string;
  readonly keepsText: boolean;
};

/** The case that reading an export must give. */
export function expectedOf(stored: StoredCase, carried: Carried): Omit<ImportedCase, 'references'> {
  const { extracted, distillate: judged } = stored;
  const findings = FACETS.map(
    (facet) =>
      [facet, (extracted.facets[facet]?.findings ?? []).flatMap((one) => carried.finding(one, facet) ?? [])] as const,
  );
  return {
    id: carried.text(stored.caseId),
    patient: extracted.patient,
    findings: Object.fromEntries(findings.filter(([, found]) => found.length > 0)),
    diagnosis: judged.diagnosis === null ? null : carried.text(judged.diagnosis),
    secondaryDiagnoses: judged.secondaryDiagnoses.map(({ text }) => carried.text(text)),
    treatments: judged.treatments.flatMap((one) => carried.treatment(one) ?? []),
    complications: judged.complications.flatMap((one) => carried.finding(one, 'complication') ?? []),
    outcome: { status: judged.outcome.status, followUpMonths: judged.outcome.followUpMonths },
    text: carried.keepsText ? carried.text(extracted.text) : null,
  };
}

/** A finding with its words as a format gives them back. */
export function withWords(finding: Finding, text: (words: string) => string, over: Partial<Finding> = {}): Finding {
  return present({
    ...finding,
    term: text(finding.term),
    unit: finding.unit === undefined ? undefined : text(finding.unit),
    at: finding.at === undefined ? undefined : text(finding.at),
    qualifiers: finding.qualifiers?.map(text),
    ...over,
  }) as Finding;
}
