import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { farmName } from '../names.ts';
import { policyDocument, tlsOnly } from '../policy.ts';
import type { FarmAlarm } from './alarm.ts';
import { farmAlarms } from './alarms.ts';
import { type BudgetArgs, createBudget } from './budget.ts';
import { buildDashboard } from './dashboard.ts';
import type { FarmNames, MonitoredWorkers, QueueNames } from './metrics.ts';

export interface MonitoringArgs {
  workers: MonitoredWorkers;
  door?: FarmNames['door'];
  jobs: QueueNames;
  parts: QueueNames;
  reports?: FarmNames['reports'];
  portal?: FarmNames['portal'];
  /** CloudWatch namespace of the worker's own metrics, its METRICS_NAMESPACE. */
  metricsNamespace: string;
  /** Seconds; a job older than that and not finished is reported. Longer than the longest film takes. @default 14400 */
  oldestJobSeconds?: number;
  /** Days that a job waits before it is dropped. @default 4 */
  retentionDays?: number;
  /** Minutes, up to 1440; an instance without a task for this long is reported. @default 30 */
  idleInstanceMinutes?: number;
  /** Where alarms go; AWS asks the address to confirm. Without it alarms only show on the dashboard. */
  alertEmail?: pulumi.Input<string>;
  /** Monthly spending at which `alertEmail` is notified. @default no budget */
  budget?: Omit<BudgetArgs, 'email'>;
}

/**
 * What an owner wants to see and be notified of: dashboard, alarms to a topic, budget.
 *
 * Cost: the dashboard is free (three are); alarms are $0.10 a month for each metric that they watch, 8 on Fargate, 10 on GPU instances and 9 with functions, 3
 * more where webhooks or a database are set, 2 for each priority lane (1 with functions), and 1 for a portal that is a function or 3 for one behind a load balancer, the first ten of an account free; e-mails, and two budgets of an account, are free; the worker's eight metrics are within CloudWatch's ten
 * free ones (https://aws.amazon.com/cloudwatch/pricing/).
 */
export class Monitoring extends pulumi.ComponentResource {
  readonly dashboardName: pulumi.Output<string>;
  readonly dashboardUrl: pulumi.Output<string>;
  readonly alertTopicArn: pulumi.Output<string>;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:monitoring:Monitoring', name, {}, opts);
    const { alertEmail, budget } = args;
    if (budget) {
      if (alertEmail === undefined) {
        throw new Error(`Monitoring "${name}": "budget" needs "alertEmail", an address to warn.`);
      }
      createBudget(this, name, { ...budget, email: alertEmail });
    }
    const region = aws.getRegionOutput({}, { parent: this }).region;
    const farm: FarmNames = { ...args, region };
    const topic = createAlertTopic(this, name, alertEmail);
    const { oldestJobSeconds = 14_400, idleInstanceMinutes = 30, retentionDays = 4 } = args;
    const alarms = createAlarms(
      this,
      name,
      farmAlarms(farm, { oldestJobSeconds, idleInstanceMinutes, retentionDays }),
      topic,
    );
    const dashboard = new aws.cloudwatch.Dashboard(
      name,
      {
        // Dashboards have no names of Pulumi's making.
        dashboardName: farmName(name),
        dashboardBody: pulumi.jsonStringify(
          buildDashboard(
            farm,
            alarms.map(({ arn }) => arn),
          ),
        ),
      },
      { parent: this },
    );
    this.dashboardName = dashboard.dashboardName;
    this.dashboardUrl = pulumi.interpolate`https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboard.dashboardName}`;
    this.alertTopicArn = topic.arn;
    this.registerOutputs({
      dashboardName: this.dashboardName,
      dashboardUrl: this.dashboardUrl,
      alertTopicArn: this.alertTopicArn,
    });
  }
}

function createAlertTopic(
  parent: Monitoring,
  name: string,
  email: pulumi.Input<string> | undefined,
): aws.sns.Topic {
  // Not encrypted: CloudWatch can't publish through the AWS-managed key, and a customer key is $1 a month. Alarms carry names alone.
  const topic = new aws.sns.Topic(`${name}-alerts`, {}, { parent });
  const account = aws.getCallerIdentityOutput({}, { parent }).accountId;
  new aws.sns.TopicPolicy(
    `${name}-alerts`,
    {
      arn: topic.arn,
      policy: policyDocument([
        {
          Sid: 'AlarmsOfThisAccount',
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Action: 'sns:Publish',
          Resource: topic.arn,
          Condition: { StringEquals: { 'aws:SourceAccount': account } },
        },
        tlsOnly('sns:Publish', topic.arn),
      ]),
    },
    { parent },
  );
  if (email !== undefined) {
    new aws.sns.TopicSubscription(
      `${name}-alerts`,
      { topic: topic.arn, protocol: 'email', endpoint: email },
      { parent },
    );
  }
  return topic;
}

function createAlarms(
  parent: Monitoring,
  name: string,
  alarms: FarmAlarm[],
  topic: aws.sns.Topic,
): aws.cloudwatch.MetricAlarm[] {
  return alarms.map(
    (alarm) =>
      new aws.cloudwatch.MetricAlarm(
        `${name}-${alarm.key}`,
        {
          alarmDescription: alarm.description,
          comparisonOperator: 'GreaterThanOrEqualToThreshold',
          threshold: alarm.threshold,
          datapointsToAlarm: alarm.points,
          evaluationPeriods: alarm.of,
          treatMissingData: 'notBreaching',
          alarmActions: [topic.arn],
          ...watched(alarm),
        },
        { parent },
      ),
  );
}

function watched({ watched, periodSeconds: period, key }: FarmAlarm) {
  if ('metric' in watched) {
    const { metric, stat } = watched;
    const { namespace, name: metricName, dimensions } = metric;
    return { namespace, metricName, dimensions, statistic: stat, period };
  }
  const { metrics, expression } = watched;
  return {
    metricQueries: [
      ...metrics.map(({ id, metric, stat }) => ({
        id,
        metric: {
          namespace: metric.namespace,
          metricName: metric.name,
          dimensions: metric.dimensions,
          stat,
          period,
        },
        returnData: false,
      })),
      { id: 'result', expression, label: key, returnData: true },
    ],
  };
}
