import type * as pulumi from '@pulumi/pulumi';
import { type BackendName, backendNames } from '../storage/names.ts';
import { type WasabiRegion, wasabiRegions } from '../storage/wasabi-regions.ts';
import { orList } from '../text.ts';
import type { SettingsReader } from './reader.ts';

export interface StorageSettings {
  source: BucketChoice;
  output: BucketChoice;
  keepBuckets: boolean;
  /** Films, their files and all else in the output bucket go after so many days; 0: they stay. */
  expireAfterDays: number;
  /** Uploads start jobs: only S3 announces them. */
  sourceEvents: boolean;
  sourcePrefix: string;
  sourceSuffixes: string[];
  outputPrefix: string;
  corsOrigins: string[];
  r2: {
    accountId: string;
    zoneId: string;
    location?: 'apac' | 'eeur' | 'enam' | 'weur' | 'wnam' | 'oc';
    jurisdiction: 'default' | 'eu' | 'fedramp';
  };
  wasabi: {
    region?: WasabiRegion;
    accessKeyId?: pulumi.Output<string>;
    secretAccessKey?: pulumi.Output<string>;
  };
  delivery: { kind: 'none' | 'cdn'; domain: string; certificateArn: string };
}

interface BucketChoice {
  backend: BackendName;
  /** An existing bucket; undefined: make one. */
  bucket?: pulumi.Input<string>;
}

/** What S3, R2 and Wasabi all take as a bucket's name. */
export const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const prefix = /^(?!\/)[A-Za-z0-9._~/-]*\/$/;

/** Where films come from, where they go, and how viewers reach them. */
export function readStorage(config: SettingsReader): StorageSettings {
  const outputBackend = config.choice('storage', backendNames);
  const sourceBackend = config.text('source') === '' ? outputBackend : config.choice('source', backendNames);
  const settings: StorageSettings = {
    source: { backend: sourceBackend, bucket: readBucket(config, 'sourceBucket') },
    output: { backend: outputBackend, bucket: readBucket(config, 'outputBucket') },
    keepBuckets: config.flag('keepBuckets'),
    expireAfterDays: config.integer('expireAfterDays', { min: 0, max: 3650 }),
    sourceEvents: config.flag('sourceEvents') && sourceBackend === 's3',
    sourcePrefix: config.text('sourcePrefix'),
    sourceSuffixes: config.list('sourceSuffixes', /^[^,]+$/, 'suffixes without commas', '.mp4'),
    outputPrefix: config.pattern('outputPrefix', prefix, 'a prefix that ends in "/"', 'films/'),
    corsOrigins: config.list(
      'corsOrigins',
      /^(\*|https?:\/\/[^/\s]+)$/,
      'web origins without a path, or "*"',
      'https://www.example.com',
    ),
    r2: readR2(config),
    wasabi: readWasabi(config),
    delivery: readDelivery(config),
  };
  checkSuffixes(config, settings.sourceSuffixes);
  checkApart(config, settings);
  checkExpiry(config, settings);
  checkDelivery(config, settings);
  checkCredentials(config, settings);
  return settings;
}

const readBucket = (config: SettingsReader, key: string) =>
  config.input(key, bucketName, 'a bucket name of 3 to 63 small letters, digits, "." and "-"', 'my-films');

/** Source: https://developers.cloudflare.com/r2/reference/data-location/ */
const r2Locations = ['weur', 'eeur', 'enam', 'wnam', 'apac', 'oc'] as const;

function readR2(config: SettingsReader): StorageSettings['r2'] {
  const location = config.text('r2Location');
  return {
    accountId: config.pattern(
      'cloudflareAccountId',
      /^[0-9a-f]{32}$/,
      '32 hex digits (Cloudflare dashboard, R2, "Account ID")',
      '0123456789abcdef0123456789abcdef',
    ),
    zoneId: config.pattern(
      'cloudflareZoneId',
      /^[0-9a-f]{32}$/,
      '32 hex digits (Cloudflare dashboard, the zone\'s overview, "Zone ID")',
      '0123456789abcdef0123456789abcdef',
    ),
    location: location === '' ? undefined : config.choice('r2Location', r2Locations),
    jurisdiction: config.choice('r2Jurisdiction', ['default', 'eu', 'fedramp']),
  };
}

function readWasabi(config: SettingsReader): StorageSettings['wasabi'] {
  return {
    region: config.text('wasabiRegion') === '' ? undefined : config.choice('wasabiRegion', wasabiRegions),
    accessKeyId: config.secret('wasabiAccessKeyId'),
    secretAccessKey: config.secret('wasabiSecretAccessKey'),
  };
}

function readDelivery(config: SettingsReader): StorageSettings['delivery'] {
  return {
    kind: config.choice('delivery', ['none', 'cdn']),
    domain: config.pattern(
      'deliveryDomain',
      /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/,
      'a host name in small letters',
      'video.example.com',
    ),
    certificateArn: config.pattern(
      'deliveryCertificateArn',
      /^arn:aws[\w-]*:acm:us-east-1:\d{12}:certificate\//,
      'the ARN of a certificate in us-east-1, the only region that CloudFront takes them from',
      'arn:aws:acm:us-east-1:123456789012:certificate/...',
    ),
  };
}

