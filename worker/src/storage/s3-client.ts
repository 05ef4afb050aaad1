import { S3Client } from '@aws-sdk/client-s3';
import { openAgents } from './agents.ts';
import { renewExpiredCredentials } from './renew-credentials.ts';
import { leavePartsUnsigned } from './unsigned-parts.ts';

export interface BucketSettings {
  bucket: string;
  region: string;
  endpoint?: string;
  addressing: 'virtual' | 'path';
  checksums: 'when-supported' | 'when-required';
  /** Whether the storage honours If-None-Match and If-Match on writes. @default true */
  conditionalWrites?: boolean;
  /** Whether this account pays for what it reads of another's bucket. */
  requesterPays?: boolean;
  /** None: the AWS SDK's own chain, which in ECS is the task role. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** Times in seconds; tests shorten them. */
export interface StoreTiming {
  /** How long one call is tried again. More than two minutes, so that a cut of that length is outlived. */
  retrySeconds: number;
  /** For a connection to be made. */
  connectSeconds: number;
  /** A connection without a byte for this long is given up. */
  stallSeconds: number;
  /** Slower than this, an upload or a small answer counts as hung although bytes move. */
  slowestBytesPerSecond: number;
}

export const defaultTiming: StoreTiming = {
  retrySeconds: 150,
  connectSeconds: 10,
  stallSeconds: 30,
  slowestBytesPerSecond: 32 * 1024,
};

/**
 * One client for one bucket, with connections kept alive. The SDK's own retries are off: `retrying` does it, because
 * the SDK counts tries and stops after seconds, while an outage lasts minutes.
 */
export function createClient(settings: BucketSettings, timing: StoreTiming): S3Client {
  const checksums = settings.checksums === 'when-supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const client = new S3Client({
    region: settings.region,
    endpoint: settings.endpoint,
    credentials: settings.credentials,
    // A custom endpoint gets bucket.endpoint host names by default.
    forcePathStyle: settings.addressing === 'path',
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    // A job may name a bucket in another region. Other services' redirects lead nowhere good.
    followRegionRedirects: settings.endpoint === undefined,
    // With it, each body above 2 MiB waits for a "100 Continue" on a separate connection.
    expectContinueHeader: false,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: timing.connectSeconds * 1000,
      socketTimeout: timing.stallSeconds * 1000,
      ...openAgents(),
    },
  });
  renewExpiredCredentials(client);
  leavePartsUnsigned(client);
  if (settings.requesterPays) payForRequests(client);
  return client;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html */
function payForRequests(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-request-payer'] = 'requester';
      return next(args);
    },
    { step: 'build', name: 'payForRequests' },
  );
}
