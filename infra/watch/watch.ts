import * as pulumi from '@pulumi/pulumi';
import type { Capacity } from '../compute/capacity.ts';

export interface WatchArgs {
  clusterName: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  capacity: Capacity;
  queueNames: pulumi.Input<string>[];
  deadLetterQueueName: pulumi.Input<string>;
  wakerName: pulumi.Input<string>;
  /** CloudWatch namespace of the worker's own metrics (its METRICS_NAMESPACE). */
  metricsNamespace: string;
  /** Seconds after which a waiting job is too old. @default 3600 */
  oldestJobSeconds?: number;
  /** Minutes in which an instance may be idle before that is reported. @default 30 */
  idleInstanceMinutes?: number;
  /** Where alarms go by e-mail; the address must confirm once. Without it alarms only show. */
  alertEmail?: pulumi.Input<string>;
  /** USD a month; warns at 80 % and 100 % of it and when the forecast passes it. Needs `alertEmail`. */
  monthlyBudget?: number;
  /** The account's spending counts as a whole unless the tag `name=value` is given and activated for cost allocation. */
  budgetTag?: { name: string; value: string };
  tags?: Record<string, string>;
}

export declare class Watch extends pulumi.ComponentResource {
  readonly dashboardName: pulumi.Output<string>;
  readonly dashboardUrl: pulumi.Output<string>;
  readonly alertTopicArn: pulumi.Output<string>;
  constructor(name: string, args: WatchArgs, opts?: pulumi.ComponentResourceOptions);
}
