import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';

/**
 * Stopped instances beside an Auto Scaling group: `count` of them, less the group's desired capacity.
 *
 * With a minimum size there would be as many at any time. Then those that are made while others run would be beyond the On-Demand base, and
 * whether a pool may hold Spot is not documented. Used instances are never stopped again: ECS allows no return into the pool
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-warm-pool.html).
 * Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutWarmPool.html
 */
export function warmPool(count: number): aws.types.input.autoscaling.GroupWarmPool {
  return { poolState: 'Stopped', minSize: 0, maxGroupPreparedCapacity: count };
}

/** An instance is in the cluster 80 to 120 s after its order (docs/scaling.md), and the hook begins some seconds after that. */
const preparationSeconds = 120;

/**
 * Gives an instance time for its first boot on its way into the pool. Without, it is stopped "as soon as an instance finishes launching",
 * booted or not (https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html), and what it has not read of its
 * volume by then comes slowly from the AMI's snapshot when the instance is wanted.
 *
 * Instances on their way into service are held as well, but in name alone: they work meanwhile, as the ECS agent asks for the state that an
 * instance is to reach. A pool's very first instance may be stopped before the hook is there; its one start is slower then.
 */
export function createPreparation(
  parent: pulumi.Resource,
  name: string,
  groupName: pulumi.Input<string>,
): aws.autoscaling.LifecycleHook {
  return new aws.autoscaling.LifecycleHook(
    `${name}-prepare`,
    {
      autoscalingGroupName: groupName,
      lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      heartbeatTimeout: preparationSeconds,
      // Nobody answers the hook: the time is all that it gives.
      defaultResult: 'CONTINUE',
    },
    { parent },
  );
}
