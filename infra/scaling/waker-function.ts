import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { createRole } from '../compute/roles.ts';
import { policyDocument, tlsOnly } from '../policy.ts';
import type { ScalingArgs } from './args.ts';
import { bundleWaker, wakerHandler } from './bundle.ts';
import { quietTimes, usualIdleMinutes } from './quiet-times.ts';
import { nothingRemembered, type Rules } from './waker/decide.ts';
import type { Farm } from './waker/farm.ts';
import { wakerStatements } from './waker-rights.ts';

const timeoutSeconds = 30;

/** The waker as a Lambda function: its rights, its memory, its log, and what calls it. */
export function createWakerFunction(parent: pulumi.Resource, component: string, args: ScalingArgs) {
  const name = `${component}-waker`;
  const logGroup = new aws.cloudwatch.LogGroup(
    name,
    { retentionInDays: args.logRetentionDays ?? 30 },
    { parent },
  );
  const memory = new aws.ssm.Parameter(
    name,
    {
      description: 'Since when the farm and its instances have been idle; the waker writes it',
      type: 'String',
      value: JSON.stringify(nothingRemembered),
    },
    { parent, ignoreChanges: ['value'] },
  );
  const missed = createMissedCalls(parent, name);
  const { role, policy } = createRole(parent, name, {
    service: 'lambda.amazonaws.com',
    description: 'The waker: sees the queues, sets the number of tasks, ends idle instances',
    statements: wakerStatements(args, { logGroup, memory, missed }),
  });
  const waker = new aws.lambda.Function(
    name,
    {
      description: 'Wakes and sleeps the transcoding farm',
      runtime: 'nodejs24.x',
      architectures: ['arm64'],
      handler: wakerHandler,
      code: new pulumi.asset.AssetArchive(
        Object.fromEntries(
          Object.entries(bundleWaker()).map(([file, text]) => [file, new pulumi.asset.StringAsset(text)]),
        ),
      ),
      role: role.arn,
      memorySize: 256,
      timeout: timeoutSeconds,
      // Not reserved to one at a time: two at once see the same and decide the same.
      loggingConfig: { logFormat: 'Text', logGroup: logGroup.name },
      deadLetterConfig: { targetArn: missed.arn },
      environment: { variables: { FARM: describeFarm(args, memory.name) } },
    },
    { parent, dependsOn: [policy] },
  );
  new aws.lambda.FunctionEventInvokeConfig(
    name,
    // The next minute's call does better than a repetition of an old one.
    { functionName: waker.name, maximumRetryAttempts: 0, maximumEventAgeInSeconds: 300 },
    { parent },
  );
  const topics = { ...(args.topicArn !== undefined && { topic: args.topicArn }), ...args.laneTopicArns };
  createCallers(parent, name, topics, waker);
  return { functionName: waker.name, functionArn: waker.arn, logGroupName: logGroup.name };
}

/** Calls that failed or came too late. The farm needs none of them again; they show what went wrong. */
function createMissedCalls(parent: pulumi.Resource, name: string): aws.sqs.Queue {
  const queue = new aws.sqs.Queue(
    `${name}-missed`,
    { messageRetentionSeconds: 4 * 24 * 3600, sqsManagedSseEnabled: true },
    { parent },
  );
  new aws.sqs.QueuePolicy(
    `${name}-missed`,
    {
      queueUrl: queue.url,
      policy: policyDocument([tlsOnly('sqs:SendMessage', queue.arn)]),
    },
    { parent },
  );
  return queue;
}

function createCallers(
  parent: pulumi.Resource,
  name: string,
  topicArns: Readonly<Record<string, pulumi.Input<string>>>,
  waker: aws.lambda.Function,
): void {
  const minute = new aws.cloudwatch.EventRule(
    name,
    { description: 'The waker looks every minute', scheduleExpression: 'rate(1 minute)' },
    { parent },
  );
  const permit = (caller: string, principal: string, sourceArn: pulumi.Input<string>) =>
    new aws.lambda.Permission(
      `${name}-${caller}`,
      { action: 'lambda:InvokeFunction', function: waker.name, principal, sourceArn },
      { parent },
    );
  const mayMinute = permit('minute', 'events.amazonaws.com', minute.arn);
  new aws.cloudwatch.EventTarget(
    name,
    { rule: minute.name, arn: waker.arn },
    { parent, dependsOn: mayMinute },
  );
  for (const [caller, topic] of Object.entries(topicArns))
    new aws.sns.TopicSubscription(
      caller === 'topic' ? name : `${name}-${caller}`,
      { topic, protocol: 'lambda', endpoint: waker.arn },
      { parent, dependsOn: permit(caller, 'sns.amazonaws.com', topic) },
    );
}

function describeFarm(args: ScalingArgs, memoryParameter: pulumi.Output<string>): pulumi.Output<string> {
  const rules: Rules = {
    minTasks: args.minTasks,
    maxTasks: args.maxTasks,
    backlogPerTask: args.backlogPerTask ?? 1,
    wakeWorkers: args.wakeWorkers ?? 1,
    tasksPerInstance: args.capacity.group?.tasksPerInstance ?? 1,
    // The schedule's minute is a little short at times, and a pause of a minute is to end with it.
    scaleOutPauseMs: Math.max(0, (args.scaleOutCooldownSeconds ?? 60) * 1000 - 5000),
    idleMs: (args.idleMinutes ?? usualIdleMinutes) * 60_000,
    ...quietTimes,
    // GPU instances join within two minutes.
    joinMs: 10 * 60_000,
  };
  const farm: Inputs<Farm> = {
    cluster: args.clusterName,
    service: args.serviceName,
    queueUrls: args.queues.map(({ url }) => url),
    group: args.capacity.group?.name,
    memoryParameter,
    rules,
  };
  return pulumi.jsonStringify(farm);
}

type Inputs<T> = { [K in keyof T]: T[K] extends string[] ? pulumi.Input<string>[] : pulumi.Input<T[K]> };
