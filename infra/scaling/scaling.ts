import * as pulumi from '@pulumi/pulumi';
import type { ScalingArgs } from './args.ts';
import { trackService } from './track-service.ts';
import { backlogPerTaskMetric } from './tracking.ts';
import { createWakerFunction } from './waker-function.ts';

/**
 * How many workers there are: a waker adds them and takes the farm to sleep, target tracking takes away those that the backlog no longer
 * needs. `decide.ts` has a table of who decides what.
 *
 * Cost: two alarms of the tracking over five metrics each, $1.00 a month (the first ten of an account are free, and `Monitoring` has some too:
 * https://aws.amazon.com/cloudwatch/pricing/); the waker 43 800 times a month: requests
 * 43 800 x $0.0000002 = $0.01, half a second of 256 MB each 43 800 x 0.125 GB-s x $0.0000133 = $0.07 (free within Lambda's free tier), its log
 * about $0.01.
 */
export class Scaling extends pulumi.ComponentResource {
  readonly wakerName: pulumi.Output<string>;
  readonly wakerArn: pulumi.Output<string>;
  readonly wakerLogGroupName: pulumi.Output<string>;

  constructor(name: string, args: ScalingArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:scaling:Scaling', name, {}, opts);
    if (args.minTasks > args.maxTasks) {
      throw new Error(
        `Scaling "${name}": "minTasks" is ${args.minTasks}, more than "maxTasks", ${args.maxTasks}. Lower the one or raise the other.`,
      );
    }
    // By kind, as the service: where a switch fails halfway and is undone, one target would be both the old and the new one.
    createTracking(this, `${name}-${args.kind}`, args);
    const waker = createWakerFunction(this, name, args);
    this.wakerName = waker.functionName;
    this.wakerArn = waker.functionArn;
    this.wakerLogGroupName = waker.logGroupName;
    this.registerOutputs({ wakerName: this.wakerName, wakerLogGroupName: this.wakerLogGroupName });
  }
}

function createTracking(parent: Scaling, name: string, args: ScalingArgs): void {
  const { clusterName, serviceName, queues, trackedQueues = queues } = args;
  const { backlogPerTask = 1, scaleOutCooldownSeconds = 60, scaleInCooldownSeconds = 300 } = args;
  const queueNames = trackedQueues.map((queue) => queue.name);
  trackService(parent, name, {
    clusterName,
    serviceName,
    // Registering starts tasks up to the minimum at once: with more than `minTasks` each update would wake the farm.
    minTasks: args.minTasks,
    maxTasks: args.maxTasks,
    tracking: {
      targetValue: backlogPerTask,
      scaleOutCooldown: scaleOutCooldownSeconds,
      scaleInCooldown: scaleInCooldownSeconds,
      customizedMetricSpecification: {
        metrics: backlogPerTaskMetric({ queueNames, clusterName, serviceName, backlogPerTask }),
      },
    },
  });
}
