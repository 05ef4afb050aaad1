import { DescribeTasksCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import type { Farm, WakerClients } from './farm.ts';

/** How a worker ends that found no GPU, or a broken encoder or disk: `exitCodes` in worker/src/main.ts. */
const brokenMachineCodes = new Set([69, 71]);

/**
 * ARNs of container instances whose worker ended because its machine is broken. ECS remembers stopped tasks for about an
 * hour; one page holds 100 of them.
 */
export async function readBroken({ ecs }: WakerClients, { cluster, service }: Farm): Promise<Set<string>> {
  const { taskArns = [] } = await ecs.send(
    new ListTasksCommand({ cluster, serviceName: service, desiredStatus: 'STOPPED' }),
  );
  if (taskArns.length === 0) return new Set();
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
  const broken = tasks.filter(({ containers = [] }) =>
    containers.some(({ exitCode }) => exitCode !== undefined && brokenMachineCodes.has(exitCode)),
  );
  return new Set(broken.flatMap(({ containerInstanceArn }) => containerInstanceArn ?? []));
}
