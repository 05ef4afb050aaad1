import { createHash, randomUUID } from 'node:crypto';
// By file: Node reads every export of the whole package as soon as one is imported, which loads 1,250 files in half a second.
import { AccountToken } from '@pulumi/cloudflare/accountToken.js';
import { getAccountApiTokenPermissionGroupsListOutput } from '@pulumi/cloudflare/getAccountApiTokenPermissionGroupsList.js';
import { R2Bucket } from '@pulumi/cloudflare/r2bucket.js';
import { R2BucketCors } from '@pulumi/cloudflare/r2bucketCors.js';
import { R2BucketLifecycle } from '@pulumi/cloudflare/r2bucketLifecycle.js';
import { R2CustomDomain } from '@pulumi/cloudflare/r2customDomain.js';
import { R2ManagedDomain } from '@pulumi/cloudflare/r2managedDomain.js';
import * as pulumi from '@pulumi/pulumi';
import { farmName } from '../names.ts';
import type { BackendArgs, Storage } from './backend.ts';
import { bucketPrefix } from './bucket-name.ts';
import { corsRule } from './cors.ts';
import { JsonRule } from './json-rule.ts';

const dayInSeconds = 86_400;
/** As with S3. */
const abandonedUploadDays = 7;

/**
 * A bucket of Cloudflare R2, made here or found by name, with a token that opens this bucket alone.
 *
 * R2 is private, always encrypted, and takes TLS only; it has no versions, ACLs or bucket policies. It notifies nobody
 * on AWS of uploads, so with an R2 source jobs are submitted by the app or the command line.
 *
 * Cost: storage and requests; R2 takes nothing for what viewers read.
 */
export class R2Storage extends pulumi.ComponentResource implements Storage {
  readonly bucket: pulumi.Output<string>;
  readonly region = 'auto';
  readonly endpoint: string;
  readonly addressing = 'path';
  readonly checksums = 'when-required';
  readonly conditionalWrites = true;
  readonly credentials: { accessKeyId: pulumi.Output<string>; secretAccessKey: pulumi.Output<string> };
  readonly publicUrl: pulumi.Output<string> | undefined;
  readonly statements = [];
  readonly consoleUrl: pulumi.Output<string>;

  constructor(name: string, args: BackendArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:storage:R2', name, {}, opts);
    const { accountId, jurisdiction } = args.r2;
    this.bucket = args.existing ? pulumi.output(args.existing) : createBucket(this, name, args);
    this.endpoint = `https://${accountId}${jurisdiction === 'default' ? '' : `.${jurisdiction}`}.r2.cloudflarestorage.com`;
    this.credentials = createCredentials(this, name, args, this.bucket);
    this.publicUrl =
      args.side === 'output' && args.delivery.kind === 'cdn'
        ? createDomain(this, name, args, this.bucket)
        : undefined;
    this.consoleUrl = pulumi.interpolate`https://dash.cloudflare.com/${accountId}/r2/${jurisdiction}/buckets/${this.bucket}`;
    this.registerOutputs({ bucket: this.bucket, publicUrl: this.publicUrl });
  }
}

/**
 * A bucket can't move: in another jurisdiction it is another bucket. The provider changes it in place, and so asks for a bucket that
 * is not there (`Update` in internal/services/r2_bucket/resource.go of terraform-provider-cloudflare 5.22).
 */
const replaceOnChanges = ['jurisdiction'];

