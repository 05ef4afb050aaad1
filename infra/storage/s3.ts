import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { policyDocument, tlsOnly } from '../policy.ts';
import type { BackendArgs, PolicyStatement, Side, Storage } from './backend.ts';
import { bucketPrefix } from './bucket-name.ts';
import { Cdn } from './cdn.ts';
import { corsRule } from './cors.ts';
import { secureBucket } from './secure-bucket.ts';

/** Days after which an unfinished upload is removed, counted from its start: 200 GB at 9 Mbit/s take more than two. */
const abandonedUploadDays = 7;
/** Days that a replaced or deleted source can still be brought back. */
const undoDays = 7;

/**
 * A bucket of Amazon S3, made here or found by name.
 *
 * What is made is private (all four public access blocks, no ACLs), encrypted, closed to unencrypted connections, and
 * freed of abandoned uploads. A source bucket keeps versions for some days, so that a source that was deleted after
 * success, or overwritten, can be brought back. An output bucket keeps none: what it holds can be made again, and
 * every republished film would be stored twice. With `keepBuckets`, bucket and settings stay when they leave the stack.
 *
 * Cost: storage and requests only.
 */
export class S3Storage extends pulumi.ComponentResource implements Storage {
  readonly bucket: pulumi.Output<string>;
  readonly bucketArn: pulumi.Output<string>;
  readonly region: pulumi.Output<string>;
  readonly addressing = 'virtual';
  readonly checksums = 'when-supported';
  readonly conditionalWrites = true;
  readonly publicUrl: pulumi.Output<string> | undefined;
  readonly deliveryTarget: pulumi.Output<string> | undefined;
  readonly statements: PolicyStatement[];
  readonly consoleUrl: pulumi.Output<string>;

  constructor(name: string, args: BackendArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:storage:S3', name, {}, opts);
    const { bucket, arn, region, cdn } = args.existing
      ? findBucket(this, args.existing, args)
      : createBucket(this, name, args);
    this.bucket = bucket;
    this.bucketArn = arn;
    this.region = region;
    this.publicUrl = cdn?.publicUrl;
    this.deliveryTarget = cdn?.domainName;
    this.statements = statementsFor(args.side, arn);
    this.consoleUrl = pulumi.interpolate`https://s3.console.aws.amazon.com/s3/buckets/${bucket}?region=${region}`;
    this.registerOutputs({ bucket: this.bucket, publicUrl: this.publicUrl });
  }
}

interface FoundOrMade {
  bucket: pulumi.Output<string>;
  arn: pulumi.Output<string>;
  region: pulumi.Output<string>;
  cdn?: Cdn;
}

/** Looked up, so that a wrong name or a bucket of somebody else shows before anything is made. */
function findBucket(
  parent: S3Storage,
  existing: pulumi.Input<string>,
  { side, sourceEvents }: BackendArgs,
): FoundOrMade {
  const found = aws.s3.getBucketOutput({ bucket: existing }, { parent });
  const here = aws.getRegionOutput({}, { parent }).region;
  const region = pulumi.all([found.bucketRegion, here, existing]).apply(([region, here, bucket]) => {
    if (side === 'output' || !sourceEvents || region === here) return region;
    throw new pulumi.RunError(
      `sourceBucket "${bucket}" is in ${region} and the farm in ${here}: S3 sends events only within a region. Deploy the farm in ${region} (pulumi config set aws:region ${region}), or submit jobs yourself (pulumi config set sourceEvents false).`,
    );
  });
  return { bucket: pulumi.output(existing), arn: found.arn, region };
}

function createBucket(parent: S3Storage, name: string, args: BackendArgs): FoundOrMade {
  // The settings stay with a bucket that stays: without its policy and blocks it would stand open to mistakes.
  const opts = { parent, retainOnDelete: args.keepBuckets };
  const bucket = new aws.s3.Bucket(
    name,
    { bucketPrefix: bucketPrefix(name), forceDestroy: !args.keepBuckets },
    // The films stay where they are when the stack gets another name.
    { ...opts, ignoreChanges: ['bucketPrefix'] },
  );
  const target = { bucket: bucket.bucket };
  const block = secureBucket(name, bucket, opts);
  createHistory(name, args, bucket, opts);
  const rule = corsRule(args);
  if (rule !== undefined) {
    const { origins: allowedOrigins, methods: allowedMethods, headers: allowedHeaders } = rule;
    const { exposed: exposeHeaders, maxAgeSeconds } = rule;
    const corsRules = [{ allowedOrigins, allowedMethods, allowedHeaders, exposeHeaders, maxAgeSeconds }];
    new aws.s3.BucketCorsConfiguration(name, { ...target, corsRules }, opts);
  }
  const cdn =
    args.side === 'output' && args.delivery.kind === 'cdn'
      ? createCdn(name, bucket, args, parent)
      : undefined;
  new aws.s3.BucketPolicy(
    name,
    { ...target, policy: bucketPolicy(bucket.arn, cdn) },
    { ...opts, dependsOn: [block] }, // S3 answers 409 when both change at once
  );
  return { bucket: bucket.bucket, arn: bucket.arn, region: bucket.region, cdn };
}

