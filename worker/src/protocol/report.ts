import { z } from 'zod';
import { type JobState, type JobStateName, jobStateSchema } from './status.ts';

/** A message on the reports queue: a worker reports a job's state, and the reporter delivers it. */
export const reportSchema = z.object({
  /**
   * `transition`: the job entered another state. `progress`: it runs on; only the database takes that, and a lost one is not
   * sent again. `catch-up`: read from status.json, for a database that lacks it.
   */
  kind: z.enum(['transition', 'progress', 'catch-up']),
  state: jobStateSchema,
  /** The request that the state belongs to, see `QueuedJob.requestId`. */
  requestId: z.string(),
  /** A webhook that this job named for itself. */
  webhook: z.string().optional(),
});

export type Report = z.infer<typeof reportSchema>;

export function isFinal(state: JobStateName): boolean {
  return state === 'succeeded' || state === 'failed';
}

/**
 * The sequence number of a job's next report. It grows by one and is at least the time in milliseconds: a worker that could
 * not read the number of the worker before still gets a higher one, and one whose clock is behind does too, as it goes by the
 * number in status.json. (A hybrid logical clock: Kulkarni et al., "Logical Physical Clocks", 2014.)
 */
export function nextSequence(last: number | undefined, now: Date): number {
  return Math.max((last ?? 0) + 1, now.getTime());
}

/**
 * Whether a state is that of this request, and not of an earlier or a later one of the same job. A bucket may announce one upload
 * twice, at different times.
 */
export function isOfRequest(
  state: Pick<JobState, 'requestId' | 'queuedAt'>,
  { requestId, queuedAt }: { requestId: string; queuedAt: Date },
): boolean {
  return state.requestId === undefined
    ? Date.parse(state.queuedAt) === queuedAt.getTime()
    : state.requestId === requestId;
}

/** What orders the reports of one job. */
export type ReportOrder = Pick<JobState, 'queuedAt' | 'state' | 'sequence'>;

/**
 * Whether a report is newer than another one of the same job: of a later request (by the queue's clock, which is one for all
 * workers); or the end of the same request, which nothing follows; or by its sequence number.
 */
export function isNewer(a: ReportOrder, b: ReportOrder): boolean {
  const byRequest = Date.parse(a.queuedAt) - Date.parse(b.queuedAt);
  if (byRequest !== 0) return byRequest > 0;
  const byEnd = Number(isFinal(a.state)) - Number(isFinal(b.state));
  if (byEnd !== 0) return byEnd > 0;
  return (a.sequence ?? 0) > (b.sequence ?? 0);
}
