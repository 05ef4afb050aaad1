import { type Report, reportSchema } from '../worker/src/protocol/report.ts';
import { type Attempt, attemptAttributes, readAttempt, type Target, type TargetResult } from './attempt.ts';
import type { ReporterLog } from './log.ts';
import type { ReportMessage, ReportsQueue } from './queue.ts';

/** One place that reports are delivered to. It throws only where its own records can't be read or written. */
export interface ReportTarget {
  takes(report: Report): boolean;
  deliver(report: Report, attempt: Attempt): Promise<TargetResult>;
}

export interface HandlerOptions {
  queue: Pick<ReportsQueue, 'send' | 'sendToDeadLetters'>;
  targets: ReadonlyMap<Target, ReportTarget>;
  log: ReporterLog;
  /** How late a report is, whenever a try has failed. */
  onFailure?: (ageSeconds: number) => void;
  clock?: () => Date;
}

/** A message that comes so much before its time is not sent back for that. */
const earlySeconds = 0.5;

/**
 * Takes one message to its end: each target is tried, and what failed becomes a new message for that target alone, with a delay.
 * The order is always: first send what takes the message's place, then write it down, then (the caller) delete the message. So
 * whatever fails in between leaves the message, and a report is at worst delivered twice.
 * @returns when the message may be deleted
 * @throws where it must come back
 */
export function createHandler(options: HandlerOptions): (message: ReportMessage) => Promise<void> {
  const { queue, targets, log, onFailure = () => {}, clock = () => new Date() } = options;

  return async (message) => {
    const report = readReport(message.body);
    if (report === undefined) {
      log.error({}, 'a message of the reports queue is not a report');
      return queue.sendToDeadLetters(message.body, { reason: 'not a report', reasonCode: 'unreadable' });
    }
    const attempt = readAttempt(message.attributes, message.sentAt);
    const waitSeconds = ((attempt.dueAt?.getTime() ?? 0) - clock().getTime()) / 1000;
    if (waitSeconds > earlySeconds) {
      return queue.send(message.body, attemptAttributes(attempt), waitSeconds);
    }
    const asked = attempt.target === undefined ? [...targets.keys()] : [attempt.target];
    await Promise.all(asked.map((target) => deliver(target, report, attempt, message.body)));
  };

  async function deliver(name: Target, report: Report, attempt: Attempt, body: string): Promise<void> {
    const target = targets.get(name);
    // The farm may have had a webhook or a database when the report was sent.
    if (target === undefined || !target.takes(report)) return;
    const result = await target.deliver(report, attempt);
    if (result.kind === 'done') return;
    const { id, state } = report.state;
    const facts = { job: id, state, target: name, tries: attempt.tries + 1, why: result.why };
    if (result.kind === 'give-up') {
      log.error(facts, 'report given up');
      await queue.sendToDeadLetters(body, {
        target: name,
        jobId: id,
        reason: result.why,
        reasonCode: result.code,
      });
      return result.afterwards?.();
    }
    if (report.kind === 'progress') return log.debug(facts, 'a report of progress was dropped');
    const { inSeconds } = result;
    const dueAt = new Date(clock().getTime() + inSeconds * 1000);
    const tries = attempt.tries + (result.counts ? 1 : 0);
    await queue.send(body, attemptAttributes({ ...attempt, target: name, tries, dueAt }), inSeconds);
    await result.afterwards?.();
    if (!result.counts) return;
    log.warn({ ...facts, inSeconds: Math.ceil(inSeconds) }, 'report not delivered; trying again later');
    onFailure((clock().getTime() - attempt.firstAt.getTime()) / 1000);
  }
}

/** Undefined where the text is not a report. */
export function readReport(body: string): Report | undefined {
  try {
    return reportSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
