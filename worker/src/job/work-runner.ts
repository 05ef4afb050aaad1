import {
  DamagedFilmError,
  type FailureCode,
  failureKind,
  InterruptedError,
  RefusedError,
} from '../errors.ts';
import { MediaToolError } from '../ffmpeg/media-tool.ts';
import type { FilmOutcome } from '../film/film.ts';
import { OutOfTimeError } from '../film/session/invocation.ts';
import type { Health } from '../health/health.ts';
import { isFinal } from '../protocol/report.ts';
import type { JobState } from '../protocol/status.ts';
import type { Stop } from '../protocol/stop.ts';
import { LeaseLostError, LeaseSpentError } from '../queue/lease.ts';
import { decideFailure, maxReceives, type Outcome } from '../queue/outcome.ts';
import type { Settings } from '../settings/settings.ts';
import type { Removal, SourceRemoval } from './remove-source.ts';
import { type Stops, supersededCode } from './stop.ts';
import {
  confirmEnd,
  deadLetter,
  lookAgainLater,
  nothingToAdd,
  onceReported,
  type Work,
  waited,
} from './work.ts';

export interface WorkOptions {
  settings: Settings;
  /** The job's state as any worker reported it last. */
  readStatus: (jobId: string) => Promise<JobState | undefined>;
  stops: Pick<Stops, 'quietSeconds' | 'read' | 'watch' | 'claim' | 'supersede' | 'hasSuperseded' | 'cleanUp'>;
  sourceRemoval: Pick<SourceRemoval, 'prepare'>;
  /** Distinguishes a failure of this worker from one of the film. */
  health: Pick<Health, 'examine'>;
  /** See `TranscodeRun`. */
  leaseSeconds: number;
  /** Exactly one worker reports an end. The others wait this long for its report before they report it themselves. @default 10 */
  peerReportSeconds?: number | undefined;
  random?: () => number;
}

/** After an interruption the message must be given back soon, so its last report gets less time. */
const interruptedFlushMs = 1500;
const interruptedReadSeconds = 1;
const neverAborted = new AbortController().signal;

/**
 * Does a piece of work and decides what becomes of its message. The message is acknowledged only after the film is published
 * and its end is reported, or when other workers hold all that is left.
 */
export class WorkRunner {
  readonly #options: WorkOptions;
  readonly #random: () => number;
  readonly #peerReportSeconds: number;

  constructor(options: WorkOptions) {
    this.#options = options;
    this.#peerReportSeconds = options.peerReportSeconds ?? 10;
    this.#random = options.random ?? Math.random;
  }

  async run(work: Work, signal: AbortSignal): Promise<Outcome> {
    return onceReported(work.report, await this.#run(work, signal), signal);
  }

  /** Someone has stopped the job. Its end is reported once, by one of its workers. */
  async endStopped(work: Omit<Work, 'run'>, stop: Stop, signal: AbortSignal): Promise<Outcome> {
    return onceReported(work.report, await this.#endStopped(work, stop, signal), signal);
  }

  async #run(work: Work, signal: AbortSignal): Promise<Outcome> {
    const { message, request, job, report } = work;
    // At once, not when the work has ended: nothing may contradict the worker that has the job now.
    const onAbort = () => signal.reason instanceof LeaseLostError && report.setReporting('detached');
    signal.addEventListener('abort', onAbort, { once: true });
    if (message.receiveCount > maxReceives) {
      const reason = `The job was handed out ${message.receiveCount} times without an end: it seems to kill its workers.`;
      return this.#giveUp(work, { code: 'workers-lost', message: reason, keepParts: true }, signal);
    }
    const stop = this.#options.stops.watch(job.id, request.queuedAt, signal);
    try {
      const removal = await this.#options.sourceRemoval.prepare(job);
      return await this.#finish(work, await work.run(stop.signal), removal, signal);
    } catch (error) {
      if (signal.reason instanceof OutOfTimeError && !signal.reason.hasFinished)
        return this.#tooLong(work, tooLongForFunction(), signal);
      if (signal.aborted) return this.#interrupted(work, signal.reason);
      const stopped = stop.stopped();
      if (stopped !== undefined) return this.#endStopped(work, stopped, signal);
      if (failureKind(error) === 'interrupted') throw error;
      if (error instanceof RefusedError && error.code === tooLongCode)
        return this.#tooLong(work, error, signal);
      return this.#failed(work, error, signal);
    } finally {
      stop.end();
    }
  }

  async #endStopped(
    work: Omit<Work, 'run'>,
    { code, message, keepParts, at }: Stop,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { readStatus, stops } = this.#options;
    const { job, report, joined, log } = work;
    log.info({ code }, `job stopped: ${message}`);
    if (code === supersededCode) {
      await report.setReporting('detached');
      return { kind: 'acknowledge' };
    }
    const cancelled = code === 'cancelled';
    const patience = cancelled && !joined ? 0 : this.#peerReportSeconds * (1 + this.#random());
    let status = await readStatus(job.id);
    for (
      let seconds = this.#isShared(work) ? stops.quietSeconds + patience : 0;
      seconds > 0 && !isReported(status, at);
      seconds -= 1
    ) {
      if (!(await waited(1, signal))) return { kind: 'release' };
      status = await readStatus(job.id);
    }
    if (isReported(status, at)) {
      await report.setReporting('detached');
      if (status !== undefined) confirmEnd(work, status);
      return { kind: 'acknowledge' };
    }
    await report.move({ to: 'failed', error: { code, message } });
    if (!keepParts) await stops.cleanUp(job.id, status?.plan);
    return cancelled ? { kind: 'acknowledge' } : deadLetter(work, code, message);
  }

