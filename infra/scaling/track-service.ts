import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

export interface ServiceTracking {
  clusterName: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  minTasks: number;
  maxTasks: number;
  /** What is tracked, and to which value. */
  tracking: aws.types.input.appautoscaling.PolicyTargetTrackingScalingPolicyConfiguration;
}

/** Lets an ECS service have as many tasks as hold a metric at its target (Application Auto Scaling). */
export function trackService(
  parent: pulumi.Resource,
  name: string,
  { clusterName, serviceName, minTasks, maxTasks, tracking }: ServiceTracking,
): void {
  const target = new aws.appautoscaling.Target(
    name,
    {
      serviceNamespace: 'ecs',
      scalableDimension: 'ecs:service:DesiredCount',
      resourceId: pulumi.interpolate`service/${clusterName}/${serviceName}`,
      minCapacity: minTasks,
      maxCapacity: maxTasks,
    },
    { parent },
  );
  new aws.appautoscaling.Policy(
    name,
    {
      policyType: 'TargetTrackingScaling',
      serviceNamespace: target.serviceNamespace,
      scalableDimension: target.scalableDimension,
      resourceId: target.resourceId,
      targetTrackingScalingPolicyConfiguration: tracking,
    },
    { parent },
  );
}
