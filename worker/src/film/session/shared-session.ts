import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { failureKind } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Part, Plan } from '../../plan/plan.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import { leaseSchema } from '../../protocol/lease.ts';
import type { PartRecord } from '../../protocol/part-record.ts';
import type { JobState } from '../../protocol/status.ts';
import type { JobReport } from '../../report/reporter.ts';
import { eachLimited } from '../../storage/limited.ts';
import { readJson } from '../../storage/read-json.ts';
import type { Store } from '../../storage/store.ts';
import { type Choice, choosePart } from './choose.ts';
import type { FilmProgress } from './film-progress.ts';
import { HeldLeases } from './held-leases.ts';
import type { Invocation } from './invocation.ts';
import { FilmLooks, type Look } from './looks.ts';
import type { MadeSegments } from './made-segments.ts';
import { type AssemblyClaim, type FilmSession, writeRecord } from './session.ts';
import { StatusReporter } from './status-reporter.ts';
import { type FilmView, liveLeases, partsMissing, partsReady } from './view.ts';

export interface SharedSessionOptions {
  plan: Plan;
  folder: PlanFolder;
  output: Store;
  /** Names this run of the worker. */
  owner: string;
  /** Of the message that this worker holds; the same through its retries. */
  messageId: string;
  /** The message may have been handed out before. */
  isRepeat: boolean;
  /** Another worker stays until the film is committed: this one's trouble is not the job's. */
  isAttended?: boolean;
  /** A lease that was not renewed for this long is a lost worker's. */
  leaseSeconds: number;
  progress: FilmProgress;
  /** Of a film that is played early. */
  early?: SessionEarly | undefined;
  report: JobReport;
  /** The job's state as any worker reported it last. */
  readStatus: () => Promise<JobState | undefined>;
  log: Logger;
  signal: AbortSignal;
  random?: () => number;
}

/** What a session does for early play. */
export interface SessionEarly {
  made: Pick<MadeSegments, 'of'>;
  /** By the worker that reports: says that players can begin, where that is so. */
  announce: () => Promise<void>;
}

/** A look that is younger is used again for a part of another kind. */
const sameLookMs = 1000;

const readsAtOnce = 16;

/** Looks in the time of a lease, by a worker that only waits. */
const waitingLooksPerLease = 8;
const maxWaitingSeconds = 2;

/** A process does not stand still so often one after the other: it is storage that takes its time. */
const maxSlowLooks = 2;

/** A stop must not wait longer for the leases to go; they become stale by themselves. */
const leaveMs = 2000;

/** One of several workers on a film. They know of each other by leases and records in the output bucket alone. */
export class SharedSession implements FilmSession {
  readonly isShared = true;
  readonly #options: SharedSessionOptions;
  readonly #looks: FilmLooks;
  readonly #leases: HeldLeases;
  readonly #status: StatusReporter;
  readonly #begun = new Set<number>();
  /** Parts that this worker has recorded. */
  readonly #recorded = new Set<number>();
  /** Parts whose leases an earlier run of this message has left for this one. */
  #kept: ReadonlySet<number> = new Set();
  readonly #reserved: Part[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #assemblyLost = new AbortController();
  readonly #release = () => void this.#releaseAll();

