import { FACETS, type Facet } from '../../../schema/vocabulary.ts';
import type { StoredCase } from '../../search/archive.ts';
import type { Finding } from '../case.ts';
import { detailsOf } from './details.ts';
import { escapeMarkdown, frontValue, quoteMarkdown } from './markdown-text.ts';
import { type ExportMeta, referencesOf, type ShownCase, shownCase } from './shown.ts';

export const HEADINGS: Readonly<Record<Facet | 'treatments' | 'complications', string>> = {
  symptoms: 'Symptoms and signs',
  ecg: 'Electrocardiogram',
  labs: 'Laboratory',
  demographics: 'Demographics and history',
  imaging: 'Imaging',
  treatments: 'Treatment',
  complications: 'Complications',
};
export const TEXT_HEADING = 'Text';

/** One case as a Markdown file with front matter; nothing that the case says becomes markup. Pure. */
export function markdownOf(stored: StoredCase, meta: ExportMeta): string {
  const theCase = shownCase(stored);
  const { caseId, citation, address, remarks, provenance, distillate, extracted, withheld } = theCase;
  const facets = FACETS.flatMap((facet) => table(theCase, HEADINGS[facet], extracted.facets[facet]?.findings ?? []));
  return `${[
    '---',
    ...frontMatter(theCase, meta),
    '---',
    '',
    `# ${escapeMarkdown(provenance.title ?? caseId)}`,
    '',
    escapeMarkdown(citation),
    ...(address === null ? [] : ['', `<${address}>`]),
    '',
    ...remarks.map((remark) => `- ${escapeMarkdown(remark)}`),
    '',
    ...judgement(theCase),
    ...facets,
    ...table(theCase, HEADINGS.treatments, distillate.treatments),
    ...table(theCase, HEADINGS.complications, distillate.complications),
    `## ${TEXT_HEADING}`,
    '',
    ...(withheld === undefined ? quoteMarkdown(extracted.text) : [`Not shown: ${escapeMarkdown(withheld)}`]),
  ].join('\n')}\n`;
}

function frontMatter(theCase: ShownCase, meta: ExportMeta): readonly string[] {
  const { caseId, provenance, distillate, extracted, withheld } = theCase;
  const fields: Readonly<Record<string, unknown>> = {
    case_id: caseId,
    title: provenance.title,
    authors: provenance.authors,
    journal: provenance.journal,
    published: provenance.publicationDate,
    references: referencesOf(theCase),
    url: theCase.address,
    licence: provenance.licence,
    text_withheld: withheld ?? null,
    age_years: extracted.patient.ageYears,
    sex: extracted.patient.sex,
    diagnosis: distillate.diagnosis,
    diagnosis_category: distillate.diagnosisCategory,
    secondary_diagnoses: distillate.secondaryDiagnoses.map(({ text }) => text),
    rare: distillate.isRare,
    rarity_criteria: distillate.rarityCriteria,
    outcome: distillate.outcome.status,
    follow_up_months: distillate.outcome.followUpMonths,
    created: meta.createdAt,
    created_by: meta.createdBy,
  };
  return Object.entries(fields).map(([name, value]) => `${name}: ${frontValue(value)}`);
}

/** Diagnosis, rarity and outcome, each with the words that say it. */
function judgement({ distillate, quoteAt }: ShownCase): readonly string[] {
  const withQuote = (text: string, quote: string | null) =>
    `${escapeMarkdown(text)}${quote === null ? '' : ` (“${escapeMarkdown(quote)}”)`}`;
  const { diagnosis, diagnosisSpan, diagnosisCategory, secondaryDiagnoses, outcome } = distillate;
  const followed = outcome.followUpMonths === null ? '' : ` after ${outcome.followUpMonths} months`;
  return [
    '## Diagnosis',
    '',
    diagnosis === null ? 'Not stated.' : withQuote(diagnosis, quoteAt(diagnosisSpan)),
    '',
    `Category: ${diagnosisCategory}`,
    '',
    ...secondaryDiagnoses.map(({ text, span }) => `- ${withQuote(text, quoteAt(span))}`),
    ...(secondaryDiagnoses.length === 0 ? [] : ['']),
    '## Rarity',
    '',
    distillate.isRare ? 'Rare.' : `Not marked as rare. ${escapeMarkdown(distillate.rejectionReason ?? '')}`.trim(),
    '',
    ...distillate.rarityEvidence.map(
      ({ criterion, reason, span }) => `- ${criterion.replaceAll('_', ' ')}: ${withQuote(reason, quoteAt(span))}`,
    ),
    ...(distillate.rarityEvidence.length === 0 ? [] : ['']),
    '## Outcome',
    '',
    withQuote(`${outcome.status}${followed}`, quoteAt(outcome.span)),
    '',
  ];
}

const COLUMNS = ['Finding', 'Status', 'Value', 'Unit', 'More', 'Words of the text', 'Place'] as const;
const rowOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(theCase: ShownCase, heading: string, findings: readonly Finding[]): readonly string[] {
  if (findings.length === 0) return [];
  return [
    `## ${heading}`,
    '',
    rowOf(COLUMNS),
    rowOf(COLUMNS.map(() => '---')),
    ...findings.map((finding) => rowOf(cellsOf(theCase, finding))),
    '',
  ];
}

function cellsOf({ quoteAt, withheld }: ShownCase, finding: Finding): readonly string[] {
  const { term, assertion, value, unit, comparator, span } = finding;
  const amount = value === undefined ? '' : `${comparator === undefined ? '' : `${comparator} `}${value}`;
  // A comparator without a value has no cell of its own.
  const native =
    value === undefined ? (['assertion', 'unit'] as const) : (['assertion', 'value', 'unit', 'comparator'] as const);
  const more = detailsOf(finding, native).map(([key, word]) => `${key}: ${escapeMarkdown(word)}`);
  const quote = quoteAt(span);
  return [
    escapeMarkdown(term),
    assertion,
    escapeMarkdown(amount),
    escapeMarkdown(unit ?? ''),
    more.join('; '),
    quote === null ? '' : escapeMarkdown(quote),
    withheld === undefined && span[1] > span[0] ? span.join('–') : '',
  ];
}
