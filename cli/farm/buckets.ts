import { S3Client } from '@aws-sdk/client-s3';
import { openAgents } from '../../worker/src/storage/agents.ts';
import type { BucketSettings } from '../../worker/src/storage/s3-client.ts';
import { createClient } from '../../worker/src/storage/s3-client.ts';
import { openStore } from '../../worker/src/storage/s3-store.ts';
import type { Store } from '../../worker/src/storage/store.ts';
import { UserError } from '../errors.ts';
import { localCredentials } from '../local-farm/emulator.ts';
import { uploadTiming } from '../upload/patience.ts';
import type { FarmAddress } from './address.ts';

export type Side = 'source' | 'output';

/** An access key of S3, R2 or Wasabi. */
export type Keys = NonNullable<BucketSettings['credentials']>;

/**
 * One of a farm's two buckets, reached as its workers reach it.
 * @param keys instead of those from the environment
 */
export function bucketClient(
  address: FarmAddress,
  side: Side,
  env: NodeJS.ProcessEnv = process.env,
  keys?: Keys,
): S3Client {
  const { region, endpoint, addressing, checksums } = waysTo(address, side);
  const calculation = checksums === 'when-supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return new S3Client({
    region,
    ...(endpoint && { endpoint }),
    forcePathStyle: addressing === 'path',
    requestChecksumCalculation: calculation,
    responseChecksumValidation: calculation,
    requestHandler: openAgents(),
    // Asked for only when used: many commands need one bucket alone.
    ...(hasOwnKeys(address, side) && { credentials: async () => keys ?? keysFor(address, side, env) }),
  });
}

/**
 * A bucket for links that browsers use. Without the SDK's checksums: a link would have that of an empty body, and the storage
 * would refuse every other one (https://github.com/aws/aws-sdk-js-v3/issues/6818).
 */
export function linkClient(address: FarmAddress, side: Side, env: NodeJS.ProcessEnv = process.env): S3Client {
  const { region, endpoint, addressing } = waysTo(address, side);
  return new S3Client({
    region,
    ...(endpoint && { endpoint }),
    forcePathStyle: addressing === 'path',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(hasOwnKeys(address, side) && { credentials: async () => keysFor(address, side, env) }),
  });
}

/**
 * The source bucket for an upload, which brings its own patience: with time limits, and without the SDK's retries.
 * @throws UserError where the keys of R2 or Wasabi are missing
 */
export function uploadClient(address: FarmAddress, env: NodeJS.ProcessEnv = process.env): S3Client {
  const credentials = hasOwnKeys(address, 'source') ? keysFor(address, 'source', env) : undefined;
  return createClient({ ...waysTo(address, 'source'), credentials }, uploadTiming);
}

/**
 * The same as the worker's `Store`. Workers wait out an outage; at a keyboard, storage that does not answer within
 * seconds is to be reported.
 * @param bucket another one than the farm's, reached in the same way
 * @throws UserError where the keys of R2 or Wasabi are missing
 */
export function openBucket(
  address: FarmAddress,
  side: Side,
  bucket = address[`${side}Bucket`],
  env: NodeJS.ProcessEnv = process.env,
): Store {
  const credentials = hasOwnKeys(address, side) ? keysFor(address, side, env) : undefined;
  const timing = { retrySeconds: 10, connectSeconds: 5, stallSeconds: 10 };
  return openStore({ ...waysTo(address, side), bucket, credentials }, timing);
}

/** What the program renders into the worker's settings: R2 and Wasabi know no bucket hosts, nor all checksums. */
function waysTo(address: FarmAddress, side: Side): Omit<BucketSettings, 'credentials'> {
  const isS3 = address[`${side}Storage`] === 's3';
  return {
    bucket: address[`${side}Bucket`],
    region: address[`${side}Region`],
    endpoint: address[`${side}Endpoint`] || undefined,
    addressing: isS3 && !address.local ? 'virtual' : 'path',
    checksums: isS3 ? 'when-supported' : 'when-required',
    conditionalWrites: address[`${side}Storage`] !== 'wasabi',
  };
}

/** S3 in the cloud opens to the SDK's own credentials; all other storage has separate keys. */
function hasOwnKeys(address: FarmAddress, side: Side): boolean {
  return address.local !== undefined || address[`${side}Storage`] !== 's3';
}

/** @throws UserError where they are missing */
function keysFor(address: FarmAddress, side: Side, env: NodeJS.ProcessEnv): Keys {
  const keys = address.local ? localCredentials : keysFromEnvironment(side, env);
  if (keys) return keys;
  const name = `FARM_${side.toUpperCase()}`;
  throw new UserError(
    `The bucket is on ${address[`${side}Storage`]}, whose keys are not in the stack's outputs. ` +
      `Set ${name}_ACCESS_KEY_ID and ${name}_SECRET_ACCESS_KEY.`,
  );
}

/** FARM_SOURCE_ACCESS_KEY_ID and FARM_SOURCE_SECRET_ACCESS_KEY, or the same with OUTPUT. */
export function keysFromEnvironment(side: Side, env: NodeJS.ProcessEnv): Keys | undefined {
  const name = `FARM_${side.toUpperCase()}`;
  const accessKeyId = env[`${name}_ACCESS_KEY_ID`];
  const secretAccessKey = env[`${name}_SECRET_ACCESS_KEY`];
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
}
