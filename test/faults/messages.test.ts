import { CopyObjectCommand } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bucketEvent } from '../../cli/local-farm/bucket-event.ts';
import { redriveAll } from '../helpers/local-farm/dead-letters.ts';
import { clip, type FaultFarm, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { deadLetters, expectFilm, expectRefused } from '../helpers/local-farm/job-ends.ts';
import { logged } from '../helpers/local-farm/worker-log.ts';
import { until } from '../helpers/until.ts';

let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm();
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

async function sendBody(body: string): Promise<void> {
  const { sqs, queueUrl } = faults.farm;
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
}

const uploaded = (key: string, etag = 'd41d8cd98f00b204e9800998ecf8427e') =>
  bucketEvent({
    bucket: faults.farm.sourceBucket,
    key,
    sizeBytes: 1,
    etag,
    region: 'us-east-1',
    at: new Date(),
  });

describe('messages that are no work', () => {
  it('are acknowledged, or set aside with a reason, and hold up no job', async () => {
    const removed = uploaded('inbox/film.mp4');
    for (const record of removed.Records) record.eventName = 'ObjectRemoved:Delete';
    await sendBody(JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b' }));
    await sendBody(JSON.stringify(removed));
    await sendBody(JSON.stringify(uploaded('elsewhere/film.mp4')));
    await sendBody('{"hello":"world"}');
    await sendBody('<xml/>');
    await sendBody(JSON.stringify({ id: 'odd', source: clip.key, colour: 'red' }));
    const id = await faults.send();
    faults.startWorker();
    await expectFilm(faults, id);
    const reasons = (await deadLetters(faults)).map(({ attributes }) => attributes.reason ?? '').sort();
    expect(reasons).toEqual([
      expect.stringContaining("The job can't be read: id:"),
      expect.stringContaining("The job can't be read: unknown field colour."),
      expect.stringContaining('The message is not JSON'),
    ]);
    await expectRefused(faults, 'odd', 'bad-message');
  });

  it('an upload that was removed before its job began ends in a named failure', async () => {
    await sendBody(JSON.stringify(uploaded('inbox/gone.mp4')));
    faults.startWorker();
    let id: string | undefined;
    await until(async () => {
      id = (await faults.farm.jobIds()).find((job) => job.startsWith('gone-'));
      return id !== undefined;
    }, 'the job to be reported');
    await expectRefused(faults, id ?? '', 'source-missing');
  });

  it('a message that was handed out 25 times without an end is set aside', async () => {
    const id = await faults.send();
    const { sqs, queueUrl: QueueUrl } = faults.farm;
    for (let receives = 0; receives < 25; receives++) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
      const ReceiptHandle = Messages[0]?.ReceiptHandle;
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    }
    faults.startWorker();
    await expectRefused(faults, id, 'workers-lost');
    expect(await faults.runs()).toEqual([]);
  });
});

describe('dead letters that are sent again', () => {
  it('after the cause was fixed: the film is made', async () => {
    const id = await faults.send({ source: 'films/late.mp4' });
    const worker = faults.startWorker();
    await expectRefused(faults, id, 'source-missing');
    const { s3, sourceBucket } = faults.farm;
    await s3.send(
      new CopyObjectCommand({
        Bucket: sourceBucket,
        Key: 'films/late.mp4',
        CopySource: `${sourceBucket}/${clip.key}`,
      }),
    );
    await redriveAll(faults.farm);
    await until(async () => (await faults.farm.read(`${id}/index.m3u8`)) !== undefined, 'the film');
    expect((await expectFilm(faults, id)).attempt).toBe(1);
    expect(logged(worker.log, 'job succeeded').job).toBe(id);
  });

  it('of a job that is done: nothing is encoded', async () => {
    const id = await faults.send();
    const worker = faults.startWorker();
    await expectFilm(faults, id);
    const before = (await faults.runs()).length;
    await faults.send({ id });
    await until(
      () => worker.log.filter((line) => line.includes('"job succeeded"')).length === 2,
      'the second success',
    );
    await until(async () => (await faults.farm.backlog()) === 0, 'the message to be deleted');
    expect((await faults.runs()).length).toBe(before);
    expect((await faults.farm.waitFor(id, 'succeeded')).film).toBeDefined();
  });
});
