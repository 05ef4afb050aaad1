import type * as pulumi from '@pulumi/pulumi';
import type { Lane } from '../worker/src/protocol/lanes.ts';
import { createCapacity } from './compute/capacities.ts';
import type { Capacity } from './compute/capacity.ts';
import { Cluster } from './compute/cluster.ts';
import { doorCalls } from './compute/door-calls.ts';
import type { Variables } from './compute/environment.ts';
import { FilmWidth } from './compute/film-width.ts';
import type { Network } from './compute/network.ts';
import type { WorkerSecret } from './compute/secrets.ts';
import { WorkerService } from './compute/service.ts';
import { type CallingQueue, WorkerFunction } from './compute/worker-function.ts';
import type { WorkerImage } from './image/image.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Parts } from './jobs/parts.ts';
import type { QueueNames } from './jobs/queue.ts';
import { allow } from './policy.ts';
import { Scaling } from './scaling/scaling.ts';
import type { ComputeSettings, DoorSettings } from './settings/compute.ts';
import type { FarmSettings } from './settings/settings.ts';
import type { PolicyStatement } from './storage/backend.ts';

export interface WorkersArgs {
  settings: FarmSettings;
  /** Undefined where functions are the workers. */
  network: Network | undefined;
  image: WorkerImage;
  environment: Variables;
  secrets: WorkerSecret[];
  /** What a worker may do with queues, source and output. */
  statements: PolicyStatement[];
  /** The same for the function before the jobs queue. */
  doorStatements: PolicyStatement[];
  jobs: Jobs;
  parts: Parts;
  tags: Record<string, string>;
}

/** What runs the workers, as the rest of the farm knows it. */
export interface Workers {
  /** That the workers work under. */
  roleArn: pulumi.Output<string>;
  logGroupName: pulumi.Output<string>;
  /** Workers that wait in ECS, and the waker that orders them. */
  service?: {
    clusterName: pulumi.Output<string>;
    serviceName: pulumi.Output<string>;
    serviceArn: pulumi.Output<string>;
    capacity: Capacity;
    wakerName: pulumi.Output<string>;
    wakerLogGroupName: pulumi.Output<string>;
  };
  /** The function that is a worker whenever it is called. */
  functionName?: pulumi.Output<string>;
  functionArn?: pulumi.Output<string>;
  /** The function that looks at jobs before workers in ECS do. */
  door?: {
    functionName: pulumi.Output<string>;
    roleArn: pulumi.Output<string>;
    logGroupName: pulumi.Output<string>;
    maxCalls: number;
  };
}

export function createWorkers(
  name: string,
  args: WorkersArgs,
  own: pulumi.ComponentResourceOptions,
): Workers {
  const { compute } = args.settings;
  return compute.kind === 'function'
    ? createFunction(name, args, compute, own)
    : createService(name, args, compute, own);
}

function createFunction(
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
  return { functionName, functionArn, roleArn, logGroupName };
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

/**
 * What target tracking counts. CloudWatch's alarms take ten metrics (API reference, `PutMetricAlarm`), two for each queue and one for
 * the tasks, so with three lanes the urgent one is left out: its messages wait for minutes at most, and its busy workers are protected.
 */
function trackedQueues(jobs: Jobs, parts: Parts): QueueNames[] {
  const { urgent, ...bulkJobs } = jobs.lanes;
  const hasAll = urgent !== undefined && bulkJobs.bulk !== undefined;
  const lanesOf = ({ lanes }: Jobs | Parts) =>
    Object.entries(lanes).flatMap(([lane, queue]) => (hasAll && lane === 'urgent' ? [] : [queue]));
  return [jobs.queue, parts.queue, ...lanesOf(jobs), ...lanesOf(parts)];
}

function createService(
  name: string,
  args: WorkersArgs,
  compute: Exclude<ComputeSettings, { kind: 'function' }>,
  own: pulumi.ComponentResourceOptions,
): Workers {
  const { settings, network, image, environment, secrets, jobs, parts, tags } = args;
  const { scaling, monitoring } = settings;
  const { kind } = compute;
  const width = new FilmWidth(name, settings.workersPerFilm, own);
  if (network === undefined) throw new TypeError('Workers in ECS have a network.');
  const cluster = new Cluster(`${name}-${kind}`, monitoring, own);
  const capacity = createCapacity(
    `${name}-${kind}`,
    { ...compute, ...cluster, ...network, maxInstances: scaling.maxTasks, tags },
    own,
  );
  const service = new WorkerService(
    `${name}-worker`,
    {
      ...cluster,
      ...network,
      capacity,
      kind,
      architecture: kind === 'fargate' ? compute.architecture : 'x86_64',
      assignPublicIp: settings.network.assignPublicIp,
      image: image.uri,
      builtImagesArn: image.repositoryArn,
      environment: kind === 'gpu' ? withoutFunctions(environment) : environment,
      secrets: [...secrets, width.reference],
      taskStatements: args.statements,
      minTasks: scaling.minTasks,
      logRetentionDays: monitoring.logRetentionDays,
    },
    own,
  );
  const { wakerName, wakerArn, wakerLogGroupName } = new Scaling(
    name,
    {
      ...cluster,
      ...service,
      ...scaling,
      capacity,
      kind,
      queues: [jobs.queue, parts.queue, ...Object.values(jobs.lanes), ...Object.values(parts.lanes)],
      trackedQueues: trackedQueues(jobs, parts),
      // The door asks for workers itself.
      ...(settings.door === undefined && { topicArn: jobs.topicArn, laneTopicArns: jobs.laneTopicArns }),
      logRetentionDays: monitoring.logRetentionDays,
    },
    own,
  );
  const { serviceName, serviceArn, taskRoleArn: roleArn, logGroupName } = service;
  const { clusterName } = cluster;
  return {
    roleArn,
    logGroupName,
    service: { clusterName, serviceName, serviceArn, capacity, wakerName, wakerLogGroupName },
    ...(settings.door && {
      door: createDoorFunction(name, args, settings.door, { wakerName, wakerArn }, own),
    }),
  };
}

/** Functions make no part of a film that NVENC makes: its workers need not wait for them, nor keep their time. */
function withoutFunctions({ FUNCTIONS_PER_FILM, LEASE_SECONDS, ...others }: Variables): Variables {
  return others;
}

/** One function for both: it looks at a job, and makes parts of films. */
function createDoorFunction(
  name: string,
  args: WorkersArgs,
  door: DoorSettings,
  { wakerName, wakerArn }: Record<'wakerName' | 'wakerArn', pulumi.Output<string>>,
  own: pulumi.ComponentResourceOptions,
): NonNullable<Workers['door']> {
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
      architecture: compute.kind === 'gpu' ? 'x86_64' : compute.architecture,
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
