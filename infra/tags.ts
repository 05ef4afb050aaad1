import * as pulumi from '@pulumi/pulumi';

/** On everything that a farm makes: the stack's name. */
export const farmTag = 'transcode-farm';

/** Types that take tags, of those that the farm makes, directly or through awsx. */
export const taggable: ReadonlySet<string> = new Set([
  'aws:appautoscaling/target:Target',
  'aws:budgets/budget:Budget',
  'aws:cloudfront/distribution:Distribution',
  'aws:cloudwatch/eventRule:EventRule',
  'aws:cloudwatch/logGroup:LogGroup',
  'aws:cloudwatch/metricAlarm:MetricAlarm',
  'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup',
  'aws:ec2/internetGateway:InternetGateway',
  'aws:ec2/launchTemplate:LaunchTemplate',
  'aws:ec2/routeTable:RouteTable',
  'aws:ec2/securityGroup:SecurityGroup',
  'aws:ec2/subnet:Subnet',
  'aws:ec2/vpc:Vpc',
  'aws:ec2/vpcEndpoint:VpcEndpoint',
  'aws:ecr/repository:Repository',
  'aws:ecs/capacityProvider:CapacityProvider',
  'aws:ecs/cluster:Cluster',
  'aws:ecs/service:Service',
  'aws:ecs/taskDefinition:TaskDefinition',
  'aws:iam/instanceProfile:InstanceProfile',
  'aws:iam/openIdConnectProvider:OpenIdConnectProvider',
  'aws:iam/role:Role',
  'aws:lambda/eventSourceMapping:EventSourceMapping',
  'aws:lambda/function:Function',
  'aws:s3/bucket:Bucket',
  'aws:sns/topic:Topic',
  'aws:sqs/queue:Queue',
  'aws:ssm/parameter:Parameter',
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule',
]);

/**
 * A transform that puts tags on everything below a component. Not the provider's default tags, so that the owner's own
 * provider and `aws:` config (profile, role, default tags) stay in force.
 */
export function tagging(tags: Readonly<Record<string, string>>): pulumi.ResourceTransform {
  return ({ type, props, opts }) => {
    if (!taggable.has(type)) return undefined;
    // What awsx passes on may be an output, whose fields are not the tags.
    const own = props.tags;
    const all = pulumi.Output.isInstance<object>(own)
      ? own.apply((known) => ({ ...tags, ...known }))
      : { ...tags, ...own };
    return { props: { ...props, tags: all }, opts };
  };
}
