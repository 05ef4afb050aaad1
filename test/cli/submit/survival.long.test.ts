import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Identities } from '../../../cli/local-farm/rules/identities.ts';
import { Rules } from '../../../cli/local-farm/rules/rules.ts';
import { startFarmCommand } from '../../helpers/local-farm/farm-command.ts';
import { startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { preload } from '../../helpers/local-farm/preloads.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { startLogin } from '../../helpers/uploads/login.ts';
import { startUploadService } from '../../helpers/uploads/upload-service.ts';

/**
 * LONG_UPLOAD=true uploads 2 GB through outages as long as real ones, a silent server among them, in ten minutes. The short
 * one leaves silence out: only after 30 s is a connection given up.
 */
const isLong = process.env.LONG_UPLOAD === 'true';
const { filmBytes, awaySeconds, silentSeconds, loggedOutSeconds } = isLong
  ? { filmBytes: 2_000_000_000, awaySeconds: 180, silentSeconds: 60, loggedOutSeconds: 60 }
  : { filmBytes: 150_000_000, awaySeconds: 4, silentSeconds: 0, loggedOutSeconds: 8 };
const parts = Math.ceil(filmBytes / (16 * 2 ** 20));
const hourSeconds = 3600;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  const path = join(folder.path, 'film.mov');
  await writeFile(path, 'a film');
  await truncate(path, filmBytes);
  await using file = await open(path, 'r+');
  // No two parts are the same.
  for (let part = 0; part < parts; part += 1) await file.write(`part ${part}`, part * 16 * 2 ** 20);
});
afterAll(() => folder[Symbol.asyncDispose]());

it(
  'an upload survives a lost network, a silent server, a kill, a clock that is an hour off and an expired login, and sends its job once',
  async () => {
    const identities = new Identities();
    await using login = await startLogin(identities);
    await using service = await startUploadService(new Rules({ identities }));
    await using storage = await startFaultProxy(service.endpoint);
    await using aws = await startFaultProxy(service.endpoint);
    const file = await saveFarm(storage.url);
    const submit = async (skewSeconds: number) =>
      startFarmCommand(folder.path, ['submit', '--farm', file, '--json', 'film.mov'], {
        ...login.environment,
        ...((await preload(folder.path, 'skew', skewSeconds)) as Record<string, string>),
        AWS_ENDPOINT_URL_SNS: aws.url,
        AWS_EC2_METADATA_DISABLED: 'true',
      });

    const first = await submit(-hourSeconds);
    const isKilled = Promise.withResolvers<void>();
    const happened: string[] = [];
    const once = async (what: string, isDue: boolean, happen: () => Promise<void>) => {
      if (!isDue || happened.includes(what)) return;
      happened.push(what);
      await happen();
    };
    service.onPart = async (sent) => {
      const isDue = (share: number) => sent >= share * parts;
      await once('the network is away', isDue(0.15), () => storage.injectFor(awaySeconds, { kind: 'cut' }));
      await once('the server is silent', isDue(0.3), () =>
        storage.injectFor(silentSeconds, { kind: 'hang' }),
      );
      await once('the process is killed', isDue(0.5), async () => {
        first.child.kill('SIGKILL');
        isKilled.resolve();
      });
    };
    await isKilled.promise;
    await first.ended;
    expect(service.objects.size).toBe(0);

    const sentBefore = service.partsSent;
    service.onPart = (sent) =>
      once('the login has expired', sent >= sentBefore + 2, async () => {
        login.end();
        setTimeout(() => login.renew(), loggedOutSeconds * 1000);
      });
    const second = await submit(hourSeconds);
    // Its job is sent, and the answer to that is lost.
    aws.inject({ kind: 'lose' }, { match: () => service.objects.size > 0, times: 1 });
    const ended = await second.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('waiting for a login ("aws sso login")');
    expect(service.objects.get('film.mov')?.bytes).toBe(filmBytes);
    expect(service.uploadsBegun).toBe(1);
    // What was under way when it was killed is sent again, and nothing else that was there.
    expect(service.partsSent - sentBefore).toBeLessThan(parts * 0.75 + 4);
    expect(happened.length).toBe(4);
    expect(service.published.length).toBe(2);
    expect(new Set(service.published).size).toBe(1);
  },
  isLong ? 1_200_000 : 120_000,
);

/** A farm in the cloud whose uploads start no jobs. */
function saveFarm(endpoint: string): Promise<string> {
  const path = join(folder.path, 'farm.json');
  const queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/jobs';
  const farm = {
    region: 'us-east-1',
    topicArn: 'arn:aws:sns:us-east-1:123456789012:films',
    queueUrl: queue,
    deadLetterQueueUrl: `${queue}-dead`,
    sourceStorage: 's3',
    sourceBucket: 'source-films',
    sourceRegion: 'us-east-1',
    sourceEndpoint: endpoint,
    uploadsStartJobs: false,
    outputStorage: 's3',
    outputBucket: 'published-films',
    outputRegion: 'us-east-1',
    outputEndpoint: endpoint,
  };
  return writeFile(path, JSON.stringify(farm)).then(() => path);
}
