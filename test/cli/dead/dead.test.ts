import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeadLetter, takeDeadLetters } from '../../../cli/farm/dead-letters.ts';
import { connect } from '../../../cli/farm/farm.ts';
import { redriveRequestId } from '../../../worker/src/protocol/request.ts';
import { addressOf, farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { until } from '../../helpers/until.ts';

let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;

const run = (...args: string[]) => farmCommand(folder.path, [...args, '--farm', file]);
const dead = () => farm.backlog(farm.deadLetterQueueUrl);

beforeAll(async () => {
  farm = await startLocalFarm();
  folder = await temporaryFolder();
  file = await saveAddress(folder.path, addressOf(farm));
  farm.startWorker();
  await farm.put('broken.dat', Buffer.from('not a film'));
  await farm.sendJob({ id: 'broken', source: 'broken.dat' });
  await farm.sendJob({ id: 'gone', source: 'nowhere.mp4' });
  await farm.waitFor('broken', 'failed');
  await farm.waitFor('gone', 'failed');
  // The upload's own event is the third.
  await until(async () => (await dead()) === 3, 'three dead letters');
}, 60_000);

afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

it('lists the failed jobs with their reasons, and leaves them where they are', async () => {
  const { deadLetters } = (await run('dead', '--json')).json<{ deadLetters: DeadLetter[] }>();
  expect(deadLetters.find(({ jobId }) => jobId === 'gone')).toMatchObject({
    reasonCode: 'source-missing',
    source: 'nowhere.mp4',
  });
  const again = await run('dead');
  expect(again.stdout).toContain('[not-media]');
  expect(again.stdout).toContain('3 failed jobs. "farm redrive" tries them again.');
}, 40_000);

it('only reports under --dry-run', async () => {
  const ended = await run('redrive', '--dry-run', '--reason', 'not-media', '--json');
  const { redriven } = ended.json<{ redriven: DeadLetter[] }>();
  expect(redriven.every(({ reasonCode }) => reasonCode === 'not-media')).toBe(true);
  expect(redriven).toHaveLength(2);
  expect(await dead()).toBe(3);
}, 40_000);

it('says that there is no such job', async () => {
  const ended = await run('redrive', 'unknown');
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('There is no dead letter of unknown.');
}, 40_000);

it('redrives one job, which is done again from its first attempt, while the others stay', async () => {
  const before = await farm.waitFor('gone', 'failed');
  await farm.put('nowhere.mp4', Buffer.from('here, and no film'));
  await until(async () => (await dead()) === 4, 'the job of the new upload to fail');
  const ended = await run('redrive', 'gone', 'unknown');
  expect(ended.stdout).toContain('1 job back in the queue.\nThere is no dead letter of unknown.\n');
  await until(async () => {
    const state = await farm.waitFor('gone', ['failed', 'running', 'queued', 'retrying']);
    return state.error?.code === 'not-media';
  }, 'the job to be done again');
  expect(await farm.waitFor('gone', 'failed')).toMatchObject({ attempt: 1 });
  expect((await farm.waitFor('gone', 'failed')).queuedAt > before.queuedAt).toBe(true);
}, 60_000);

it('drops the attempt and the request of letters that SQS itself put aside, and redrives all', async () => {
  await farm.sqs.send(
    new SendMessageCommand({
      QueueUrl: farm.deadLetterQueueUrl,
      MessageBody: JSON.stringify({ id: 'lost', source: 'broken.dat' }),
      MessageAttributes: {
        attempt: { DataType: 'String', StringValue: '3' },
        requestId: { DataType: 'String', StringValue: 'old' },
      },
    }),
  );
  const ended = await run('redrive', '--json');
  expect(ended.json<{ redriven: DeadLetter[] }>().redriven.map(({ jobId }) => jobId)).toContain('lost');
  expect(await farm.waitFor('lost', 'failed')).toMatchObject({ attempt: 1 });

  await until(async () => (await dead()) === 5, 'all of them to fail again');
  const talk = connect(addressOf(farm));
  const lost = (await takeDeadLetters(talk)).find(({ jobId }) => jobId === 'lost');
  talk.close();
  const requestId = lost?.message.MessageAttributes?.requestId?.StringValue;
  expect(requestId).toMatch(/^[0-9a-f]{32}$/);
  expect(requestId).not.toBe(redriveRequestId('old'));
}, 60_000);

it('lists part requests as such, and redrives their job once, under its request', async () => {
  const make = async (name: string) => {
    const { QueueUrl } = await farm.sqs.send(new CreateQueueCommand({ QueueName: name }));
    return `${farm.queueUrl.slice(0, farm.queueUrl.lastIndexOf('/'))}/${QueueUrl?.split('/').at(-1)}`;
  };
  const partsQueueUrl = await make('help');
  const partsDeadLetterQueueUrl = await make('help-dead');
  const queueUrl = await make('jobs-without-workers');
  const address = { ...addressOf(farm), queueUrl, partsQueueUrl, partsDeadLetterQueueUrl };
  const parts = await saveAddress(folder.path, address);
  const job = { id: 'long', source: 'long.mp4' };
  for (const firstPart of [1, 2]) {
    const MessageBody = JSON.stringify({ job, requestId: 'first', plan: '0123456789ab', firstPart });
    await farm.sqs.send(new SendMessageCommand({ QueueUrl: partsDeadLetterQueueUrl, MessageBody }));
  }

  const reported = await farmCommand(folder.path, ['dead', '--farm', parts]);
  expect(reported.stdout).toContain('long  long.mp4  part request  moved here by SQS');
  expect(reported.stdout).toContain('2 part requests.');
  const status = await farmCommand(folder.path, ['status', '--farm', parts, '--json']);
  const { queues } = status.json<{ queues: { dead: number; parts: object } }>();
  expect(queues.parts).toEqual({ waiting: 0, inFlight: 0, delayed: 0 });
  expect(queues.dead).toBe((await dead()) + 2);

  const ended = await farmCommand(folder.path, ['redrive', 'long', '--farm', parts]);
  expect(ended.stdout).toContain('2 part requests back in the queue.');
  const { Messages = [] } = await farm.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    }),
  );
  const sent = Messages.map(({ Body, MessageAttributes }) => [
    JSON.parse(Body ?? ''),
    MessageAttributes?.requestId?.StringValue,
  ]);
  expect(sent).toEqual([[job, 'first']]);
  expect(await farm.backlog(partsDeadLetterQueueUrl)).toBe(0);
}, 60_000);
