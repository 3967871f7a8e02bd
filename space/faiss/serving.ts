import { DIMENSION } from '../../core/models/ports.ts';
import type { View } from '../../schema/vocabulary.ts';
import { sha256File } from '../store/sha256.ts';
import { FaissFileError, FaissProcessError, FaissRequestError } from './errors.ts';
import { ChildRefusal, type FaissProcess } from './process.ts';
import type { ChildRequest, SearchValue } from './protocol.ts';
import type { FaissFile, FaissSettings, FaissState } from './settings.ts';
import { Supervisor } from './supervisor.ts';

/** One opening of a release. `files` grows as they load, so that a restart in mid-open brings the first ones back. */
type OpenRelease = {
  readonly slot: number;
  readonly version: number;
  readonly rows: ReadonlyMap<View, number>;
  readonly files: FaissFile[];
  complete: boolean;
};
const EMPTY: SearchValue = { rows: new Int32Array(0), scores: new Float32Array(0) };

/** @throws FaissFileError unless the file's bytes are those of the manifest. */
async function checkFile(file: FaissFile): Promise<void> {
  const sha256 = await sha256File(file.path).catch((error: Error) => {
    throw new FaissFileError(file.path, error.message);
  });
  if (sha256 !== file.sha256) throw new FaissFileError(file.path, `its sha256 is ${sha256}, expected ${file.sha256}`);
}

/** Which releases are open: loads them, searches them, and brings them back into a new process. */
export class Serving {
  readonly #settings: FaissSettings;
  readonly #supervisor: Supervisor;
  #releases: OpenRelease[] = [];
  #opening: Promise<unknown> = Promise.resolve();
  #nextSlot = 1;
  #searches = 0;
  /** Releases that were open and whose files were found damaged when they had to be loaded again. */
  readonly #damaged = new Map<number, Error>();

  constructor(settings: FaissSettings) {
    this.#settings = settings;
    this.#supervisor = new Supervisor(settings, async (process) => {
      for (const release of [...this.#releases]) await this.#reload(process, release);
    });
  }

  start(): Promise<void> {
    return this.#supervisor.start();
  }

  close(): Promise<void> {
    return this.#supervisor.close();
  }

  state(): FaissState {
    const versions = this.#releases.filter((release) => release.complete).map((release) => release.version);
    return { ...this.#supervisor.state(), searches: this.#searches, versions };
  }

  /** Opens take turns; a failed one leaves what was open as it was. */
  open(version: number, files: readonly FaissFile[]): Promise<void> {
    const turn = this.#opening.then(() => this.#open(version, files));
    this.#opening = turn.catch(() => {});
    return turn;
  }

  async search(version: number, view: View, query: Float32Array, k: number): Promise<SearchValue> {
    this.#supervisor.refuseIfDown();
    const release = this.#releases.findLast((candidate) => candidate.complete && candidate.version === version);
    if (release === undefined) {
      throw this.#damaged.get(version) ?? new FaissRequestError(`release ${version} is not open in FAISS`);
    }
    const rows = release.rows.get(view);
    if (rows === undefined) throw new FaissRequestError(`release ${version} has no FAISS file for ${view}`);
    if (rows === 0) return EMPTY;
    if (this.#supervisor.waiting >= this.#settings.waitingMax) {
      throw new FaissProcessError(`${this.#supervisor.waiting} requests wait for FAISS already; try again later`);
    }
    const request = { kind: 'search', slot: release.slot, view, query, k: Math.min(k, rows) } as const;
    const value = (await this.#supervisor.ask(request, this.#settings.searchDeadlineMs)) as SearchValue;
    this.#searches += 1;
    return value;
  }

  async #open(version: number, files: readonly FaissFile[]): Promise<void> {
    // A new release may be what heals it, and somebody may have installed faiss-node: one fresh try for each open.
    await this.#supervisor.start();
    this.#supervisor.refuseIfDown();
    for (const file of files) await checkFile(file);
    this.#damaged.delete(version);
    const rows = new Map(files.map((file) => [file.view, file.rows]));
    const release: OpenRelease = { slot: this.#nextSlot++, version, rows, files: [], complete: false };
    this.#releases.push(release);
    try {
      // A file at a time, so that searches of the old release are answered in between.
      for (const file of files.filter((candidate) => candidate.rows > 0)) await this.#load(release, file);
    } catch (error) {
      this.#forget(release);
      throw error;
    }
    const damage = this.#damaged.get(version);
    if (damage !== undefined) throw damage;
    release.complete = true;
    const sameVersion = this.#releases.filter((other) => other !== release && other.version === version);
    const others = this.#releases.filter((other) => other.version !== version);
    // The release before stays for searches that have begun; the one before that has none left.
    for (const old of [...sameVersion, ...others.slice(0, -1)]) this.#forget(old);
  }

  async #load(release: OpenRelease, file: FaissFile): Promise<void> {
    const request = loadRequest(release, file);
    try {
      await this.#supervisor.ask(request, this.#settings.openDeadlineMs, () => release.files.push(file));
    } catch (error) {
      if (error instanceof ChildRefusal) throw new FaissFileError(file.path, error.message);
      throw error;
    }
  }

  #forget(release: OpenRelease): void {
    this.#releases = this.#releases.filter((other) => other !== release);
    // A process that is yet to start will not load it in the first place.
    if (this.#supervisor.state().pid === null) return;
    this.#supervisor.ask({ kind: 'drop', slot: release.slot }, this.#settings.openDeadlineMs).catch(() => {});
  }

  /** Hashes again before reading: a file that changed may be what brought the process down. */
  async #reload(process: FaissProcess, release: OpenRelease): Promise<void> {
    for (const file of release.files) {
      try {
        await checkFile(file);
        await process.request(loadRequest(release, file), this.#settings.openDeadlineMs);
      } catch (error) {
        if (!(error instanceof FaissFileError || error instanceof ChildRefusal)) throw error;
        this.#dropDamaged(release, error);
        return;
      }
    }
  }

  #dropDamaged(release: OpenRelease, error: Error): void {
    this.#releases = this.#releases.filter((other) => other !== release);
    this.#damaged.set(release.version, error);
    this.#supervisor.rejectSlot(release.slot, error);
    this.#settings.onEvent({ kind: 'dropped', version: release.version, reason: error.message });
  }
}

function loadRequest(release: OpenRelease, file: FaissFile): ChildRequest {
  const { view, path, rows } = file;
  return { kind: 'load', slot: release.slot, view, path, rows, dimension: DIMENSION };
}
