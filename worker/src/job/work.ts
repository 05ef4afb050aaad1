import { setTimeout as sleep } from 'node:timers/promises';
import { DamagedFilmError, type FailureCode, failureKind, InterruptedError, RefusedError } from '../errors.ts';
import { MediaToolError } from '../ffmpeg/media-tool.ts';
import type { FilmOutcome } from '../film/film.ts';
import type { Health } from '../health/health.ts';
import type { Logger } from '../log.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import type { Request } from '../protocol/request.ts';
import type { JobState } from '../protocol/status.ts';
import type { Stop } from '../protocol/stop.ts';
import { LeaseLostError, LeaseSpentError } from '../queue/lease.ts';
import { decideFailure, maxReceives, type Outcome } from '../queue/outcome.ts';
import type { JobReport } from '../report/reporter.ts';
import { isFinal } from '../report/transitions.ts';
import type { Settings } from '../settings/settings.ts';
import type { SourceRemoval } from './remove-source.ts';
import type { Stops } from './stop.ts';

/** What a message asks of this worker: a job from its start, or parts of one. */
export interface Work {
  message: ReceivedMessage;
  request: Request;
  job: QueuedJob;
  report: JobReport;
  log: Logger;
  /** Names the message through its retries. */
  messageId: string;
  /** What goes to the dead letters; undefined: the message as it came. */
  letter?: string;
  /** The job was begun by another worker, which may have told its end. */
  joined: boolean;
  run(signal: AbortSignal): Promise<FilmOutcome>;
}

export interface WorkOptions {
  settings: Settings;
  /** What was last said about a job, by any worker. */
  readStatus: (jobId: string) => Promise<JobState | undefined>;
  stops: Stops;
  sourceRemoval: SourceRemoval;
  /** Tells a failure of this worker from one of the film. */
  health: Pick<Health, 'examine'>;
  /** See `TranscodeRun`. */
  leaseSeconds: number;
  random?: () => number;
}

/** After an interruption the message must be given back soon, so its last word gets less time. */
const interruptedFlushMs = 1500;
const interruptedReadSeconds = 1;
const neverAborted = new AbortController().signal;

/** Of several workers that a stop ends, one tells of it; the others see to it that it did, up to so long after it should. */
const othersTellSeconds = 10;

/**
 * Sees a piece of work to its end and decides what becomes of its message. The decision to acknowledge is made only
 * after the film is published and its end was told, or when others have all that is left in hand.
 */
