import * as z from 'zod';
import { COMPARATORS, FACETS, OUTCOME_STATUSES, SEXES } from '../../../schema/vocabulary.ts';
import type { Finding, Span } from '../case.ts';
import { DETAIL_KEYS, type Detail, findingOf } from './details.ts';
import { ImportError, type ImportedCase, NO_SPAN } from './imported.ts';
import { HEADINGS, TEXT_HEADING } from './markdown.ts';
import { splitMarkdown, unescapeMarkdown, unquoteMarkdown } from './markdown-text.ts';

const front = z.object({
  case_id: z.string().min(1),
  references: z.array(z.string()),
  text_withheld: z.string().nullable(),
  age_years: z.number().nullable(),
  sex: z.enum(SEXES).nullable(),
  diagnosis: z.string().nullable(),
  secondary_diagnoses: z.array(z.string()),
  outcome: z.enum(OUTCOME_STATUSES),
  follow_up_months: z.number().nullable(),
});

/** A file of `markdownOf` as a case, with the text and the places in it where they are shown. @throws ImportError */
export function readMarkdown(markdown: string): ImportedCase {
  const lines = markdown.split('\n');
  const end = lines.indexOf('---', 1);
  if (lines[0] !== '---' || end < 0)
    throw new ImportError('no front matter: expected the file to begin with a line of ---');
  const said = frontOf(lines.slice(1, end));
  const sections = sectionsOf(lines.slice(end + 1));
  const tableOf = (heading: string): readonly Finding[] => findingsOf(sections.get(heading) ?? []);
  const findings = FACETS.map((facet) => [facet, tableOf(HEADINGS[facet])] as const);
  return {
    id: said.case_id,
    patient: { ageYears: said.age_years, sex: said.sex },
    findings: Object.fromEntries(findings.filter(([, found]) => found.length > 0)),
    diagnosis: said.diagnosis,
    secondaryDiagnoses: said.secondary_diagnoses,
    treatments: tableOf(HEADINGS.treatments),
    complications: tableOf(HEADINGS.complications),
    outcome: { status: said.outcome, followUpMonths: said.follow_up_months },
    references: said.references,
    text:
      said.text_withheld === null
        ? unquoteMarkdown((sections.get(TEXT_HEADING) ?? []).filter((line) => line.startsWith('>')))
        : null,
  };
}

function frontOf(lines: readonly string[]): z.infer<typeof front> {
  const fields: Record<string, unknown> = {};
  for (const line of lines) {
    const at = line.indexOf(': ');
    const name = line.slice(0, Math.max(at, 0));
    try {
      if (Object.hasOwn(front.shape, name)) fields[name] = JSON.parse(line.slice(at + 2));
    } catch {
      throw new ImportError(`front matter, ${name}: expected JSON`);
    }
  }
  const parsed = front.safeParse(fields);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ImportError(`front matter, ${issue?.path.join('.')}: ${issue?.message}`);
}

function sectionsOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let own: string[] = [];
  for (const line of lines) {
    if (line.startsWith('## ')) {
      own = [];
      sections.set(line.slice(3), own);
    } else own.push(line);
  }
  return sections;
}

/** The rows of a table below its two lines of head. */
const findingsOf = (lines: readonly string[]): readonly Finding[] =>
  lines
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map(findingOfRow);

function findingOfRow(line: string): Finding {
  const cells = splitMarkdown(line, '|')
    .slice(1, -1)
    .map((cell) => cell.trim());
  const [term = '', assertion = '', amount = '', unit = '', more = '', , place = ''] = cells;
  const value = /^(?:(<=|>=|<|>|~) )?(.+)$/.exec(unescapeMarkdown(amount));
  const comparator = COMPARATORS.find((one) => one === value?.[1]);
  const details: Detail[] = [['assertion', assertion]];
  if (value !== null) details.push(['value', value[2] ?? '']);
  if (comparator !== undefined) details.push(['comparator', comparator]);
  if (unit !== '') details.push(['unit', unescapeMarkdown(unit)]);
  for (const part of more === '' ? [] : splitMarkdown(more, '; ')) {
    const [name, ...words] = splitMarkdown(part, ': ');
    const key = DETAIL_KEYS.find((one) => one === name);
    if (key !== undefined) details.push([key, unescapeMarkdown(words.join(': '))]);
  }
  return findingOf(unescapeMarkdown(term), details, spanOf(place));
}

function spanOf(place: string): Span {
  const match = /^(\d+)–(\d+)$/.exec(place);
  return match === null ? NO_SPAN : [Number(match[1]), Number(match[2])];
}
