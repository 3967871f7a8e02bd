import { escapeMarkdown } from '../../core/cases/exports/markdown-text.ts';
import { type AgreementReport, type DifferingCase, MATCHING_RULE, type Said } from '../../core/models/agreement.ts';
import type { LabelAgreement, SetAgreement } from '../../core/models/agreement-measures.ts';
import { csvRow, terminalText } from './cells.ts';

const WITHHELD = 'its text may not be shown';
const two = (share: number | null): string => (share === null ? '-' : share.toFixed(2));
const units = (amount: number | null): string => (amount === null ? 'unknown' : String(Math.round(amount * 100) / 100));

/** The numbers as rows of name and words; one table for all forms of the report. */
function rowsOf(report: AgreementReport): readonly (readonly [name: string, words: string])[] {
  const labels = (one: LabelAgreement) =>
    `${one.agreed}/${one.cases} agree (${two(one.agreement)}), kappa ${two(one.kappa)}`;
  const sets = (one: SetAgreement) =>
    `precision ${two(one.precision)}, recall ${two(one.recall)} (both ${one.both}, only rules ${one.onlyRules}, only model ${one.onlyModel})`;
  const { diagnosis, review, spent } = report;
  return [
    ['cases', `${report.cases}: ${report.models.map(({ by, cases }) => `${by} ${cases}`).join(', ')}`],
    [
      'rare',
      `${labels(report.rare)}${report.rare.table.map((cell) => `; rules ${cell.rules}, model ${cell.model}: ${cell.cases}`).join('')}`,
    ],
    ['criteria', sets(report.criteria)],
    ...report.criteria.each
      .filter((one) => one.both + one.onlyRules + one.onlyModel > 0)
      .map((one): [string, string] => [
        `  ${one.criterion.replaceAll('_', ' ')}`,
        `both ${one.both}, only rules ${one.onlyRules}, only model ${one.onlyModel}`,
      ]),
    [
      'diagnosis',
      `agreement ${two(diagnosis.agreement)} (same ${diagnosis.same}, neither ${diagnosis.neither}, different ${diagnosis.different}, only rules ${diagnosis.onlyRules}, only model ${diagnosis.onlyModel})`,
    ],
    ['category', labels(report.category)],
    ['outcome', labels(report.outcome)],
    ['treatments', sets(report.treatments)],
    ['complications', sets(report.complications)],
    ['key symptoms', sets(report.keySymptoms)],
    ['key labs', sets(report.keyLabs)],
    ['key ECG', sets(report.keyEcg)],
    [
      'claims',
      `${review.claims}, dropped for words that are not in the case ${review.dropped} (${two(review.droppedShare)})`,
    ],
    [
      'answers',
      `repairs ${review.repairs} in ${review.repaired} cases, text cut in ${review.truncated}, suspicious text in ${review.suspicious}`,
    ],
    [
      'spent',
      `${units(spent.units)} units of the quota in ${spent.calls} calls, ${units(spent.perCase)} a case, ${units(spent.perDifferingCase)} for each case that differs${spent.unknown === 0 ? '' : `; unknown for ${spent.unknown} cases`}`,
    ],
    ['differing', `${report.differing.length} of ${report.cases} cases`],
  ];
}

const saidWords = ({ claim, quote }: Said): string => `${claim ?? 'nothing'}${quote === null ? '' : ` “${quote}”`}`;

export function agreementText(report: AgreementReport): string {
  const width = Math.max(...rowsOf(report).map(([name]) => name.length)) + 2;
  return [
    ...rowsOf(report).map(([name, words]) => `${name.padEnd(width)}${terminalText(words)}`),
    '',
    MATCHING_RULE,
    ...report.differing.flatMap((one) => [
      '',
      terminalText(`${one.caseId}  ${one.title ?? ''}`),
      `  by ${terminalText(one.by)}, ${units(one.units)} units${one.withheld === null ? '' : `; ${WITHHELD}: claims are cut and not quoted`}`,
      ...one.differences.flatMap(({ field, rules, model }) => [
        `  ${field}`,
        `    rules  ${terminalText(saidWords(rules))}`,
        `    model  ${terminalText(saidWords(model))}`,
      ]),
    ]),
    '',
  ].join('\n');
}

export function agreementMarkdown(report: AgreementReport): string {
  const row = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const differing = (one: DifferingCase): readonly string[] => [
    '',
    `## ${escapeMarkdown(one.caseId)}`,
    '',
    escapeMarkdown(`${one.title ?? ''} By ${one.by}, ${units(one.units)} units.`.trim()),
    ...(one.withheld === null ? [] : ['', `Claims are cut and not quoted: ${WITHHELD}.`]),
    '',
    '| Field | Rules | Model |',
    '| --- | --- | --- |',
    ...one.differences.map(({ field, rules, model }) => row([field, saidWords(rules), saidWords(model)])),
  ];
  return `${[
    '# Agreement of rules and model',
    '',
    '| Field | Agreement |',
    '| --- | --- |',
    ...rowsOf(report).map(([name, words]) => row([name.trim(), words])),
    '',
    escapeMarkdown(MATCHING_RULE),
    ...report.differing.flatMap(differing),
  ].join('\n')}\n`;
}

/** A row for each difference, for a spreadsheet. */
export function agreementCsv(report: AgreementReport): string {
  const head = [
    'case_id',
    'title',
    'model',
    'units',
    'field',
    'rules',
    'rules_quote',
    'model_says',
    'model_quote',
    'withheld',
  ];
  return [
    csvRow(head),
    ...report.differing.flatMap((one) =>
      one.differences.map(({ field, rules, model }) =>
        csvRow([
          one.caseId,
          one.title,
          one.by,
          one.units,
          field,
          rules.claim,
          rules.quote,
          model.claim,
          model.quote,
          one.withheld,
        ]),
      ),
    ),
  ].join('');
}
