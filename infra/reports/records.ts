import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { policyDocument, tlsOnly } from '../policy.ts';
import { bucketPrefix } from '../storage/bucket-name.ts';
import { secureBucket } from '../storage/secure-bucket.ts';

/** Days that a job's record stays after it was written last: "farm webhooks" reaches back so far. */
const keptDays = 30;

/**
 * Where the reporter keeps what it delivered to webhooks: a private bucket of Amazon S3, wherever the films are. A bucket and not
 * a table: it costs nothing at rest, has conditional writes, and the emulator of a local farm has it too.
 */
export function createRecords(parent: pulumi.Resource, name: string): aws.s3.Bucket {
  const opts = { parent };
  // Records can be lost: what is in the queue is delivered without them.
  const bucket = new aws.s3.Bucket(
    name,
    { bucketPrefix: bucketPrefix(name), forceDestroy: true },
    { ...opts, ignoreChanges: ['bucketPrefix'] },
  );
  const target = { bucket: bucket.bucket };
  const block = secureBucket(name, bucket, opts);
  new aws.s3.BucketLifecycleConfiguration(
    name,
    {
      ...target,
      rules: [
        {
          id: 'old-records',
          status: 'Enabled',
          filter: {},
          expiration: { days: keptDays },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
    },
    opts,
  );
  new aws.s3.BucketPolicy(
    name,
    {
      ...target,
      policy: policyDocument([tlsOnly('s3:*', [bucket.arn, pulumi.interpolate`${bucket.arn}/*`])]),
    },
    { ...opts, dependsOn: [block] }, // S3 answers 409 when both change at once
  );
  return bucket;
}
