import type { StoredCase } from '../../search/archive.ts';
import { type ShownCase, shownCase } from './shown.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const LINE_BREAKS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g;

/** One record in the RIS format, for reference managers: `TAG  - value` a line, ended by `ER`. Pure. */
export function risOf(stored: StoredCase): string {
  const theCase = shownCase(stored);
  const { provenance: from } = theCase;
  const fields: readonly (readonly [tag: string, value: string | null])[] = [
    ['TY', from.journal === null ? 'GEN' : 'JOUR'],
    ...from.authors.map((author): [string, string] => ['AU', author]),
    ['TI', from.title ?? `Case ${theCase.caseId}`],
    ['T2', from.journal],
    ['PY', /^\d{4}/.exec(from.publicationDate ?? '')?.[0] ?? null],
    ['DA', dateOf(from.publicationDate)],
    ['DO', from.doi],
    ['AN', from.pmid === null ? null : `PMID:${from.pmid}`],
    ['C2', from.pmcid],
    ['UR', theCase.address],
    ['ID', theCase.caseId],
    ...notesOf(theCase).map((note): [string, string] => ['N1', note]),
  ];
  const lines = fields.flatMap(([tag, value]) => {
    // A value is one line, or it could begin a field of its own.
    const line = value?.replaceAll(LINE_BREAKS, ' ').trim() ?? '';
    return line === '' ? [] : [`${tag}  - ${line}\r\n`];
  });
  return `${lines.join('')}ER  - \r\n`;
}

function dateOf(date: string | null): string | null {
  const match = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?/.exec(date ?? '');
  return match === null ? null : `${match[1]}/${match[2] ?? ''}/${match[3] ?? ''}/`;
}

const notesOf = ({ provenance: { source, also = [] }, remarks }: ShownCase): readonly string[] => [
  `Source: ${source}.`,
  ...also.map(({ key }) => `The same article: ${key}.`),
  ...remarks,
];
