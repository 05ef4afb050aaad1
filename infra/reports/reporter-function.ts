import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { ReporterEnvironment } from '../../reporter/settings.ts';
import { createRole } from '../compute/roles.ts';
import { archiveOf, bundleReporter, reporterHandler } from '../functions/bundle.ts';
import { allow, readSecrets, writeLog } from '../policy.ts';
import type { ReportSettings } from '../settings/reports.ts';
import type { ReportsArgs } from './reports.ts';

/** Of one call: a batch of ten is delivered at once, and no try takes longer than 15 s. */
export const timeoutSeconds = 60;

/** Calls at once: beyond that, reports wait in their queue. */
const maxCallsAtOnce = 10;

interface FunctionArgs extends ReportsArgs {
  queue: aws.sqs.Queue;
  deadLetters: aws.sqs.Queue;
  records?: aws.s3.Bucket | undefined;
}

/** The reporter as a Lambda function on its queue: its rights, its log, its network. */
export function createReporterFunction(parent: pulumi.Resource, name: string, args: FunctionArgs) {
  const { queue, settings } = args;
  const logGroup = new aws.cloudwatch.LogGroup(
    name,
    { retentionInDays: args.logRetentionDays ?? 30 },
    { parent },
  );
  const { role, policy } = createRole(parent, name, {
    service: 'lambda.amazonaws.com',
    description: 'The reporter: takes reports, posts webhooks, writes the database',
    statements: reporterStatements(args, logGroup),
  });
  const reporter = new aws.lambda.Function(
    name,
    {
      description: "Delivers the farm's reports to webhooks and to Postgres",
      runtime: 'nodejs24.x',
      architectures: ['arm64'],
      handler: reporterHandler,
      code: archiveOf(bundleReporter()),
      role: role.arn,
      memorySize: 256,
      timeout: timeoutSeconds,
      loggingConfig: { logFormat: 'Text', logGroup: logGroup.name },
      environment: { variables: variables(args) },
      ...(settings.network && { vpcConfig: createAccess(parent, name, settings.network) }),
    },
    { parent, dependsOn: [policy] },
  );
  new aws.lambda.EventSourceMapping(
    name,
    {
      functionName: reporter.arn,
      eventSourceArn: queue.arn,
      batchSize: 10,
      // Of a batch only those come back that were not handled.
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: maxCallsAtOnce },
    },
    { parent },
  );
  return {
    functionName: reporter.name,
    functionArn: reporter.arn,
    logGroupName: logGroup.name,
    roleArn: role.arn,
  };
}

/** No secret is among them: the function reads those from SSM when it starts, and a new version starts it again. */
function variables({ settings, queue, deadLetters, records, secrets, metricsNamespace }: FunctionArgs) {
  const plain: Partial<Record<keyof ReporterEnvironment, pulumi.Input<string> | undefined>> = {
    ...settings.environment,
    REPORTS_QUEUE_URL: queue.url,
    REPORTS_DEAD_LETTER_QUEUE_URL: deadLetters.url,
    REPORTS_BUCKET: records?.bucket,
    METRICS_NAMESPACE: metricsNamespace,
  };
  const names = Object.fromEntries(secrets.map(({ name, parameterName }) => [name, parameterName]));
  const all = {
    ...plain,
    SECRET_PARAMETERS: pulumi.jsonStringify(names),
    SECRET_VERSIONS: pulumi
      .all(secrets.map(({ version }) => version ?? 1))
      .apply((versions) => versions.join('.')),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function reporterStatements(
  { settings, queue, deadLetters, records, secrets }: FunctionArgs,
  logGroup: aws.cloudwatch.LogGroup,
): aws.iam.PolicyStatement[] {
  return [
    allow(
      'TakeReports',
      [
        'sqs:ReceiveMessage',
        'sqs:DeleteMessage',
        'sqs:ChangeMessageVisibility',
        'sqs:GetQueueAttributes',
        'sqs:SendMessage',
      ],
      queue.arn,
    ),
    allow('GiveUpReports', ['sqs:SendMessage'], deadLetters.arn),
    readSecrets(secrets),
    writeLog(logGroup),
    ...(records === undefined
      ? []
      : [
          allow('KeepRecords', ['s3:GetObject', 's3:PutObject'], pulumi.interpolate`${records.arn}/*`),
          // Without it S3 answers 403 for a record that is not there.
          allow('SeeRecords', ['s3:ListBucket'], records.arn),
        ]),
    ...(settings.network === undefined
      ? []
      : [
          // Lambda's own work for a function in a VPC; the calls have no resource to be narrowed to when it makes them
          // (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
          allow(
            'JoinNetwork',
            [
              'ec2:CreateNetworkInterface',
              'ec2:DescribeNetworkInterfaces',
              'ec2:DescribeSubnets',
              'ec2:DeleteNetworkInterface',
              'ec2:AssignPrivateIpAddresses',
              'ec2:UnassignPrivateIpAddresses',
            ],
            '*',
          ),
        ]),
  ];
}

/** A function in a VPC has no public address: its subnets lead to a NAT gateway, or webhooks, SQS and SSM stay out of reach. */
function createAccess(
  parent: pulumi.Resource,
  name: string,
  { vpcId, subnetIds }: NonNullable<ReportSettings['network']>,
) {
  const group = new aws.ec2.SecurityGroup(
    name,
    { vpcId, description: 'The reporter: nothing in, everything out', revokeRulesOnDelete: true },
    { parent },
  );
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-out`,
    {
      securityGroupId: group.id,
      description: 'Database, webhooks, SQS, SSM',
      ipProtocol: '-1',
      cidrIpv4: '0.0.0.0/0',
    },
    { parent },
  );
  return { subnetIds, securityGroupIds: [group.id] };
}
