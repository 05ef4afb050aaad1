import type * as pulumi from '@pulumi/pulumi';
import type { QueueNames as Queue } from '../jobs/queue.ts';
import type { FarmPieces } from '../pieces.ts';
import type { Workers } from '../workers/args.ts';
import type { FarmNames, MonitoredWorkers, PortalNames } from './metrics.ts';

/** What the pieces of a farm are called in CloudWatch. */
export function farmNames({
  settings,
  jobs,
  parts,
  reports,
  workers,
  portal,
  metricsNamespace,
}: Pick<FarmPieces, 'settings' | 'jobs' | 'parts' | 'reports' | 'workers' | 'metricsNamespace'> & {
  portal: PortalNames | undefined;
}): Omit<FarmNames, 'region'> {
  const { door } = workers;
  return {
    workers: monitoredWorkers(workers, settings.scaling.maxTasks),
    door: door && { functionName: door.functionName, maxCalls: door.maxCalls, queues: namesOf(jobs.doors) },
    jobs: queueNames(jobs),
    parts: queueNames(parts),
    reports: reports && {
      queue: reports.queue.name,
      deadLetters: reports.deadLetters.name,
      reporterName: reports.reporterName,
    },
    portal,
    metricsNamespace,
  };
}

function monitoredWorkers({ service, functionName }: Workers, maxCalls: number): MonitoredWorkers {
  if (functionName !== undefined) return { kind: 'function', functionName, maxCalls };
  if (service === undefined) throw new TypeError('A farm has a service or a function.');
  const { clusterName, serviceName, wakerName, capacity } = service;
  return { kind: 'service', clusterName, serviceName, wakerName, groupName: capacity.group?.name };
}

function queueNames({ queue, deadLetters, lanes }: FarmPieces['jobs'] | FarmPieces['parts']) {
  return { queue: queue.name, deadLetters: deadLetters.name, lanes: namesOf(lanes) };
}

function namesOf<L extends string>(
  queues: Partial<Record<L, Queue>>,
): Partial<Record<L, pulumi.Output<string>>> {
  const names = Object.entries<Queue | undefined>(queues).map(([lane, queue]) => [lane, queue?.name]);
  return Object.fromEntries(names);
}
