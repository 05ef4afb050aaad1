import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import type { Part, Plan } from '../../plan/plan.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import { leaseSchema } from '../../protocol/lease.ts';
import { partRecordSchema } from '../../protocol/part-record.ts';
import type { JobState } from '../../protocol/status.ts';
import type { JobReport } from '../../report/reporter.ts';
import { readJson } from '../../storage/read-json.ts';
import type { Store } from '../../storage/store.ts';
import type { FilmProgress } from './film-progress.ts';
import type { HeldLeases } from './held-leases.ts';
import { type FilmView, liveLeases } from './view.ts';

/** Objects of other workers that are read in one look at their progress, so that it costs the same for 500 workers. */
const readsPerLook = 16;

/** Looks in the time of a lease: one every 10 s with leases of a minute. */
const looksPerLease = 6;

interface StatusReporterOptions {
  plan: Plan;
  folder: PlanFolder;
  output: Store;
  leaseSeconds: number;
  progress: FilmProgress;
  report: JobReport;
  leases: HeldLeases;
  look: () => Promise<FilmView>;
  /** See `SessionEarly`. */
  announceEarly?: (() => Promise<void>) | undefined;
  /** The job's state as any worker reported it last. */
  readStatus: () => Promise<JobState | undefined>;
  log: Logger;
  signal: AbortSignal;
}

/**
 * Reports a shared film's progress while this worker holds the status lease, and only while it has a part in hand that is
 * not recorded yet. So no worker reports "running" when the film may have been published, for its parts are not all there.
 */
export class StatusReporter {
  readonly #options: StatusReporterOptions;
  readonly #unrecorded = new Set<number>();
  #watch: AbortController | undefined;
  /** What was read of each key, and in which look. */
  readonly #read = new Map<string, { etag: string; look: number }>();
  #looks = 0;

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  begun({ index }: Part): void {
    this.#unrecorded.add(index);
  }

  /** After a look: takes the status lease where no worker that lives has it. */
  async consider({ status }: FilmView): Promise<void> {
    const { leases, folder, report, readStatus, log, signal } = this.#options;
    const key = folder.statusLease;
    if (this.#unrecorded.size === 0 || leases.holds(key) || status?.isLive) return;
    // With hundreds of workers a storage that limits writes to a key may refuse this one for as long as it is tried: another worker
    // reports then, or this one after its next look.
    const isHeld = await leases.acquire(key, status?.etag, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      log.warn({ err: error }, 'could not take the status lease');
      return false;
    });
    if (!isHeld) return;
    // What was reported before is not taken back.
    const reported = await readStatus();
    const { early } = reported ?? {};
    if (reported?.progress !== undefined) {
      // Of another time, and of a worker that may be lost.
      const { playableInSeconds, ...progress } = reported.progress;
      report.update({ progress, sequence: reported.sequence, early });
    }
    // The part may have been recorded, or the lease lost, meanwhile.
    if (this.#unrecorded.size === 0) await leases.release(key, signal);
    if (!leases.holds(key)) return;
    await report.setReporting('reporting');
    this.#watch = new AbortController();
    this.#watchPeers(this.#watch.signal).catch(() => {});
  }

  /** Before a part's record is written: with the last of them this worker says nothing more of progress. */
  async recording({ index }: Part): Promise<void> {
    const { leases, folder, report, signal } = this.#options;
    this.#unrecorded.delete(index);
    if (this.#unrecorded.size > 0 || !leases.holds(folder.statusLease)) return;
    this.stop();
    await report.setReporting('silent');
    await leases.release(folder.statusLease, signal);
  }

  /** The part is given back, as this worker makes another one first. */
  dropped({ index }: Part): void {
    this.#unrecorded.delete(index);
  }

  lost(key: string): void {
    if (key !== this.#options.folder.statusLease) return;
    this.stop();
    void this.#options.report.setReporting('silent');
  }

  stop(): void {
    this.#watch?.abort();
  }

  async #watchPeers(stopped: AbortSignal): Promise<void> {
    const { leaseSeconds, look, announceEarly, report, progress, log, signal } = this.#options;
    const either = AbortSignal.any([stopped, signal]);
    for (;;) {
      await sleep((leaseSeconds * 1000) / looksPerLease, undefined, { ref: false, signal: either });
      try {
        await this.#readPeers(await look());
        if (!either.aborted) report.update({ progress: progress.now() });
        await announceEarly?.();
      } catch (error) {
        if (!either.aborted) log.warn({ err: error }, 'could not read the progress of the other workers');
      }
    }
  }

  /** Reads what is new since the last look: leases that were renewed, and records, as many as one look may cost. */
  async #readPeers(view: FilmView): Promise<void> {
    const { plan, folder, progress, leases } = this.#options;
    progress.mergeRecorded(view.recorded);
    const live = liveLeases(plan, view).filter(({ part }) => !leases.holds(folder.partLease(part.index)));
    const renewed = live
      .filter(({ lease }) => this.#read.get(lease.key)?.etag !== lease.etag)
      .map(({ part, lease }) => ({ part: part.index, key: lease.key, etag: lease.etag }));
    const records = [...view.recorded]
      .map((part) => ({ part, key: folder.record(part), etag: 'recorded' }))
      .filter(({ part, key }) => !progress.isOwn(part) && !this.#read.has(key));
    this.#looks += 1;
    const lookOf = ({ key }: { key: string }) => this.#read.get(key)?.look ?? 0;
    const longestAgo = [...renewed, ...records].sort((a, b) => lookOf(a) - lookOf(b));
    const next = longestAgo.slice(0, readsPerLook);
    await Promise.all(next.map((each) => this.#readPeer(each)));
    progress.setPeers(live.map(({ part }) => part.index));
  }

  async #readPeer({ part, key, etag }: { part: number; key: string; etag: string }): Promise<void> {
    const { output, progress, signal } = this.#options;
    this.#read.set(key, { etag, look: this.#looks });
    if (etag === 'recorded') {
      const record = await readJson(output, key, partRecordSchema, signal);
      if (record !== undefined) progress.mergeRecord(record);
      return;
    }
    const lease = await readJson(output, key, leaseSchema, signal);
    if (lease?.progress !== undefined) progress.mergePart(part, lease.progress);
  }
}
