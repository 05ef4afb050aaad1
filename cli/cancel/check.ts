import type { JobState } from '../../worker/src/protocol/status.ts';
import { UserError } from '../errors.ts';
import { type Queues, total } from '../farm/queues.ts';

/** A job that somebody wants to end. */
export interface Cancellation {
  id: string;
  /** Undefined where nothing was reported of the job: it waits, or does not exist. */
  state?: JobState['state'];
  queuedAt?: string;
  /** What a stop comes to, for people. */
  outlook: string;
  /** Why there is nothing to end. */
  objection?: string;
}

/**
 * Nothing is reported of a waiting job, and a queue can't be searched. So an unknown id is taken for a waiting job as long as
 * the queue holds messages.
 */
export function checkJob(id: string, job: JobState | undefined, queues: Queues): Cancellation {
  if (job === undefined) {
    const isEmpty = total(queues) === 0;
    return {
      id,
      outlook: 'has no status yet: if it waits, it ends when a worker takes it',
      ...(isEmpty && { objection: `Job ${id} has no status, and no job waits: it does not exist.` }),
    };
  }
  const { state, queuedAt } = job;
  const isOver = state === 'succeeded' || state === 'failed';
  const known = { id, state, queuedAt };
  if (isOver) {
    return {
      ...known,
      outlook: `has ${state}; what was sent again before now ends when a worker takes it`,
      objection: `Job ${id} is over: it has ${state}.`,
    };
  }
  return {
    ...known,
    outlook:
      state === 'running' ? 'ends within seconds' : 'waits for its turn, and ends when a worker takes it',
  };
}

/** What comes of a job that is ended. */
export function cancelLine({ id, outlook }: Cancellation): string {
  return `${id}  ${outlook}`;
}

/** @throws UserError that names every job that can't be ended */
export function refuseToCancel(jobs: readonly Cancellation[]): void {
  const objections = jobs.flatMap(({ objection }) => objection ?? []);
  if (objections.length === 0) return;
  const others = objections.length < jobs.length ? ' No job was ended.' : '';
  throw new UserError(
    `${objections.join('\n')}\n"farm jobs" lists those that have a status. --force stops it anyway: if it waits in the queue, it ends when it is taken.${others}`,
  );
}
