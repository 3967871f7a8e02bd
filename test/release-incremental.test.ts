import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CaseKey, type Corpus, corpusOf, releaseCode } from '../core/corpus.ts';
import { statement } from '../core/engine/index.ts';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import type { Embedder } from '../core/models/ports.ts';
import type { ReleaseCase, ReleaseManifest, TakenCase } from '../core/search/contract.ts';
import { openPrevious, type ReleaseSource } from '../core/search/previous.ts';
import { ReleaseFormatError, writeRelease } from '../core/search/release.ts';
import { readConfig } from '../space/config.ts';
import { createLog } from '../space/host/log.ts';
import { ingestFile } from '../space/ingest/ingest.ts';
import { sampleFile } from '../space/sample/sample.ts';
import { openSpace, type Space } from '../space/space.ts';
import { runUntilIdle } from '../space/ticking/run.ts';
import { byId, releaseCase, type SourceText, sampleTexts } from './support/release-in-memory.ts';

type Files = ReadonlyMap<string, Uint8Array>;
type Written = { readonly files: Files; readonly manifest: ReleaseManifest; readonly taken: number };

/** Writes a release of `corpus` into memory, from an earlier one where there is one. */
async function write(corpus: Corpus, generation: string, from: Written | null): Promise<Written> {
  const code = await releaseCode();
  const parts = new Map<string, Uint8Array[]>();
  const sink = {
    append: async (file: string, bytes: Uint8Array) => {
      parts.set(file, [...(parts.get(file) ?? []), bytes.slice()]);
    },
  };
  const previous = from && (await openPrevious(from.manifest, sourceOf(from.files), code));
  const written = previous
    ? await writeRelease(corpus.cases(previous.unchanged), sink, {
        ...{ generation, code },
        from: { previous, read: corpus.read },
      })
    : await writeRelease(corpus.cases(), sink, { generation, code });
  const files = new Map([...parts].map(([file, bytes]) => [file, new Uint8Array(Buffer.concat(bytes))]));
  const { taken, ...counts } = written;
  const listed = [...files].map(([file, bytes]) => ({ file, bytes: bytes.length, sha256: '' }));
  return {
    files,
    taken,
    manifest: {
      ...{
        format: 1,
        version: 1,
        createdAt: '',
        generation,
        ...counts,
        files: listed,
        contentHash: '',
        faissFiles: [],
      },
    },
  };
}

const sourceOf = (files: Files): ReleaseSource => ({
  read: async (file) => files.get(file) ?? new Uint8Array(0),
  pieces: async (file) => async (offset, length) =>
    (files.get(file) ?? new Uint8Array(0)).slice(offset, offset + length),
});

/** Files in which two releases differ. */
const differing = (a: Files, b: Files): readonly string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter(
    (file) => Buffer.compare(a.get(file) ?? new Uint8Array(1), b.get(file) ?? new Uint8Array(2)) !== 0,
  );

