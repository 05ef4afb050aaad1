import {
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  type ContainerInstanceStatus,
  DescribeContainerInstancesCommand,
  UpdateContainerInstancesStateCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import type { Action } from './decide.ts';
import type { Farm, WakerClients } from './farm.ts';
import { tasksOn } from './observe.ts';

/** Does what was decided, in order. @returns a sentence for each action on what came of it */
export async function act(clients: WakerClients, farm: Farm, actions: readonly Action[]): Promise<string[]> {
  const done: string[] = [];
  for (const action of actions) {
    if (action.kind === 'set-desired-count') {
      const { cluster, service } = farm;
      await clients.ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount: action.count }));
      done.push(`desired count ${action.count}: ${action.reason}`);
    } else if (action.kind === 'order-instances') {
      const { group: AutoScalingGroupName } = farm;
      await clients.autoScaling.send(
        new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: action.count }),
      );
      done.push(`${action.count} instances: ${action.reason}`);
    } else if (action.kind === 'end-instance') {
      done.push(await endInstance(clients, farm, action));
    } else {
      done.push(await endBrokenInstance(clients, farm, action));
    }
  }
  return done;
}

/**
 * Ends an instance that has no task. Scale-in protection, which ECS puts on it, does not bind this call.
 *
 * ECS may have placed a task on it since it was observed. Draining stops tasks that are still PENDING at once, so the instance is asked
 * just before; a task that runs already is found after, and the instance is opened again. A task that ECS places between the two calls is
 * stopped: the service starts it again, on an instance that the next look orders.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html
 */
async function endInstance(
  clients: WakerClients,
  farm: Farm,
  { instanceId, containerInstanceArn, reason }: Action & { kind: 'end-instance' },
): Promise<string> {
  if (containerInstanceArn !== undefined) {
    const stays = `${instanceId} stays: it has just got a task`;
    if (await hasTask(clients, farm, containerInstanceArn)) return stays;
    await setState(clients, farm, containerInstanceArn, 'DRAINING');
    if (await hasTask(clients, farm, containerInstanceArn)) {
      await setState(clients, farm, containerInstanceArn, 'ACTIVE');
      return stays;
    }
  }
  await terminate(clients, instanceId, { replace: false });
  return `${instanceId} ended: ${reason}`;
}

/** Closed to new tasks at once, and ended when those of other GPUs on it are gone. */
async function endBrokenInstance(
  clients: WakerClients,
  farm: Farm,
  { instanceId, containerInstanceArn, replace }: Action & { kind: 'end-broken-instance' },
): Promise<string> {
  if (containerInstanceArn !== undefined) {
    await setState(clients, farm, containerInstanceArn, 'DRAINING');
    if (await hasTask(clients, farm, containerInstanceArn)) return `${instanceId} is broken, and drains`;
  }
  await terminate(clients, instanceId, { replace });
  return `${instanceId} ended${replace ? ' and replaced' : ''}: its worker found the machine broken`;
}

async function terminate(
  { autoScaling }: WakerClients,
  InstanceId: string,
  { replace }: { replace: boolean },
): Promise<void> {
  await autoScaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId,
      ShouldDecrementDesiredCapacity: !replace,
    }),
  );
}

async function setState(
  { ecs }: WakerClients,
  { cluster }: Farm,
  arn: string,
  status: ContainerInstanceStatus,
): Promise<void> {
  await ecs.send(new UpdateContainerInstancesStateCommand({ cluster, containerInstances: [arn], status }));
}

async function hasTask({ ecs }: WakerClients, { cluster }: Farm, arn: string): Promise<boolean> {
  const { containerInstances } = await ecs.send(
    new DescribeContainerInstancesCommand({ cluster, containerInstances: [arn] }),
  );
  return tasksOn(containerInstances?.[0]) > 0;
}
