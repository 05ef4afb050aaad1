import { RefusedError } from '../errors.ts';
import type { FilmOutcome, FilmToJoin } from '../film/film.ts';
import type { Logger } from '../log.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { jobBody, readPartRequest } from '../protocol/part-request.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import { type Request, readRequest } from '../protocol/request.ts';
import type { Film, JobState } from '../protocol/status.ts';
import type { Outcome } from '../queue/outcome.ts';
import { type JobReport, type ReportedJob, type Reporter, workerName } from '../report/reporter.ts';
import { readMessage, UnreadableMessageError } from './message.ts';
import { createWorkRunner, type WorkOptions } from './work.ts';

/** What the work on a film is given of the message that asks for it. */
export interface MessageRun {
  report: JobReport;
  log: Logger;
  signal: AbortSignal;
  messageId: string;
  /** The message may have been handed out before. */
  isRepeat: boolean;
  request: Request;
  /** Fair queues: whose message it is. */
  groupId?: string | undefined;
}

export interface JobRunnerOptions extends WorkOptions {
  /** One job's work, from source to published film. */
  transcode: (job: QueuedJob, run: MessageRun) => Promise<FilmOutcome>;
  /** Makes the files of a published film that are not there yet. */
  addFiles: (job: QueuedJob, film: Film, run: MessageRun) => Promise<FilmOutcome>;
  /** Work on a film that is planned. */
  continueFilm: (film: FilmToJoin, run: MessageRun) => Promise<FilmOutcome>;
  /** Whether workers have shared the making of this plan. */
  isShared: (jobId: string, planId: string) => Promise<boolean>;
  isPublished: (film: Film) => Promise<boolean>;
  reporter: Reporter;
  log: Logger;
}

/** Takes a message from arrival to the decision what becomes of it: a handler for each of the two queues. */
export function createJobRunner(options: JobRunnerOptions) {
  const { settings, reporter, log, readStatus } = options;
  const { see, ended } = createWorkRunner(options);

  return { runJob, runPartRequest };

  async function runJob(message: ReceivedMessage, signal: AbortSignal): Promise<Outcome> {
    const request = readRequest(message);
    const read = readOrRefuse(message, request);
    if (read.kind === 'ignored') {
      log.info({ messageId: message.id, why: read.why }, 'ignored a message');
      return { action: 'acknowledge' };
    }
    if (read.kind === 'several') return { action: 'fan-out', bodies: read.bodies };
    if (read.kind === 'refused') return refuse(message, request, read.error);

    const { job } = read;
    const jobLog = log.child({ job: job.id });
    const [earlier, stop] = await look(job.id, request);
    const { groupId } = message;
    const isRepeat = isHandedOutAgain(message, request);
    const work = { message, request, job, log: jobLog, messageId: job.requestId, isRepeat, groupId };
    if (stop !== undefined) {
      const report = reporter.open(job, factsOf(request, earlier));
      return ended({ ...work, report, joined: false }, stop, signal);
    }
    const plan = earlier?.state === 'running' ? earlier.plan : undefined;
    if (earlier !== undefined && plan !== undefined && (await options.isShared(job.id, plan))) {
      const report = reporter.join(job, earlier);
      jobLog.info({ receiveCount: message.receiveCount, plan }, 'job taken over');
      const run = (by: AbortSignal) =>
        options.continueFilm({ job, plan, role: 'planner' }, { ...work, report, signal: by });
      return see({ ...work, report, joined: true, run }, signal);
    }
    const report = await begin(job, request, earlier, jobLog, message);
    const run = (by: AbortSignal) => transcodeOnce(job, earlier, { ...work, report, signal: by });
    return see({ ...work, report, joined: false, run }, signal);
  }

  async function runPartRequest(message: ReceivedMessage, signal: AbortSignal): Promise<Outcome> {
    const request = readRequest(message);
    const asked = readPartRequest(message.body);
    const { job } = asked;
    const jobLog = log.child({ job: job.id, firstPart: asked.firstPart });
    const [told, stop] = await look(job.id, request);
    if (told?.state === 'succeeded' && told.film?.plan === asked.plan) return { action: 'acknowledge' };
    const messageId = request.requestId ?? message.id;
    const { groupId } = message;
    const letter = jobBody(job);
    const isRepeat = isHandedOutAgain(message, request);
    const basis = { message, request, job, log: jobLog, messageId, isRepeat, groupId, letter, joined: true };
    const isRunning = told?.state === 'running';
    if (stop !== undefined) {
      const report = isRunning ? reporter.join(job, told) : reporter.open(job, factsOf(request, told));
      return ended({ ...basis, report }, stop, signal);
    }
    // Before a word is said: the job may have become another film since.
    if (!(await options.isShared(job.id, asked.plan))) {
      jobLog.info({ plan: asked.plan }, 'the film of a part request is gone');
      return { action: 'acknowledge' };
    }
    const report = isRunning ? reporter.join(job, told) : await begin(job, request, told, jobLog, message);
    const work = { ...basis, report };
    const film: FilmToJoin = { ...asked, role: 'helper' };
    return see({ ...work, run: (by) => options.continueFilm(film, { ...work, signal: by }) }, signal);
  }

  /** What was told of the job, and whether it is stopped. */
  function look(jobId: string, { queuedAt }: Request) {
    return Promise.all([readStatus(jobId), options.stops.read(jobId, queuedAt)]);
  }

  /** The job runs from now on, and that is told. */
  async function begin(
    job: QueuedJob,
    request: Request,
    earlier: JobState | undefined,
    jobLog: Logger,
    { receiveCount }: ReceivedMessage,
  ): Promise<JobReport> {
    const report = reporter.open(job, factsOf(request, earlier));
    await report.move({ to: 'running', attempt: request.attempt, worker: workerName });
    jobLog.info({ attempt: request.attempt, receiveCount }, 'job started');
    return report;
  }

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
    const { code, message: reason } = error;
    const known: Pick<ReportedJob, 'id' | 'source'> | undefined =
      error instanceof UnreadableMessageError ? error.job : undefined;
    log.error({ messageId: message.id, job: known?.id, code }, reason);
    if (known === undefined) return { action: 'give-up', requestId, code, reason };
    const report = reporter.open({ ...known, requestId }, factsOf(request, await readStatus(known.id)));
    await report.move({ to: 'failed', error: { code, message: reason } });
    return { action: 'give-up', jobId: known.id, requestId, code, reason };
  }

  function factsOf({ attempt, queuedAt }: Request, earlier: JobState | undefined) {
    return { attempt, maxAttempts: settings.queue.maxAttempts, queuedAt, earlier };
  }

  /** A source that was removed after its success is no failure when the message comes a second time. */
  async function transcodeOnce(
    job: QueuedJob,
    earlier: JobState | undefined,
    run: MessageRun,
  ): Promise<FilmOutcome> {
    try {
      return await options.transcode(job, run);
    } catch (error) {
      const film = earlier?.source === run.report.state().source ? earlier.film : undefined;
      const gone = error instanceof RefusedError && error.code === 'source-missing';
      if (!gone || job.options?.force || film === undefined || !(await options.isPublished(film)))
        throw error;
      run.log.info('the source is gone, and its film is published: done already');
      return options.addFiles(job, film, run);
    }
  }
}

/** Counted by the queue, or as a failure. */
function isHandedOutAgain({ receiveCount }: ReceivedMessage, { attempt }: Request): boolean {
  return receiveCount > 1 || attempt > 1;
}
