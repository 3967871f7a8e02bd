import {
  acceptStatements,
  beginRun,
  commitPage,
  commitSplit,
  endRun,
  failStep,
  type Held,
  holdSource,
  letGo,
  listedRevisions,
  missingStatement,
  nextSourceDue,
  type OpenWindow,
  openWindows,
  sweepOf,
  toRetrieve,
} from '../corpus.ts';
import type { Database, Statement } from '../engine/database.ts';
import { enterStatements } from '../engine/enter.ts';
import { StageError, WaitError } from '../engine/errors.ts';
import { retryDelayMs } from '../engine/outcome.ts';
import type { Retry, Stage } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';
import type { Http } from './http/http.ts';
import type { Found, Page, Source, SourceKind } from './source.ts';
import { mayWithdraw, planRun, revisionChanges, revisionKept, splitWindow } from './windows.ts';

/** What a host that can ask the services gives to discovery and retrieval. */
export type Outside = {
  readonly sources: ReadonlyMap<SourceKind, Source>;
  readonly http: Http;
};

export type DiscoveryDeps = {
  readonly db: Database;
  readonly outside: Outside;
  /** The stage that retrieves what was found. */
  readonly first: Stage;
  readonly owner: string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly monotonicMs: () => number;
};
export type DiscoveryOptions = {
  readonly budgetMs: number;
  readonly stopping: () => boolean;
  /** Only this source, by name. */
  readonly only?: string;
  readonly onPage?: (page: PageEvent) => void;
};
export type PageEvent = {
  readonly source: string;
  readonly window: Pick<OpenWindow, 'by' | 'days'>;
  readonly found: number;
  readonly fresh: number;
  readonly changed: number;
  /** Of the window, up to and with this page. */
  readonly received: number;
  readonly stated: number;
};
export type DiscoveryReport = {
  readonly pages: number;
  readonly found: number;
  readonly fresh: number;
  readonly changed: number;
  /** When a source goes on by itself, by the database's clock; null when none will. */
  readonly wakeAtMs: number | null;
  /** Why a source could not go on; the last one, null where none failed. */
  readonly waiting: string | null;
};

const retry: Retry = { attemptsMax: 1_000, delayMsFirst: 5_000, delayMsMax: 3_600_000 };
/** A window of which fewer came than were stated is listed again so often; then its remark says what is missing. */
const RELISTS_MAX = 2;

/**
 * Steps whatever source is due: begins a run, reads one page after another, ends the run. A page is committed with what it found
 * and the place behind it, so a kill between two pages loses nothing, and a page that is read twice changes nothing. Each source is
 * stepped by one worker at a time; what a source throws waits with that source and never reaches the caller, except `DatabaseError`s.
 */
export async function stepDiscovery(deps: DiscoveryDeps, options: DiscoveryOptions): Promise<DiscoveryReport> {
  const endsMs = deps.monotonicMs() + options.budgetMs;
  const enough = () => options.stopping() || deps.monotonicMs() >= endsMs;
  const total = { pages: 0, found: 0, fresh: 0, changed: 0 };
  let waiting: string | null = null;
  const only = options.only ?? null;
  const choice = { only, kinds: [...deps.outside.sources.keys()] };
  while (!enough()) {
    const held = await holdSource(deps.db, deps.owner, choice);
    if (held === null) break;
    try {
      const onPage = (page: PageEvent) => {
        total.pages += 1;
        total.found += page.found;
        total.fresh += page.fresh;
        total.changed += page.changed;
        options.onPage?.(page);
      };
      await stepSource(deps, held, enough, onPage);
    } catch (error) {
      if (!(error instanceof StageError)) throw error;
      waiting = `${held.name}: ${error.message}`;
      const delayMs = delayAfter(error, held.failures, deps.random());
      await failStep(deps.db, held, { reason: error.message, delayMs, counts: !(error instanceof WaitError) });
    } finally {
      await letGo(deps.db, held);
    }
  }
  return { ...total, wakeAtMs: await nextSourceDue(deps.db, choice), waiting };
}

