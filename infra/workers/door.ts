import type * as pulumi from '@pulumi/pulumi';
import type { Lane } from '../../worker/src/protocol/lanes.ts';
import { doorCalls } from '../compute/door-calls.ts';
import type { Variables } from '../compute/environment.ts';
import { WorkerFunction } from '../compute/worker-function.ts';
import { allow } from '../policy.ts';
import { architectureOf, type DoorSettings } from '../settings/compute.ts';
import type { Workers, WorkersArgs } from './args.ts';

/** The function before a service of workers: it looks at each job, makes short films, and makes parts of long ones. */
export function createDoorFunction(
  name: string,
  args: WorkersArgs,
  door: DoorSettings,
  { wakerName, wakerArn }: Record<'wakerName' | 'wakerArn', pulumi.Output<string>>,
  own: pulumi.ComponentResourceOptions,
): NonNullable<Workers['door']> & { roleArn: pulumi.Output<string> } {
  const { settings, jobs, image } = args;
  const { compute, workersPerFilm, monitoring } = settings;
  const maxCalls = doorCalls + door.functionsPerFilm;
  const urlOf = (lane: Lane) => jobs.doors[lane]?.url;
  const variables: Variables = {
    ...args.environment,
    DOOR_QUEUE_URL: urlOf('normal'),
    URGENT_DOOR_QUEUE_URL: urlOf('urgent'),
    BULK_DOOR_QUEUE_URL: urlOf('bulk'),
    WORKERS_ENCODER: compute.kind === 'gpu' ? 'nvenc' : 'x264',
    WAKER_FUNCTION: wakerName,
  };
  const { functionName, roleArn, logGroupName } = new WorkerFunction(
    `${name}-door`,
    {
      description: 'Looks at jobs before workers do, and makes short films and parts of long ones',
      image: image.uri,
      imageAccess: image.access,
      architecture: architectureOf(compute),
      memoryMib: door.memoryMib,
      maxCalls,
      reserveConcurrency: door.reserveConcurrency,
      workersPerFilm,
      callsItself: door.functionsPerFilm > 0,
      environment: variables,
      secrets: args.secrets,
      statements: [...args.doorStatements, allow('CallWaker', ['lambda:InvokeFunction'], wakerArn)],
      queues: Object.entries(jobs.doors).map(([lane, queue]) => ({
        key: lane === 'normal' ? 'jobs' : `jobs-${lane}`,
        queue,
        maxCalls: doorCalls,
      })),
      logRetentionDays: monitoring.logRetentionDays,
    },
    own,
  );
  return { functionName, roleArn, logGroupName, maxCalls };
}
