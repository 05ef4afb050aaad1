import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';

/**
 * What every bucket of the farm on S3 has: no ACLs, nothing public, encrypted at rest.
 * @returns the public access block: S3 answers 409 when it and the bucket's policy change at once
 */
export function secureBucket(
  name: string,
  bucket: aws.s3.Bucket,
  opts: pulumi.CustomResourceOptions,
): aws.s3.BucketPublicAccessBlock {
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
  return block;
}
