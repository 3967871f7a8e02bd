import { acceptDocuments, type NewDocument } from '../../core/corpus.ts';
import type { Database, Pipeline } from '../../core/engine/index.ts';
import { sha256Hex } from '../../core/hash.ts';
import { readDocument } from '../../core/sources/record.ts';
import type { TickAnswer } from '../../functions/app.ts';

/** The walk that every host must end alike: web APIs only, so that workerd and Deno load it too. */

/** The file that the walk's documents come from, as it stands in their locators. */
export const WALK_FILE = 'walk.jsonl';
export const WALK_DOCUMENTS = 20;
/** Documents of the sample with two patients that are among the walk's. */
export const TWO_PATIENTS = ['sample-004', 'sample-012'];
/** 19 documents of the sample, two of them with two patients. */
export const WALK_CASES = 21;
export const FOREIGN_ID = 'walk-foreign';

const FOREIGN = {
  id: FOREIGN_ID,
  title: 'Síncope en una ciclista joven [caso inventado]',
  lang: 'es',
  text: [
    'Una ciclista de 27 años perdió el conocimiento durante unos segundos mientras subía una cuesta cerca de su pueblo.',
    'No tenía antecedentes de interés ni tomaba medicamentos, pero su abuelo había muerto de repente a los 40 años.',
    'La exploración física fue normal, con una presión arterial de 118/70 mmHg y una frecuencia cardiaca de 58 latidos.',
    'El electrocardiograma mostró ondas T negativas en las derivaciones precordiales derechas y una onda epsilon.',
    'La resonancia magnética confirmó un ventrículo derecho dilatado, y los médicos le aconsejaron dejar la competición.',
  ].join(' '),
};

/** The walk's documents, one a line, from the text of the sample corpus. */
export function walkJsonl(sample: string): string {
  const lines = sample.split('\n').filter((line) => line !== '');
  return `${[...lines.slice(0, WALK_DOCUMENTS - 1), JSON.stringify(FOREIGN)].join('\n')}\n`;
}

/** Brings the documents in as `ingest --file` does, on a host without files. */
export async function acceptWalk(db: Database, pipeline: Pipeline, jsonl: string): Promise<void> {
  const [first] = pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  const lines = jsonl.split('\n').filter((line) => line !== '');
  const documents = await Promise.all(
    lines.map(async (line, i): Promise<NewDocument> => {
      const raw = new TextEncoder().encode(line);
      const reading = readDocument('json-case', raw, 'walk');
      if (reading.kind === 'refused') throw new Error(`line ${i + 1}: ${reading.reason}: ${reading.detail}`);
      const { key, publication } = reading.record;
      const sha256 = await sha256Hex(raw);
      return { key, source: publication.source, format: 'json-case', raw, sha256, locator: `${WALK_FILE}:${i + 1}` };
    }),
  );
  await acceptDocuments(db, first, documents, []);
}

/** More than any walk needs; a walk that ticks longer does not converge. */
const TICKS_MAX = 200;

/** Gates that end by themselves within seconds: another tick's lease, and the wait for its fit. */
const OPENS_SOON: readonly string[] = ['leased', 'waits'];

/** Ticks, `atOnce` of them in parallel, until each says that nothing is left for this host. Returns every answer. */
export async function tickUntilItWaits(tick: () => Promise<Response>, atOnce: number): Promise<readonly TickAnswer[]> {
  const answers: TickAnswer[] = [];
  while (answers.length < TICKS_MAX) {
    const round = await Promise.all(Array.from({ length: atOnce }, async () => answerOf(await tick())));
    answers.push(...round);
    if (round.every(({ after }) => after.kind !== 'work' && !OPENS_SOON.includes(after.gate?.kind ?? '')))
      return answers;
    // What one tick holds or waits for opens by the database's clock: the other comes back a little later.
    if (round.some(({ after }) => OPENS_SOON.includes(after.gate?.kind ?? '')))
      await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`still at work after ${TICKS_MAX} ticks: ${JSON.stringify(answers.at(-1))}`);
}

async function answerOf(response: Response): Promise<TickAnswer> {
  const body = await response.text();
  if (response.status !== 200) throw new Error(`a tick was answered ${response.status}: ${body}`);
  return JSON.parse(body) as TickAnswer; // our own answer; the tests of the app hold its shape
}

/** The Node side of the walk, over HTTP: what a test inside workerd or Deno cannot do itself. See `walk-space.ts`. */
export function walkSpace(url: string) {
  const ask = async <Answer>(method: 'GET' | 'POST', path: string): Promise<Answer> => {
    const response = await fetch(new URL(path, url), { method });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  };
  return {
    documents: () => ask<string>('GET', '/documents'),
    /** What the walk ends with on an embedded file, as `dumpState` gives it. */
    reference: () => ask<unknown>('GET', '/reference'),
    freshDatabase: async () => (await ask<{ url: string }>('POST', '/databases')).url,
    emptyDatabase: async () => (await ask<{ url: string }>('POST', '/databases?schema=none')).url,
    /** Lets a Space finish what the edge leaves to it; gives the final state. */
    finish: (database: string) => ask<unknown>('POST', `/finish?database=${encodeURIComponent(database)}`),
  };
}
