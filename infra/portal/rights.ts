import type * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { LaneNames, QueueNames } from '../jobs/queue.ts';
import { allow } from '../policy.ts';
import type { Storage } from '../storage/backend.ts';

/** The parts of a farm that its portal works with. */
export interface PortalFarm {
  source: Storage;
  output: Storage;
  topicArns: pulumi.Input<string>[];
  jobs: Record<'queue' | 'deadLetters', QueueNames> & {
    lanes?: LaneNames;
    doors?: Partial<Record<string, QueueNames>>;
  };
  parts: Record<'queue' | 'deadLetters', QueueNames> & { lanes?: LaneNames };
  /** Undefined where functions are the workers. */
  serviceArn: pulumi.Input<string> | undefined;
  /** Undefined where workers are tasks. */
  functionArn: pulumi.Input<string> | undefined;
  hasGroup: boolean;
  /** Undefined where no one wants webhooks. */
  webhooks?:
    | { bucketArn: pulumi.Input<string>; deadLetters: QueueNames; reporterArn: pulumi.Input<string> }
    | undefined;
}

/** What the portal may do; R2 and Wasabi open to their own keys. */
export function portalStatements(farm: PortalFarm): aws.iam.PolicyStatement[] {
  const { source, output, jobs, parts } = farm;
  const jobQueues = [jobs.queue, ...Object.values(jobs.lanes ?? {})].map(({ arn }) => arn);
  const partQueues = [parts.queue, ...Object.values(parts.lanes ?? {})].map(({ arn }) => arn);
  const doors = Object.values(jobs.doors ?? {}).flatMap((door) => door?.arn ?? []);
  const dead = [jobs.deadLetters.arn, parts.deadLetters.arn];
  return [
    ...onBucket('Source', source, {
      // A presigned link can do what its signer may: browsers send parts, and save the original.
      objects: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      // The notification says which uploads start jobs, and the versions which job a removed film became.
      bucket: ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetBucketNotification'],
    }),
    ...onBucket('Output', output, {
      objects: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      bucket: ['s3:ListBucket'],
    }),
    allow('SendJobs', ['sns:Publish'], farm.topicArns),
    allow('SeeQueues', ['sqs:GetQueueAttributes'], [...jobQueues, ...doors, ...partQueues, ...dead]),
    allow(
      'TakeDeadLetters',
      ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage'],
      dead,
    ),
    allow('RedriveJobs', ['sqs:SendMessage'], jobQueues),
    ...(farm.serviceArn === undefined
      ? []
      : [
          allow('SeeWorkers', ['ecs:DescribeServices'], farm.serviceArn),
          // What workers run on, for estimates. These two actions have no resource to be narrowed to (service authorization references
          // of Amazon ECS and of Amazon EC2 Auto Scaling).
          allow('SeeTaskDefinition', ['ecs:DescribeTaskDefinition'], '*'),
        ]),
    ...(farm.functionArn === undefined
      ? []
      : [allow('SeeFunction', ['lambda:GetFunctionConfiguration'], farm.functionArn)]),
    ...(farm.webhooks ? webhookStatements(farm.webhooks) : []),
    ...(farm.hasGroup ? [allow('SeeGroup', ['autoscaling:DescribeAutoScalingGroups'], '*')] : []),
  ];
}

/** To show what was delivered, and to have the reporter deliver it again. */
function webhookStatements({
  bucketArn,
  deadLetters,
  reporterArn,
}: NonNullable<PortalFarm['webhooks']>): aws.iam.PolicyStatement[] {
  return [
    allow('SeeDeliveries', ['s3:GetObject'], pulumi.interpolate`${bucketArn}/*`),
    // Without it, S3 says of a record that is not there that it may not be read.
    allow('FindDeliveries', ['s3:ListBucket'], bucketArn),
    allow(
      'TakeGivenUp',
      ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage'],
      deadLetters.arn,
    ),
    allow('AskReporter', ['lambda:InvokeFunction'], reporterArn),
  ];
}

function onBucket(
  side: string,
  { bucketArn }: Storage,
  actions: { objects: string[]; bucket: string[] },
): aws.iam.PolicyStatement[] {
  if (bucketArn === undefined) return [];
  return [
    allow(`${side}Objects`, actions.objects, pulumi.interpolate`${bucketArn}/*`),
    allow(`${side}Bucket`, actions.bucket, bucketArn),
  ];
}
