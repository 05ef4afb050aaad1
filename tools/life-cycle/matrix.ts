import type { StackConfig } from '../program-run/stacks.ts';

/** A setting, a value for it, and the farm on which the change is tried. */
export interface SettingChange {
  to: string;
  /** Settings of the farm before and after. */
  on?: Readonly<Record<string, string>>;
  /** Set together with it, as it means nothing alone. */
  with?: Readonly<Record<string, string>>;
}

const credentials = {
  cloudflareAccountId: '0123456789abcdef0123456789abcdef',
  wasabiRegion: 'eu-central-2',
  wasabiAccessKeyId: 'SESAMEACCESSKEY',
  wasabiSecretAccessKey: 'sesame-wasabi-secret',
};
const r2 = { ...credentials, storage: 'r2' };
const wasabi = { ...credentials, storage: 'wasabi' };
const gpu = { compute: 'gpu', onDemandBase: '1' };
const cdn = { delivery: 'cdn' };
const signed = {
  webhookUrl: 'https://www.example.com/hooks/films',
  webhookSecret: 'whsec_c2VzYW1lLXdlYmhvb2stc2VzYW1lLXdlYmhvb2s=',
};
const encrypted = {
  encryptionKeyUrl: 'https://keys.example.com/{jobId}/{plan}',
  encryptionSecret: 'c2VzYW1lIGVuY3J5cHRpb24gc2VzYW1lIHNlY3JldCE=',
};
const portal = {
  portal: 'function',
  portalPasswordHash: 'scrypt$32768$8$3$c2VzYW1lLXBvcnRhbC0tLQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
};
const oidc = {
  portal: 'function',
  portalAuth: 'oidc',
  portalOidcIssuer: 'https://id.example.com',
  portalOidcClientId: 'films',
  portalOidcClientSecret: 'sesame-client-secret',
};
const service = {
  portal: 'service',
  portalPasswordHash: portal.portalPasswordHash,
  portalDomain: 'films.example.com',
  portalCertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/1',
};
const network = { vpcId: 'vpc-0123456789abcdef0', subnetIds: '["subnet-0123456789abcdef0"]' };

