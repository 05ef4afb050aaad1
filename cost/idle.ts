import type { Inputs, Registered } from '../dry-run/record.ts';
import { type Charge, charge, monthOf } from './charge.ts';
import { CostError } from './error.ts';
import type { FarmFacts } from './facts.ts';
import { hoursPerMonth } from './prices.ts';
import { standingHour } from './worker-hour.ts';

/** What a resource costs in a month in which no film comes. */
export interface IdleResource {
  type: string;
  name: string;
  /** Nothing, for what is free. */
  charges: Charge[];
  /** Why it is free. */
  free?: string;
}

/**
 * Every resource that the program registers, priced or free.
 * @throws CostError that names a type which is neither: its rule is missing here
 */
export function idleMonth(farm: FarmFacts): IdleResource[] {
  return farm.resources.map((resource) => {
    const { type, name } = resource;
    const found = ruleOf(resource)?.(resource, farm);
    if (found === undefined) {
      throw new CostError(
        `The program makes a "${type}" ("${name}"), and nothing says what that costs. Add a rule for it to cost/idle.ts.`,
      );
    }
    return typeof found === 'string'
      ? { type, name, charges: [], free: found }
      : { type, name, charges: found };
  });
}

/** Charges, or why there are none. */
type Rule = (resource: Registered, farm: FarmFacts) => Charge[] | string;

function ruleOf({ type, custom }: Registered): Rule | undefined {
  if (Object.hasOwn(rules, type)) return rules[type];
  if (type.startsWith('aws:iam/')) return () => 'IAM is free';
  return !custom && type.startsWith('transcode-farm:') ? () => 'what it is made of is counted' : undefined;
}

/** Seconds that Lambda bills for a call of the waker: six calls of AWS services, one after another. An assumption, on the careful side. */
const wakerSeconds = 0.5;

/** What a call leaves in the log: its own line, and Lambda's three (START, END, REPORT). An assumption. */
const wakerLogBytes = 600;

/** A worker without a job asks each of its queues so often: SQS's longest wait (`longPollSeconds` in worker/src/queue/queue.ts). */
const pollSeconds = 20;

/** Of the worker's image, compressed: docs/image.md. */
const imageGb = 0.19;

/** Target tracking keeps an alarm for each direction: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html */
const trackingAlarms = 2;

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
  'aws:lambda/function:Function': ({ inputs }, farm) => wakerCalls(inputs, callsPerMonth(farm)),
  'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig': configuration,
  'aws:lambda/permission:Permission': configuration,
  'aws:cloudwatch/eventRule:EventRule': () =>
    'rules on a schedule are free; EventBridge charges for events that apps send',
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
  'aws:autoscaling/group:Group': () => 'a group of no instances; its own metrics are free',
  'aws:ec2/launchTemplate:LaunchTemplate': configuration,

  // Workers
  'aws:ecs/cluster:Cluster': ({ inputs }) => containerInsights(inputs),
  'aws:ecs/taskDefinition:TaskDefinition': configuration,
  'aws:ecs/service:Service': (_service, farm) => {
    const hour = standingHour(farm);
    return hour.length > 0 ? hour.map(monthOf) : 'no task runs while no film comes';
  },
  'awsx:ecr:Repository': () => [
    charge('ecrStorage', imageGb, 'one image; ten are kept, and share what is equal'),
  ],
  'awsx:ecr:Image': () => 'counted with its repository',

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
  'pulumi-nodejs:dynamic:Resource': wasabiBucket,
  'aws:cloudfront/distribution:Distribution': perUse('what viewers read'),
  'aws:cloudfront/originAccessControl:OriginAccessControl': configuration,
  'aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy': configuration,
};

function unpriced(what: string): never {
  throw new CostError(
    `There is no price for ${what}. Add it to cost/prices.ts and to the rule in cost/idle.ts.`,
  );
}

/** The waker counts the messages of some queues at each call; workers that always run wait at theirs. */
function queueRequests(url: string, farm: FarmFacts): Charge[] | string {
  const counted = farm.waker.queueUrls.includes(url) ? callsPerMonth(farm) : 0;
  const polled = pollsPerMonth(url, farm);
  const requests = [
    charge('sqsRequest', counted, 'asked by the waker'),
    charge('sqsRequest', polled, 'asked by waiting workers'),
  ].filter(({ quantity }) => quantity > 0);
  return requests.length > 0 ? requests : 'nobody asks it while no film comes';
}

