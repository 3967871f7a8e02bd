import { FaissProcessError, FaissUnavailableError } from './errors.ts';
import { ChildExitError, ChildTimeoutError, type FaissProcess, REMEDY, spawnFaiss } from './process.ts';
import type { ChildRequest } from './protocol.ts';
import { restartDelayMs } from './restart.ts';
import type { FaissSettings, FaissState } from './settings.ts';

type Job = {
  readonly request: ChildRequest;
  readonly deadlineMs: number;
  crashes: number;
  readonly done: (value: unknown) => void;
  readonly fail: (error: Error) => void;
};

/** A request that has taken the process down twice is not tried a third time. */
const CRASHES_PER_JOB_MAX = 2;

const closedError = (): FaissUnavailableError => new FaissUnavailableError('closed', 'Start the service again.');

/**
 * Keeps one process running. One loop (`#drive`) takes requests in order and sends one at a time: so a crash is always
 * blamed on the right request, and the process is replaced in one place only.
 */
export class Supervisor {
  readonly #settings: FaissSettings;
  /** Brings a new process to where the old one was, before it gets any request. */
  readonly #prepare: (process: FaissProcess) => Promise<void>;
  readonly #closing = new AbortController();
  #process: FaissProcess | null = null;
  #kind: FaissState['kind'] = 'starting';
  #reason: string | null = null;
  #queue: Job[] = [];
  #driving = false;
  #driven: Promise<void> = Promise.resolve();
  #starting: Promise<boolean> | null = null;
  #crashesAtMs: number[] = [];
  /** The process is gone by accident and not by plan. */
  #crashed = false;
  #answeredSinceStart = 0;
  #restarts = 0;
  #recycles = 0;

  constructor(settings: FaissSettings, prepare: (process: FaissProcess) => Promise<void>) {
    this.#settings = settings;
    this.#prepare = prepare;
  }

  state(): Pick<FaissState, 'kind' | 'reason' | 'restarts' | 'recycles' | 'pid'> {
    return {
      kind: this.#kind,
      reason: this.#reason,
      restarts: this.#restarts,
      recycles: this.#recycles,
      pid: this.#process?.pid ?? null,
    };
  }