/** For every setting, a change that an owner may make to a farm that runs. */
export const settingChanges: Readonly<Record<string, SettingChange>> = {
  storage: { to: 'r2', on: credentials },
  source: { to: 'r2', on: credentials },
  sourceBucket: { to: 'my-uploads' },
  outputBucket: { to: 'my-films' },
  keepBuckets: { to: 'false' },
  expireAfterDays: { to: '90' },
  sourceEvents: { to: 'false' },
  sourcePrefix: { to: 'uploads/' },
  sourceSuffixes: { to: '[".mp4"]' },
  outputPrefix: { to: 'films/' },
  corsOrigins: { to: '["https://www.example.com"]' },
  compute: { to: 'gpu' },
  architecture: { to: 'arm64', on: { compute: 'function' } },
  minTasks: { to: '1' },
  maxTasks: { to: '5' },
  reserveConcurrency: { to: 'false', on: { compute: 'function' } },
  functions: { to: 'door' },
  burstFunctions: { to: '100', on: { functions: 'door' } },
  functionMemoryMib: { to: '3008', on: { functions: 'door' } },
  instanceTypes: { to: '["g6.xlarge"]', on: gpu },
  onDemandBase: { to: '1' },
  spot: { to: 'false' },
  warmInstances: { to: '1', on: gpu },
  taskCpu: { to: '8192', with: { taskMemoryMib: '16384' } },
  taskMemoryMib: { to: '16384' },
  backlogPerTask: { to: '2' },
  workersPerFilm: { to: '1' },
  wakeWorkers: { to: '2' },
  scaleOutCooldownSeconds: { to: '30' },
  scaleInCooldownSeconds: { to: '60' },
  idleMinutes: { to: '10' },
  jobsAtOnce: { to: 'auto' },
  lanes: { to: '["urgent","bulk"]' },
  visibilityTimeoutSeconds: { to: '300' },
  retentionDays: { to: '14' },
  maxAttempts: { to: '5' },
  keepSource: { to: 'false' },
  sourceRequesterPays: { to: 'true' },
  keepReplacedSeconds: { to: '3600' },
  maxDurationSeconds: { to: '43200' },
  allowShortSources: { to: 'true' },
  allowHttpSources: { to: 'true' },
  publishMetadata: { to: 'true' },
  outputs: { to: '["hls","mp4"]' },
  subtitleEncoding: { to: 'windows-1250' },
  ladder: { to: 'mobile' },
  include480p: { to: 'true' },
  quality: { to: 'high' },
  perFilmQuality: { to: 'true' },
  qualityTable: { to: '{"x264":{"veryfast":{"saver":27,"standard":22,"high":19}}}' },
  expectedViews: { to: '1000' },
  measure: { to: 'vmaf' },
  minVmaf: { to: '85', on: { measure: 'vmaf' } },
  segmentSeconds: { to: '4' },
  segmentFormat: { to: 'mpegts' },
  deinterlace: { to: 'frames' },
  loudness: { to: '-16' },
  earlyPlay: { to: 'true' },
  encryption: { to: 'aes-128', on: encrypted },
  encryptionKeyUrl: { to: 'https://other.example.com/{jobId}/{plan}', on: encrypted },
  encryptionSecret: { to: 'YW5vdGhlciBlbmNyeXB0aW9uIHNlc2FtZSBzZWNyZXQ=', on: encrypted },
  x264Preset: { to: 'fast' },
  nvencPreset: { to: 'p4', on: gpu },
  thumbnailAt: { to: '20%' },
  watermark: { to: '{"image":"brand/logo.png"}' },
  presets: { to: '{"social":{"ladder":"mobile"}}' },
  webhookUrl: { to: 'https://www.example.com/other', on: signed },
  webhookSecret: { to: 'whsec_YW5vdGhlci1zZWNyZXQtYW5vdGhlci1zZWNyZXQ=', on: signed },
  allowJobWebhooks: { to: 'true', on: signed },
  databaseUrl: { to: 'postgres://farm:sesame-database@db.example.com/films' },
  databaseCa: {
    to: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    on: { databaseUrl: 'postgres://farm:sesame-database@db.example.com/films' },
  },
  databaseVpcId: {
    to: network.vpcId,
    on: { databaseUrl: 'postgres://farm:sesame-database@db.example.com/films' },
    with: { databaseSubnetIds: network.subnetIds },
  },
  databaseSubnetIds: {
    to: '["subnet-0123456789abcdef1"]',
    on: {
      databaseUrl: 'postgres://farm:sesame-database@db.example.com/films',
      databaseVpcId: network.vpcId,
      databaseSubnetIds: network.subnetIds,
    },
  },
  portal: { to: 'function', with: { portalPasswordHash: portal.portalPasswordHash } },
  portalPasswordHash: {
    to: 'scrypt$32768$8$3$YW5vdGhlci1wb3J0YWwtLS0$BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB',
    on: portal,
  },
  portalAuth: { to: 'oidc', on: portal, with: { ...oidc } },
  portalOidcIssuer: { to: 'https://other.example.com', on: oidc },
  portalOidcClientId: { to: 'other', on: oidc },
  portalOidcClientSecret: { to: 'sesame-client-other-secret', on: oidc },
  portalOidcScopes: { to: '["openid","email","groups"]', on: oidc },
  portalGroupsClaim: { to: 'roles', on: oidc },
  portalAllowedDomains: { to: '["example.com"]', on: oidc },
  portalAllowedGroups: { to: '["video"]', on: oidc },
  portalAdmins: { to: '["video-admins"]', on: oidc },
  portalOwnFilmsOnly: { to: 'true', on: oidc },
  portalSigningKey: { to: 'sesame-signing-key-sesame-signing-key', on: portal },
  portalDomain: { to: 'other.example.com', on: service },
  portalCertificateArn: { to: 'arn:aws:acm:us-east-1:123456789012:certificate/2', on: service },
  portalZoneId: { to: 'Z0123456789ABCDEFGHIJ', on: service },
  portalAllowHttp: {
    to: 'true',
    on: { portalPasswordHash: portal.portalPasswordHash },
    with: { portal: 'service' },
  },
  portalSubnetIds: {
    to: '["subnet-0123456789abcdef2","subnet-0123456789abcdef3"]',
    on: {
      ...service,
      ...network,
      subnetIds: '["subnet-0123456789abcdef0","subnet-0123456789abcdef1"]',
    },
  },
  delivery: { to: 'cdn' },
  deliveryDomain: {
    to: 'video.example.com',
    on: cdn,
    with: { deliveryCertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/1' },
  },
  deliveryCertificateArn: {
    to: 'arn:aws:acm:us-east-1:123456789012:certificate/2',
    on: {
      ...cdn,
      deliveryDomain: 'video.example.com',
      deliveryCertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/1',
    },
  },
  cloudflareAccountId: { to: 'f'.repeat(32), on: r2 },
  cloudflareZoneId: {
    to: 'e'.repeat(32),
    on: { ...r2, ...cdn, deliveryDomain: 'v.example.com', cloudflareZoneId: 'f'.repeat(32) },
  },
  r2Location: { to: 'weur', on: r2 },
  r2Jurisdiction: { to: 'eu', on: r2 },
  wasabiRegion: { to: 'us-east-1', on: wasabi },
  wasabiAccessKeyId: { to: 'SESAMEOTHERKEY', on: wasabi },
  wasabiSecretAccessKey: { to: 'sesame-wasabi-other', on: wasabi },
  vpcId: { to: network.vpcId, with: { subnetIds: network.subnetIds } },
  subnetIds: { to: '["subnet-0123456789abcdef1"]', on: network },
  assignPublicIp: { to: 'false' },
  workerImage: { to: `ghcr.io/you/worker@sha256:${'1'.repeat(64)}` },
  githubRepository: { to: 'you/films' },
  githubProvider: { to: 'false', on: { githubRepository: 'you/films' } },
  githubStateBucket: { to: 'my-state', on: { githubRepository: 'you/films' } },
  alertEmail: { to: 'ada@example.com' },
  monthlyBudget: { to: '100', on: { alertEmail: 'ada@example.com' } },
  logRetentionDays: { to: '90' },
  containerInsights: { to: 'true' },
  tags: { to: '["team=video"]' },
};

/** The two stacks of a change: before and after. */
export function stacksOf(
  key: string,
  stackWith: (changes: Record<string, string>) => StackConfig,
): { before: StackConfig; after: StackConfig } {
  const change = settingChanges[key];
  if (!change) throw new Error(`matrix.ts has no change of "${key}"`);
  const { to, on = {}, with: others = {} } = change;
  return { before: stackWith({ ...on }), after: stackWith({ ...on, ...others, [key]: to }) };
}
