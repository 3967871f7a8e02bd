import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSources } from '../core/corpus.ts';
import { act, type Row, statement } from '../core/engine/index.ts';
import { parseSearchRequest } from '../core/search/request.ts';
import { CaseGoneError } from '../core/search/search.ts';
import { createLog } from '../space/host/log.ts';
import { createServing } from '../space/serving.ts';
import type { Article } from './support/literature/article.ts';
import { type Corpus, collect, openCorpus, runAgain, workUntilQuiet } from './support/literature/corpus.ts';
import { startLiterature } from './support/literature/server.ts';
import { expectedKeys, type TrialOptions } from './support/literature/trial.ts';
import { addDays } from './support/literature/world.ts';

const ARTICLES = 120;
const DAY = { fresh: 40, text: 6, metadata: 4, retracted: 3, errata: 1, concerns: 1 } as const;

const rowsOf = async ({ db }: Corpus, sql: string): Promise<readonly Row[]> =>
  (await db.read([statement(sql)]))[0]?.rows ?? [];
/** Stages settled no item within `sinceMs`; keys by stage of those that they did. */
async function workedSince(corpus: Corpus, sinceMs: number): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await rowsOf(
    corpus,
    `SELECT t.stage, i.key FROM task t JOIN item i ON i.id = t.item_id
     WHERE t.updated_at_ms >= ${sinceMs} AND t.state IN ('done', 'skipped') ORDER BY t.stage, i.key`,
  );
  const by = new Map<string, string[]>();
  for (const { stage, key } of rows) by.set(String(stage), [...(by.get(String(stage)) ?? []), String(key)]);
  return by;
}
const utcHour = (): string => new Date().toISOString().slice(0, 13);

