import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { hashOf } from '../../../core/models/builtin-numbers.ts';
import { ageWords } from './age-words.ts';

export type Document = {
  readonly id: string;
  readonly text: string;
  /** Documents of one source are no answers to each other's questions. */
  readonly source: string;
};
export type Question = {
  readonly id: string;
  readonly text: string;
  /** The source that the question was taken from; null where it is in nobody's text. */
  readonly source: string | null;
  /** Grades of the relevant documents by id. */
  readonly relevant: ReadonlyMap<string, number>;
};
export type Task = {
  readonly name: string;
  readonly documents: readonly Document[];
  readonly questions: readonly Question[];
};

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const records = <T>(path: string): T[] => lines(readFileSync(path, 'utf8')).map((line) => JSON.parse(line) as T);

type Labelled = { readonly id: string; readonly text: string; readonly case_summary: string };

/** Grade of an answer with the same rare disease (3) or under the same Orphanet parent (2). */
const RELEVANT_MIN = 2;

/** 57 summaries that do not name the diagnosis; all narratives and full texts, and the full texts alone. */
export function sameRareDisease(data: string): readonly Task[] {
  const labelled = records<Labelled>(join(data, 'corpus/cases_medrbench_labelled.jsonl'));
  const narratives = records<{ id: string; text: string }>(join(data, 'corpus/cases_e3c.jsonl'));
  const relevant = new Map<string, Map<string, number>>();
  for (const line of lines(readFileSync(join(data, 'retrieval/qrels.tsv'), 'utf8'))) {
    const [query = '', , answer = '', grade] = line.split('\t');
    if (!(Number(grade) >= RELEVANT_MIN)) continue;
    relevant.set(query, (relevant.get(query) ?? new Map()).set(answer, Number(grade)));
  }
  const summaryOf = new Map(labelled.map(({ id, case_summary }) => [id, case_summary]));
  const ids = lines(readFileSync(join(data, 'retrieval/queries_same_rare_disease.txt'), 'utf8'));
  const questions = ids.map((id): Question => {
    return { id, text: summaryOf.get(id) ?? '', source: id, relevant: relevant.get(id) ?? new Map() };
  });
  const asDocument = ({ id, text }: { id: string; text: string }): Document => ({ id, text, source: id });
  const fullTexts = labelled.map(asDocument);
  return [
    { name: 'same rare disease, all cases', documents: [...fullTexts, ...narratives.map(asDocument)], questions },
    { name: 'same rare disease, full texts only', documents: fullTexts, questions },
  ];
}

type Phenopacket = {
  readonly id: string;
  readonly disease: string;
  readonly ref: string;
  readonly observed: readonly string[];
  readonly excluded: readonly string[];
  readonly sex: string;
  readonly age: string | null;
};

/** A label begins with a capital that means nothing, unless more follow: `ECG abnormality`. */
const asWords = (label: string): string =>
  /^[A-Z][a-z]/.test(label) ? `${label.charAt(0).toLowerCase()}${label.slice(1)}` : label;

/**
 * A case of labels as a clinician would note it, which the product then reads as it reads any text: who it is, then one sentence for each
 * finding, observed ones first. `A 12-year-old girl. Short stature. No nystagmus.`
 */
export function noteOf({
  observed,
  excluded,
  sex,
  age,
}: Pick<Phenopacket, 'observed' | 'excluded' | 'sex' | 'age'>): string {
  return [
    ageWords(age, sex),
    ...observed.map((label) => `${label}.`),
    ...excluded.map((label) => `No ${asWords(label)}.`),
  ].join(' ');
}

type Shape = (packet: Phenopacket) => Phenopacket;

const observedOnly: Shape = (packet) => ({ ...packet, excluded: [] });

const FINDINGS_KEPT = 5;