/** S3 refuses two notifications that one key could both match. */
function checkSuffixes(config: SettingsReader, suffixes: readonly string[]): void {
  for (const [index, suffix] of suffixes.entries()) {
    const wider = suffixes.find((other, at) => at !== index && suffix.endsWith(other));
    if (wider === undefined || (wider === suffix && suffixes.indexOf(suffix) === index)) continue;
    const why =
      wider === suffix ? 'is listed twice' : `is covered by "${wider}", and S3 refuses both together`;
    config.rejectTogether(
      `sourceSuffixes: "${suffix}" ${why}.`,
      config.toLeaveOut(`sourceSuffixes[${index}]`),
    );
  }
}

/** In one bucket, what is published must never look like an upload. */
function checkApart(
  config: SettingsReader,
  { source, output, sourcePrefix, outputPrefix }: StorageSettings,
): void {
  const isSame = source.bucket !== undefined && source.bucket === output.bucket;
  if (!isSame || source.backend !== output.backend) return;
  const isApart = sourcePrefix !== '' && outputPrefix !== '';
  if (isApart && !sourcePrefix.startsWith(outputPrefix) && !outputPrefix.startsWith(sourcePrefix)) return;
  config.rejectTogether(
    `sourceBucket and outputBucket are both "${config.text('outputBucket')}", with sourcePrefix "${sourcePrefix}" and outputPrefix "${outputPrefix}": what is published could start jobs again. Keep the two apart by prefixes.`,
    config.toSet('sourcePrefix', 'uploads/'),
    config.toSet('outputPrefix', 'films/'),
  );
}

/** Rules of a bucket are one whole, and those of a bucket that the farm did not make are its owner's. */
function checkExpiry(config: SettingsReader, { output, expireAfterDays }: StorageSettings): void {
  if (expireAfterDays === 0 || output.bucket === undefined) return;
  config.reject(
    'expireAfterDays',
    `is ${expireAfterDays} with the existing bucket "${config.text('outputBucket')}", whose lifecycle rules the farm does not overwrite. Add a rule to that bucket yourself that deletes objects after so many days, or leave out outputBucket.`,
    '0',
  );
}

function checkDelivery(config: SettingsReader, { output, delivery, r2 }: StorageSettings): void {
  if (delivery.kind === 'none') {
    if (delivery.domain !== '') {
      config.reject(
        'delivery',
        `is "none", so deliveryDomain "${delivery.domain}" would lead nowhere.`,
        'cdn',
      );
    }
    return;
  }
  if (output.backend === 'wasabi') {
    config.reject(
      'delivery',
      'is "cdn", which Wasabi has none of: its buckets are public only in certain paid accounts, and CloudFront cannot sign requests for them. Point a CDN of your own at the bucket, or choose other storage.',
      'none',
    );
  }
  if (output.backend === 's3' && output.bucket !== undefined) {
    config.reject(
      'delivery',
      `is "cdn" with the existing bucket "${config.text('outputBucket')}": CloudFront must be let in by the bucket's policy, and the farm does not overwrite the policy of a bucket that it did not make. Leave out outputBucket, or set up CloudFront yourself.`,
      'none',
    );
  }
  if (output.backend === 's3' && (delivery.domain === '') !== (delivery.certificateArn === '')) {
    config.rejectTogether(
      'deliveryDomain and deliveryCertificateArn go together: CloudFront answers for a name only with its certificate.',
      config.toSet('deliveryDomain', 'video.example.com'),
      config.toSet('deliveryCertificateArn', 'arn:aws:acm:us-east-1:123456789012:certificate/...'),
    );
  }
  if (output.backend === 'r2' && delivery.domain !== '' && r2.zoneId === '') {
    config.reject(
      'cloudflareZoneId',
      `is not set: deliveryDomain "${delivery.domain}" must be in a zone of the account.`,
      '0123456789abcdef0123456789abcdef',
    );
  }
}

/** A backend can't be used without what opens it. */
function checkCredentials(config: SettingsReader, { source, output, r2, wasabi }: StorageSettings): void {
  const usedBy = (backend: string) =>
    orList([
      ...(output.backend === backend ? [`storage "${backend}"`] : []),
      ...(source.backend === backend && output.backend !== backend ? [`source "${backend}"`] : []),
    ]);
  if (usedBy('r2') !== '' && r2.accountId === '' && !config.isSet('cloudflareAccountId')) {
    config.reject(
      'cloudflareAccountId',
      `is not set, and ${usedBy('r2')} needs it (Cloudflare dashboard, R2, "Account ID").`,
      '0123456789abcdef0123456789abcdef',
    );
  }
  if (usedBy('wasabi') === '') return;
  if (wasabi.region === undefined) {
    config.reject('wasabiRegion', `is not set, and ${usedBy('wasabi')} needs it.`, 'eu-central-2');
  }
  for (const key of ['wasabiAccessKeyId', 'wasabiSecretAccessKey']) {
    if (!config.isSet(key)) {
      config.reject(key, `is not set, and ${usedBy('wasabi')} needs it.`, '', 'secret');
    }
  }
}
