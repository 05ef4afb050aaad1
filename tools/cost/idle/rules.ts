import type { Registered } from '../../program-run/registered.ts';
import { type Charge, charge, monthOf } from '../charge.ts';
import type { FarmFacts } from '../facts.ts';
import { standingHour } from '../worker-hour.ts';
import {
  alarms,
  callsPerMonth,
  containerInsights,
  functionPollsPerMonth,
  loadBalancer,
  managedScaling,
  metricsOfAlarm,
  metricsOfTracking,
  portalTasks,
  queueRequests,
  stoppedInstances,
  trackingAlarms,
  unpriced,
  wakerCalls,
  wakerLogBytes,
  wasabiBucket,
} from './usage.ts';

/** Charges, or why there are none. */
type Rule = (resource: Registered, farm: FarmFacts) => Charge[] | string;

/** What a resource costs by its type; undefined for a type that nothing is known of. */
export function ruleOf({ type, custom }: Registered): Rule | undefined {
  if (Object.hasOwn(rules, type)) return rules[type];
  if (type.startsWith('aws:iam/')) return () => 'IAM is free';
  return !custom && type.startsWith('transcode-farm:') ? () => 'what it is made of is counted' : undefined;
}

/** Of the worker's image, compressed: docs/image.md. */
const imageGb = 0.19;
/** Of the portal's: Node's own image, and 11 MB unpacked of the portal. */
const portalImageGb = 0.08;

const configuration = () => 'a setting of another resource';
const network = () => 'VPCs, subnets, routes, gateways to the internet and security groups are free';
const perUse = (what: string) => () => `paid by ${what}: nothing yet`;