/** Five observed findings by a draw that is the same in every run; what was excluded is left out. */
function cut(phenopacket: Phenopacket): Phenopacket {
  const observed = [...phenopacket.observed]
    .map((label) => ({ label, hash: hashOf(`${phenopacket.id} ${label}`, FINDINGS_KEPT) }))
    .sort((a, b) => a.hash - b.hash || (a.label < b.label ? -1 : 1))
    .slice(0, FINDINGS_KEPT)
    .map(({ label }) => label);
  return { ...phenopacket, observed, excluded: [] };
}

/**
 * Published cases as HPO labels among all others; relevant is the same disease from another paper, and cases of the same paper are no
 * answers. `most` questions are taken of those that have an answer, by the smallest hashes of their ids. What was looked for and not found
 * is a list that curators keep by paper and disease, which no clinician's note would hold: the second pair of tasks does without it.
 */
export function phenopackets(data: string, most: number): readonly Task[] {
  const text = gunzipSync(readFileSync(join(data, 'retrieval/phenopackets_dev.jsonl.gz'))).toString('utf8');
  const packets = lines(text).map((line) => JSON.parse(line) as Phenopacket);
  const byDisease = new Map<string, Phenopacket[]>();
  for (const packet of packets) byDisease.set(packet.disease, [...(byDisease.get(packet.disease) ?? []), packet]);
  const drawn = packets
    .map((packet) => {
      const others = (byDisease.get(packet.disease) ?? []).filter(({ ref }) => ref !== packet.ref);
      return { packet, relevant: new Map(others.map(({ id }) => [id, 1])), hash: hashOf(packet.id, 1) };
    })
    .filter(({ relevant }) => relevant.size > 0)
    .sort((a, b) => a.hash - b.hash || (a.packet.id < b.packet.id ? -1 : 1))
    .slice(0, most);
  const documentsOf = (shaped: Shape): Document[] =>
    packets.map((packet) => ({ id: packet.id, text: noteOf(shaped(packet)), source: packet.ref }));
  const questionsOf = (shaped: Shape): Question[] =>
    drawn.map(({ packet, relevant }) => {
      return { id: packet.id, text: noteOf(shaped(packet)), source: packet.ref, relevant };
    });
  const [whole, observed] = [documentsOf((packet) => packet), documentsOf(observedOnly)];
  const few = `cut to ${FINDINGS_KEPT} findings`;
  return [
    { name: 'phenopackets, whole', documents: whole, questions: questionsOf((packet) => packet) },
    { name: `phenopackets, ${few}`, documents: whole, questions: questionsOf(cut) },
    { name: 'phenopackets, observed only', documents: observed, questions: questionsOf(observedOnly) },
    { name: `phenopackets, observed only, ${few}`, documents: observed, questions: questionsOf(cut) },
  ];
}

/** The sample that the product ships: another document of the same diagnosis, and a clinician's words. */
export function shippedSample(folder: string): readonly Task[] {
  const documents = records<{ id: string; text: string }>(join(folder, 'cases.jsonl')).map(
    ({ id, text }): Document => ({ id, text, source: id }),
  );
  const diagnosisOf = new Map<string, string>();
  for (const line of lines(readFileSync(join(folder, 'diagnoses.tsv'), 'utf8')).slice(1)) {
    const [id = '', diagnosis = ''] = line.split('\t');
    diagnosisOf.set(id, diagnosis);
  }
  const having = (diagnosis: string | undefined, but: string | null) =>
    new Map([...diagnosisOf].filter(([id, one]) => one === diagnosis && id !== but).map(([id]) => [id, 1]));
  const asDocuments = documents.map(({ id, text }): Question => {
    return { id, text, source: id, relevant: having(diagnosisOf.get(id), id) };
  });
  const words = records<{ query: string; expects: string }>(join(folder, 'queries.jsonl'));
  const asWords = words.map(({ query, expects }, i): Question => {
    return { id: `query ${i + 1}`, text: query, source: null, relevant: having(expects, null) };
  });
  return [
    { name: 'sample, another document of the same diagnosis', documents, questions: asDocuments },
    { name: "sample, a clinician's words", documents, questions: asWords },
  ];
}
