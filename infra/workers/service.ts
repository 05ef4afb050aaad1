import type * as pulumi from '@pulumi/pulumi';
import { createCapacity } from '../compute/capacities.ts';
import { Cluster } from '../compute/cluster.ts';
import type { Variables } from '../compute/environment.ts';
import { FilmWidth } from '../compute/film-width.ts';
import { WorkerService } from '../compute/service.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Parts } from '../jobs/parts.ts';
import type { QueueNames } from '../jobs/queue.ts';
import { Scaling } from '../scaling/scaling.ts';
import { architectureOf, type ComputeSettings } from '../settings/compute.ts';
import type { Workers, WorkersArgs } from './args.ts';
import { createDoorFunction } from './door.ts';

/** Tasks of ECS on Fargate or GPU instances, as many as the queues ask for; with a function before them where that is set. */
export function createService(
  name: string,
  args: WorkersArgs,
  compute: Exclude<ComputeSettings, { kind: 'function' }>,
  own: pulumi.ComponentResourceOptions,
): Workers {
  const { settings, network, image, environment, secrets, jobs, parts, tags } = args;
  const { scaling, monitoring, door } = settings;
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
      architecture: architectureOf(compute),
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
  const waker = new Scaling(
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
      ...(door === undefined && { topicArn: jobs.topicArn, laneTopicArns: jobs.laneTopicArns }),
      logRetentionDays: monitoring.logRetentionDays,
    },
    own,
  );
  const { clusterName } = cluster;
  const { serviceName, serviceArn, taskRoleArn, logGroupName } = service;
  const { wakerName, wakerLogGroupName } = waker;
  const before = door && createDoorFunction(name, args, door, waker, own);
  return {
    roleArns: [taskRoleArn, ...(before ? [before.roleArn] : [])],
    logGroupName,
    service: { clusterName, serviceName, serviceArn, capacity, wakerName, wakerLogGroupName },
    ...(before && { door: before }),
  };
}

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

/** Functions make no part of a film that NVENC makes: its workers need not wait for them, nor keep their time. */
function withoutFunctions({ FUNCTIONS_PER_FILM, LEASE_SECONDS, ...others }: Variables): Variables {
  return others;
}
