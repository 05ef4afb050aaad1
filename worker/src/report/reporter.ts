import { hostname } from 'node:os';
import type { QueuedJob } from '../protocol/job.ts';
import { describeSource } from '../protocol/source-location.ts';
import type { JobState } from '../protocol/status.ts';
import type { ReportContext, Sink } from './sink.ts';
import { advance, type RunningChange, type Transition, updateRunning } from './transitions.ts';

/** Tells every sink about jobs. */
export interface Reporter {
  /** A job from the queue; its state is `queued` until it is moved on. */
  open(job: ReportedJob, facts: JobFacts): JobReport;
  /** A running job that this worker helps with. Nothing is told until it is this worker's turn to speak. */
  join(job: ReportedJob, told: JobState): JobReport;
  /** Finishes what the sinks still have to say, within the time. */
  close(withinMs: number): Promise<void>;
}

/** A job, or as much as could be read of a message that was to be one. */
export type ReportedJob = Pick<QueuedJob, 'id' | 'source' | 'title' | 'metadata' | 'options' | 'requestId'>;

export interface JobFacts {
  attempt: number;
  maxAttempts: number;
  queuedAt: Date;
  /** Where the job stands already: a film that is published is named until another one takes its place. */
  earlier?: Pick<JobState, 'film'> | undefined;
}

export interface JobReport {
  state(): JobState;
  /** Cheap: may be called for every frame. Progress never goes back. */
  update(change: RunningChange): void;
  /** Waits until status file and database have it, but no longer than `withinMs`. */
  move(transition: Transition, withinMs?: number): Promise<void>;
  /**
   * Whether progress is told by this worker; of several with one job, one does. True at first for who opened the job.
   * Resolves, when switched off, after what was said has been written, or a few seconds later.
   */
  speak(on: boolean): Promise<void>;
  speaks(): boolean;
  /** Others go on with the job: that this worker gives it up for now is no news. */
  othersGoOn(): void;
  /** The job is someone else's by now: says nothing more about it. */
  abandon(): void;
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
    open: (job, facts) => openReport(job, queuedState(job, facts, clock()), { ...shared, speaking: true }),
    join: (job, told) => openReport(job, joined(job, told), { ...shared, speaking: false }),
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
  speaking: boolean;
}

function openReport(job: ReportedJob, first: JobState, setting: ReportSetting): JobReport {
  const { sinks, clock, intervalMs } = setting;
  const webhookUrl = job.options?.webhook;
  const context: ReportContext = {
    requestId: job.requestId,
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
  };
  let state = first;
  let { speaking } = setting;
  let left = false;
  let timer: NodeJS.Timeout | undefined;
  let abandoned = false;

  const stopTimer = () => {
    clearTimeout(timer);
    timer = undefined;
  };

  /**
   * Not in the timer itself: when the whole process has stood still, others that are due must run first, for one of them
   * finds that the job was given to another worker meanwhile.
   */
  const tellProgress = () => {
    timer = undefined;
    if (abandoned || !speaking || state.state !== 'running') return;
    for (const sink of sinks) sink.progress?.(state);
  };

  const flush = async (withinMs: number) => {
    const signal = AbortSignal.timeout(withinMs);
    await Promise.all(sinks.map((sink) => sink.flush?.(job.id, signal)));
  };

  return {
    state: () => state,
    update(change) {
      state = updateRunning(state, change, clock());
      if (abandoned || !speaking || timer !== undefined || state.state !== 'running') return;
      timer = setTimeout(() => setImmediate(tellProgress), intervalMs);
    },
    async move(transition, withinMs = defaultFlushMs) {
      stopTimer();
      if (abandoned || (left && isPause(transition))) return;
      state = advance(state, transition, clock());
      for (const sink of sinks) sink.transition(state, context);
      if (transition.to === 'running') return;
      await flush(withinMs);
    },
    async speak(on) {
      const before = speaking;
      speaking = on;
      if (on || !before) return;
      stopTimer();
      await flush(defaultFlushMs);
    },
    speaks: () => speaking,
    othersGoOn() {
      left = true;
    },
    abandon() {
      stopTimer();
      abandoned = true;
      for (const sink of sinks) sink.abandon?.(job.id);
    },
  };
}

function isPause({ to }: Transition): boolean {
  return to === 'queued' || to === 'retrying';
}

/** What was told is read from status.json, which may leave the metadata out. */
function joined({ metadata }: ReportedJob, told: JobState): JobState {
  return metadata === undefined ? told : { ...told, metadata };
}

export function queuedState(job: ReportedJob, facts: JobFacts, now: Date): JobState {
  return {
    id: job.id,
    source: describeSource(job.source),
    ...(job.title === undefined ? {} : { title: job.title }),
    ...(job.metadata === undefined ? {} : { metadata: job.metadata }),
    ...(facts.earlier?.film === undefined ? {} : { film: facts.earlier.film }),
    state: 'queued',
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