  constructor(options: SharedSessionOptions) {
    this.#options = options;
    const { folder, progress, early, signal } = options;
    this.#looks = new FilmLooks(options);
    this.#leases = new HeldLeases({
      ...options,
      progressOf: (key) => {
        const part = folder.readPartKey(key)?.part;
        if (part === undefined) return undefined;
        const made = early && { made: early.made.of(part) };
        return { ...progress.ofPart(part), ...made };
      },
      onLost: (key) => this.#lost(key),
    });
    this.#status = new StatusReporter({
      ...options,
      announceEarly: early?.announce,
      leases: this.#leases,
      look: async () => (await this.#looks.now()).view,
    });
    // At once, not when the work has ended: others take its parts up.
    signal.addEventListener('abort', this.#release, { once: true });
  }

  /** Begins with this part, if no other worker has: one write, and no look at the film. */
  async reserve(part: Part): Promise<boolean> {
    const { folder, signal } = this.#options;
    if (!(await this.#leases.acquire(folder.partLease(part.index), undefined, signal))) return false;
    this.#begin(part);
    this.#reserved.push(part);
    return true;
  }

  /**
   * Looks at who is on the film, and takes up what an earlier run of this message has kept.
   * @param request where the message is a part request: while its part is another's and there is room, no more is read
   * @returns undefined where another run holds this very message, or did so until just before
   */
  async enter(request?: {
    width: number;
    firstPart: number | undefined;
  }): Promise<{ view: FilmView; workers: number } | undefined> {
    const { plan, messageId, isRepeat } = this.#options;
    const { view } = await this.#looks.now();
    const live = liveLeases(plan, view);
    const hasRoom = request !== undefined && !isRepeat && live.length < request.width;
    const read = hasRoom ? live.filter(({ part }) => part.index === request.firstPart) : live;
    const keys = read.map(({ part, lease }) => ({ part: part.index, key: lease.key }));
    if (view.assembly?.isLive) keys.push({ part: -1, key: view.assembly.key });
    const found = await this.#readLeases(keys);
    const mine = found.filter(({ lease }) => lease.messageId === messageId);
    if (mine.some(({ lease }) => !lease.kept)) return undefined;
    this.#kept = new Set(mine.map(({ part }) => part));
    const owners = new Set(found.flatMap(({ lease }) => (lease.kept ? [] : [lease.owner])));
    return { view, workers: owners.size };
  }

  async next(kind: Part['kind']): Promise<Part | undefined> {
    if (this.hasReserved(kind)) return this.#takeReserved(kind);
    return this.#inTurn(async () => {
      // Taken up meanwhile.
      if (this.hasReserved(kind)) return this.#takeReserved(kind);
      // A worker that began with a reserved part has not looked yet; the planner has the audio.
      if (kind !== 'video' && this.#looks.last === undefined) return undefined;
      return this.#choose(kind);
    });
  }

  takeLost(part: Part): Promise<boolean> {
    return this.#inTurn(async () => {
      const { index } = part;
      const look = await this.#looks.now();
      const lease = look.view.leases.get(index);
      const isReady = partsReady(this.#options.plan, look.view).some((ready) => ready.index === index);
      if (!isReady || lease?.isLive || this.#begun.has(index)) return false;
      if ((await this.#acquirePart({ part, staleEtag: lease?.etag }, look)) !== 'held') return false;
      this.#reserved.push(part);
      return true;
    });
  }

  hasReserved(kind: Part['kind']): boolean {
    return this.#reserved.some((part) => part.kind === kind);
  }

  async drop(part: Part): Promise<void> {
    const { folder, log } = this.#options;
    this.#begun.delete(part.index);
    this.#status.dropped(part);
    await this.#leases
      .release(folder.partLease(part.index), AbortSignal.timeout(leaveMs))
      .catch((error: unknown) => log.warn({ err: error, part: part.index }, 'could not give a part back'));
  }

  async record(part: Part, record: PartRecord, signal: AbortSignal): Promise<void> {
    const { output, folder, plan } = this.#options;
    await this.#status.recording(part);
    await writeRecord(output, folder, plan, { part, record, signal });
    this.#recorded.add(part.index);
    this.#leases.drop(folder.partLease(part.index));
    // The audio may be begun now.
    if (part.kind === 'loudness') await this.#looks.now();
  }

  claimAssembly(): Promise<AssemblyClaim | undefined> {
    const { folder, signal } = this.#options;
    const key = folder.assemblyLease;
    return this.#inTurn(async () => {
      if (!(await this.#looks.isAllRecorded())) return undefined;
      this.#assemblyLost = new AbortController();
      if (!(await this.#acquireAssembly())) return undefined;
      // Another worker may have refused the film meanwhile and have removed what was published of it.
      if (!(await this.#looks.isAllRecorded())) {
        await this.#leases.release(key, AbortSignal.timeout(leaveMs));
        return undefined;
      }
      const { signal: lost } = this.#assemblyLost;
      const assertHeld = async () => {
        if (!(await this.#leases.stillHolds(key, signal))) this.#lost(key);
        lost.throwIfAborted();
      };
      return { lost, assertHeld };
    });
  }

  async awaitPeers(invocation: Invocation | undefined): Promise<'parts' | 'commit' | 'outOfTime'> {
    const { plan, leaseSeconds, signal } = this.#options;
    const pauseSeconds = Math.min(maxWaitingSeconds, leaseSeconds / waitingLooksPerLease);
    for (;;) {
      const { view } = await this.#looks.now();
      const missing = partsMissing(plan, view);
      // Whoever was to join the parts has thrown away what did not fit.
      for (const { index } of missing) if (this.#recorded.delete(index)) this.#begun.delete(index);
      const isFree = partsReady(plan, view).some(
        ({ index }) => !this.#begun.has(index) && !view.leases.get(index)?.isLive,
      );
      if (isFree && invocation?.mayBegin() === false) return 'outOfTime';
      if (isFree) return 'parts';
      if (missing.length === 0 && !view.assembly?.isLive) return 'commit';
      if (invocation?.mayWait(2 * pauseSeconds) === false) return 'outOfTime';
      await sleep(pauseSeconds * 1000, undefined, { signal });
    }
  }

  async leavePublished(): Promise<void> {
    await this.#leases.removeDropped(AbortSignal.timeout(leaveMs)).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'could not remove leases of a published film');
    });
  }

  async fail(error: unknown): Promise<void> {
    const { folder, isAttended = false, report, log, signal } = this.#options;
    const late = AbortSignal.timeout(leaveMs);
    try {
      if (failureKind(error) === 'trouble' && !signal.aborted) {
        const leases = [...this.#begun].map((part) => folder.partLease(part));
        await Promise.all(leases.map((key) => this.#leases.keep(key, late)));
      }
      await this.#releaseAll();
      const hasPeers = isAttended || (await this.#hasPeers(late));
      await report.setReporting(hasPeers ? 'silent' : 'reporting');
    } catch (failure) {
      log.warn({ err: failure }, 'could not leave the film in order; its leases become stale by themselves');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#release);
    await this.#releaseAll();
  }

  async #takeReserved(kind: Part['kind']): Promise<Part | undefined> {
    const at = this.#reserved.findIndex((part) => part.kind === kind);
    const [reserved] = this.#reserved.splice(at, 1);
    // The planner has looked.
    if (this.#looks.last !== undefined) await this.#status.consider(this.#looks.last.view);
    return reserved;
  }

  async #choose(kind: Part['kind']): Promise<Part | undefined> {
    const { plan, random = Math.random } = this.#options;
    const { last } = this.#looks;
    const isFresh = last !== undefined && performance.now() - last.atMs < sameLookMs;
    let look = isFresh ? last : await this.#looks.now();
    const taken = new Set<number>();
    for (let slowLooks = 0; ; ) {
      const inOrder = this.#options.early !== undefined;
      const chooser = { begun: this.#begun, kept: this.#kept, taken, inOrder, random };
      const choice = choosePart(plan, kind, look.view, chooser);
      if (choice === undefined) return undefined;
      const acquired = await this.#acquirePart(choice, look, slowLooks === maxSlowLooks);
      if (acquired === 'taken') taken.add(choice.part.index);
      else if (acquired === 'outdated') {
        slowLooks += 1;
        look = await this.#looks.now();
      } else {
        await this.#status.consider(look.view);
        return choice.part;
      }
    }
  }

  /** @returns `outdated` where this process stood still: the part may be recorded by now, and the film published */
  async #acquirePart(
    { part, staleEtag }: Choice,
    look: Look,
    isStorageSlow = false,
  ): Promise<'held' | 'taken' | 'outdated'> {
    const { folder, signal } = this.#options;
    const key = folder.partLease(part.index);
    if (!(await this.#leases.acquire(key, staleEtag, signal))) return 'taken';
    if (!isStorageSlow && this.#looks.isOutdated(look)) {
      await this.#leases.release(key, signal);
      return 'outdated';
    }
    this.#begin(part);
    return 'held';
  }

  #lost(key: string): void {
    this.#status.lost(key);
    if (key === this.#options.folder.assemblyLease)
      this.#assemblyLost.abort(new Error('Another worker has taken over the playlists of this film.'));
  }

  #begin(part: Part): void {
    this.#begun.add(part.index);
    this.#status.begun(part);
  }

  async #acquireAssembly(): Promise<boolean> {
    const { folder, signal } = this.#options;
    const key = folder.assemblyLease;
    if (await this.#leases.acquire(key, undefined, signal)) return true;
    const { assembly } = (await this.#looks.now()).view;
    if (assembly?.isLive) return false;
    return this.#leases.acquire(key, assembly?.etag, signal);
  }

  /** Whether other workers go on with the film. */
  async #hasPeers(signal: AbortSignal): Promise<boolean> {
    const { plan, output, messageId } = this.#options;
    const { view } = await this.#looks.now(signal);
    if (view.assembly?.isLive) return true;
    // One after the other: mostly the first is another worker's.
    for (const { lease } of liveLeases(plan, view)) {
      const found = await readJson(output, lease.key, leaseSchema, signal);
      if (found !== undefined && !found.kept && found.messageId !== messageId) return true;
    }
    return false;
  }

  async #readLeases(keys: readonly { part: number; key: string }[]) {
    const { output, signal } = this.#options;
    const found: { part: number; lease: z.infer<typeof leaseSchema> }[] = [];
    await eachLimited(keys, readsAtOnce, async ({ part, key }) => {
      const lease = await readJson(output, key, leaseSchema, signal);
      if (lease !== undefined) found.push({ part, lease });
    });
    return found;
  }

  async #releaseAll(): Promise<void> {
    this.#status.stop();
    await this.#leases.releaseAll(AbortSignal.timeout(leaveMs)).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'could not release all leases; they become stale by themselves');
    });
  }

  /** One after the other, so that a part is not chosen twice here. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }
}
