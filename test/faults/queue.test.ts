import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bucketEvent } from '../../cli/local-farm/bucket-event.ts';
import { call, clip, type FaultFarm, holdAt, put, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectFilm } from '../helpers/local-farm/job-ends.ts';
import { preload } from '../helpers/local-farm/preloads.ts';
import { logged, logLines } from '../helpers/local-farm/worker-log.ts';
import { until } from '../helpers/until.ts';

let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm();
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

const unwell = { kind: 'status', status: 500, code: 'InternalFailure' } as const;
const says = (worker: { log: readonly string[] }, message: string | RegExp) =>
  until(() => logLines(worker.log).some(({ msg }) => msg.match(message)), String(message), 30);

describe('a queue that is unwell', () => {
  it('while the worker waits for work: it asks less than once a second, and goes on afterwards', async () => {
    const worker = faults.startWorker();
    await says(worker, 'worker started');
    faults.sqs.inject({ kind: 'cut' });
    faults.sqs.inject(unwell);
    const before = faults.sqs.requests.length;
    await sleep(6000);
    expect(faults.sqs.requests.length - before).toBeLessThanOrEqual(7);
    faults.sqs.heal();
    await expectFilm(faults, await faults.send());
  });

  it('and is not there yet when the worker starts: the worker waits for it', async () => {
    const QUEUE_URL = faults.farm.queueUrl.replace(/[^/]+$/, 'later');
    const worker = faults.startWorker({ QUEUE_URL });
    const before = faults.sqs.requests.length;
    await says(worker, /could not ask the queue for work/);
    await sleep(3000);
    expect(faults.sqs.requests.length - before).toBeLessThanOrEqual(5);
    const { sqs } = faults.farm;
    await sqs.send(new CreateQueueCommand({ QueueName: 'later' }));
    const polls = () => logLines(worker.log).filter(({ msg }) => /could not ask/.test(msg)).length;
    await until(
      async () => {
        const failed = polls();
        await sleep(3000);
        return polls() === failed;
      },
      'the worker to poll the new queue',
      60,
    );
  });

  it('when a job ends: its message is deleted later, and the job not done again', async () => {
    const id = await faults.send();
    faults.startWorker();
    await holdAt(faults.s3, put(/\/index\.m3u8$/));
    faults.s3.heal();
    faults.sqs.inject(unwell, { ...call('DeleteMessage'), times: 3 });
    await expectFilm(faults, id);
    expect((await faults.runs()).length).toBe(clip.parts);
  });

  it('for longer than a message is hidden: the job is left, and its parts are kept for whoever takes it', async () => {
    const id = await faults.send();
    const worker = faults.startWorker();
    await holdAt(faults.s3, put(/\/00002\.m4s$/));
    faults.sqs.inject(unwell);
    await says(worker, 'job interrupted');
    expect(await faults.farm.read(`${id}/index.m3u8`)).toBeUndefined();
    faults.s3.heal();
    faults.sqs.heal();
    expect((await expectFilm(faults, id)).attempt).toBe(1);
    expect((await faults.runs()).length).toBeLessThan(2 * clip.parts);
  });
});

describe('several workers on one job', () => {
  it('one upload reported five times, to two workers: one whole film, reported once, and no needless encoding', async () => {
    const { farm, folder } = faults;
    await farm.put('inbox/five.mp4', join(folder, 'clip.mp4'));
    await until(async () => (await farm.backlog()) === 1, 'the bucket to report the upload');
    const { ETag = '' } = await farm.s3.send(
      new HeadObjectCommand({ Bucket: farm.sourceBucket, Key: 'inbox/five.mp4' }),
    );
    const event = bucketEvent({
      bucket: farm.sourceBucket,
      key: 'inbox/five.mp4',
      sizeBytes: 1,
      etag: ETag.replaceAll('"', ''),
      region: 'us-east-1',
      at: new Date(),
    });
    const again = new SendMessageCommand({ QueueUrl: farm.queueUrl, MessageBody: JSON.stringify(event) });
    for (let times = 1; times < 5; times++) await farm.sqs.send(again);
    faults.startWorker();
    faults.startWorker();
    const ids = async () => (await farm.jobIds()).filter((job) => job.startsWith('five-'));
    await until(async () => (await ids()).length > 0, 'the job to be reported');
    const [id = '', ...others] = await ids();
    expect(others).toEqual([]);
    await expectFilm(faults, id);
    // Two may begin at once; the other three find it done.
    expect((await faults.runs()).length).toBeLessThanOrEqual(2 * clip.parts);
  });

  it('the first stands still, the second does the job, the first wakes up: it touches nothing', async () => {
    const id = await faults.send();
    const first = faults.startWorker();
    await holdAt(faults.s3, put(/\/00001\.m4s$/));
    first.kill('SIGSTOP');
    faults.s3.heal();
    const second = faults.startWorker();
    const before = await expectFilmOf(second, id);
    first.kill('SIGCONT');
    await says(first, 'job interrupted');
    await first.stop();
    await expectFilm(faults, id);
    expect(await faults.farm.read(`${id}/index.m3u8`)).toBe(before);
    expect(logLines(first.log).some(({ msg }) => msg === 'job succeeded')).toBe(false);
  });

  it('the first is busy for too long to renew its hold: the job is done once', async () => {
    const id = await faults.send();
    const first = faults.startWorker(await preload(faults.folder, 'block', 8));
    await holdAt(faults.s3, put(/\/00001\.m4s$/));
    process.kill(first.pid, 'SIGUSR2');
    faults.s3.heal();
    const second = faults.startWorker();
    const before = await expectFilmOf(second, id);
    await says(first, 'job interrupted');
    await expectFilm(faults, id);
    expect(await faults.farm.read(`${id}/index.m3u8`)).toBe(before);
    expect(logLines(first.log).some(({ msg }) => msg === 'job succeeded')).toBe(false);
  });

  async function expectFilmOf(worker: { log: readonly string[] }, id: string) {
    await says(worker, 'job succeeded');
    expect(logged(worker.log, 'job succeeded').job).toBe(id);
    return faults.farm.read(`${id}/index.m3u8`);
  }
});
