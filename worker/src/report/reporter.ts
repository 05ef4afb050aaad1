import { hostname } from 'node:os';
import { describeSources } from '../protocol/clips.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { nextSequence } from '../protocol/report.ts';
import { type JobState, keptOptions } from '../protocol/status.ts';
import type { ReportContext, Sink } from './sink.ts';
import { advance, type RunningChange, type Transition, updateRunning } from './transitions.ts';

/** Reports jobs to every sink. */
export interface Reporter {
  /** A job from the queue; its state is `queued` until it is moved on. */
  open(job: ReportedJob, facts: JobFacts): JobReport;
  /** A running job that this worker joins: silent at first. */
  join(job: ReportedJob, reported: JobState): JobReport;
  /** Finishes what the sinks still have to say, within the time. */
  close(withinMs: number): Promise<void>;
}

/** A job, or as much as could be read of a message that was to be one. */
export type ReportedJob = Pick<
  QueuedJob,
  'id' | 'source' | 'sources' | 'title' | 'metadata' | 'options' | 'requestId'
>;

export interface JobFacts {
  attempt: number;
  maxAttempts: number;
  queuedAt: Date;
  /** Where the job stands already: a film that is published is named until another one takes its place. */
  earlier?: Pick<JobState, 'film' | 'sequence' | 'options'> | undefined;
}

/**
 * What this worker says of its job. `reporting`: all. `silent`: only its end, for another worker reports progress, and that
 * this one pauses is not reported. `detached`: nothing, for the job is another worker's.
 */
export type Reporting = 'reporting' | 'silent' | 'detached';

export interface JobReport {
  state(): JobState;
  /** Cheap: may be called for every frame. Progress never goes back. */
  update(change: RunningChange): void;
  /** Each is said once. */
  addWarnings(warnings: readonly string[]): void;
  /** Waits until it is written and sent, but no longer than `withinMs`. */
  move(transition: Transition, withinMs?: number): Promise<void>;
  /** Reports an end again that another worker reported, in case it was lost in the middle of that. */
  confirmEnd(reported: JobState): void;
  /** Whether all changes of state are where they outlive this worker; false when the signal comes first. */
  secured(signal: AbortSignal): Promise<boolean>;
  reporting(): Reporting;
  /** Resolves, when this worker falls silent, after what it said has been written, or a few seconds later. */
  setReporting(to: Reporting): Promise<void>;
}

export interface ReporterOptions {
  sinks: readonly Sink[];
  clock?: () => Date;
  /** Between two reports of progress. */
  intervalMs?: number;
}

/** So long a job's end waits for its last state to be written: less than a stop waits for a job. */
const defaultFlushMs = 3000;

export function createReporter(options: ReporterOptions): Reporter {
  const { sinks, clock = () => new Date(), intervalMs = 2000 } = options;
  const shared = { sinks, clock, intervalMs };
  return {
    open: (job, facts) => new Report(job, queuedState(job, facts, clock()), 'reporting', shared),
    join: (job, reported) => new Report(job, joined(job, reported), 'silent', shared),
    async close(withinMs) {
      const signal = AbortSignal.timeout(withinMs);
      await Promise.all(sinks.map((sink) => sink.close?.(signal)));
    },
  };
}

interface ReportSetting {
  sinks: readonly Sink[];
  clock: () => Date;
  intervalMs: number;
}

/** R2 takes one write a second to a key. */
const leastMs = 1000;

/** A page looks ten times a second around the time at which a film is expected: it learns when that is another by more. */
const startShiftMs = 500;

class Report implements JobReport {
  readonly #jobId: string;
  readonly #context: ReportContext;
  readonly #setting: ReportSetting;
  #state: JobState;
  #reporting: Reporting;
  #timer: NodeJS.Timeout | undefined;
  /** By this process's steady clock: the last report, and when it expected that the film can be played. */
  #reported = { atMs: Number.NEGATIVE_INFINITY, startMs: Number.NaN };

  constructor(job: ReportedJob, state: JobState, reporting: Reporting, setting: ReportSetting) {
    const webhookUrl = job.options?.webhook;
    this.#jobId = job.id;
    this.#context = { requestId: job.requestId, ...(webhookUrl === undefined ? {} : { webhookUrl }) };
    this.#setting = setting;
    this.#state = state;
    this.#reporting = reporting;
  }

  state(): JobState {
    return this.#state;
  }

  reporting(): Reporting {
    return this.#reporting;
  }

