import type * as pulumi from '@pulumi/pulumi';
import { createCapacity } from './compute/capacities.ts';
import type { Capacity } from './compute/capacity.ts';
import { Cluster } from './compute/cluster.ts';
import type { Variables } from './compute/environment.ts';
import { FilmWidth } from './compute/film-width.ts';
import type { Network } from './compute/network.ts';
import type { WorkerSecret } from './compute/secrets.ts';
import { WorkerService } from './compute/service.ts';
import { WorkerFunction } from './compute/worker-function.ts';
import type { WorkerImage } from './image/image.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Parts } from './jobs/parts.ts';
import { Scaling } from './scaling/scaling.ts';
import type { ComputeSettings } from './settings/compute.ts';
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
      jobs: args.jobs.queue,
      parts: args.parts.queue,
      logRetentionDays: monitoring.logRetentionDays,
    },
    own,
  );
  return { functionName, functionArn, roleArn, logGroupName };
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
      environment,
      secrets: [...secrets, width.reference],
      taskStatements: args.statements,
      minTasks: scaling.minTasks,
      logRetentionDays: monitoring.logRetentionDays,
    },
    own,
  );
  const { wakerName, wakerLogGroupName } = new Scaling(
    name,
    {
      ...cluster,
      ...service,
      ...scaling,
      capacity,
      kind,
      queues: [jobs.queue, parts.queue],
      topicArn: jobs.topicArn,
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
  };
}