function pollsPerMonth(url: string, { minTasks, resources }: FarmFacts): number {
  const definition = resources.find(({ type }) => type === 'aws:ecs/taskDefinition:TaskDefinition');
  const [container] = JSON.parse(String(definition?.inputs.containerDefinitions)) as {
    environment: { name: string; value: string }[];
  }[];
  const waitsThere = container?.environment.some(
    ({ name, value }) => /QUEUE_URL$/.test(name) && !/DEAD/.test(name) && value === url,
  );
  return waitsThere ? (minTasks * hoursPerMonth * 3600) / pollSeconds : 0;
}

function callsPerMonth({ resources }: FarmFacts): number {
  const rules = resources.filter(({ type }) => type === 'aws:cloudwatch/eventRule:EventRule');
  return rules.reduce((sum, { name, inputs }) => {
    const minutes = /^rate\((\d+) minutes?\)$/.exec(String(inputs.scheduleExpression))?.[1];
    if (minutes === undefined)
      throw new CostError(`The schedule of "${name}", ${inputs.scheduleExpression}, is not read here.`);
    return sum + (hoursPerMonth * 60) / Number(minutes);
  }, 0);
}

function wakerCalls({ memorySize, architectures }: Inputs, calls: number): Charge[] {
  if (JSON.stringify(architectures) !== '["arm64"]') unpriced(`Lambda on ${JSON.stringify(architectures)}`);
  return [
    charge('lambdaRequest', calls, 'calls, one a minute'),
    charge(
      'lambdaDuration',
      (calls * wakerSeconds * Number(memorySize)) / 1024,
      `${wakerSeconds} s of ${memorySize} MB each`,
    ),
  ];
}

/** CloudWatch charges for each metric that an alarm watches. */
function alarms(count: number, metrics: number): Charge[] {
  const what = `${count === 1 ? 'alarm' : `${count} alarms`} on ${metrics === 1 ? '1 metric' : `${metrics} metrics`}`;
  return [charge('alarmMetric', count * metrics, count > 1 && metrics > 1 ? `${what} each` : what)];
}

function metricsOfAlarm({ metricName, metricQueries }: Inputs): number {
  if (metricName !== undefined) return 1;
  return (metricQueries as { metric?: unknown }[]).filter(({ metric }) => metric !== undefined).length;
}

function metricsOfTracking({ targetTrackingScalingPolicyConfiguration }: Inputs): number {
  const { customizedMetricSpecification } = targetTrackingScalingPolicyConfiguration as {
    customizedMetricSpecification: { metrics: { metricStat?: unknown }[] };
  };
  return customizedMetricSpecification.metrics.filter(({ metricStat }) => metricStat !== undefined).length;
}

/** ECS tracks the provider's reservation by a target of its own. */
function managedScaling({ autoScalingGroupProvider }: Inputs): Charge[] | string {
  const { managedScaling } = autoScalingGroupProvider as { managedScaling: { status: string } };
  return managedScaling.status === 'ENABLED'
    ? alarms(trackingAlarms, 1)
    : 'without managed scaling it is free';
}

/** Container Insights' metrics of a cluster and of a service of which no task runs: three and five. Not confirmed. */
const insightsMetricsAtRest = 8;

function containerInsights({ settings }: Inputs): Charge[] | string {
  const insights = (settings as { name: string; value: string }[]).find(
    ({ name }) => name === 'containerInsights',
  );
  return insights?.value === 'disabled'
    ? 'a cluster is free'
    : [charge('customMetric', insightsMetricsAtRest, 'metrics of Container Insights at rest')];
}

/** Wasabi has one minimum for an account, however many buckets it has. */
function wasabiBucket(bucket: Registered, { resources }: FarmFacts): Charge[] | string {
  const { type, name, inputs } = bucket;
  if (!String(inputs.endpoint).endsWith('.wasabisys.com')) unpriced(`the dynamic resource "${name}"`);
  const [first] = resources.filter((resource) => resource.type === type);
  return first === bucket
    ? [charge('wasabiStorage', 1, "the account's minimum of 1 TB")]
    : "within the account's minimum of 1 TB";
}
