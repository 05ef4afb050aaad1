import type { EarlyFilm, Film, JobState, JobStateName, Progress } from '../protocol/status.ts';

/** A step of the one state machine: queued → running → succeeded | retrying | failed. */
export type Transition =
  | { to: 'running'; attempt: number; worker: string }
  /** Interrupted: back in the queue, at no cost. */
  | { to: 'queued' }
  | { to: 'retrying'; error: JobError }
  /** Players can begin, although the film is not whole. */
  | { to: 'playable'; early: EarlyFilm }
  /** The stream can be played; files are still being made. */
  | { to: 'published'; film: Film }
  | { to: 'succeeded'; film: Film }
  | { to: 'failed'; error: JobError };

export type JobError = NonNullable<JobState['error']>;

/** What may change while a job runs. */
export type RunningChange = Partial<
  Pick<
    JobState,
    'stage' | 'plan' | 'expected' | 'progress' | 'file' | 'warnings' | 'timings' | 'sequence' | 'early'
  >
>;

const next: Record<JobStateName, readonly Transition['to'][]> = {
  /** `failed` at once: a message that is not a job, or one that outlived too many workers. */
  queued: ['running', 'failed'],
  running: ['playable', 'published', 'succeeded', 'retrying', 'failed', 'queued'],
  retrying: ['running', 'failed'],
  /** Delivered again, asked for again, or redriven. */
  succeeded: ['running'],
  failed: ['running'],
};

/** @throws Error on a step that the machine does not have: a mistake in the caller */
export function advance(before: JobState, transition: Transition, now: Date): JobState {
  const state = withoutStart(before);
  if (!next[state.state].includes(transition.to)) {
    throw new Error(`Job ${state.id} can't go from ${state.state} to ${transition.to}.`);
  }
  const at = now.toISOString();
  if (transition.to === 'playable') return { ...state, early: transition.early, updatedAt: at };
  if (transition.to === 'published') {
    const { early, ...rest } = state;
    return { ...rest, stage: 'files', film: transition.film, updatedAt: at };
  }
  const moved = { ...state, state: transition.to, updatedAt: at };
  switch (transition.to) {
    case 'running': {
      const { error, finishedAt, stage, plan, early, progress, file, ...rest } = moved;
      const waitSeconds = secondsBetween(state.queuedAt, at);
      const { attempt, worker } = transition;
      return { ...rest, attempt, worker, startedAt: at, warnings: [], timings: { waitSeconds } };
    }
    case 'queued': {
      const { stage, progress, file, startedAt, worker, ...rest } = moved;
      return rest;
    }
    case 'retrying': {
      const { stage, file, ...rest } = moved;
      return { ...rest, error: transition.error };
    }
    case 'failed': {
      const { stage, plan, early, expected, file, ...rest } = moved;
      return { ...rest, ...ended(state, at), error: transition.error };
    }
    case 'succeeded': {
      const { stage, plan, early, expected, file, ...rest } = moved;
      return {
        ...rest,
        ...ended(state, at),
        film: transition.film,
        progress: { ...(state.progress ?? noProgress), percent: 100, etaSeconds: 0 },
      };
    }
  }
}

/** Whatever comes next, what was expected of the film's start is over. */
function withoutStart(state: JobState): JobState {
  if (state.progress === undefined) return state;
  const { playableInSeconds, ...progress } = state.progress;
  return { ...state, progress };
}

function ended(state: JobState, at: string): Pick<JobState, 'finishedAt' | 'timings'> {
  if (state.startedAt === undefined) return { finishedAt: at, timings: state.timings };
  const totalSeconds = secondsBetween(state.startedAt, at);
  return { finishedAt: at, timings: { ...state.timings, totalSeconds } };
}

const noProgress: Progress = { percent: 0, publishedBytes: 0, publishedSegments: 0, renditions: [] };

/** Nothing that was said is taken back, and 100 % is for the end alone. */
export function updateRunning(state: JobState, change: RunningChange, now: Date): JobState {
  if (state.state !== 'running') return state;
  return {
    ...state,
    ...(change.stage === undefined ? {} : { stage: change.stage }),
    ...(change.plan === undefined ? {} : { plan: change.plan }),
    ...(change.expected === undefined ? {} : { expected: change.expected }),
    ...(change.warnings === undefined ? {} : { warnings: change.warnings }),
    ...(change.progress === undefined ? {} : { progress: forward(state.progress, change.progress) }),
    ...(change.file === undefined ? {} : { file: change.file }),
    ...(change.early === undefined ? {} : { early: change.early }),
    ...(change.sequence === undefined ? {} : { sequence: Math.max(state.sequence ?? 0, change.sequence) }),
    timings: { ...state.timings, ...change.timings },
    updatedAt: now.toISOString(),
  };
}

const highestPercentBeforeTheEnd = 99.9;

function forward(before: Progress | undefined, progress: Progress): Progress {
  const percent = Number.isFinite(progress.percent) ? progress.percent : 0;
  return {
    ...progress,
    percent: Math.max(before?.percent ?? 0, Math.min(highestPercentBeforeTheEnd, percent)),
    publishedBytes: Math.max(before?.publishedBytes ?? 0, progress.publishedBytes),
    publishedSegments: Math.max(before?.publishedSegments ?? 0, progress.publishedSegments),
  };
}

/** 0 where clocks disagree. */
function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
