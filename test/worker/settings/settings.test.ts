import { describe, expect, it } from 'vitest';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { readSettings, SettingsError } from '../../../worker/src/settings/settings.ts';

const least: WorkerEnvironment = {
  QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/jobs',
  DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/jobs-dead',
  SOURCE_BUCKET: 'films-in',
  OUTPUT_BUCKET: 'films-out',
};

function mistakesIn(variables: Record<string, string | undefined>): string {
  try {
    readSettings(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).message;
  }
  throw new Error('These settings were accepted.');
}

it('private addresses are opened for sources by the setting of sources, and not by that of webhooks', () => {
  const of = (variables: Record<string, string>) =>
    readSettings({ ...least, ...variables }).allowPrivateSources;
  expect(of({ ALLOW_PRIVATE_WEBHOOKS: 'true' })).toBe(false);
  expect(of({ ALLOW_PRIVATE_SOURCES: 'true' })).toBe(true);
});

it('four variables are enough; everything else has a default', () => {
  const settings = readSettings({ ...least });
  expect(settings).toMatchObject({
    region: 'us-east-1',
    queue: { visibilityTimeoutSeconds: 120, maxAttempts: 3, retryDelaySeconds: 30, jobsAtOnce: 1 },
    source: { bucket: 'films-in', region: 'us-east-1', prefix: '', suffixes: [], addressing: 'virtual' },
    output: { bucket: 'films-out', prefix: '', publicUrl: undefined },
    encoding: {
      encoder: 'auto',
      ladder: 'standard',
      segmentSeconds: 6,
      segmentFormat: 'fmp4',
      thumbnailAt: '10%',
    },
    keepSource: true,
    allowHttpSources: false,
    allowJobWebhooks: false,
  });
});

it('an empty variable is one that is not set', () => {
  expect(readSettings({ ...least, SOURCE_ENDPOINT: '', KEEP_SOURCE: '', PART_SECONDS: '' })).toEqual(
    readSettings({ ...least }),
  );
});

it('values come out in their types', () => {
  const settings = readSettings({
    ...least,
    AWS_REGION: 'eu-west-1',
    SOURCE_REGION: 'eu-central-1',
    SOURCE_SUFFIXES: '.mp4, .mov ,',
    SOURCE_REQUESTER_PAYS: 'true',
    OUTPUT_ENDPOINT: 'https://s3.eu-central-1.wasabisys.com',
    OUTPUT_ADDRESSING: 'path',
    OUTPUT_CHECKSUMS: 'when-required',
    OUTPUT_ACCESS_KEY_ID: 'id',
    OUTPUT_SECRET_ACCESS_KEY: 'key',
    LADDER: '[{"rung":"720p","bitrate":2000000},{"rung":"360p"}]',
    THUMBNAIL_AT: '12.5',
    KEEP_SOURCE: 'false',
    PART_SECONDS: '90',
  });
  expect(settings).toMatchObject({
    source: {
      region: 'eu-central-1',
      suffixes: ['.mp4', '.mov'],
      credentials: undefined,
      requesterPays: true,
    },
    output: {
      region: 'eu-west-1',
      endpoint: 'https://s3.eu-central-1.wasabisys.com',
      addressing: 'path',
      checksums: 'when-required',
      credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
    },
    encoding: {
      ladder: [{ rung: '720p', bitrate: 2_000_000 }, { rung: '360p' }],
      thumbnailAt: 12.5,
      partSeconds: 90,
    },
    keepSource: false,
  });
});

