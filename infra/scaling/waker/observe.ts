import { type AutoScalingGroup, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  type ContainerInstance,
  DescribeContainerInstancesCommand,
  DescribeServicesCommand,
  GetTaskProtectionCommand,
  ListContainerInstancesCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { readBroken } from './broken.ts';
import type { Instance, Observed } from './decide.ts';
import type { Farm, WakerClients } from './farm.ts';

/**
 * What queues, service and group say right now.
 * @throws Error when the service or the group is not there, and what AWS throws
 */
export async function observe(
  clients: WakerClients,
  farm: Farm,
): Promise<Pick<Observed, 'backlog' | 'delayed' | 'service' | 'instances' | 'groupSize'>> {
  const [messages, service, group] = await Promise.all([
    countBacklog(clients, farm),
    readService(clients, farm),
    readGroup(clients, farm),
  ]);
  return { ...messages, service, ...group };
}

const waiting = 'ApproximateNumberOfMessages';
const inFlight = 'ApproximateNumberOfMessagesNotVisible';
const delayed = 'ApproximateNumberOfMessagesDelayed';

async function countBacklog(
  { sqs }: WakerClients,
  { queueUrls }: Farm,
): Promise<Pick<Observed, 'backlog' | 'delayed'>> {
  const queues = await Promise.all(
    queueUrls.map((QueueUrl) =>
      sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [waiting, inFlight, delayed] })),
    ),
  );
  const sum = (name: typeof waiting | typeof inFlight | typeof delayed) =>
    queues.reduce((total, { Attributes }) => total + Number(Attributes?.[name] ?? 0), 0);
  return { backlog: sum(waiting) + sum(inFlight) + sum(delayed), delayed: sum(delayed) };
}

async function readService(clients: WakerClients, farm: Farm): Promise<Observed['service']> {
  const { cluster, service: name } = farm;
  const { services } = await clients.ecs.send(new DescribeServicesCommand({ cluster, services: [name] }));
  const [service] = services ?? [];
  if (service?.status !== 'ACTIVE') {
    throw new Error(
      `Service "${name}" in cluster "${cluster}" is ${service?.status ?? 'not there'}; run "pulumi up".`,
    );
  }
  const { desiredCount: desired = 0, runningCount: running = 0 } = service;
  return { desired, running, protected: running > 0 ? await countProtected(clients, farm) : 0 };
}

async function countProtected({ ecs }: WakerClients, { cluster, service }: Farm): Promise<number> {
  // One page is 100 tasks, and that many are asked at once; one protected among them is enough to know.
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, serviceName: service }));
  if (taskArns.length === 0) return 0;
  const { protectedTasks = [] } = await ecs.send(new GetTaskProtectionCommand({ cluster, tasks: taskArns }));
  return protectedTasks.filter(({ protectionEnabled }) => protectionEnabled).length;
}

async function readGroup(
  clients: WakerClients,
  farm: Farm,
): Promise<Pick<Observed, 'instances' | 'groupSize'>> {
  const { cluster, group: name } = farm;
  if (!name) return { instances: [] };
  const [{ AutoScalingGroups = [] }, inCluster] = await Promise.all([
    clients.autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] })),
    readContainerInstances(clients, cluster),
  ]);
  const broken = inCluster.length > 0 ? await readBroken(clients, farm) : new Set<string>();
  const [group] = AutoScalingGroups;
  if (!group) throw new Error(`Auto Scaling group "${name}" is not there; run "pulumi up".`);
  const { DesiredCapacity: desired = 0, MaxSize: max = 0 } = group;
  return { instances: aliveInstances(group, inCluster, broken), groupSize: { desired, max } };
}

function aliveInstances(
  { Instances = [] }: AutoScalingGroup,
  inCluster: readonly ContainerInstance[],
  broken: ReadonlySet<string>,
): Instance[] {
  const alive = Instances.filter(({ LifecycleState }) =>
    // Those on their way out need no action.
    /^(InService|Pending)/.test(LifecycleState ?? ''),
  );
  return alive.flatMap(({ InstanceId }) => {
    if (!InstanceId) return [];
    const joined = inCluster.find(({ ec2InstanceId }) => ec2InstanceId === InstanceId);
    return [
      {
        id: InstanceId,
        containerInstanceArn: joined?.containerInstanceArn,
        draining: joined?.status === 'DRAINING',
        broken: broken.has(joined?.containerInstanceArn ?? ''),
        tasks: tasksOn(joined),
      },
    ];
  });
}

async function readContainerInstances({ ecs }: WakerClients, cluster: string): Promise<ContainerInstance[]> {
  const { containerInstanceArns = [] } = await ecs.send(new ListContainerInstancesCommand({ cluster }));
  if (containerInstanceArns.length === 0) return [];
  const described = await ecs.send(
    new DescribeContainerInstancesCommand({ cluster, containerInstances: containerInstanceArns }),
  );
  return described.containerInstances ?? [];
}

export function tasksOn(instance: ContainerInstance | undefined): number {
  return (instance?.runningTasksCount ?? 0) + (instance?.pendingTasksCount ?? 0);
}