const rules: Record<string, Rule> = {
  // Queues and topics
  'aws:sqs/queue:Queue': ({ outputs }, farm) => queueRequests(String(outputs.url), farm),
  'aws:sqs/queuePolicy:QueuePolicy': configuration,
  'aws:sqs/redrivePolicy:RedrivePolicy': configuration,
  'aws:sqs/redriveAllowPolicy:RedriveAllowPolicy': configuration,
  'aws:sns/topic:Topic': perUse('the message'),
  'aws:sns/topicPolicy:TopicPolicy': configuration,
  'aws:sns/topicSubscription:TopicSubscription': () =>
    'deliveries to SQS and Lambda are free, and a thousand e-mails a month',

  // The waker
  'aws:lambda/function:Function': ({ name, inputs }, farm) =>
    name.endsWith('waker')
      ? wakerCalls(inputs, callsPerMonth(farm))
      : inputs.packageType === 'Image'
        ? 'paid by the call: nothing yet'
        : `paid by the ${name.endsWith('portal') ? 'request' : 'report'}: nothing yet`,
  'aws:lambda/eventSourceMapping:EventSourceMapping': ({ name }) => [
    charge(
      'sqsRequest',
      functionPollsPerMonth,
      `asked by Lambda for the ${/worker|door/.exec(name)?.[0] ?? 'reporter'}`,
    ),
  ],
  'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig': configuration,
  'aws:lambda/functionRecursionConfig:FunctionRecursionConfig': configuration,
  'aws:lambda/functionUrl:FunctionUrl': configuration,
  'aws:lambda/permission:Permission': configuration,
  'aws:cloudwatch/eventRule:EventRule': () =>
    'EventBridge charges for events that apps send, not for a schedule (as those, 43,800 a month would be $0.04)',
  'aws:cloudwatch/eventTarget:EventTarget': configuration,
  'aws:ssm/parameter:Parameter': ({ name, inputs }) =>
    (inputs.tier ?? 'Standard') === 'Standard'
      ? 'standard parameters are free'
      : unpriced(`the parameter "${name}" of the tier ${inputs.tier}`),

  // Logs, alarms, dashboard, budget
  'aws:cloudwatch/logGroup:LogGroup': ({ name }, farm) =>
    name.endsWith('waker')
      ? [charge('logIngestion', (callsPerMonth(farm) * wakerLogBytes) / 1e9, 'log lines of the waker')]
      : 'a worker that waits writes no lines; keeping 1 GB is $0.03 a month',
  'aws:cloudwatch/metricAlarm:MetricAlarm': ({ inputs }) => alarms(1, metricsOfAlarm(inputs)),
  'aws:cloudwatch/dashboard:Dashboard': () => [charge('dashboard', 1, 'dashboard')],
  'aws:budgets/budget:Budget': () => 'budgets that only notify are free',

  // Scaling
  'aws:appautoscaling/target:Target': () => 'Application Auto Scaling is free but for its alarms',
  'aws:appautoscaling/policy:Policy': ({ inputs }) => alarms(trackingAlarms, metricsOfTracking(inputs)),
  'aws:ecs/capacityProvider:CapacityProvider': ({ inputs }) => managedScaling(inputs),
  'aws:ecs/clusterCapacityProviders:ClusterCapacityProviders': configuration,
  'aws:autoscaling/group:Group': (_group, farm) => stoppedInstances(farm),
  'aws:autoscaling/lifecycleHook:LifecycleHook': configuration,
  'aws:ec2/launchTemplate:LaunchTemplate': configuration,

  // Workers
  'aws:ecs/cluster:Cluster': ({ inputs }) => containerInsights(inputs),
  'aws:ecs/taskDefinition:TaskDefinition': configuration,
  'aws:ecs/service:Service': (service, farm) => {
    if (service.name.endsWith('-portal')) return portalTasks(service, farm);
    const hour = standingHour(farm);
    return hour.length > 0 ? hour.map(monthOf) : 'no task runs while no film comes';
  },
  'awsx:ecr:Repository': () => 'counted with its image; empty, it costs nothing',
  'awsx:ecr:Image': ({ name }) => [
    charge(
      'ecrStorage',
      name.endsWith('-portal') ? portalImageGb : imageGb,
      'one image; ten are kept, and share what is equal',
    ),
  ],
  'aws:ecr/repositoryPolicy:RepositoryPolicy': configuration,

  // Network
  'awsx:ec2:Vpc': ({ name, inputs }) =>
    (inputs.natGateways as { strategy?: string } | undefined)?.strategy === 'None'
      ? 'VPCs, subnets, routes, gateways to the internet and security groups are free'
      : unpriced(`the NAT gateways of the network "${name}"`),
  'aws:ec2/vpcEndpoint:VpcEndpoint': ({ name, inputs }) =>
    inputs.vpcEndpointType === 'Gateway'
      ? 'gateway endpoints are free'
      : unpriced(`the endpoint "${name}" of the type ${inputs.vpcEndpointType}`),
  'aws:ec2/securityGroup:SecurityGroup': network,
  'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup': network,
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': network,
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': network,

  // The portal's way in
  'aws:lb/loadBalancer:LoadBalancer': ({ inputs }) => loadBalancer(inputs),
  'aws:lb/listener:Listener': configuration,
  'aws:lb/targetGroup:TargetGroup': configuration,
  'aws:acm/certificate:Certificate': () => 'certificates of ACM are free',
  'aws:acm/certificateValidation:CertificateValidation': configuration,
  'aws:route53/record:Record': () => 'records are free; the zone, which is yours, is $0.50 a month',

  // Storage and delivery
  'aws:s3/bucket:Bucket': perUse('what it holds and by requests'),
  'aws:s3/bucketCorsConfiguration:BucketCorsConfiguration': configuration,
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration': configuration,
  'aws:s3/bucketNotification:BucketNotification': configuration,
  'aws:s3/bucketOwnershipControls:BucketOwnershipControls': configuration,
  'aws:s3/bucketPolicy:BucketPolicy': configuration,
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock': configuration,
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration': () =>
    'encryption with the keys of S3 is free',
  'aws:s3/bucketVersioning:BucketVersioning': configuration,
  'cloudflare:index/r2Bucket:R2Bucket': perUse('what it holds and by requests'),
  'cloudflare:index/r2BucketCors:R2BucketCors': configuration,
  'cloudflare:index/r2BucketLifecycle:R2BucketLifecycle': configuration,
  'cloudflare:index/r2CustomDomain:R2CustomDomain': configuration,
  'cloudflare:index/r2ManagedDomain:R2ManagedDomain': configuration,
  'cloudflare:index/accountToken:AccountToken': () => 'tokens are free',
  'pulumi-nodejs:dynamic/cloudflare:JsonRule': () => 'each plan of Cloudflare has custom rules',
  'pulumi-nodejs:dynamic:Resource': wasabiBucket,
  'aws:cloudfront/distribution:Distribution': perUse('what viewers read'),
  'aws:cloudfront/originAccessControl:OriginAccessControl': configuration,
  'aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy': configuration,
};
