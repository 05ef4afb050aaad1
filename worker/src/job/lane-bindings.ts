import { type Lane, laneNames } from '../protocol/lanes.ts';
import type { Queue } from '../queue/queue.ts';
import type { QueueBinding } from '../queue/queue-binding.ts';
import type { LaneBindings } from '../queue/serving-order.ts';
import type { JobRunner } from './run.ts';

/** The queues of one lane. */
export interface LaneQueues {
  jobs: Queue;
  /** Part requests; undefined where each film is one worker's, and where they are invocations. */
  parts: Queue | undefined;
  /** Before the jobs: a function looks at them first. */
  door?: Queue | undefined;
}

/**
 * The queues in the order in which they are served: lane by lane, and in each the films that are begun first, so that ten in line
 * are ready one after another. Where films are not shared, part requests come only from films that were begun under other settings.
 */
export function bindLanes(
  lanes: Partial<Record<Lane, LaneQueues>>,
  runner: Pick<JobRunner, 'runJob' | 'runPartRequest'>,
  { isShared }: { isShared: boolean },
): LaneBindings[] {
  const jobQueues = Object.fromEntries(Object.entries(lanes).map(([lane, { jobs }]) => [lane, jobs]));
  return laneNames.flatMap((lane) => {
    const queues = lanes[lane];
    if (queues === undefined) return [];
    const jobs: QueueBinding = {
      queue: queues.jobs,
      handle: (message, signal, place) => runner.runJob(message, signal, lane, place),
      lanes: jobQueues,
    };
    if (queues.parts === undefined) return [{ lane, queues: [jobs] }];
    const parts: QueueBinding = {
      queue: queues.parts,
      handle: (message, signal, place) => runner.runPartRequest(message, signal, lane, place),
    };
    return [{ lane, queues: isShared ? [parts, jobs] : [jobs, parts] }];
  });
}

/** Of a function before the jobs queues: what it does not make goes on to them. */
export function bindDoors(
  lanes: Partial<Record<Lane, LaneQueues>>,
  runner: Pick<JobRunner, 'runJob'>,
): QueueBinding[] {
  const doors = laneNames.flatMap((lane) => {
    const { door, jobs } = lanes[lane] ?? {};
    return door === undefined || jobs === undefined ? [] : [{ lane, door, jobs }];
  });
  const byLane = Object.fromEntries(doors.map(({ lane, door }) => [lane, door]));
  return doors.map(({ lane, door, jobs }) => ({
    queue: door,
    handle: (message, signal) => runner.runJob(message, signal, lane),
    lanes: byLane,
    next: jobs,
  }));
}