describe('of texts', () => {
  const texts = [...sampleTexts(40)].sort(byId);
  let embedder: Embedder;
  const made = new Map<string, ReleaseCase>();
  beforeAll(() => {
    embedder = loadBuiltin(fitBuiltin(texts.map(({ text }) => text)));
  });

  /** A case of text `n` under the id of place `place`; some share a document, some have aliases, some may not be shown. */
  async function caseOf(place: number, n: number): Promise<ReleaseCase> {
    const key = `${place}/${n}`;
    const known = made.get(key);
    if (known) return known;
    const source = texts[n % texts.length] as SourceText;
    const id = `case-${String(place).padStart(3, '0')}`;
    const also = n % 5 === 0 ? [{ key: `ALSO_${n % 10}`, pmid: `${n % 10}`, pmcid: null, doi: null, url: null }] : [];
    const provenance = {
      ...source.provenance,
      ...{ source: `source ${n % 3}`, licence: n % 4 === 0 ? null : `licence ${n % 4}` },
      ...(also.length > 0 ? { also } : {}),
    };
    const theCase = {
      ...(await releaseCase({ ...source, id, documentKey: `D${place >> 1}`, provenance }, embedder)),
      fingerprint: key.padEnd(64, '#'),
      ...(n % 7 === 0 ? { withheld: 'its licence' } : {}),
    };
    made.set(key, theCase);
    return theCase;
  }

  const keyOf = (theCase: ReleaseCase): CaseKey => ({
    ...{ caseId: theCase.caseId, documentKey: theCase.documentKey ?? '', provenance: theCase.provenance },
    ...{ fingerprint: theCase.fingerprint ?? '', withheld: theCase.withheld ?? null },
  });

  function corpusOfCases(cases: readonly ReleaseCase[]): Corpus {
    return {
      async *cases(taken) {
        for (const theCase of cases) {
          const ordinal = taken?.(keyOf(theCase)) ?? null;
          const { caseId, documentKey, provenance } = keyOf(theCase);
          const entry: ReleaseCase | TakenCase =
            ordinal === null ? theCase : { taken: ordinal, caseId, documentKey, provenance };
          yield entry;
        }
      },
      async *read(ids) {
        for (const theCase of cases) if (ids.includes(theCase.caseId)) yield theCase;
      },
    };
  }

  test('whatever is added, changed and withdrawn, the bytes are those of a build from scratch', async () => {
    let releases = 0;
    let taken = 0;
    let changes = 0;
    const step = fc.array(fc.tuple(fc.integer({ min: 0, max: 79 }), fc.option(fc.integer({ min: 0, max: 39 }))), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 0, max: 70 }),
        async (steps, begin) => {
          const held = new Map<number, number>();
          for (let place = 0; place < begin; place += 1) held.set(place, place);
          let before: Written | null = null;
          for (const changed of steps) {
            for (const [place, n] of changed) {
              if (n === null) held.delete(place);
              else held.set(place, n);
            }
            const cases: ReleaseCase[] = [];
            for (const [place, n] of [...held].sort(([a], [b]) => a - b)) cases.push(await caseOf(place, n));
            const corpus = corpusOfCases(cases);
            const full = await write(corpus, embedder.fingerprint, null);
            const next: Written = await write(corpus, embedder.fingerprint, before);
            expect(differing(next.files, full.files)).toEqual([]);
            expect(next.manifest).toEqual(full.manifest);
            if (before) {
              releases += 1;
              taken += next.taken;
              changes += next.manifest.caseCount - next.taken;
            }
            before = next;
          }
        },
      ),
      { numRuns: 8, seed: 6 },
    );
    expect(taken).toBeGreaterThan(changes);
    console.info(
      `releases built from the one before: ${releases}, ${taken} cases taken over, ${changes} read; byte for byte those of a build from scratch`,
    );
  }, 120_000);

  test('a release of other code, and one that does not say what it was made of, is not built on', async () => {
    const corpus = corpusOfCases([await caseOf(1, 1), await caseOf(2, 2)]);
    const { files, manifest } = await write(corpus, 'g', null);
    await expect(openPrevious(manifest, sourceOf(files), 'other code')).rejects.toThrow(/made by other code/);
    const listed = manifest.files.filter(({ file }) => file !== 'origins.bin');
    await expect(openPrevious({ ...manifest, files: listed }, sourceOf(files), await releaseCode())).rejects.toThrow(
      ReleaseFormatError,
    );
  });
});

