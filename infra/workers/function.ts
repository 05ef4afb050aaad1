import type * as pulumi from '@pulumi/pulumi';
import type { Lane } from '../../worker/src/protocol/lanes.ts';
import { type CallingQueue, WorkerFunction } from '../compute/worker-function.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Parts } from '../jobs/parts.ts';
import type { ComputeSettings } from '../settings/compute.ts';
import type { Workers, WorkersArgs } from './args.ts';

/** A function, each call of which is a worker: nothing else runs. */
export function createFunction(
  name: string,
  args: WorkersArgs,
  compute: Extract<ComputeSettings, { kind: 'function' }>,
  own: pulumi.ComponentResourceOptions,
): Workers {
  const { scaling, workersPerFilm, monitoring } = args.settings;
  const { functionName, functionArn, roleArn, logGroupName } = new WorkerFunction(
    `${name}-worker`,
    {
      ...args,
      image: args.image.uri,
      imageAccess: args.image.access,
      architecture: compute.architecture,
      memoryMib: compute.task.memoryMib,
      maxCalls: scaling.maxTasks,
      reserveConcurrency: compute.reserveConcurrency,
      workersPerFilm,
      callsItself: true,
      queues: calledBy(args),
      logRetentionDays: monitoring.logRetentionDays,
    },
    own,
  );
  return { functionName, functionArn, roleArns: [roleArn], logGroupName };
}

/** Each queue that calls the function, and at most how many of its messages are worked on at once. */
function calledBy({ jobs, parts, settings }: WorkersArgs): CallingQueue[] {
  const { maxTasks } = settings.scaling;
  const shareOf = (lane: Lane) => Math.ceil(maxTasks * shares[lane]);
  const extra = (from: Jobs | Parts, kind: 'jobs' | 'parts') =>
    Object.entries(from.lanes).map(([lane, queue]) => ({
      key: `${kind}-${lane}`,
      queue,
      maxCalls: shareOf(lane as Lane),
    }));
  const hasUrgent = jobs.lanes.urgent !== undefined;
  const normal = hasUrgent ? shareOf('normal') : maxTasks;
  return [
    { key: 'jobs', queue: jobs.queue, maxCalls: normal },
    { key: 'parts', queue: parts.queue, maxCalls: normal },
    ...extra(jobs, 'jobs'),
    ...extra(parts, 'parts'),
  ];
}

/** Of the function's calls at once: films of a lower lane leave some for those of higher ones. */
const shares: Readonly<Record<Lane, number>> = { urgent: 1, normal: 0.75, bulk: 0.5 };