  async #finish(work: Work, outcome: FilmOutcome, removal: Removal, signal: AbortSignal): Promise<Outcome> {
    const { report, log } = work;
    if (outcome.kind === 'published') {
      if (outcome.byPeer) {
        const end = await this.#awaitEnd(work, signal);
        if (end !== undefined) {
          // That worker's message may be gone, so its report is sent again in any case.
          await report.setReporting('silent');
          report.confirmEnd(end);
          if (end.state === 'succeeded') {
            await outcome.cleanUp?.();
            await removal.remove(log);
          }
          return { kind: 'acknowledge' };
        }
        await report.setReporting('reporting');
      }
      await report.move({ to: 'succeeded', film: outcome.film });
      log.info({ timings: report.state().timings, playlist: outcome.film.playlist }, 'job succeeded');
      await outcome.cleanUp?.();
      await removal.remove(log);
      return { kind: 'acknowledge' };
    }
    if (outcome.kind === 'passedOn') return this.#passOn(work);
    if (outcome.kind === 'outOfTime') {
      log.info('the invocation has no time for more: the next one goes on');
      await report.setReporting('silent');
      return { kind: 'hand-over', requestId: work.messageId, delaySeconds: 0 };
    }
    await report.setReporting('detached');
    if (outcome.kind === 'leftToPeers') {
      log.info('other workers make the rest of the film');
      return { kind: 'acknowledge' };
    }
    const { hasCommitted } = outcome;
    log.info(hasCommitted ? 'another worker makes the files of the film' : 'enough workers are on the film');
    return lookAgainLater(work.messageId, this.#options.leaseSeconds, this.#random(), hasCommitted);
  }

  async #interrupted(work: Work, reason: unknown): Promise<Outcome> {
    const { report, log, messageId, joined } = work;
    log.info({ reason: reason instanceof InterruptedError ? reason.message : reason }, 'job interrupted');
    if (reason instanceof LeaseLostError) return { kind: 'abandon' };
    const inTime = waited(interruptedReadSeconds, neverAborted).then(() => undefined);
    const end = joined ? await Promise.race([this.#reportedEnd(work), inTime]) : undefined;
    if (end !== undefined) return nothingToAdd(work, end);
    await report.move({ to: 'queued' }, interruptedFlushMs);
    if (reason instanceof LeaseSpentError || reason instanceof OutOfTimeError)
      return { kind: 'hand-over', requestId: messageId, delaySeconds: 0 };
    return { kind: 'release' };
  }

  /** No function can do it: where this one stands before workers, they can. */
  async #tooLong(work: Work, error: RefusedError, signal: AbortSignal): Promise<Outcome> {
    if (this.#options.settings.door === undefined) return this.#failed(work, error, signal);
    work.log.info(error.message);
    return this.#passOn(work);
  }

  async #passOn({ report, log, messageId }: Work): Promise<Outcome> {
    log.info('the workers make the film');
    await report.move({ to: 'queued' });
    return { kind: 'pass-on', requestId: messageId };
  }

