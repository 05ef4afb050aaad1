import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { ECSClient } from '@aws-sdk/client-ecs';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Rules } from './decide.ts';

/** The farm as its waker knows it: the variable FARM, as JSON. */
export interface Farm {
  cluster: string;
  service: string;
  queueUrls: string[];
  /** Name of the Auto Scaling group; none on Fargate. */
  group?: string;
  /** Name of the SSM parameter that holds the memory. */
  memoryParameter: string;
  rules: Rules;
}

/** What the waker reaches it by. */
export interface WakerClients {
  sqs: Pick<SQSClient, 'send'>;
  ecs: Pick<ECSClient, 'send'>;
  autoScaling: Pick<AutoScalingClient, 'send'>;
  ssm: Pick<SSMClient, 'send'>;
}