export function createWorkRunner(options: WorkOptions) {
  const { settings, readStatus, stops, leaseSeconds, random = Math.random } = options;

  return { see, ended };

  async function see(work: Work, signal: AbortSignal): Promise<Outcome> {
    const { message, request, job, report, log } = work;
    // At once, not when the work has ended: whoever has the job now must not be contradicted.
    const onAbort = () => signal.reason instanceof LeaseLostError && report.setReporting('detached');
    signal.addEventListener('abort', onAbort, { once: true });
    if (message.receiveCount > maxReceives) {
      const reason = `The job was handed out ${message.receiveCount} times without an end: it seems to kill its workers.`;
      return giveUp(work, { code: 'workers-lost', message: reason, keepParts: true }, signal);
    }
    const stop = stops.watch(job.id, request.queuedAt, signal);
    try {
      const removal = await options.sourceRemoval.prepare(job);
      const outcome = await work.run(stop.signal);
      if (outcome.kind === 'published') {
        await report.move({ to: 'succeeded', film: outcome.film });
        log.info({ timings: report.state().timings, playlist: outcome.film.playlist }, 'job succeeded');
        await outcome.cleanUp?.();
        await removal.remove(log);
        return { action: 'acknowledge' };
      }
      await report.setReporting('detached');
      if (outcome.kind === 'leftToPeers') {
        log.info('other workers make the rest of the film');
        return { action: 'acknowledge' };
      }
      log.info('enough workers are on the film');
      // Two deliveries of one message must not meet again at the same moment.
      const delaySeconds = Math.ceil(leaseSeconds * (1 + random()));
      return { action: 'hand-over', requestId: work.messageId, delaySeconds };
    } catch (error) {
      if (signal.aborted) return interrupted(work, signal.reason);
      if (stop.stopped() !== undefined) return ended(work, stop.stopped() as Stop, signal);
      if (failureKind(error) === 'interrupted') throw error;
      return failed(work, error, signal);
    } finally {
      stop.end();
    }
  }

  async function interrupted(work: Work, reason: unknown): Promise<Outcome> {
    const { report, log, messageId, joined } = work;
    log.info({ reason: reason instanceof InterruptedError ? reason.message : reason }, 'job interrupted');
    if (reason instanceof LeaseLostError) return { action: 'abandon' };
    const inTime = waited(interruptedReadSeconds, neverAborted).then(() => false);
    if (joined && (await Promise.race([endIsReported(work), inTime]))) return nothingToAdd(work);
    await report.move({ to: 'queued' }, interruptedFlushMs);
    if (reason instanceof LeaseSpentError)
      return { action: 'hand-over', requestId: messageId, delaySeconds: 0 };
    return { action: 'release' };
  }

  async function failed(work: Work, error: unknown, signal: AbortSignal): Promise<Outcome> {
    const { job, report, request, log, messageId } = work;
    if (await endIsReported(work)) return nothingToAdd(work);
    const sickness = mayBeOurs(error) ? await options.health.examine() : undefined;
    // That takes seconds, in which another worker may have ended the job. What it removed is then the cause of this error.
    if (sickness === undefined && isShared(work)) {
      const stop = await stops.read(job.id, request.queuedAt);
      if (stop !== undefined) return ended(work, stop, signal);
      if (await endIsReported(work)) return nothingToAdd(work);
    }
    if (sickness !== undefined) {
      log.error(
        { err: error, sickness },
        'job failed because this worker is sick; it costs the job no attempt',
      );
      await report.move({ to: 'queued' }, interruptedFlushMs);
      return { action: 'release' };
    }
    const code = codeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    const kind = failureKind(error) === 'refused' ? 'refused' : 'trouble';
    const decision = decideFailure(kind, request.attempt, settings.queue, random());
    if (decision.action === 'retry') {
      const { attempt } = request;
      log.warn(
        { err: error, attempt, delaySeconds: decision.delaySeconds },
        'job failed; it will be tried again',
      );
      await report.move({ to: 'retrying', error: { code, message } });
      return { ...decision, requestId: messageId };
    }
    log.error({ err: error, attempt: request.attempt }, 'job failed for good');
    return giveUp(work, { code, message, keepParts: kind === 'trouble' }, signal);
  }

  /** The job fails once, with this reason; what other workers still do for it stops. */
  async function giveUp(work: Work, why: Omit<Stop, 'at'>, signal: AbortSignal): Promise<Outcome> {
    const { job, report, request } = work;
    const { code, message } = why;
    if (isShared(work)) {
      const others = await stops.claim(job.id, request.queuedAt, why);
      if (others !== undefined) return ended(work, others, signal);
      // Written already, so who takes the message if this worker must go now ends the job.
      if (!(await waited(stops.quietSeconds, signal))) return { action: 'release' };
    }
    if (await endIsReported(work)) return nothingToAdd(work);
    await report.move({ to: 'failed', error: { code, message } });
    return letter(work, code, message);
  }

  /** Whether an end of this request, or of a later one for the same job, is reported: it is never taken back. */
  async function endIsReported({ job, request }: Pick<Work, 'job' | 'request'>): Promise<boolean> {
    const told = await readStatus(job.id);
    return (
      told !== undefined && isFinal(told.state) && Date.parse(told.queuedAt) >= request.queuedAt.getTime()
    );
  }

  async function nothingToAdd({ report, log }: Omit<Work, 'run'>): Promise<Outcome> {
    log.info('the job has ended and its end is reported: this worker has nothing to add');
    await report.setReporting('detached');
    return { action: 'acknowledge' };
  }

  /** Somebody has stopped the job. Its end is told once. */
  async function ended(
    work: Omit<Work, 'run'>,
    { code, message, keepParts, at }: Stop,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { job, report, joined, log } = work;
    log.info({ code }, `job stopped: ${message}`);
    const cancelled = code === 'cancelled';
    const patience = cancelled && !joined ? 0 : othersTellSeconds * (1 + random());
    let told = await readStatus(job.id);
    for (
      let seconds = isShared(work) ? stops.quietSeconds + patience : 0;
      seconds > 0 && !isOver(told, at);
      seconds -= 1
    ) {
      if (!(await waited(1, signal))) return { action: 'release' };
      told = await readStatus(job.id);
    }
    if (isOver(told, at)) {
      await report.setReporting('detached');
      return { action: 'acknowledge' };
    }
    await report.move({ to: 'failed', error: { code, message } });
    if (!keepParts) await stops.cleanUp(job.id, told?.plan);
    return cancelled ? { action: 'acknowledge' } : letter(work, code, message);
  }

  /** Whether other workers may be on the job's film. */
  function isShared({ report, joined }: Omit<Work, 'run'>): boolean {
    return settings.sharing.workersPerFilm > 1 && (joined || report.state().plan !== undefined);
  }
}

/** @returns false when the signal came first */
async function waited(seconds: number, signal: AbortSignal): Promise<boolean> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

/** Whether nothing is to be told of what was stopped: its end is, or the job was sent again since and what is told is of that. */
function isOver(told: JobState | undefined, stoppedAt: string): boolean {
  return told !== undefined && (isFinal(told.state) || Date.parse(told.queuedAt) > Date.parse(stoppedAt));
}

function letter({ job, letter: body }: Omit<Work, 'run'>, code: string, reason: string): Outcome {
  const { id: jobId, requestId } = job;
  return { action: 'give-up', jobId, requestId, code, reason, ...(body === undefined ? {} : { body }) };
}

/** Whether a broken worker can cause this failure: also films that ffmpeg finds damaged, as a broken GPU decodes nothing. */
function mayBeOurs(error: unknown): boolean {
  return failureKind(error) === 'trouble' || (error as Error).cause instanceof MediaToolError;
}

/** For machines: what the job failed of. */
function codeOf(error: unknown): FailureCode {
  if (error instanceof RefusedError) return error.code;
  return error instanceof DamagedFilmError ? 'damaged' : 'trouble';
}