it('all mistakes are reported at once, each by name, value and what is allowed', () => {
  const text = mistakesIn({
    ...least,
    SOURCE_BUCKET: undefined,
    QUEUE_URL: 'jobs',
    MAX_ATTEMPTS: '0',
    JOBS_AT_ONCE: 'many',
    ENCODER: 'gpu',
    LADDER: '[{"rung":"999p"}]',
    THUMBNAIL_AT: 'middle',
    KEEP_SOURCE: 'yes',
    OUTPUT_PREFIX: 'films',
    SOURCE_ACCESS_KEY_ID: 'id',
    ALLOW_JOB_WEBHOOKS: 'true',
  });
  const lines = text.split('\n');
  expect(lines[0]).toBe("The worker's settings are invalid (environment variables):");
  const expected = [
    /^ {2}SOURCE_BUCKET is not set, and has no default$/,
    /^ {2}QUEUE_URL is "jobs": /,
    /^ {2}MAX_ATTEMPTS is "0": expected at least 1$/,
    /^ {2}JOBS_AT_ONCE is "many": expected a number$/,
    /^ {2}ENCODER is "gpu": expected auto, nvenc or x264$/,
    /^ {2}LADDER is .*999p.*: \[0\]\.rung: expected 2160p, /,
    /^ {2}THUMBNAIL_AT is "middle": .*expected seconds, such as 12.5, or a share of the film/,
    /^ {2}KEEP_SOURCE is "yes": expected true or false$/,
    /^ {2}OUTPUT_PREFIX is "films": expected nothing, or a prefix that ends in "\/"$/,
    /^ {2}SOURCE_ACCESS_KEY_ID and SOURCE_SECRET_ACCESS_KEY go together/,
    /^ {2}REPORTS_QUEUE_URL is not set, but jobs may name webhooks/,
  ];
  for (const pattern of expected) expect(lines).toContainEqual(expect.stringMatching(pattern));
  expect(lines).toHaveLength(expected.length + 1);
});

it('a secret of the wrong length is refused and not repeated', () => {
  const secret = Buffer.alloc(31, 'sesame').toString('base64');
  const text = mistakesIn({
    ...least,
    ENCRYPTION_KEY_URL: 'https://keys.example.com/{jobId}/{plan}',
    ENCRYPTION_SECRET: secret,
  });
  expect(text).toMatch(/ENCRYPTION_SECRET is set to a value that cannot be used: expected 32 random bytes/);
  expect(text).not.toContain(secret);
});

describe('a contradiction is reported:', () => {
  it.each<[string, Partial<WorkerEnvironment>, RegExp]>([
    [
      'dead letters that go back to the queue',
      { DEAD_LETTER_QUEUE_URL: least.QUEUE_URL },
      /come back for ever/,
    ],
    [
      'encryption without an address of keys',
      { ENCRYPTION: 'aes-128', ENCRYPTION_SECRET: Buffer.alloc(32).toString('base64') },
      /ENCRYPTION_KEY_URL and ENCRYPTION_SECRET go together/,
    ],
    [
      'files in clear beside encrypted films',
      {
        ENCRYPTION: 'aes-128',
        ENCRYPTION_KEY_URL: 'https://keys.example.com/{jobId}/{plan}',
        ENCRYPTION_SECRET: Buffer.alloc(32).toString('base64'),
        OUTPUTS: 'hls, gif:360p',
      },
      /OUTPUTS names files, which would lie in clear/,
    ],
    ['a FIFO queue', { QUEUE_URL: `${least.QUEUE_URL}.fifo` }, /use a standard queue/],
    [
      'output among the sources',
      { OUTPUT_BUCKET: 'films-in' },
      /OUTPUT_PREFIX is "" in the bucket of the sources/,
    ],
    [
      'sources among the output',
      { OUTPUT_BUCKET: 'films-in', OUTPUT_PREFIX: 'out/', SOURCE_PREFIX: 'out/new/' },
      /every source would be taken for output/,
    ],
    ['half a key pair', { OUTPUT_SECRET_ACCESS_KEY: 'key' }, /OUTPUT_ACCESS_KEY_ID and .* go together/],
    ['webhooks of jobs that nobody delivers', { ALLOW_JOB_WEBHOOKS: 'true' }, /REPORTS_QUEUE_URL is not set/],
  ])('%s', (_, variables, expected) => {
    expect(mistakesIn({ ...least, ...variables })).toMatch(expected);
  });
});

it('one bucket may hold sources and output under prefixes of their own', () => {
  const settings = readSettings({
    ...least,
    OUTPUT_BUCKET: 'films-in',
    OUTPUT_PREFIX: 'out/',
    SOURCE_PREFIX: 'in/',
  });
  expect(settings.output.prefix).toBe('out/');
});

it('buckets of one name in two clouds are two buckets', () => {
  readSettings({ ...least, OUTPUT_BUCKET: 'films-in', OUTPUT_ENDPOINT: 'https://s3.wasabisys.com' });
});
