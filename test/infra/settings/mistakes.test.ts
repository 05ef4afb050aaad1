import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../../infra/settings/reader.ts';
import { readFarmSettings as read } from '../../helpers/program/farm.ts';
import { allCredentials } from '../../helpers/program/stacks.ts';

type Changes = Record<string, string | undefined>;

/** The mistakes that reading reports, without the commands below each. */
async function problems(changes: Changes): Promise<string[]> {
  const error = await read(changes).catch((thrown: unknown) => thrown);
  if (!(error instanceof SettingsError)) throw new Error(`expected mistakes, got ${JSON.stringify(error)}`);
  return error.problems.map((problem) => problem.split('\n')[0]?.trim() ?? '');
}

describe('mistakes', () => {
  const rows: [string, Changes, string][] = [
    ['an unknown storage', { storage: 's4' }, 'storage is "s4": expected s3, r2 or wasabi.'],
    ['an unknown source', { source: 'ftp' }, 'source is "ftp": expected s3, r2 or wasabi.'],
    ['an unknown compute', { compute: 'lambda' }, 'compute is "lambda": expected fargate, gpu or function.'],
    ['a flag that is none', { spot: 'yes' }, 'spot is "yes": expected true or false.'],
    ['too many tasks', { maxTasks: '101' }, 'maxTasks is "101": expected a whole number from 1 to 100.'],
    [
      'an unknown ladder',
      { ladder: 'huge' },
      'ladder is "huge": expected standard, mobile or hd, or a list.',
    ],
    [
      'a rung with a wrong bitrate',
      { ladder: '[{"rung":"720p","bitrate":1}]' },
      'ladder is "[{\\"rung\\":\\"720p\\",\\"bitrate\\":1}]": [0].bitrate: expected at least 50000.',
    ],
    [
      'a watermark that is too high',
      { watermark: '{"text":"x","size":"90%"}' },
      'watermark is "{\\"text\\":\\"x\\",\\"size\\":\\"90%\\"}": size: expected 1% to 50% of the picture\'s height, such as "6%".',
    ],
    [
      'a watermark that is only a name',
      { watermark: 'brand/logo.png' },
      'watermark is "brand/logo.png": expected an object.',
    ],
    [
      'a preset that holds what is for one job',
      { presets: '{"social":{"force":true}}' },
      'presets is "{\\"social\\":{\\"force\\":true}}": social: has "force", which nothing reads.',
    ],
    ['an unknown format', { segmentFormat: 'webm' }, 'segmentFormat is "webm": expected fmp4 or mpegts.'],
    ['no attempt', { maxAttempts: '0' }, 'maxAttempts is "0": expected at least 1.'],
    ['half a task', { minTasks: '0.5' }, 'minTasks is "0.5": expected a whole number from 0 to 100.'],
    [
      'a missing number',
      { idleMinutes: undefined },
      'idleMinutes is not set: expected a whole number from 1 to 1440.',
    ],
    ['more minTasks than maxTasks', { minTasks: '5' }, 'maxTasks is 3, less than minTasks 5.'],
    [
      'more On-Demand than workers',
      { onDemandBase: '4' },
      'onDemandBase is 4, more than maxTasks 3: there are never that many workers.',
    ],
    [
      'more stopped instances than workers',
      { compute: 'gpu', warmInstances: '4' },
      'warmInstances is 4, more than maxTasks 3: there are never that many workers.',
    ],
    [
      'stopped instances on Spot',
      { compute: 'gpu', warmInstances: '2', onDemandBase: '1' },
      'warmInstances is 2, more than onDemandBase 1: only On-Demand instances can stand ready.',
    ],
    [
      'stopped instances that always run',
      { compute: 'gpu', warmInstances: '1', minTasks: '1', onDemandBase: '1' },
      'warmInstances is 1, and minTasks 1: what always runs is never stopped, so none would stand ready.',
    ],
    [
      'a film wider than the farm',
      { workersPerFilm: '4' },
      'workersPerFilm is 4, more than maxTasks 3: there are never that many workers.',
    ],
    [
      'more workers woken than a film may have',
      { workersPerFilm: '2', wakeWorkers: '3' },
      'wakeWorkers is 3, more than workersPerFilm 2: a film has no use for that many.',
    ],
    [
      'a film of fewer workers than one',
      { workersPerFilm: '-1' },
      'workersPerFilm is "-1": expected a whole number from 0 to 1000.',
    ],
    [
      'a bucket that no service would name so',
      { outputBucket: 'My_Films' },
      'outputBucket is "My_Films": expected a bucket name of 3 to 63 small letters, digits, "." and "-".',
    ],
    [
      'a prefix without its end',
      { outputPrefix: 'films' },
      'outputPrefix is "films": expected a prefix that ends in "/".',
    ],
    [
      'a size that Fargate has not',
      { taskCpu: '1024', taskMemoryMib: '512' },
      'taskCpu and taskMemoryMib: Fargate has no size of 1024 CPU units with 512 MiB; expected one of 2048, 3072, 4096, 5120, 6144, 7168, 8192 MiB.',
    ],
    [
      'R2 without an account',
      { storage: 'r2' },
      'cloudflareAccountId is not set, and storage "r2" needs it (Cloudflare dashboard, R2, "Account ID").',
    ],
    [
      'a source in R2 without an account',
      { source: 'r2' },
      'cloudflareAccountId is not set, and source "r2" needs it (Cloudflare dashboard, R2, "Account ID").',
    ],
    [
      'a CDN before Wasabi',
      { ...allCredentials, storage: 'wasabi', delivery: 'cdn' },
      'delivery is "cdn", which Wasabi has none of: its buckets are public only in certain paid accounts, and CloudFront cannot sign requests for them. Point a CDN of your own at the bucket, or choose other storage.',
    ],
    [
      'a domain without delivery',
      { deliveryDomain: 'v.example.com' },
      'delivery is "none", so deliveryDomain "v.example.com" would lead nowhere.',
    ],
    [
      'a domain without its certificate',
      { delivery: 'cdn', deliveryDomain: 'v.example.com' },
      'deliveryDomain and deliveryCertificateArn go together: CloudFront answers for a name only with its certificate.',
    ],
    [
      'a domain of R2 without its zone',
      { ...allCredentials, storage: 'r2', delivery: 'cdn', deliveryDomain: 'v.example.com' },
      'cloudflareZoneId is not set: deliveryDomain "v.example.com" must be in a zone of the account.',
    ],
    [
      'a VPC without subnets',
      { vpcId: 'vpc-0123456789abcdef0' },
      'vpcId and subnetIds go together: set both to work in an existing network, or neither.',
    ],
    [
      'an image by a tag',
      { workerImage: 'ghcr.io/you/worker:latest' },
      'workerImage is "ghcr.io/you/worker:latest": expected an image by its digest, as a tag can change under the farm.',
    ],
    [
      'a webhook without its secret',
      { webhookUrl: 'https://example.com/' },
      'webhookSecret is not set: without a signature anyone could send your site the news that a film is ready.',
    ],
    [
      'a budget that nobody hears of',
      { monthlyBudget: '10' },
      'alertEmail is not set, so no one would hear of the monthlyBudget.',
    ],
    [
      'one suffix within another',
      { sourceSuffixes: '[".mp4","4"]' },
      'sourceSuffixes: ".mp4" is covered by "4", and S3 refuses both together.',
    ],
    ['one suffix twice', { sourceSuffixes: '[".mp4",".mp4"]' }, 'sourceSuffixes: ".mp4" is listed twice.'],
    [
      'a tag without a value',
      { tags: '["team"]' },
      'tags is ["team"]: expected a list of texts such as "name=value".',
    ],
    [
      "a repository's address",
      { githubRepository: 'https://github.com/you/films' },
      'githubRepository is "https://github.com/you/films": expected "owner/name", or "owner@id/name@id" for repositories made, renamed or moved since 15 July 2026.',
    ],
    [
      'a repository with half of its ids',
      { githubRepository: 'you@1234567/films' },
      'githubRepository is "you@1234567/films": expected "owner/name", or "owner@id/name@id" for repositories made, renamed or moved since 15 July 2026.',
    ],
    [
      'a state bucket by its address',
      { githubRepository: 'you/films', githubStateBucket: 's3://my-state' },
      'githubStateBucket is "s3://my-state": expected the name of an S3 bucket, as in PULUMI_BACKEND_URL behind "s3://".',
    ],
    [
      'a state bucket for nobody',
      { githubStateBucket: 'my-state' },
      'githubRepository is not set, so githubStateBucket is of no use.',
    ],
    [
      'a provider for nobody',
      { githubProvider: 'false' },
      'githubRepository is not set, so githubProvider is of no use.',
    ],
    ['a key with a slip', { storge: 's3' }, 'storge is not a setting of the farm; did you mean storage?'],
    ['a key that is none', { colour: 'blue' }, 'colour is not a setting of the farm.'],
  ];

  it.each(rows)('report %s', async (_what, changes, expected) => {
    expect(await problems(changes)).toEqual([expected]);
  });

  it.each([
    ['segmentSeconds', '31'],
    ['thumbnailAt', '101%'],
    ['ladder', 'best'],
    ['segmentFormat', 'hls'],
    ['deinterlace', 'halves'],
    ['x264Preset', 'placebo'],
    ['maxDurationSeconds', '0'],
    ['maxAttempts', '0'],
    ['visibilityTimeoutSeconds', '43201'],
    ['webhookUrl', 'ftp://example.com/'],
  ])('follow the worker in what it takes as %s', async (key, value) => {
    const [problem = ''] = await problems({ ...allCredentials, [key]: value });
    expect(problem).toMatch(new RegExp(`^${key} is "${value}": .+\\.$`));
  });

  it('name an output that is not known, and those that are', async () => {
    expect((await problems({ outputs: '["hls","avi"]' }))[0]).toMatch(
      /^outputs is "hls,avi": \[1\]: expected hls, mp4, webm, m4a, mp3, flac or gif;/,
    );
  });

  it('report one bucket for both sides, unless prefixes keep them apart', async () => {
    const both = { sourceBucket: 'my-films', outputBucket: 'my-films' };
    expect((await problems(both))[0]).toMatch(/^sourceBucket and outputBucket are both "my-films"/);
    expect(await problems({ ...both, sourcePrefix: 'films/new/', outputPrefix: 'films/' })).toHaveLength(1);
    const apart = await read({ ...both, sourcePrefix: 'new/', outputPrefix: 'films/' });
    expect(apart.storage.output.bucket).toBe('my-films');
  });

  it('report all that is missing for Wasabi', async () => {
    expect(await problems({ storage: 'wasabi' })).toEqual([
      'wasabiRegion is not set, and storage "wasabi" needs it.',
      'wasabiAccessKeyId is not set, and storage "wasabi" needs it.',
      'wasabiSecretAccessKey is not set, and storage "wasabi" needs it.',
    ]);
  });

  it('come all at once, each with the command that fixes it', async () => {
    const error = await read({ storage: 's4', maxTasks: '0', alertEmail: 'ada' }).catch(
      (thrown: Error) => thrown,
    );
    expect(error).toBeInstanceOf(SettingsError);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect((error as Error).message).toBe(
      [
        '3 settings are invalid (docs/configuration.md describes them all):',
        '  storage is "s4": expected s3, r2 or wasabi.',
        '    pulumi config set storage s3',
        '  maxTasks is "0": expected a whole number from 1 to 100.',
        '    pulumi config set maxTasks 1',
        '  alertEmail is "ada": expected an e-mail address.',
        '    pulumi config set alertEmail ada@example.com',
      ].join('\n'),
    );
  });

  it('report both ways to have stopped instances that are On-Demand', async () => {
    const error = await read({ compute: 'gpu', warmInstances: '2' }).catch((thrown: Error) => thrown);
    expect((error as Error).message).toContain(
      '\n    pulumi config set onDemandBase 2\n    or pulumi config set spot false',
    );
  });

  it('ask for secrets without showing one', async () => {
    const wasabi = await read({ storage: 'wasabi', wasabiRegion: 'eu-central-2' }).catch(
      (thrown: Error) => thrown,
    );
    expect((wasabi as Error).message).toContain('\n    pulumi config set --secret wasabiAccessKeyId\n');
    const webhook = await read({ webhookUrl: 'https://example.com/' }).catch((thrown: Error) => thrown);
    expect((webhook as Error).message).toContain(
      '\n    pulumi config set --secret webhookSecret "whsec_$(openssl rand -base64 32)"',
    );
  });

  it('never repeat a secret', async () => {
    const error = await read({ databaseUrl: 'sesame', webhookSecret: 'sesame' }).catch(
      (thrown: Error) => thrown,
    );
    expect((error as Error).message).not.toContain('sesame');
  });
});