  update(change: RunningChange): void {
    const { clock, intervalMs } = this.#setting;
    this.#state = updateRunning(this.#state, change, clock());
    if (!this.#reportsProgress()) return;
    const isNews = this.#expectsOtherStart();
    if (isNews) this.#stopTimer();
    else if (this.#timer !== undefined) return;
    const delayMs = isNews ? Math.max(0, this.#reported.atMs + leastMs - performance.now()) : intervalMs;
    this.#timer = setTimeout(() => setImmediate(() => this.#reportProgress()), delayMs);
  }

  addWarnings(warnings: readonly string[]): void {
    this.update({ warnings: [...new Set([...this.#state.warnings, ...warnings])] });
  }

  async move(transition: Transition, withinMs = defaultFlushMs): Promise<void> {
    this.#stopTimer();
    if (this.#reporting === 'detached' || (this.#reporting === 'silent' && isPause(transition))) return;
    const { sinks, clock } = this.#setting;
    const now = clock();
    this.#state = this.#numbered(advance(this.#state, transition, now), now);
    this.#noteReported();
    for (const sink of sinks) sink.transition(this.#state, this.#context);
    if (!goesOn(transition)) await this.#flush(withinMs);
  }

  confirmEnd(reported: JobState): void {
    const { metadata } = this.#state;
    const state = metadata === undefined ? reported : { ...reported, metadata };
    for (const sink of this.#setting.sinks) sink.confirmEnd?.(state, this.#context);
  }

  async secured(signal: AbortSignal): Promise<boolean> {
    const { sinks } = this.#setting;
    const all = await Promise.all(sinks.map((sink) => sink.secured?.(this.#jobId, signal) ?? true));
    return all.every(Boolean);
  }

  async setReporting(to: Reporting): Promise<void> {
    const before = this.#reporting;
    if (before === 'detached' || before === to) return;
    this.#reporting = to;
    if (to === 'reporting') return;
    this.#stopTimer();
    if (to === 'silent') return this.#flush(defaultFlushMs);
    for (const sink of this.#setting.sinks) sink.abandon?.(this.#jobId);
  }

  /**
   * Not in the timer itself: when the whole process has stood still, others that are due must run first, for one of them
   * finds that the job was given to another worker meanwhile.
   */
  #reportProgress(): void {
    this.#timer = undefined;
    if (!this.#reportsProgress()) return;
    const { sinks, clock } = this.#setting;
    this.#state = this.#numbered(this.#state, clock());
    this.#noteReported();
    for (const sink of sinks) sink.progress?.(this.#state, this.#context);
  }

  #noteReported(): void {
    this.#reported = { atMs: performance.now(), startMs: this.#startMs() };
  }

  /** When the film can be played; NaN where that isn't known. */
  #startMs(): number {
    return performance.now() + 1000 * (this.#state.progress?.playableInSeconds ?? Number.NaN);
  }

  /** Pages that wait for the film look at the job by that. In the last moment before it, what is reported is that it can be played. */
  #expectsOtherStart(): boolean {
    const startMs = this.#startMs();
    if (Number.isNaN(startMs) || startMs < performance.now() + leastMs) return false;
    const isFirst = Number.isNaN(this.#reported.startMs);
    return isFirst || Math.abs(startMs - this.#reported.startMs) > startShiftMs;
  }

  #numbered(state: JobState, now: Date): JobState {
    return { ...state, sequence: nextSequence(this.#state.sequence, now) };
  }

  #reportsProgress(): boolean {
    return this.#reporting === 'reporting' && this.#state.state === 'running';
  }

  async #flush(withinMs: number): Promise<void> {
    const signal = AbortSignal.timeout(withinMs);
    await Promise.all(this.#setting.sinks.map((sink) => sink.flush?.(this.#jobId, signal)));
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function isPause({ to }: Transition): boolean {
  return to === 'queued' || to === 'retrying';
}

/** The worker has more to do, and waits for nothing. */
function goesOn({ to }: Transition): boolean {
  return to === 'running' || to === 'playable';
}

/** The reported state is read from status.json, which may leave the metadata out. */
function joined({ metadata }: ReportedJob, reported: JobState): JobState {
  return metadata === undefined ? reported : { ...reported, metadata };
}

export function queuedState(job: ReportedJob, facts: JobFacts, now: Date): JobState {
  // Files are added to a film that stays as it was asked for.
  const options = job.options?.addToFilm ? facts.earlier?.options : keptOptions(job.options);
  return {
    id: job.id,
    ...describeSources(job),
    ...(job.title === undefined ? {} : { title: job.title }),
    ...(job.metadata === undefined ? {} : { metadata: job.metadata }),
    ...(job.options?.batch === undefined ? {} : { batch: job.options.batch }),
    ...(facts.earlier?.film === undefined ? {} : { film: facts.earlier.film }),
    ...(facts.earlier?.sequence === undefined ? {} : { sequence: facts.earlier.sequence }),
    state: 'queued',
    requestId: job.requestId,
    ...(options === undefined ? {} : { options }),
    attempt: facts.attempt,
    maxAttempts: facts.maxAttempts,
    warnings: [],
    timings: {},
    queuedAt: facts.queuedAt.toISOString(),
    updatedAt: now.toISOString(),
  };
}

/** Names this worker in reports. */
export const workerName = hostname();
