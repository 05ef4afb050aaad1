import { RefusedError } from '../errors.ts';
import type { FilmOutcome, FilmToJoin } from '../film/film.ts';
import type { Logger } from '../log.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { type ExtraLane, type Lane, servedLane } from '../protocol/lanes.ts';
import { jobBody, readPartRequest } from '../protocol/part-request.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import { type Request, readRequest } from '../protocol/request.ts';
import type { Film, JobState } from '../protocol/status.ts';
import type { Outcome } from '../queue/outcome.ts';
import type { Place } from '../queue/places.ts';
import { type JobReport, type ReportedJob, type Reporter, workerName } from '../report/reporter.ts';
import { readMessage, UnreadableMessageError } from './message.ts';
import { isHandedOutAgain, isOfLaterRequest, isOwnState, isSameTime, isSentAgain } from './seen-before.ts';
import { confirmEnd, lookAgainLater, onceReported, type Work } from './work.ts';
import { type WorkOptions, WorkRunner } from './work-runner.ts';

/** What the work on a film is given of the message that asks for it. */
export interface MessageRun {
  report: JobReport;
  log: Logger;
  signal: AbortSignal;
  messageId: string;
  /** The message may have been handed out before. */
  isRepeat: boolean;
  /** The job was asked for before: leases may be those of workers that this ended. */
  isSentAgain?: boolean;
  request: Request;
  /** Fair queues: whose message it is. */
  groupId?: string | undefined;
  /** By which the message came. */
  lane: Lane;
  /** The message's on this worker. */
  place?: Pick<Place, 'occupy'> | undefined;
}

export interface JobRunnerOptions extends WorkOptions {
  /** One job's work, from source to published film. */
  transcode: (job: QueuedJob, run: MessageRun) => Promise<FilmOutcome>;
  /** Makes the files of a published film that are not there yet. */
  finishPublished: (job: QueuedJob, film: Film, run: MessageRun) => Promise<FilmOutcome>;
  /** Work on a film that is planned. */
  continueFilm: (film: FilmToJoin, run: MessageRun) => Promise<FilmOutcome>;
  /** Whether workers have shared the making of this plan. */
  isShared: (jobId: string, planId: string) => Promise<boolean>;
  isPublished: (film: Film) => Promise<boolean>;
  reporter: Reporter;
  log: Logger;
}

