import * as pulumi from '@pulumi/pulumi';

/** Types that take tags, of those that the farm makes. */
export const taggable: ReadonlySet<string> = new Set([
  'aws:cloudfront/distribution:Distribution',
  'aws:cloudwatch/eventRule:EventRule',
  'aws:cloudwatch/logGroup:LogGroup',
  'aws:cloudwatch/metricAlarm:MetricAlarm',
  'aws:ec2/launchTemplate:LaunchTemplate',
  'aws:ec2/securityGroup:SecurityGroup',
  'aws:ecs/capacityProvider:CapacityProvider',
  'aws:ecs/cluster:Cluster',
  'aws:ecs/service:Service',
  'aws:ecs/taskDefinition:TaskDefinition',
  'aws:iam/instanceProfile:InstanceProfile',
  'aws:iam/role:Role',
  'aws:lambda/function:Function',
  'aws:s3/bucket:Bucket',
  'aws:sns/topic:Topic',
  'aws:sqs/queue:Queue',
  'aws:ssm/parameter:Parameter',
]);

/**
 * Puts tags on everything that the program makes from here on. A transform rather than the provider's default tags, so
 * that the stack's own `aws:` config (profile, role, default tags) goes on to hold.
 */
export function tagEverything(tags: Readonly<Record<string, string>>): void {
  pulumi.runtime.registerResourceTransform(({ type, props, opts }) =>
    taggable.has(type) ? { props: { ...props, tags: { ...tags, ...props.tags } }, opts } : undefined,
  );
}
