import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { bucketPrefix } from '../storage/bucket-name.ts';

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
  new aws.s3.BucketOwnershipControls(
    name,
    { ...target, rule: { objectOwnership: 'BucketOwnerEnforced' } },
    opts,
  );
  const block = new aws.s3.BucketPublicAccessBlock(
    name,
    {
      ...target,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    opts,
  );
  new aws.s3.BucketServerSideEncryptionConfiguration(
    name,
    { ...target, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
    opts,
  );
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
      policy: pulumi.jsonStringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'TlsOnly',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      }),
    },
    { ...opts, dependsOn: [block] }, // S3 answers 409 when both change at once
  );
  return bucket;
}
