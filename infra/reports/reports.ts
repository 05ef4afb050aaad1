import * as pulumi from '@pulumi/pulumi';
import type { ReporterSecret } from '../compute/secrets.ts';
import { createQueue, namesOf, type QueueNames, setQueuePolicy } from '../jobs/queue.ts';
import type { ReportSettings } from '../settings/reports.ts';
import type { PolicyStatement } from '../storage/backend.ts';
import { createRecords } from './records.ts';
import { createReporterFunction, timeoutSeconds } from './reporter-function.ts';

export interface ReportsArgs {
  settings: ReportSettings;
  /** SSM parameters of the reporter's secrets. */
  secrets: ReporterSecret[];
  metricsNamespace: string;
  logRetentionDays?: number;
}

/** SQS keeps nothing longer. Each retry is a message of its own, so this is how long the reporter may be away. */
const retentionDays = 14;

/**
 * Carries what workers report to the owner's webhook and database: a queue, and the reporter, a Lambda function that delivers.
 * Workers go minutes after their last job; a report stays until it is delivered or given up, which takes up to 28 hours.
 *
 * Only for farms with a webhook or a database. Cost: Lambda asks the queue about 650,000 times a month (five pollers, 20 s each:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html), $0.26 beyond SQS's free million; alarms $0.30.
 */
export class Reports extends pulumi.ComponentResource {
  readonly queue: QueueNames;
  readonly deadLetters: QueueNames;
  /** Empty without webhooks. */
  readonly bucket: pulumi.Output<string>;
  /** Undefined without webhooks. */
  readonly bucketArn: pulumi.Output<string> | undefined;
  readonly reporterName: pulumi.Output<string>;
  readonly reporterArn: pulumi.Output<string>;
  readonly reporterLogGroupName: pulumi.Output<string>;
  readonly reporterRoleArn: pulumi.Output<string>;
  /** What a worker may do with the queue. */
  readonly statements: PolicyStatement[];

  constructor(name: string, args: ReportsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:reports:Reports', name, {}, opts);
    const { queue, deadLetters } = createQueue(this, `${name}-reports`, {
      // AWS's rule for a function's queue: six times as long as a call may take.
      visibilityTimeoutSeconds: 6 * timeoutSeconds,
      retentionDays,
      // A reporter that fails for other reasons than its receivers is fixed within a day, and nothing is lost meanwhile.
      maxReceiveCount: 240,
    });
    const records = args.settings.webhookSecret && createRecords(this, `${name}-reports`);
    const reporter = createReporterFunction(this, `${name}-reporter`, {
      ...args,
      queue,
      deadLetters,
      records,
    });
    this.queue = namesOf(queue);
    this.deadLetters = namesOf(deadLetters);
    this.bucket = records?.bucket ?? pulumi.output('');
    this.bucketArn = records?.arn;
    this.reporterName = reporter.functionName;
    this.reporterArn = reporter.functionArn;
    this.reporterLogGroupName = reporter.logGroupName;
    this.reporterRoleArn = reporter.roleArn;
    this.statements = [
      { Sid: 'SendReports', Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [queue.arn] },
    ];
    this.registerOutputs({ queueUrl: queue.url, reporterName: this.reporterName });
  }
}

export interface ReportsSendersArgs {
  queue: QueueNames;
  /** Roles of the workers and of the reporter. */
  senderRoleArns: pulumi.Input<string>[];
}

/** Who may send reports: what is said there is signed and posted to the owner's app, so it must come from the farm itself. */
export class ReportsSenders extends pulumi.ComponentResource {
  constructor(
    name: string,
    { queue, senderRoleArns }: ReportsSendersArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('transcode-farm:reports:ReportsSenders', name, {}, opts);
    setQueuePolicy(this, `${name}-reports`, queue, [
      {
        Sid: 'FarmAlone',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:SendMessage',
        Resource: queue.arn,
        // As for the parts queue: infra/jobs/parts.ts.
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': senderRoleArns } },
      },
    ]);
    this.registerOutputs();
  }
}
