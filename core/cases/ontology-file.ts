import { z } from 'zod';
import { VocabularyFileError } from './vocabulary-error.ts';

/** A term of an ontology with its exact synonyms. */
export type OntologyTerm = {
  readonly id: string;
  readonly name: string;
  readonly synonyms: readonly string[];
  readonly parents: readonly string[];
};

/** Phenotypic abnormality: only what lies below it is a finding; beside it stand onsets, modes of inheritance and modifiers. */
const FINDINGS_ROOT = 'HP:0000118';
// Shorter synonyms are abbreviations (`ID`, `SS`) that mean other things in running text.
const CHARS_MIN = 4;
const WORDS_MAX = 10;
const OBO_REMEDY = 'Take the file hp.obo as the Human Phenotype Ontology publishes it.';
const JSON_REMEDY = 'Take the file hp.json (obographs) as the Human Phenotype Ontology publishes it.';

const isUsable = (phrase: string): boolean => phrase.length >= CHARS_MIN && phrase.split(' ').length <= WORDS_MAX;

function belowRoot(terms: readonly OntologyTerm[]): readonly OntologyTerm[] {
  const children = new Map<string, string[]>();
  for (const { id, parents } of terms)
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), id]);
  const hasRoot = children.has(FINDINGS_ROOT);
  const below = new Set<string>();
  const open = [FINDINGS_ROOT];
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const child of children.get(next) ?? []) {
      if (below.has(child)) continue;
      below.add(child);
      open.push(child);
    }
  return terms.filter((term) => (hasRoot ? below.has(term.id) : term.id !== FINDINGS_ROOT) && isUsable(term.name));
}

type OboStanza = { id: string; name: string; synonyms: string[]; parents: string[]; obsolete: boolean; line: number };

/** `"Breathlessness" EXACT layperson [HPO:x]`: the text in quotes, where it is exact. */
function exactSynonym(value: string, line: number): string | null {
  if (!value.startsWith('"')) throw new VocabularyFileError(line, 'its synonym is not in quotation marks', OBO_REMEDY);
  let end = 1;
  while (end < value.length && value[end] !== '"') end += value[end] === '\\' ? 2 : 1;
  if (end >= value.length) throw new VocabularyFileError(line, 'its synonym has no closing quotation mark', OBO_REMEDY);
  return value
    .slice(end + 1)
    .trimStart()
    .startsWith('EXACT')
    ? value.slice(1, end).replaceAll('\\', '')
    : null;
}

/** Reads the terms of an OBO file: what lies below `HP:0000118`, not obsolete, with exact synonyms. Throws `VocabularyFileError`. */
export function parseObo(text: string): readonly OntologyTerm[] {
  const terms: OntologyTerm[] = [];
  let stanza: OboStanza | null = null;
  const close = (): void => {
    if (stanza === null) return;
    if (stanza.id === '' || (stanza.name === '' && !stanza.obsolete))
      throw new VocabularyFileError(stanza.line, 'the term has no id or no name', OBO_REMEDY);
    if (!stanza.obsolete) terms.push({ ...stanza, synonyms: stanza.synonyms.filter(isUsable) });
    stanza = null;
  };
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = written.trim();
    if (line.startsWith('[')) {
      close();
      if (line === '[Term]') stanza = { id: '', name: '', synonyms: [], parents: [], obsolete: false, line: index + 1 };
      continue;
    }
    if (stanza === null || line === '' || line.startsWith('!')) continue;
    const colon = line.indexOf(': ');
    if (colon < 0) throw new VocabularyFileError(index + 1, 'it is not a tag with a value', OBO_REMEDY);
    readTag(stanza, line.slice(0, colon), line.slice(colon + 2).trim(), index + 1);
  }
  close();
  return belowRoot(terms).map(({ id, name, synonyms, parents }) => ({ id, name, synonyms, parents }));
}

function readTag(stanza: OboStanza, tag: string, value: string, line: number): void {
  if (tag === 'id') stanza.id = value;
  else if (tag === 'name') stanza.name = value;
  else if (tag === 'is_a') stanza.parents.push(value.split(/[\s!{]/, 1)[0] ?? '');
  else if (tag === 'is_obsolete') stanza.obsolete = value === 'true';
  else if (tag === 'synonym') {
    const synonym = exactSynonym(value, line);
    if (synonym !== null) stanza.synonyms.push(synonym);
  }
}

const graphSchema = z.object({
  graphs: z
    .array(
      z.object({
        nodes: z.array(
          z.object({
            id: z.string(),
            lbl: z.string().optional(),
            meta: z
              .object({
                deprecated: z.boolean().optional(),
                synonyms: z.array(z.object({ pred: z.string(), val: z.string() })).optional(),
              })
              .optional(),
          }),
        ),
        edges: z.array(z.object({ sub: z.string(), pred: z.string(), obj: z.string() })).default([]),
      }),
    )
    .min(1),
});

/** `http://purl.obolibrary.org/obo/HP_0002094` as `HP:0002094`. */
const shortId = (id: string): string => id.slice(id.lastIndexOf('/') + 1).replace('_', ':');

/** The same from an obographs file. Throws `VocabularyFileError`, whose line is 1: the file is one document. */
export function parseObographs(text: string): readonly OntologyTerm[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new VocabularyFileError(1, 'it is not valid JSON', JSON_REMEDY);
  }
  const parsed = graphSchema.safeParse(document);
  if (!parsed.success) throw new VocabularyFileError(1, 'it holds no graph of nodes', JSON_REMEDY);
  const terms: OntologyTerm[] = [];
  for (const { nodes, edges } of parsed.data.graphs) {
    const parents = new Map<string, string[]>();
    for (const { sub, pred, obj } of edges)
      if (pred === 'is_a') parents.set(sub, [...(parents.get(sub) ?? []), shortId(obj)]);
    for (const { id, lbl, meta } of nodes) {
      if (lbl === undefined || meta?.deprecated === true || !/^[A-Z]+:\d+$/.test(shortId(id))) continue;
      const exact = (meta?.synonyms ?? []).filter(({ pred }) => pred === 'hasExactSynonym').map(({ val }) => val);
      terms.push({ id: shortId(id), name: lbl, synonyms: exact.filter(isUsable), parents: parents.get(id) ?? [] });
    }
  }
  return belowRoot(terms);
}
