import { setTimeout as sleep } from 'node:timers/promises';
import type { FilmOutcome } from '../film/film.ts';
import type { Logger } from '../log.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { ReceivedMessage } from '../protocol/queue-message.ts';
import { isFinal, isOfRequest } from '../protocol/report.ts';
import type { Request } from '../protocol/request.ts';
import type { JobState } from '../protocol/status.ts';
import type { Outcome } from '../queue/outcome.ts';
import type { JobReport } from '../report/reporter.ts';

/** What a message asks of this worker: a job from its start, or parts of one. */
export interface Work {
  message: ReceivedMessage;
  request: Request;
  job: QueuedJob;
  report: JobReport;
  log: Logger;
  /** Names the message through its retries. */
  messageId: string;
  /** The message that goes to the dead letters; undefined: the message as it came. */
  deadLetterBody?: string;
  /** Another worker began the job, and may have reported its end. */
  joined: boolean;
  run(signal: AbortSignal): Promise<FilmOutcome>;
}

/** There is nothing to do for the message yet. Two deliveries of one message must not meet again at the same moment. */
export function lookAgainLater(
  requestId: string,
  leaseSeconds: number,
  random: number,
  isRepeat = false,
): Outcome {
  const delaySeconds = Math.ceil(leaseSeconds * (1 + random));
  return { kind: 'hand-over', requestId, delaySeconds, ...(isRepeat && { isRepeat }) };
}

/** Another worker has ended the job and reported its end. */
export async function nothingToAdd(work: Omit<Work, 'run'>, end: JobState): Promise<Outcome> {
  const { report, log } = work;
  log.info('the job has ended and its end is reported: this worker has nothing to add');
  await report.setReporting('detached');
  confirmEnd(work, end);
  return { kind: 'acknowledge' };
}

/**
 * A message goes only when the reports of its job are where they outlive this worker; until then it is held. A worker that must
 * end before gives it back, and the next one reports again.
 */
export async function onceReported(
  report: Pick<JobReport, 'secured'>,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<Outcome> {
  if (outcome.kind === 'abandon' || outcome.kind === 'release') return outcome;
  return (await report.secured(signal)) ? outcome : { kind: 'release' };
}

/**
 * Another worker had this message before, and may have been lost between writing status.json and sending its report. The end of
 * a later request is not this one's to report: it has another id, and maybe another webhook.
 */
export function confirmEnd({ message, job, request, report }: Omit<Work, 'run'>, status: JobState): void {
  const { requestId } = job;
  const { queuedAt } = request;
  if (message.receiveCount > 1 && isFinal(status.state) && isOfRequest(status, { requestId, queuedAt }))
    report.confirmEnd(status);
}

/** @returns false when the signal came first */
export async function waited(seconds: number, signal: AbortSignal): Promise<boolean> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

/** The job fails, and its message goes to the dead letters with the reason. */
export function deadLetter(
  { job, deadLetterBody: body }: Omit<Work, 'run'>,
  code: string,
  reason: string,
): Outcome {
  const { id: jobId, requestId } = job;
  return { kind: 'give-up', jobId, requestId, code, reason, ...(body === undefined ? {} : { body }) };
}
