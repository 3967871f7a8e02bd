import { z } from 'zod';
import { type OntologyTerm, parseObo, parseObographs } from './ontology-file.ts';
import { buildVocabulary, EXTRA_KINDS, type ExtraTerm, type Vocabulary } from './vocabulary.ts';
import { VocabularyFileError } from './vocabulary-error.ts';

const PHRASES_MAX = 200_000;
const PHRASE_CHARS_MAX = 120;

const lineSchema = z.strictObject({
  term: z.string().trim().min(1).max(PHRASE_CHARS_MAX),
  synonyms: z.array(z.string().trim().min(1).max(PHRASE_CHARS_MAX)).default([]),
  kind: z.enum(EXTRA_KINDS),
  code: z
    .string()
    .regex(/^[A-Za-z][\w.-]{0,20}:[\w.-]{1,40}$/)
    .optional(),
});

const LINE_REMEDY = `Write it as name<TAB>synonym|synonym<TAB>kind<TAB>code, or as {"term":…,"synonyms":[…],"kind":…,"code":…}, with a kind of ${EXTRA_KINDS.join(', ')} and a code such as HP:0002094 or none.`;

function readLine(line: string, number: number): ExtraTerm {
  let fields: unknown;
  if (line.startsWith('{')) {
    try {
      fields = JSON.parse(line);
    } catch {
      throw new VocabularyFileError(number, 'it is not valid JSON', LINE_REMEDY);
    }
  } else {
    const [term, synonyms = '', kind, code = '', ...more] = line.split('\t');
    if (more.length > 0) throw new VocabularyFileError(number, 'it has more than four columns', LINE_REMEDY);
    const listed = synonyms.split('|').filter((synonym) => synonym.trim() !== '');
    fields = { term, synonyms: listed, kind: kind?.trim(), ...(code.trim() === '' ? {} : { code: code.trim() }) };
  }
  const parsed = lineSchema.safeParse(fields);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path[0];
    const problem =
      field === undefined ? 'it has fields that no vocabulary has' : `its ${String(field)} is missing or not allowed`;
    throw new VocabularyFileError(number, problem, LINE_REMEDY);
  }
  const { term, synonyms, kind, code } = parsed.data;
  const name = term.toLowerCase();
  return { term: name, phrases: [term, ...synonyms], kind, ...(code === undefined ? {} : { code }) };
}

/**
 * Reads a vocabulary of one line per term, as tab-separated columns or as JSON; blank lines and lines that begin with `#` are
 * for the eye. Pure. Throws `VocabularyFileError` with the number of the line.
 */
export function parseVocabularyLines(text: string): readonly ExtraTerm[] {
  const terms: ExtraTerm[] = [];
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = index === 0 ? written.replace(/^\ufeff/, '') : written;
    if (line.trim() === '' || line.startsWith('#')) continue;
    terms.push(readLine(line.trimEnd(), index + 1));
  }
  return terms;
}

function asSymptoms(terms: readonly OntologyTerm[]): readonly ExtraTerm[] {
  return terms.map(({ id, name, synonyms }) => ({
    term: name.toLowerCase(),
    phrases: [name, ...synonyms],
    kind: 'symptom',
    code: id,
  }));
}

/** Reads `hp.obo`, `hp.json` (obographs) or a vocabulary of lines, told apart by how they begin. Pure. Throws `VocabularyFileError`. */
export function parseVocabularyFile(text: string): readonly ExtraTerm[] {
  const opening = text
    .slice(0, 4096)
    .replace(/^\ufeff/, '')
    .trimStart();
  const terms =
    opening.startsWith('format-version:') || opening.startsWith('[Term]')
      ? asSymptoms(parseObo(text))
      : /^\{\s*"(?:graphs|meta|@context)"/.test(opening)
        ? asSymptoms(parseObographs(text))
        : parseVocabularyLines(text);
  const count = terms.reduce((sum, term) => sum + term.phrases.length, 0);
  if (count === 0) throw new VocabularyFileError(1, 'no term was found', LINE_REMEDY);
  if (count > PHRASES_MAX)
    throw new VocabularyFileError(1, `it holds more than ${PHRASES_MAX} phrases`, 'Load a part of the ontology.');
  return terms;
}

/**
 * The vocabulary of a user's file, to be given to `registerVocabulary` at start or to `extractCase`. `hash` is that of the
 * file, in hexadecimal; it becomes part of the fingerprint. Throws `VocabularyFileError`.
 */
export function readVocabulary(text: string, hash: string): Vocabulary {
  return buildVocabulary(parseVocabularyFile(text), hash);
}
