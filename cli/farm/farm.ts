import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { ECSClient } from '@aws-sdk/client-ecs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { openAgents } from '../../worker/src/storage/agents.ts';
import { renewExpiredCredentials } from '../../worker/src/storage/renew-credentials.ts';
import { localCredentials } from '../local-farm/emulator.ts';
import type { FarmAddress } from './address.ts';
import { bucketClient } from './buckets.ts';

/** A farm that commands talk to. */
export interface Farm {
  address: FarmAddress;
  sqs: SQSClient;
  sns: SNSClient;
  ecs: ECSClient;
  autoScaling: AutoScalingClient;
  lambda: LambdaClient;
  source: S3Client;
  output: S3Client;
  close(): void;
}

/** AWS is reached with the SDK's own credentials. Nothing is sent yet. */
export function connect(address: FarmAddress, env: NodeJS.ProcessEnv = process.env): Farm {
  const aws = awsOf(address);
  const clients = {
    sqs: new SQSClient(aws),
    sns: new SNSClient(aws),
    ecs: new ECSClient(aws),
    autoScaling: new AutoScalingClient(aws),
    lambda: new LambdaClient(aws),
    source: bucketClient(address, 'source', env),
    output: bucketClient(address, 'output', env),
  };
  for (const client of Object.values(clients)) renewExpiredCredentials(client);
  return {
    address,
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** Where a farm's AWS is, for clients of its services. */
export function awsOf({ region, local }: Pick<FarmAddress, 'region' | 'local'>) {
  return {
    region,
    requestHandler: openAgents(),
    ...(local && { endpoint: local.endpoint, credentials: localCredentials }),
  };
}
