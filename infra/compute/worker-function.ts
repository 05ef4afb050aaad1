import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import type { QueueNames } from '../jobs/queue.ts';
import { allow, readSecrets, writeLog } from '../policy.ts';
import type { Variables } from './environment.ts';
import { createRole } from './roles.ts';
import type { WorkerSecret } from './secrets.ts';

export type Architecture = 'x86_64' | 'arm64';

export interface CallingQueue {
  /** Ends the name of its event source. */
  key: string;
  queue: QueueNames;
  /** Of its messages, at once. */
  maxCalls: number;
}

export interface WorkerFunctionArgs {
  /** The worker's image by digest, in ECR of the same region: Lambda takes no other. */
  image: pulumi.Input<string>;
  /** What Lambda must wait for: the repository lets it pull. */
  imageAccess?: pulumi.Resource | undefined;
  architecture: Architecture;
  /** MiB, up to 10,240; one vCPU for each 1,769. */
  memoryMib: number;
  /** Calls at once, of all films together. */
  maxCalls: number;
  /** Keep so many of the account's concurrent executions for this function, and no more. */
  reserveConcurrency: boolean;
  workersPerFilm: number;
  /** Calls that make parts of a film: it may call itself for them. */
  callsItself: boolean;
  /** Plain settings of the worker. */
  environment: Variables;
  secrets: WorkerSecret[];
  /** What the worker may do with queues, source and output. */
  statements: pulumi.Input<aws.iam.PolicyStatement>[];
  /** The queues that call it. */
  queues: CallingQueue[];
  /** What it is for. @default all of a farm's films */
  description?: string;
  logRetentionDays: number;
}

/** What AWS allows: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const timeoutSeconds = 900;
const maxStorageMib = 10_240;

/**
 * Of the queues that call the function. Lambda demands the function's timeout at least, and advises six of them, as it tries a
 * message again for that time while the function is throttled (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
 * Not six: the worker holds its message itself, for `holdSeconds`, so this is how long the job of a worker waits that was lost
 * in its first second. A message that is throttled for longer comes again, up to its queue's receive limit.
 */
export const functionVisibilitySeconds = timeoutSeconds + 60;

/**
 * What the worker's own hold of its message and its leases follow from: a message comes back so long after its worker was lost,
 * a part is taken over after half of it. Shorter than in ECS, where a lost worker is rare.
 */
export const holdSeconds = 40;

/** An event source calls at least two at once, and at most 1,000 (API reference, `ScalingConfig`). */
const sourceLimits = { min: 2, max: 1000 };

/**
 * An event asks for one more call for a film in the making. It is not tried again, as the planner stays until the film is committed
 * and takes over what is lost within seconds: a repetition after a minute would find nothing to do. Nor has it a destination for
 * failures: such a dead letter would hold nothing that the job's message does not, and whoever sent it again would ask for nothing. What
 * was dropped is counted, and shown.
 */
const eventRules = { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 300 };

/**
 * The worker as a Lambda function, which the jobs queue calls with a job, and which calls itself for each part of its film.
 *
 * Cost: nothing while idle but the polling of the queues. A second of 10,240 MiB is $0.000167 on x86_64, a fifth less on arm64
 * (https://aws.amazon.com/lambda/pricing/).
 */
