import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { act, type Database, type Row, statement } from '../../../core/engine/index.ts';
import type { SourceKind } from '../../../core/sources/source.ts';
import { dumpState, type State } from '../dump.ts';
import { seededRandom } from '../engine/runtime.ts';
import { type Article, publicationTypes } from './article.ts';
import { type Corpus, type CorpusOptions, collect, openCorpus, workUntilQuiet } from './corpus.ts';
import { europePmcKey } from './europe-pmc.ts';
import type { FaultSettings } from './faults.ts';
import type { LedgerSummary } from './ledger.ts';
import { beginLife, buildWorker } from './life.ts';
import { type Literature, startLiterature } from './server.ts';

export type TrialOptions = {
  readonly kind: Exclude<SourceKind, 'file' | 'web'>;
  readonly articles: number;
  readonly seed: number;
  readonly faults: Omit<FaultSettings, 'seed'>;
  /** SIGKILLs during discovery and retrieval, spread over the requests that the calm side needed. */
  readonly kills: number;
  readonly corpus: Pick<CorpusOptions, 'settings' | 'atOnce'>;
  readonly latencyMs: number;
  readonly limitPerSecond: { readonly without: number; readonly withKey: number };
};

export type TrialSide = {
  readonly dump: State;
  readonly keys: readonly string[];
  readonly newerVersions: number;
  readonly cases: number;
  readonly ledger: LedgerSummary;
  /** Times that a document was given out whole, added over all documents. */
  readonly given: number;
  readonly kills: number;
  readonly tookMs: number;
};
export type Trial = { readonly expected: readonly string[]; readonly calm: TrialSide; readonly disturbed: TrialSide };

/** The keys that a source of this kind is to bring: what the world lists in its service. */
export function expectedKeys(kind: TrialOptions['kind'], articles: readonly Article[]): readonly string[] {
  const listed = articles.filter((article) => publicationTypes(article).length > 0);
  const keys = listed.flatMap((article) => {
    if (kind === 'pubmed') return article.pmid ? [`PMID_${article.pmid}`] : [];
    if (kind === 'pmc') return article.pmcid ? [`PMC_${article.pmcid}`] : [];
    return [europePmcKey(article)];
  });
  return keys.sort();
}

/** One corpus twice from the same world: calmly in one process, and with faults and kills. */
export async function runTrial(options: TrialOptions): Promise<Trial> {
  const calm = await side(options, { share: 0 }, { kills: 0, requests: 0 });
  const disturbed = await side(options, options.faults, {
    kills: options.kills,
    requests: calm.side.ledger.requests,
  });
  return { expected: calm.expected, calm: calm.side, disturbed: disturbed.side };
}

/** So many SIGKILLs over the time that a run of so many requests takes. */
type Deaths = { readonly kills: number; readonly requests: number };