describe('of rows', () => {
  let folder: string;
  let space: Space;
  let generation: string;
  /** The release as of the last change. */
  let before: Written;
  const sql = (text: string) => space.db.write([statement(text)]);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'anamnesis-incremental-'));
    space = await openSpace(readConfig({ DATA_DIR: folder }), createLog('silent'));
    const [scrape] = space.pipeline.stages;
    if (!scrape) throw new Error('the pipeline has no stage');
    const file = join(folder, 'some.jsonl');
    writeFileSync(file, readFileSync(sampleFile, 'utf8').split('\n').slice(0, 40).join('\n'));
    await ingestFile(space.db, scrape, file, { stopping: () => false, onProgress: () => undefined });
    await runUntilIdle(space, { stopping: () => false, onProgress: () => undefined, waitMsMax: 30_000 });
    generation = await space.generations.newest();
    before = await write(corpusOf(space.db, generation), generation, null);
  }, 120_000);
  afterAll(async () => {
    await space?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('with nothing changed no case is read', async () => {
    const again = await write(corpusOf(space.db, generation), generation, before);
    expect(again.taken).toBe(before.manifest.caseCount);
    expect(differing(again.files, before.files)).toEqual([]);
  });

  /** A change of one case by what enters a release, each of another column. */
  const id = `(SELECT case_id FROM patient_case ORDER BY case_id LIMIT 1 OFFSET 20)`;
  const key = `(SELECT document_key FROM patient_case ORDER BY case_id LIMIT 1 OFFSET 20)`;
  test.each([
    ['text', `UPDATE patient_case SET text = text || ' Fever.' WHERE case_id = ${id}`],
    ['age', `UPDATE patient_case SET age_years = 12.5 WHERE case_id = ${id}`],
    ['sex', `UPDATE patient_case SET sex = NULL WHERE case_id = ${id}`],
    ['completeness', `UPDATE patient_case SET completeness = completeness / 2 + 1e-9 WHERE case_id = ${id}`],
    ['facet', `UPDATE facet SET text = text || '!' WHERE case_id = ${id} AND facet = 'symptoms'`],
    ['findings', `UPDATE facet SET findings = '[]' WHERE case_id = ${id}`],
    ['a facet that goes', `DELETE FROM facet WHERE case_id = ${id} AND facet = 'symptoms'`],
    ['distillate', `UPDATE distillate SET body = json_set(body, '$.diagnosis', 'another') WHERE case_id = ${id}`],
    [
      'vectors',
      `UPDATE vector SET data = CAST(substr(data, 1, length(data) - 4) || x'0000003f' AS BLOB) WHERE case_id = ${id}`,
    ],
    ['title', `UPDATE publication SET title = 'Another title' WHERE document_key = ${key}`],
    ['authors', `UPDATE publication SET authors = '["Z"]' WHERE document_key = ${key}`],
    ['journal', `UPDATE publication SET journal = 'Another' WHERE document_key = ${key}`],
    ['date', `UPDATE publication SET publication_date = '1999' WHERE document_key = ${key}`],
    ['pmid', `UPDATE publication SET pmid = '999' WHERE document_key = ${key}`],
    ['pmcid', `UPDATE publication SET pmcid = 'PMC999' WHERE document_key = ${key}`],
    ['doi', `UPDATE publication SET doi = '10.9/9' WHERE document_key = ${key}`],
    ['url', `UPDATE publication SET url = 'https://example.org/9' WHERE document_key = ${key}`],
    ['licence', `UPDATE publication SET licence = NULL WHERE document_key = ${key}`],
    ['source', `UPDATE publication SET source = 'elsewhere' WHERE document_key = ${key}`],
    ['notices', `UPDATE publication SET notices = '[{"kind":"erratum","reference":null}]' WHERE document_key = ${key}`],
    ['who brought it', `UPDATE document SET source = 'pmc' WHERE key = ${key}`],
    [
      'another document of its article',
      `UPDATE publication SET folded_into = ${key} WHERE document_key <> ${key} AND rowid = 3`,
    ],
    [
      'a tombstone',
      `INSERT INTO tombstone(case_id, document_key, reason, at_ms) VALUES (${id}, ${key}, 'retracted', 1)`,
    ],
  ])(
    'a change of %s is seen, and the release is that of a build from scratch',
    async (what, change) => {
      const file = what === 'vectors' ? 'whole.f32' : 'cases.sha256';
      await sql(change);
      const full = await write(corpusOf(space.db, generation), generation, null);
      const next = await write(corpusOf(space.db, generation), generation, before);
      expect(differing(next.files, full.files)).toEqual([]);
      expect(differing(full.files, before.files)).toContain(file);
      expect(next.manifest.caseCount - next.taken).toBeLessThanOrEqual(3);
      expect(next.taken).toBeLessThan(before.manifest.caseCount);
      before = next;
    },
    60_000,
  );
});