/**
 * When a step that failed is tried again; null when only the operator can help. A service that fails for a day is asked once an hour:
 * its return needs nobody.
 */
function delayAfter(error: StageError, failures: number, random: number): number | null {
  if (error instanceof WaitError) return error.retryAfterMs;
  return error.disposition === 'retry' ? retryDelayMs(failures + 1, retry, random) : null;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

async function stepSource(
  deps: DiscoveryDeps,
  held: Held,
  enough: () => boolean,
  onPage: (page: PageEvent) => void,
): Promise<void> {
  const source = deps.outside.sources.get(held.kind);
  if (!source) throw new Error(`a source of kind ${held.kind} was held by a host that cannot ask it`);
  let { run } = held;
  if (!held.running) {
    const windows = planRun({ since: held.since, changes: source.changes }, held, dayOf(held.nowMs));
    if (!(await beginRun(deps.db, held, windows))) return;
    run += 1;
  }
  const own: Held = { ...held, run };
  for (;;) {
    const [window] = await openWindows(deps.db, held.name);
    if (!window) return finishRun(deps, own);
    if (enough() || !(await stepWindow(deps, own, source, window, onPage))) return;
  }
}

/** Reads one page of a window. False when another worker has taken over. */
async function stepWindow(
  deps: DiscoveryDeps,
  held: Held,
  source: Source,
  window: OpenWindow,
  onPage: (page: PageEvent) => void,
): Promise<boolean> {
  const by = window.by === 'change' ? 'change' : 'entry';
  const asked = { query: held.query, by, days: window.days, since: held.since } as const;
  const page = await source.list(asked, window.cursor, deps.outside.http);
  if (page.kind === 'too_many') {
    const halves = splitWindow(window.days);
    if (halves === null) throw new WindowTooFullError(window, page.stated, page.ceiling, held.kind);
    await commitSplit(deps.db, held, window, halves);
    return true;
  }
  const news = await newsOf(deps, held, window, page);
  const received = window.received + page.found.length;
  const short = page.next === null && received < page.stated && !news.full;
  const again = short && window.relisted < RELISTS_MAX;
  const days = `${window.by} ${window.days.from} to ${window.days.to}`;
  const kept = await commitPage(deps.db, held, window, {
    listed: news.listed,
    fresh: news.fresh,
    changed: news.changed,
    stated: page.stated,
    received,
    next: again || news.full ? null : page.next,
    again,
    remarks: [
      ...page.remarks,
      ...(short ? [`${days}: ${received} of ${page.stated} came${again ? ', listed again' : ''}`] : []),
      ...(news.full ? [`${days}: ended at the limit of ${held.documentsMax} documents`] : []),
    ],
    entries: news.entries,
  });
  if (!kept) return false;
  onPage({
    source: held.name,
    window,
    found: news.listed.length,
    fresh: news.fresh,
    changed: news.changed,
    received,
    stated: page.stated,
  });
  return true;
}

/** One day alone has more than the service gives out. */
class WindowTooFullError extends StageError {
  override readonly name = 'WindowTooFullError';
  readonly disposition = 'dead';
  readonly errorClass = 'permanent';
  constructor({ by, days }: Pick<OpenWindow, 'by' | 'days'>, stated: number, ceiling: number, kind: SourceKind) {
    super(
      `${days.from} alone has ${stated} hits by ${by}, and ${kind} gives out ${ceiling}: narrow the query, as several sources of a part each`,
    );
  }
}

type News = {
  readonly listed: readonly Found[];
  readonly fresh: number;
  readonly changed: number;
  readonly entries: readonly Statement[];
  /** The limit of the definition is reached: nothing more of this window is read. */
  readonly full: boolean;
};

/** What a page tells that this definition did not know: documents that are new, or whose revision is another than it saw last. */
async function newsOf(deps: DiscoveryDeps, held: Held, window: OpenWindow, page: Page): Promise<News> {
  const { revisions, gone, listed } = await listedRevisions(
    deps.db,
    held.name,
    page.found.map(({ key }) => key),
  );
  const room = (held.documentsMax ?? Number.POSITIVE_INFINITY) - listed;
  const unknown = page.found.filter(({ key }) => !revisions.has(key));
  const taken = new Set(unknown.slice(0, Math.max(0, room)));
  const fresh = [...taken];
  const changed = page.found.filter(({ key, revision }) => {
    const before = revisions.get(key);
    return before !== undefined && (gone.has(key) || revisionChanges(before, revision));
  });
  const kept = new Set([...fresh, ...changed]);
  // What is listed again was taken for gone, under whatever revision.
  const entered = [...kept].map((found) =>
    gone.has(found.key) ? { ...found, revision: `${found.revision}, back in run ${held.run}` } : found,
  );
  return {
    listed: page.found
      .filter((found) => kept.has(found) || revisions.has(found.key))
      .map((found) => ({ ...found, revision: revisionKept(revisions.get(found.key) ?? null, found.revision) })),
    fresh: fresh.length,
    changed: changed.length,
    entries: await entriesOf(deps.first, held, entered),
    full: window.by === 'entry' && unknown.length > taken.size,
  };
}

/** Statements that bring documents to their first stage: with their bytes where the listing carried them. */
async function entriesOf(first: Stage, held: Held, news: readonly Found[]): Promise<readonly Statement[]> {
  const whole = await Promise.all(
    news.flatMap(({ key, document }) =>
      document === undefined
        ? []
        : [
            sha256Hex(document.bytes).then((sha256) => ({
              key,
              source: held.kind,
              format: document.format,
              raw: document.bytes,
              sha256,
              locator: document.locator,
              validators: document.validators,
            })),
          ],
    ),
  );
  const named = news.flatMap(({ key, revision, document }) => (document === undefined ? [{ key, revision }] : []));
  return [...(await acceptStatements(first, whole)), ...enterToRetrieve(first, held.kind, named)];
}

/** Statements that have documents retrieved; under a revision that was entered before, nothing happens. */
const enterToRetrieve = (
  first: Stage,
  source: SourceKind,
  documents: readonly { readonly key: string; readonly revision: string }[],
): readonly Statement[] =>
  documents.length === 0
    ? []
    : enterStatements(
        first,
        documents.map(({ key, revision }) => ({ kind: 'document', key, source, contentHash: toRetrieve(revision) })),
      );

/** The last act of a run: what a sweep missed is asked for once more, unless so much is missing that something else must be wrong. */
async function finishRun(deps: DiscoveryDeps, held: Held): Promise<void> {
  const swept = await sweepOf(deps.db, held);
  if (swept === null) return endRun(deps.db, held, []);
  const { missing } = swept;
  const verdict = mayWithdraw({
    held: swept.held,
    missing: missing.length,
    allowedUntilMs: held.shrinkAllowedMs,
    nowMs: held.nowMs,
  });
  if (!verdict.allowed) throw new ShrinkError(held.name, verdict.reason);
  const revision = `missed by run ${held.run}`;
  await endRun(deps.db, held, [
    missingStatement(held, missing),
    ...enterToRetrieve(
      deps.first,
      held.kind,
      missing.map((key) => ({ key, revision })),
    ),
  ]);
}

/** So much is missing at once that the listing is more likely wrong than the documents gone. */
class ShrinkError extends StageError {
  override readonly name = 'ShrinkError';
  readonly disposition = 'dead';
  readonly errorClass = 'permanent';
  constructor(name: string, reason: string) {
    super(`${reason}; nothing was withdrawn. If they are really gone: anamnesis sources allow-shrink ${name}`);
  }
}