function createBucket(parent: R2Storage, name: string, args: BackendArgs): pulumi.Output<string> {
  const { accountId, jurisdiction, location } = args.r2;
  const opts = { parent, retainOnDelete: args.keepBuckets };
  const bucket = new R2Bucket(
    name,
    // A random end: `destroy` leaves the bucket, and the next `up` needs another name.
    { accountId, jurisdiction, location, name: `${bucketPrefix(name)}${randomUUID().slice(0, 8)}` },
    // R2 honours the location only the first time that a name is used, and may return it in another case.
    { ...opts, ignoreChanges: ['name', 'location'], replaceOnChanges },
  );
  const target = { accountId, jurisdiction, bucketName: bucket.name };
  new R2BucketLifecycle(
    name,
    {
      ...target,
      rules: [
        {
          id: 'abandoned-uploads',
          enabled: true,
          conditions: { prefix: '' },
          abortMultipartUploadsTransition: {
            condition: { type: 'Age', maxAge: abandonedUploadDays * dayInSeconds },
          },
        },
        ...(args.side === 'output' && args.expireAfterDays > 0
          ? [
              {
                id: 'expired',
                enabled: true,
                conditions: { prefix: '' },
                deleteObjectsTransition: {
                  condition: { type: 'Age', maxAge: args.expireAfterDays * dayInSeconds },
                },
              },
            ]
          : []),
      ],
    },
    opts,
  );
  const rule = corsRule(args);
  if (rule !== undefined) {
    const { origins, methods, headers, exposed: exposeHeaders, maxAgeSeconds } = rule;
    const allowed = { origins, methods, headers };
    new R2BucketCors(
      name,
      { ...target, rules: [{ id: rule.id, allowed, exposeHeaders, maxAgeSeconds }] },
      opts,
    );
  }
  return bucket.name;
}

/**
 * An account's token, so that it lives on when the person who made it leaves. S3's names for its parts: the access key
 * is the token's id, the secret key the SHA-256 of its value (https://developers.cloudflare.com/r2/api/tokens/).
 */
function createCredentials(
  parent: R2Storage,
  name: string,
  { r2: { accountId, jurisdiction } }: BackendArgs,
  bucket: pulumi.Output<string>,
): R2Storage['credentials'] {
  const groups = getAccountApiTokenPermissionGroupsListOutput({ accountId }, { parent });
  const token = new AccountToken(
    name,
    {
      accountId,
      name: pulumi.interpolate`${farmName(name)}: bucket ${bucket}`,
      policies: [
        {
          effect: 'allow',
          permissionGroups: groups.results.apply((results) =>
            ['Read', 'Write'].map((kind) => groupNamed(`Workers R2 Storage Bucket Item ${kind}`, results)),
          ),
          resources: pulumi.jsonStringify(
            bucket.apply((id) => ({
              [`com.cloudflare.edge.r2.bucket.${accountId}_${jurisdiction}_${id}`]: '*',
            })),
          ),
        },
      ],
    },
    { parent },
  );
  return {
    accessKeyId: pulumi.secret(token.id),
    secretAccessKey: pulumi.secret(
      token.value.apply((value) => createHash('sha256').update(value).digest('hex')),
    ),
  };
}

function groupNamed(name: string, groups: readonly { id: string; name: string }[]): { id: string } {
  const group = groups.find((one) => one.name === name);
  if (!group)
    throw new Error(`Cloudflare has no permission group "${name}" for this account: is R2 switched on?`);
  return { id: group.id };
}

function createDomain(
  parent: R2Storage,
  name: string,
  { r2: { accountId, jurisdiction, zoneId }, delivery: { domain } }: BackendArgs,
  bucketName: pulumi.Output<string>,
): pulumi.Output<string> {
  const target = { accountId, jurisdiction, bucketName, enabled: true };
  if (domain === '') {
    const managed = new R2ManagedDomain(name, target, { parent, replaceOnChanges });
    return pulumi.interpolate`https://${managed.domain}`;
  }
  const rule = new JsonRule(name, { zoneId, host: domain }, { parent });
  new R2CustomDomain(
    name,
    { ...target, domain, zoneId, minTls: '1.2' },
    // A domain leads to one bucket at a time.
    { parent, replaceOnChanges, deleteBeforeReplace: true, dependsOn: [rule] },
  );
  return pulumi.output(`https://${domain}`);
}
