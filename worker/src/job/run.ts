import { DamagedFilmError, failureKind, InterruptedError, RefusedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { LeaseLostError, LeaseSpentError } from '../queue/lease.ts';
import { decideFailure, maxReceives, type Outcome } from '../queue/outcome.ts';
import type { ReceivedMessage } from '../queue/queue.ts';
import { type Request, readRequest } from '../queue/request.ts';
import { type JobReport, type ReportedJob, type Reporter, workerName } from '../report/reporter.ts';
import type { Film, JobState } from '../report/state.ts';
import type { Settings } from '../settings.ts';
import type { QueuedJob } from './job.ts';
import { readMessage, UnreadableMessageError } from './message.ts';
import type { SourceRemoval } from './remove-source.ts';

/** One job's work, from source to published film. */
export type TranscodeJob = (
  job: QueuedJob,
  run: { report: JobReport; log: Logger; signal: AbortSignal },
) => Promise<{ film: Film; alreadyDone: boolean }>;

export interface JobRunnerOptions {
  settings: Settings;
  transcode: TranscodeJob;
  reporter: Reporter;
  /** What was last said about the job, by any worker. */
  readEarlier: (jobId: string) => Promise<JobState | undefined>;
  isPublished: (film: Film) => Promise<boolean>;
  sourceRemoval: SourceRemoval;
  log: Logger;
  random?: () => number;
}

/** After an interruption the message must be given back soon, so its last word gets less time. */
const interruptedFlushMs = 1500;

/**
 * Takes a message from arrival to the decision what becomes of it. The decision to acknowledge is made only after the
 * film is published and its end was told.
 */
export function createJobRunner(options: JobRunnerOptions) {
  const { settings, reporter, log, random = Math.random } = options;

  return async (message: ReceivedMessage, signal: AbortSignal): Promise<Outcome> => {
    const request = readRequest(message);
    const read = readOrRefuse(message, request);
    if (read.kind === 'ignored') {
      log.info({ messageId: message.id, why: read.why }, 'ignored a message');
      return { action: 'acknowledge' };
    }
    if (read.kind === 'several') return { action: 'fan-out', bodies: read.bodies };
    if (read.kind === 'refused') return refuse(message, request, read.error);
    return runJob(message, request, read.job, signal);
  };

  function readOrRefuse(message: ReceivedMessage, { requestId }: Request) {
    try {
      const named = requestId === undefined ? {} : { requestId };
      return readMessage(message.body, settings, { ...named, messageId: message.id });
    } catch (error) {
      if (error instanceof RefusedError) return { kind: 'refused' as const, error };
      throw error;
    }
  }

  /** A message that is no job: its end is told where at least its id is known. */
  async function refuse(message: ReceivedMessage, request: Request, error: RefusedError): Promise<Outcome> {
    const requestId = request.requestId ?? message.id;
    const known = error instanceof UnreadableMessageError ? error.job : undefined;
    log.error({ messageId: message.id, job: known?.id, code: error.code }, error.message);
    if (known !== undefined) {
      const report = reporter.open({ ...known, requestId }, await factsOf(known, request));
      await report.move({ to: 'failed', error: { code: error.code, message: error.message } });
    }
    return giveUp({ requestId, ...(known === undefined ? {} : { id: known.id }) }, error.code, error.message);
  }

  async function factsOf(job: Pick<ReportedJob, 'id' | 'source'>, request: Request) {
    const { attempt, queuedAt } = request;
    const { maxAttempts } = settings.queue;
    return { attempt, maxAttempts, queuedAt, earlier: await options.readEarlier(job.id) };
  }

  async function runJob(message: ReceivedMessage, request: Request, job: QueuedJob, signal: AbortSignal) {
    const jobLog = log.child({ job: job.id });
    const facts = await factsOf(job, request);
    const report = reporter.open(job, facts);
    // At once, not when the work has ended: whoever has the job now must not be contradicted.
    const onAbort = () => signal.reason instanceof LeaseLostError && report.abandon();
    signal.addEventListener('abort', onAbort, { once: true });
    if (message.receiveCount > maxReceives) {
      const reason = `The job was handed out ${message.receiveCount} times without an end: it seems to kill its workers.`;
      await report.move({ to: 'failed', error: { code: 'workers-lost', message: reason } });
      return giveUp(job, 'workers-lost', reason);
    }
    await report.move({ to: 'running', attempt: request.attempt, worker: workerName });
    jobLog.info({ attempt: request.attempt, receiveCount: message.receiveCount }, 'job started');
    try {
      const removal = await options.sourceRemoval.prepare(job);
      const film = await transcodeOnce(job, report, facts.earlier, jobLog, signal);
      await report.move({ to: 'succeeded', film });
      jobLog.info({ timings: report.state().timings, playlist: film.playlist }, 'job succeeded');
      await removal.remove(jobLog);
      return { action: 'acknowledge' } as const;
    } catch (error) {
      if (signal.aborted) return interrupted(job, report, signal.reason, jobLog);
      if (failureKind(error) === 'interrupted') throw error;
      return failed(job, report, request.attempt, error, jobLog);
    }
  }

  /** A source that was removed after its success is no failure when the message comes a second time. */
  async function transcodeOnce(
    job: QueuedJob,
    report: JobReport,
    earlier: JobState | undefined,
    jobLog: Logger,
    signal: AbortSignal,
  ): Promise<Film> {
    try {
      return (await options.transcode(job, { report, log: jobLog, signal })).film;
    } catch (error) {
      const film = earlier?.source === report.state().source ? earlier.film : undefined;
      const gone = error instanceof RefusedError && error.code === 'source-missing';
      if (!gone || job.options?.force || film === undefined || !(await options.isPublished(film)))
        throw error;
      jobLog.info('the source is gone, and its film is published: done already');
      return film;
    }
  }

  async function interrupted(
    job: QueuedJob,
    report: JobReport,
    reason: unknown,
    jobLog: Logger,
  ): Promise<Outcome> {
    jobLog.info({ reason: reason instanceof InterruptedError ? reason.message : reason }, 'job interrupted');
    if (reason instanceof LeaseLostError) return { action: 'abandon' };
    await report.move({ to: 'queued' }, interruptedFlushMs);
    if (reason instanceof LeaseSpentError) return { action: 'hand-over', requestId: job.requestId };
    return { action: 'release' };
  }

  async function failed(
    job: QueuedJob,
    report: JobReport,
    attempt: number,
    error: unknown,
    jobLog: Logger,
  ): Promise<Outcome> {
    const code = codeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    const kind = failureKind(error) === 'refused' ? 'refused' : 'trouble';
    const decision = decideFailure(kind, attempt, settings.queue, random());
    if (decision.action === 'retry') {
      jobLog.warn(
        { err: error, attempt, delaySeconds: decision.delaySeconds },
        'job failed; it will be tried again',
      );
      await report.move({ to: 'retrying', error: { code, message } });
      return { ...decision, requestId: job.requestId };
    }
    jobLog.error({ err: error, attempt }, 'job failed for good');
    await report.move({ to: 'failed', error: { code, message } });
    return giveUp(job, code, message);
  }
}

/** For machines: what the job failed of. */
function codeOf(error: unknown): string {
  if (error instanceof RefusedError) return error.code;
  return error instanceof DamagedFilmError ? 'damaged' : 'trouble';
}

function giveUp(job: { id?: string; requestId: string }, code: string, reason: string): Outcome {
  const { id, requestId } = job;
  return { action: 'give-up', requestId, code, reason, ...(id === undefined ? {} : { jobId: id }) };
}