test.each(['pubmed', 'pmc', 'europe-pmc'] as const)(
  '%s: of a day only what is new or changed is worked again; what was retracted leaves the answers at once',
  async (kind: TrialOptions['kind']) => {
    const today = new Date().toISOString().slice(0, 10);
    const folder = mkdtempSync(join(tmpdir(), 'anamnesis-day-'));
    // The first listing ends a week before the day, so that nothing of it lies in the windows of that day.
    const literature = await startLiterature({
      seed: 11,
      articles: ARTICLES,
      today: addDays(today, -7),
      limitPerSecond: { without: 200, withKey: 200 },
    });
    const corpus = await openCorpus({
      folder,
      environment: literature.environment,
      settings: { gapMs: 6 },
      releases: true,
    });
    const { world, ledger } = literature;
    const keyOf = (article: Article): string => expectedKeys(kind, [article])[0] ?? '';
    try {
      await collect(corpus.db, kind, world.since);
      await workUntilQuiet(corpus);
      if (!corpus.releases) throw new Error('opened without releases');
      const serving = createServing({ ...corpus, ...corpus.releases, log: createLog('silent') });
      await serving.refresh();

      const doubled = new Set(world.articles().map(({ duplicateOf }) => duplicateOf));
      const simple = world
        .articles()
        .filter((one) => one.kind === 'case' && one.duplicateOf === null && !doubled.has(one.number) && keyOf(one));
      const take = (count: number): Article[] => simple.splice(0, count);
      const [retracted, text, metadata, errata, concerns] = [
        take(DAY.retracted),
        take(DAY.text),
        take(DAY.metadata),
        take(DAY.errata),
        take(DAY.concerns),
      ];
      const caseText = async (article: Article): Promise<string> =>
        String((await rowsOf(corpus, `SELECT text FROM patient_case WHERE case_id = '${keyOf(article)}'`))[0]?.text);
      const found = async (query: string): Promise<readonly string[]> => {
        const parsed = parseSearchRequest({ text: query.slice(0, 3_000), k: 20 });
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
        return (await serving.search(parsed.request)).results.map(({ case_id }) => case_id);
      };
      const stories = new Map<string, string>();
      for (const article of retracted) stories.set(keyOf(article), await caseText(article));
      for (const [key, story] of stories) expect((await found(story))[0]).toBe(key);

      for (const { number } of retracted) world.retract(number, today);
      for (const [i, { number }] of text.entries()) (i === 0 ? world.newVersion : world.changeText)(number, today);
      for (const { number } of metadata) world.changeMetadata(number, today);
      for (const { number } of errata) world.erratum(number, today);
      for (const { number } of concerns) world.concern(number, today);
      const fresh: Article[] = [];
      while (fresh.length < DAY.fresh) {
        const article = world.publish(today, 'case');
        if (keyOf(article)) fresh.push(article);
      }
      const keys = (articles: readonly Article[]): string[] => articles.map(keyOf).sort();

      // Releases wait, to see what leaves the answers before the next one.
      await act(corpus.db, corpus.pipeline, { kind: 'pause', stage: 'index' }, { actor: 'test' });
      const [clock] = await rowsOf(corpus, `SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS ms`);
      ledger.reset();
      const day = await runAgain(corpus, kind);
      const requests = ledger.summary().requests;
      const worked = await workedSince(corpus, Number(clock?.ms));
      const changed = [...text, ...metadata, ...errata, ...concerns, ...retracted];
      expect(worked.get('scrape')).toEqual(keys([...fresh, ...changed]));
      expect(worked.get('distill')).toEqual(keys([...fresh, ...text]));
      expect(worked.get('embed')).toEqual(keys([...fresh, ...text]));
      const [source] = await readSources(corpus.db);
      expect(source).toMatchObject({ state: 'active', fresh: DAY.fresh, retracted: DAY.retracted, missing: 0 });

      await serving.refreshTombstones();
      for (const [key, story] of stories) {
        expect(await found(story)).not.toContain(key);
        await expect(serving.caseById(key)).rejects.toThrow(CaseGoneError);
        await expect(serving.exportable(key)).rejects.toThrow(CaseGoneError);
      }
      const versions = await rowsOf(corpus, `SELECT key FROM document_version ORDER BY key`);
      expect(versions.map(({ key }) => key)).toEqual(keys(changed));

      await act(corpus.db, corpus.pipeline, { kind: 'resume', stage: 'index' }, { actor: 'test' });
      await workUntilQuiet(corpus);
      const before = (await rowsOf(corpus, `SELECT count(*) AS n FROM patient_case WHERE withdrawn = 0`))[0]?.n;
      await serving.refresh();
      for (const [key, story] of stories) expect(await found(story)).not.toContain(key);
      const [release] = await rowsOf(
        corpus,
        `SELECT max(version) AS version, case_count FROM release WHERE state = 'published'`,
      );
      expect(release).toEqual({ version: 2, case_count: Number(before) });

      // Within the hour of a day that still goes on, what it changed is the same news.
      let hour = '';
      let again = day;
      do {
        hour = utcHour();
        ledger.reset();
        again = await runAgain(corpus, kind);
      } while (hour !== utcHour());
      const { byRoute } = ledger.summary();
      expect(again.settled).toEqual({});
      expect([byRoute.efetch ?? 0, byRoute['epmc-fulltext'] ?? 0]).toEqual([0, 0]);
      expect(Number((await rowsOf(corpus, `SELECT max(version) AS v FROM release`))[0]?.v)).toBe(2);

      const counts = [...worked].map(([stage, done]) => `${stage} ${done.length}`).join(', ');
      console.info(
        `must-show 3, ${kind}: ${ARTICLES} articles held; a day of ${DAY.fresh} new, ${DAY.text} changed in text, ${DAY.metadata} in ` +
          `metadata, ${DAY.retracted} retracted, ${DAY.errata} erratum, ${DAY.concerns} expression of concern: ${requests} requests; ` +
          `worked: ${counts}; needless re-distillations ${(worked.get('distill') ?? []).length - DAY.fresh - DAY.text}; the day again: ` +
          `${ledger.summary().requests} requests (listings), 0 retrievals, 0 items worked`,
      );
    } finally {
      await corpus.close();
      await literature.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  180_000,
);