async function side(
  options: TrialOptions,
  faults: Omit<FaultSettings, 'seed'>,
  deaths: Deaths,
): Promise<{ readonly side: TrialSide; readonly expected: readonly string[] }> {
  const { kind, seed, articles, latencyMs, limitPerSecond } = options;
  const folder = mkdtempSync(join(tmpdir(), `anamnesis-${kind}-`));
  const literature = await startLiterature({ seed, articles, faults, latencyMs, limitPerSecond });
  const startedMs = performance.now();
  try {
    const opened = { folder, environment: literature.environment, ...options.corpus };
    await prepare(opened, kind, literature);
    const killed = deaths.kills === 0 ? 0 : await killAtRandom(opened, literature, options, deaths);
    const corpus = await openCorpus({ ...opened, releases: true });
    try {
      await workUntilQuiet(corpus);
      await act(corpus.db, corpus.pipeline, { kind: 'resume', stage: 'embed' }, { actor: 'test' });
      await workUntilQuiet(corpus);
      const tookMs = performance.now() - startedMs;
      const given = [...literature.ledger.given().values()].reduce((sum, n) => sum + n, 0);
      const expected = expectedKeys(kind, literature.world.articles());
      const ledger = literature.ledger.summary();
      return { expected, side: { ...(await standing(corpus)), ledger, given, kills: killed, tookMs } };
    } finally {
      await corpus.close();
    }
  } finally {
    await literature.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The embedder is fitted on the whole corpus, and what the corpus is shall not hang on when somebody was killed. */
async function prepare(opened: CorpusOptions, kind: SourceKind, literature: Literature): Promise<void> {
  mkdirSync(opened.folder, { recursive: true });
  const corpus = await openCorpus(opened);
  await collect(corpus.db, kind, literature.world.since);
  await act(corpus.db, corpus.pipeline, { kind: 'pause', stage: 'embed' }, { actor: 'test' });
  await corpus.close();
}

/**
 * Lives that end by SIGKILL at random requests of their work, a random moment after the request came. Requests and not time: how
 * far a worker gets in a second is the machine's affair, and the work is not done before the last of the kills.
 */
async function killAtRandom(
  opened: CorpusOptions,
  literature: Literature,
  { seed, latencyMs }: TrialOptions,
  { kills, requests }: Deaths,
): Promise<number> {
  const random = seededRandom(seed ^ 0xdead);
  const program = await buildWorker();
  const most = Math.max(1, Math.floor(requests / (kills + 1)));
  let killed = 0;
  try {
    for (; killed < kills; killed++) {
      const until = literature.ledger.entries.length + 1 + Math.floor(random() * most);
      const life = beginLife(program, opened);
      let over = false;
      const ended = life.ended.finally(() => {
        over = true;
      });
      while (!over && literature.ledger.entries.length < until) await sleep(2);
      await sleep(random() * 2 * latencyMs);
      life.kill();
      const { signal, code, errors } = await ended;
      if (signal === 'SIGKILL') continue;
      if (code !== 0) throw new Error(`a worker ended with ${code}: ${errors}`);
      break;
    }
  } finally {
    program.remove();
  }
  return killed;
}

const rowsOf = async (db: Database, sql: string): Promise<readonly Row[]> =>
  (await db.read([statement(sql)]))[0]?.rows ?? [];

async function standing({ db }: Corpus): Promise<Pick<TrialSide, 'dump' | 'keys' | 'newerVersions' | 'cases'>> {
  const documents = await rowsOf(db, `SELECT key, version FROM document ORDER BY key`);
  const [more] = await rowsOf(
    db,
    `SELECT (SELECT count(*) FROM document_version) AS versions,
    (SELECT count(*) FROM patient_case WHERE withdrawn = 0) AS cases`,
  );
  return {
    dump: await dumpOf(db),
    keys: documents.map(({ key }) => String(key)),
    newerVersions: documents.filter(({ version }) => version !== 1).length + Number(more?.versions),
    cases: Number(more?.cases),
  };
}

/**
 * The final state without the traces of the way there, which only a disturbed run has: tries that failed, and cases of records
 * that came before the one they are folded into (withdrawn since, and in no release).
 */
async function dumpOf(db: Database): Promise<State> {
  const { error_log: _, stage_count: _count, ...state } = await dumpState(db);
  const withdrawn = new Set(
    (state.patient_case ?? []).filter(({ withdrawn: is }) => Number(is) === 1).map(({ case_id: id }) => id),
  );
  const live = Object.fromEntries(
    Object.entries(state).map(([table, rows]) => [
      table,
      rows.filter((row) => !withdrawn.has(row.case_id) && !(row.kind === 'case' && withdrawn.has(row.key))),
    ]),
  );
  return {
    ...live,
    task: (live.task ?? []).map(({ attempt: _attempt, lost: _lost, ...rest }) =>
      // What it had made before it was set aside.
      rest.state === 'skipped' ? { ...rest, output_hash: null } : rest,
    ),
    // A build that was given up leaves a row; what is served counts.
    release: (state.release ?? [])
      .filter(({ state: standing }) => standing === 'published')
      .map(({ version: _v, ...rest }) => rest),
    source: await rowsOf(
      db,
      `SELECT name, state, run, run_state, entry_through, change_through, fresh, changed FROM source`,
    ),
    source_item: await rowsOf(
      db,
      `SELECT source, key, revision, run, missing_run FROM source_item ORDER BY source, key`,
    ),
    document_identity: await rowsOf(db, `SELECT * FROM document_identity ORDER BY kind, value, document_key`),
    tombstone: await rowsOf(db, `SELECT case_id, document_key, reason FROM tombstone ORDER BY case_id`),
  };
}