/** Takes a message from arrival to the decision what becomes of it: a handler for each of the two queues. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #work: WorkRunner;
  readonly #extraLanes: readonly ExtraLane[];

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#extraLanes = Object.keys(options.settings.lanes) as ExtraLane[];
    this.#work = new WorkRunner(options);
  }

  /** @param lane by which the message came */
  async runJob(
    message: ReceivedMessage,
    signal: AbortSignal,
    lane: Lane = 'normal',
    place?: MessageRun['place'],
  ): Promise<Outcome> {
    const { reporter, log } = this.#options;
    const request = readRequest(message);
    const read = this.#readOrRefuse(message, request);
    if (read.kind === 'ignored') {
      log.info({ messageId: message.id, why: read.why }, 'ignored a message');
      return { kind: 'acknowledge' };
    }
    if (read.kind === 'several') return { kind: 'fan-out', bodies: read.bodies };
    if (read.kind === 'refused') return this.#refuse(message, request, read.error, signal);

    const { job } = read;
    const jobLog = log.child({ job: job.id });
    // One that names no lane stays where its sender put it.
    const wantedLane = job.options?.lane === undefined ? lane : servedLane(job, this.#extraLanes);
    if (wantedLane !== lane) {
      jobLog.info({ lane, wantedLane }, 'the job is moved to its lane');
      return { kind: 'move', requestId: job.requestId, lane: wantedLane };
    }
    if (job.options?.lane !== undefined && job.options.lane !== lane)
      jobLog.warn({ lane: job.options.lane }, 'this farm has no such lane: the job is made as normal');
    const [earlier, stop] = await this.#look(job.id, request);
    const { groupId } = message;
    const isRepeat = isHandedOutAgain(message, request);
    const messageId = job.requestId;
    const work = { message, request, job, log: jobLog, messageId, isRepeat, groupId, lane, place };
    if (stop !== undefined) {
      const report = reporter.open(job, this.#factsOf(request, earlier));
      return this.#work.endStopped({ ...work, report, joined: false }, stop, signal);
    }
    const isOwn = earlier !== undefined && isOwnState(earlier, job, request);
    if (isOwn && isSameTime(earlier, request) && (await this.#isDone(earlier)))
      return this.#finishDone(work, earlier, signal);
    const plan = earlier?.state === 'running' ? earlier.plan : undefined;
    if (plan !== undefined && job.options?.addToFilm) {
      jobLog.info({ plan }, 'files are added to a film that is being made again: they are made after it');
      const { leaseSeconds, random = Math.random } = this.#options;
      return lookAgainLater(job.requestId, leaseSeconds, random());
    }
    if (isOwn && plan !== undefined && (await this.#options.isShared(job.id, plan))) {
      const report = reporter.join(job, earlier);
      jobLog.info({ receiveCount: message.receiveCount, plan }, 'job taken over');
      const comesAgain = await this.#options.stops.hasSuperseded(job.id, request.queuedAt);
      const run = (by: AbortSignal) =>
        this.#options.continueFilm(
          { job, plan, role: 'planner' },
          { ...work, report, signal: by, isSentAgain: comesAgain },
        );
      return this.#work.run({ ...work, report, joined: true, run }, signal);
    }
    const comesAgain =
      earlier !== undefined && !job.options?.addToFilm && isSentAgain(earlier, request, isOwn);
    if (comesAgain) await this.#options.stops.supersede(job.id, request.queuedAt);
    const report = await this.#begin(job, request, earlier, jobLog, message);
    const run = (by: AbortSignal) =>
      this.#transcodeOnce(job, earlier, { ...work, report, signal: by, isSentAgain: comesAgain });
    return this.#work.run({ ...work, report, joined: false, run }, signal);
  }

  async runPartRequest(
    message: ReceivedMessage,
    signal: AbortSignal,
    lane: Lane = 'normal',
    place?: MessageRun['place'],
  ): Promise<Outcome> {
    const { reporter, log } = this.#options;
    const request = readRequest(message);
    const asked = readPartRequest(message.body);
    const { job } = asked;
    const jobLog = log.child({ job: job.id, firstPart: asked.firstPart });
    const [status, stop] = await this.#look(job.id, request);
    const messageId = request.requestId ?? message.id;
    const { groupId } = message;
    const deadLetterBody = jobBody(job);
    const isRepeat = isHandedOutAgain(message, request);
    const basis = {
      message,
      request,
      job,
      log: jobLog,
      messageId,
      isRepeat,
      groupId,
      lane,
      place,
      deadLetterBody,
      joined: true,
    };
    const isOwn = status !== undefined && isOwnState(status, job, request);
    const running = isOwn && status.state === 'running' ? status : undefined;
    if (status?.state === 'succeeded' && status.film?.plan === asked.plan) {
      // A message that was put off need not: whoever has ended the job had one of its own, which comes back if that worker was lost.
      const wasLost = message.receiveCount > 1 || request.attempt > 1;
      if (isOwn && wasLost) return this.#finishDone(basis, status, signal);
      return { kind: 'acknowledge' };
    }
    if (stop !== undefined) {
      const report = running
        ? reporter.join(job, running)
        : reporter.open(job, this.#factsOf(request, status));
      return this.#work.endStopped({ ...basis, report }, stop, signal);
    }
    // Before anything is reported: the job may have become another film since.
    if (asked.file === undefined && !(await this.#options.isShared(job.id, asked.plan))) {
      jobLog.info({ plan: asked.plan }, 'the film of a part request is gone');
      return { kind: 'acknowledge' };
    }
    if (asked.file === undefined && status !== undefined && isOfLaterRequest(status, asked, request)) {
      jobLog.info({ plan: asked.plan }, 'the film of a part request is published, and asked for again');
      return { kind: 'acknowledge' };
    }
    const report = running
      ? reporter.join(job, running)
      : await this.#begin(job, request, status, jobLog, message);
    const work = { ...basis, report };
    const film: FilmToJoin = { ...asked, role: 'helper' };
    const run = (by: AbortSignal) => this.#options.continueFilm(film, { ...work, signal: by });
    return this.#work.run({ ...work, run }, signal);
  }

  async #isDone({ state, film }: JobState): Promise<boolean> {
    return state === 'succeeded' && film !== undefined && (await this.#options.isPublished(film));
  }

  /**
   * The end of this very request is reported, and not taken back. The worker that reported it may have been lost before it sent the
   * report, cleaned up and removed the source.
   */
  async #finishDone(
    work: Omit<Work, 'report' | 'joined' | 'run'> & Pick<MessageRun, 'isRepeat' | 'lane'>,
    end: JobState,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { job, log } = work;
    const { film } = end;
    const report = this.#options.reporter.join(job, end);
    await report.setReporting('detached');
    confirmEnd({ ...work, report, joined: true }, end);
    if (film === undefined) return onceReported(report, { kind: 'acknowledge' }, signal);
    log.info('the job is done already');
    const run = (by: AbortSignal) =>
      this.#options.finishPublished(job, film, { ...work, report, signal: by });
    return this.#work.run({ ...work, report, joined: true, run }, signal);
  }

  #readOrRefuse(message: ReceivedMessage, { requestId }: Request) {
    try {
      const named = requestId === undefined ? {} : { requestId };
      return readMessage(message.body, this.#options.settings, { ...named, messageId: message.id });
    } catch (error) {
      if (error instanceof RefusedError) return { kind: 'refused' as const, error };
      throw error;
    }
  }

  /** A message that is not a job: its end is reported where at least its id is known. */
  async #refuse(
    message: ReceivedMessage,
    request: Request,
    error: RefusedError,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { reporter, readStatus, log } = this.#options;
    const requestId = request.requestId ?? message.id;
    const { code, message: reason } = error;
    const known: Pick<ReportedJob, 'id' | 'source'> | undefined =
      error instanceof UnreadableMessageError ? error.job : undefined;
    log.error({ messageId: message.id, job: known?.id, code }, reason);
    if (known === undefined) return { kind: 'give-up', requestId, code, reason };
    const facts = this.#factsOf(request, await readStatus(known.id));
    const report = reporter.open({ ...known, requestId }, facts);
    await report.move({ to: 'failed', error: { code, message: reason } });
    return onceReported(report, { kind: 'give-up', jobId: known.id, requestId, code, reason }, signal);
  }

  /** What was reported of the job, and whether it is stopped. */
  #look(jobId: string, { queuedAt }: Request) {
    const { readStatus, stops } = this.#options;
    return Promise.all([readStatus(jobId), stops.read(jobId, queuedAt)]);
  }

  /** Reports that the job runs from now on. */
  async #begin(
    job: QueuedJob,
    request: Request,
    earlier: JobState | undefined,
    jobLog: Logger,
    { receiveCount }: ReceivedMessage,
  ): Promise<JobReport> {
    const report = this.#options.reporter.open(job, this.#factsOf(request, earlier));
    await report.move({ to: 'running', attempt: request.attempt, worker: workerName });
    jobLog.info({ attempt: request.attempt, receiveCount }, 'job started');
    return report;
  }

  #factsOf({ attempt, queuedAt }: Request, earlier: JobState | undefined) {
    return { attempt, maxAttempts: this.#options.settings.queue.maxAttempts, queuedAt, earlier };
  }

  /** A source that was removed after its success is no failure when the message comes a second time. */
  async #transcodeOnce(job: QueuedJob, earlier: JobState | undefined, run: MessageRun): Promise<FilmOutcome> {
    const { transcode, isPublished } = this.#options;
    try {
      return await transcode(job, run);
    } catch (error) {
      const film = earlier?.source === run.report.state().source ? earlier.film : undefined;
      const isGone = error instanceof RefusedError && error.code === 'source-missing';
      if (!isGone || job.options?.force || film === undefined || !(await isPublished(film))) throw error;
      run.log.info('the source is gone, and its film is published: done already');
      return this.#options.finishPublished(job, film, run);
    }
  }
}
