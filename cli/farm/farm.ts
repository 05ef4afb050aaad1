import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { UserError } from '../errors.ts';
import { localCredentials } from '../local-farm/emulator.ts';
import type { FarmAddress } from './address.ts';

/** A farm that commands talk to. */
export interface Farm {
  address: FarmAddress;
  sqs: SQSClient;
  sns: SNSClient;
  source: S3Client;
  output: S3Client;
  close(): void;
}

/**
 * AWS is reached with the SDK's own credentials; R2 and Wasabi with FARM_SOURCE_ACCESS_KEY_ID and
 * FARM_SOURCE_SECRET_ACCESS_KEY, and the same with OUTPUT.
 * @throws UserError where those are missing
 */
export function connect(address: FarmAddress, env: NodeJS.ProcessEnv = process.env): Farm {
  const aws = {
    region: address.region,
    ...(address.local && { endpoint: address.local.endpoint, credentials: localCredentials }),
  };
  const clients = {
    sqs: new SQSClient(aws),
    sns: new SNSClient(aws),
    source: bucketClient(address, 'source', env),
    output: bucketClient(address, 'output', env),
  };
  return {
    address,
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

function bucketClient(address: FarmAddress, side: 'source' | 'output', env: NodeJS.ProcessEnv): S3Client {
  const backend = address[`${side}Storage`];
  const name = `FARM_${side.toUpperCase()}`;
  // The same ways as the worker's: R2 has no virtual hosts on its account endpoint, nor all checksums.
  const checksums = backend === 's3' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return new S3Client({
    region: address[`${side}Region`],
    ...(address[`${side}Endpoint`] && { endpoint: address[`${side}Endpoint`] }),
    forcePathStyle: backend === 'r2' || address.local !== undefined,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    ...(address.local && { credentials: localCredentials }),
    // Asked for only when used: many commands need one bucket alone.
    ...(backend !== 's3' && { credentials: async () => keysFor(backend, name, env) }),
  });
}

function keysFor(backend: string, name: string, env: NodeJS.ProcessEnv) {
  const accessKeyId = env[`${name}_ACCESS_KEY_ID`];
  const secretAccessKey = env[`${name}_SECRET_ACCESS_KEY`];
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  throw new UserError(
    `The bucket is on ${backend}, whose keys are not in the stack's outputs. ` +
      `Set ${name}_ACCESS_KEY_ID and ${name}_SECRET_ACCESS_KEY.`,
  );
}