export class WorkerFunction extends pulumi.ComponentResource {
  readonly functionName: pulumi.Output<string>;
  readonly functionArn: pulumi.Output<string>;
  readonly roleArn: pulumi.Output<string>;
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: WorkerFunctionArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:compute:WorkerFunction', name, {}, opts);
    const own = { parent: this };
    const { maxCalls } = args;
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { retentionInDays: args.logRetentionDays },
      { ...own, aliases: [logGroupOf('transcode-farm:compute:WorkerService', name, opts)] },
    );
    const { role, policy } = createRole(this, `${name}-function`, {
      service: 'lambda.amazonaws.com',
      description: 'The transcoding worker as a function: queues, films, calls of itself',
      statements: [
        ...args.statements,
        allow(
          'PollQueues',
          ['sqs:GetQueueAttributes'],
          args.queues.map(({ queue }) => queue.arn),
        ),
        ...(args.secrets.length === 0 ? [] : [readSecrets(args.secrets)]),
        writeLog(logGroup),
      ],
    });
    const worker = new aws.lambda.Function(
      name,
      {
        description:
          args.description ?? 'The transcoding worker: one call for a job, one for each part of its film',
        packageType: 'Image',
        imageUri: args.image,
        imageConfig: {
          entryPoints: ['node'],
          commands: ['--max-semi-space-size=1', 'worker/src/function.js'],
          workingDirectory: '/app',
        },
        architectures: [args.architecture],
        role: role.arn,
        memorySize: args.memoryMib,
        // A film's MP4 is put together there. Beside such memory it is a five-hundredth of the price.
        ephemeralStorage: { size: maxStorageMib },
        timeout: timeoutSeconds,
        // Also a limit: without it, some long films together take what the account's other functions need.
        ...(args.reserveConcurrency && { reservedConcurrentExecutions: maxCalls }),
        loggingConfig: { logFormat: 'Text', logGroup: logGroup.name },
        environment: { variables: variables(args) },
      },
      { ...own, dependsOn: [policy, ...(args.imageAccess ? [args.imageAccess] : [])] },
    );
    if (args.callsItself) callItself(this, name, role, worker);
    new aws.lambda.FunctionEventInvokeConfig(name, { functionName: worker.name, ...eventRules }, own);
    // A film of many hours goes from call to call, which AWS takes for a loop after 16 and stops. The worker ends each film that makes
    // no progress itself (worker/src/film/session/invocation.ts).
    new aws.lambda.FunctionRecursionConfig(name, { functionName: worker.name, recursiveLoop: 'Allow' }, own);
    for (const { key, queue, maxCalls } of args.queues) {
      const maximumConcurrency = Math.min(sourceLimits.max, Math.max(sourceLimits.min, maxCalls));
      new aws.lambda.EventSourceMapping(
        `${name}-${key}`,
        {
          functionName: worker.arn,
          eventSourceArn: queue.arn,
          batchSize: 1,
          functionResponseTypes: ['ReportBatchItemFailures'],
          scalingConfig: { maximumConcurrency },
        },
        { ...own, dependsOn: [policy] },
      );
    }
    this.functionName = worker.name;
    this.functionArn = worker.arn;
    this.roleArn = role.arn;
    this.logGroupName = logGroup.name;
    this.registerOutputs({ functionName: this.functionName, logGroupName: this.logGroupName });
  }
}

/** A switch of what runs something keeps its log: one group, whichever component has it. */
export function logGroupOf(
  component: string,
  name: string,
  { parent }: pulumi.ComponentResourceOptions = {},
): pulumi.Alias {
  return { parent: pulumi.createUrn(name, component, parent) };
}

/** A policy of its own, as the role is made before the function whose name it must have. */
function callItself(
  parent: WorkerFunction,
  name: string,
  role: aws.iam.Role,
  worker: aws.lambda.Function,
): void {
  new aws.iam.RolePolicy(
    `${name}-function-calls`,
    {
      role: role.name,
      policy: pulumi.jsonStringify({
        Version: '2012-10-17',
        Statement: [allow('CallItself', ['lambda:InvokeFunction'], worker.arn)],
      }),
    },
    { parent },
  );
}

/** No secret is among them: the worker reads those from SSM when it starts, and a new version starts it again. */
function variables({ environment, secrets, workersPerFilm }: WorkerFunctionArgs) {
  // Lambda sets the region, and refuses to have it set.
  const { AWS_REGION, ...others } = environment;
  const plain: Partial<Record<keyof WorkerEnvironment, pulumi.Input<string> | undefined>> = {
    ENCODER: 'x264',
    ...others,
    WORKERS_PER_FILM: String(workersPerFilm),
    VISIBILITY_TIMEOUT_SECONDS: String(holdSeconds),
    // All else is read-only.
    WORK_DIR: '/tmp/work',
  };
  const names = Object.fromEntries(secrets.map(({ name, parameterName }) => [name, parameterName]));
  return {
    ...plain,
    TMPDIR: '/tmp',
    HOME: '/tmp',
    SECRET_PARAMETERS: pulumi.jsonStringify(names),
    SECRET_VERSIONS: pulumi
      .all(secrets.map(({ version }) => version ?? 1))
      .apply((versions) => versions.join('.')),
  } as Record<string, pulumi.Input<string>>;
}