  async #failed(work: Work, error: unknown, signal: AbortSignal): Promise<Outcome> {
    const { job, report, request, log, messageId } = work;
    const end = await this.#reportedEnd(work);
    if (end !== undefined) return nothingToAdd(work, end);
    const sickness = mayBeOurs(error) ? await this.#options.health.examine() : undefined;
    // That takes seconds, in which another worker may have ended the job. What it removed is then the cause of this error.
    if (sickness === undefined && this.#isShared(work)) {
      const stop = await this.#options.stops.read(job.id, request.queuedAt);
      if (stop !== undefined) return this.#endStopped(work, stop, signal);
      const endSince = await this.#reportedEnd(work);
      if (endSince !== undefined) return nothingToAdd(work, endSince);
    }
    if (sickness !== undefined) {
      log.error(
        { err: error, sickness },
        'job failed because this worker is sick; it costs the job no attempt',
      );
      await report.move({ to: 'queued' }, interruptedFlushMs);
      return { kind: 'release' };
    }
    const code = codeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    const kind = failureKind(error) === 'refused' ? 'refused' : 'trouble';
    const { attempt } = request;
    const decision = decideFailure(kind, attempt, this.#options.settings.queue, this.#random());
    if (decision.kind === 'retry') {
      const { delaySeconds } = decision;
      log.warn({ err: error, attempt, delaySeconds }, 'job failed; it will be tried again');
      await report.move({ to: 'retrying', error: { code, message } });
      return { ...decision, requestId: messageId };
    }
    log.error({ err: error, attempt }, 'job failed');
    return this.#giveUp(work, { code, message, keepParts: kind === 'trouble' }, signal);
  }

  /** The job fails once, with this reason; what other workers still do for it stops. */
  async #giveUp(work: Work, why: Omit<Stop, 'at'>, signal: AbortSignal): Promise<Outcome> {
    const { stops } = this.#options;
    const { job, report, request } = work;
    const { code, message } = why;
    const isShared = this.#isShared(work);
    const { plan } = report.state();
    if (isShared) {
      const earlier = await stops.claim(job.id, request.queuedAt, why);
      if (earlier !== undefined) return this.#endStopped(work, earlier, signal);
      // The stop is written: if this worker must go now, whoever takes the message ends the job.
      if (!(await waited(stops.quietSeconds, signal))) return { kind: 'release' };
    }
    const end = await this.#reportedEnd(work);
    if (end !== undefined) return nothingToAdd(work, end);
    await report.move({ to: 'failed', error: { code, message } });
    // The others published until they saw the stop.
    if (isShared && !why.keepParts) await stops.cleanUp(job.id, plan);
    return deadLetter(work, code, message);
  }

  /** The end of this request, or of a later one for the same job, where it is reported: it is never taken back. */
  async #reportedEnd({ job, request }: Pick<Work, 'job' | 'request'>): Promise<JobState | undefined> {
    const status = await this.#options.readStatus(job.id);
    if (status === undefined || !isFinal(status.state)) return undefined;
    return Date.parse(status.queuedAt) >= request.queuedAt.getTime() ? status : undefined;
  }

  /** Another worker has committed the film: waits for its report of the end, for as long as it may take. */
  async #awaitEnd(work: Work, signal: AbortSignal): Promise<JobState | undefined> {
    for (let seconds = this.#peerReportSeconds; ; seconds -= 1) {
      const end = await this.#reportedEnd(work);
      if (end !== undefined || seconds <= 0 || !(await waited(1, signal))) return end;
    }
  }

  /** Whether other workers may be on the job's film. */
  #isShared({ report, joined }: Omit<Work, 'run'>): boolean {
    const { workersPerFilm, functionsPerFilm } = this.#options.settings.sharing;
    return workersPerFilm + functionsPerFilm > 1 && (joined || report.state().plan !== undefined);
  }
}

/** Whether nothing is left to report: the job already ended, or a newer request replaced it. */
function isReported(status: JobState | undefined, stoppedAt: string): boolean {
  if (status === undefined) return false;
  return isFinal(status.state) || Date.parse(status.queuedAt) > Date.parse(stoppedAt);
}

const tooLongCode = 'too-long-for-function';

function tooLongForFunction(): RefusedError {
  return new RefusedError(
    tooLongCode,
    'A part of the film, or a file of it, takes longer than the 15 minutes that AWS gives a function. ' +
      'Send a shorter film, set a quicker "x264Preset", or use a farm with "compute: fargate" or "compute: gpu".',
  );
}

/** Whether a broken worker can cause this failure: also films that ffmpeg finds damaged, as a broken GPU decodes nothing. */
function mayBeOurs(error: unknown): boolean {
  return failureKind(error) === 'trouble' || (error as Error).cause instanceof MediaToolError;
}

function codeOf(error: unknown): FailureCode {
  if (error instanceof RefusedError) return error.code;
  return error instanceof DamagedFilmError ? 'damaged' : 'trouble';
}