  get waiting(): number {
    return this.#queue.length;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** @throws FaissUnavailableError after it has given up or was closed */
  refuseIfDown(): void {
    if (this.#kind === 'unavailable') throw new FaissUnavailableError(this.#reason ?? 'stopped', REMEDY);
  }

  /** A first start, or one more try after it has given up; otherwise nothing happens. */
  async start(): Promise<void> {
    if (this.#process === null && !this.#closed) await this.#bringUp();
  }

  /** Puts a request in line. `note` runs the moment it is answered, before anything else can happen to the process. */
  ask(request: ChildRequest, deadlineMs: number, note: () => void = () => {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.refuseIfDown();
      const done = (value: unknown): void => {
        note();
        resolve(value);
      };
      this.#queue.push({ request, deadlineMs, crashes: 0, done, fail: reject });
      this.#wake();
    });
  }

  /** Rejects what waits for a slot that will not come back. */
  rejectSlot(slot: number, error: Error): void {
    const own = (job: Job): boolean => 'slot' in job.request && job.request.slot === slot;
    for (const job of this.#queue.filter(own)) job.fail(error);
    this.#queue = this.#queue.filter((job) => !own(job));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#kind = 'unavailable';
    this.#reason = 'closed';
    this.#failAll(closedError());
    const process = this.#process;
    this.#process = null;
    await process?.stop();
    await this.#starting;
    await this.#driven;
  }

  #failAll(error: Error): void {
    for (const job of this.#queue.splice(0)) job.fail(error);
  }

  #wake(): void {
    if (!this.#driving) this.#driven = this.#drive();
  }

  async #drive(): Promise<void> {
    this.#driving = true;
    try {
      while (!this.#closed) {
        const process = this.#process;
        if (process === null) {
          if (!(await this.#bringUp())) return;
        } else if (this.#answeredSinceStart >= this.#settings.recycleAfterSearches) {
          await this.#recycle(process);
        } else {
          // Nothing may be awaited between finding the line empty and leaving: a request put in then would wait for ever.
          const job = this.#queue.shift();
          if (job === undefined) return;
          await this.#answer(process, job);
        }
      }
    } finally {
      this.#driving = false;
    }
  }

  async #answer(process: FaissProcess, job: Job): Promise<void> {
    try {
      const value = await process.request(job.request, job.deadlineMs);
      if (job.request.kind === 'search') this.#answeredSinceStart += 1;
      job.done(value);
    } catch (error) {
      if (!(error instanceof ChildExitError || error instanceof ChildTimeoutError)) {
        job.fail(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      this.#lost(process, error.message);
      job.crashes += 1;
      if (this.#closed) {
        job.fail(closedError());
      } else if (error instanceof ChildTimeoutError || job.crashes >= CRASHES_PER_JOB_MAX) {
        job.fail(new FaissProcessError(`${job.request.kind}: ${error.message}`));
      } else this.#queue.unshift(job);
    }
  }

  /** Between two requests, so nothing is in flight. Stopped first: two copies of a large release may not fit. */
  async #recycle(process: FaissProcess): Promise<void> {
    this.#process = null;
    this.#kind = 'starting';
    this.#answeredSinceStart = 0;
    this.#recycles += 1;
    await process.stop();
    this.#settings.onEvent({ kind: 'recycled' });
  }

  #lost(process: FaissProcess, reason: string): void {
    if (this.#process !== process) return;
    this.#process = null;
    this.#kind = 'starting';
    this.#noteCrash(reason);
  }

  #noteCrash(reason: string): void {
    const { nowMs, onEvent, restart } = this.#settings;
    this.#crashed = true;
    this.#reason = reason;
    this.#crashesAtMs = [...this.#crashesAtMs, nowMs()].slice(-(restart.crashesMax + 1));
    onEvent({ kind: 'crashed', reason });
  }

  /** Starts a process and loads what must be open; false when it is not to be had. Callers share one start. */
  #bringUp(): Promise<boolean> {
    this.#starting ??= this.#tryUntilUp().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #tryUntilUp(): Promise<boolean> {
    this.#kind = 'starting';
    while (!this.#closed) {
      if (this.#crashed && !(await this.#backOff())) return false;
      try {
        await this.#startAndReload();
        return !this.#closed;
      } catch (error) {
        if (error instanceof FaissUnavailableError) return this.#giveUp(error);
        this.#noteCrash(error instanceof Error ? error.message : String(error));
      }
    }
    return false;
  }

  /** Waits before a restart; false when there have been too many. */
  async #backOff(): Promise<boolean> {
    const { nowMs, restart, sleep } = this.#settings;
    const delayMs = restartDelayMs(this.#crashesAtMs, nowMs(), restart);
    if (delayMs === null) {
      const often = `it crashed more than ${restart.crashesMax} times in ${restart.windowMs / 1000} s`;
      return this.#giveUp(new FaissUnavailableError(`${often}; last: ${this.#reason}`, REMEDY));
    }
    if (delayMs > 0) await sleep(delayMs, this.#closing.signal).catch(() => {});
    this.#restarts += 1;
    return !this.#closed;
  }

  #giveUp(error: FaissUnavailableError): false {
    if (this.#closed) return false;
    this.#crashed = false;
    this.#crashesAtMs = [];
    this.#kind = 'unavailable';
    this.#reason = error.reason;
    this.#failAll(error);
    this.#settings.onEvent({ kind: 'unavailable', reason: error.reason });
    return false;
  }

  async #startAndReload(): Promise<void> {
    const process = await spawnFaiss(this.#settings);
    this.#settings.onEvent({ kind: 'started', role: 'serve', pid: process.pid });
    try {
      if (!this.#closed) await this.#prepare(process);
    } catch (error) {
      await process.stop();
      throw error;
    }
    if (this.#closed) return process.stop();
    this.#process = process;
    this.#answeredSinceStart = 0;
    this.#crashed = false;
    this.#kind = 'ready';
    this.#reason = null;
    void process.exited.then((how) => {
      this.#lost(process, how);
      this.#wake();
    });
  }
}