function createHistory(
  name: string,
  { side, expireAfterDays }: Pick<BackendArgs, 'side' | 'expireAfterDays'>,
  bucket: aws.s3.Bucket,
  opts: pulumi.CustomResourceOptions,
): void {
  const target = { bucket: bucket.bucket };
  const abandoned = {
    id: 'abandoned-uploads',
    status: 'Enabled',
    filter: {},
    abortIncompleteMultipartUpload: { daysAfterInitiation: abandonedUploadDays },
  };
  if (side === 'output') {
    const expired = { id: 'expired', status: 'Enabled', filter: {}, expiration: { days: expireAfterDays } };
    const rules = expireAfterDays === 0 ? [abandoned] : [abandoned, expired];
    new aws.s3.BucketLifecycleConfiguration(name, { ...target, rules }, opts);
    return;
  }
  const versioning = new aws.s3.BucketVersioning(
    name,
    { ...target, versioningConfiguration: { status: 'Enabled' } },
    opts,
  );
  const replaced = {
    id: 'replaced-and-deleted',
    status: 'Enabled',
    filter: {},
    noncurrentVersionExpiration: { noncurrentDays: undoDays },
    expiration: { expiredObjectDeleteMarker: true },
  };
  new aws.s3.BucketLifecycleConfiguration(
    name,
    { ...target, rules: [abandoned, replaced] },
    { ...opts, dependsOn: [versioning] },
  );
}

function createCdn(name: string, bucket: aws.s3.Bucket, args: BackendArgs, parent: S3Storage): Cdn {
  const { domain, certificateArn } = args.delivery;
  return new Cdn(
    name,
    {
      bucketDomainName: bucket.bucketRegionalDomainName,
      corsOrigins: args.corsOrigins,
      alias: domain === '' ? undefined : { domain, certificateArn },
    },
    { parent },
  );
}

function bucketPolicy(bucketArn: pulumi.Output<string>, cdn: Cdn | undefined): pulumi.Output<string> {
  const objects = pulumi.interpolate`${bucketArn}/*`;
  const viewers = cdn && {
    Sid: 'CdnReads',
    Effect: 'Allow',
    Principal: { Service: 'cloudfront.amazonaws.com' },
    Action: 's3:GetObject',
    Resource: objects,
    Condition: { StringEquals: { 'aws:SourceArn': cdn.distributionArn } },
  };
  // States, plans and records: they name sources, options and errors, and no player asks for them.
  const filmsAlone = cdn && {
    Sid: 'CdnReadsNoJson',
    Effect: 'Deny',
    Principal: { Service: 'cloudfront.amazonaws.com' },
    Action: 's3:GetObject',
    Resource: pulumi.interpolate`${bucketArn}/*.json`,
  };
  return policyDocument([
    tlsOnly('s3:*', [bucketArn, objects]),
    ...(viewers && filmsAlone ? [viewers, filmsAlone] : []),
  ]);
}

/** `s3:ListBucket` makes S3 answer 404 for what is not there; without it, it says 403. */
function statementsFor(side: Side, bucketArn: pulumi.Output<string>): PolicyStatement[] {
  const objects = pulumi.interpolate`${bucketArn}/*`;
  const actions =
    side === 'source'
      ? ['s3:GetObject', 's3:DeleteObject'] // deletes when keepSource is false, in the settings or in a job
      : ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'];
  const Side = side === 'source' ? 'Source' : 'Output';
  return [
    { Sid: `${Side}Objects`, Effect: 'Allow', Action: actions, Resource: [objects] },
    { Sid: `${Side}Bucket`, Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [bucketArn] },
  ];
}
