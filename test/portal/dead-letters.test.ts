import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, type Farm } from '../../cli/farm/farm.ts';
import { readQueues } from '../../cli/farm/queues.ts';
import { createPortal } from '../../portal/src/portal.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';

const origin = 'https://films.example.com';

let storage: TestFarm;
let farm: Farm;
let call: (method: string, path: string, body?: unknown) => Promise<unknown>;

/** No worker runs: what is sent waits. */
beforeAll(async () => {
  storage = await startLocalFarm();
  farm = connect(addressOf(storage));
  const features = { title: 'Test', urls: false, maxUploadBytes: 2 ** 40, publicUrl: undefined };
  const portal = createPortal({ farm, signingKey: 'k'.repeat(43), features, origins: [origin] });
  const signedIn = await portal.handle(new Request(`${origin}${portal.signInPath('Ada')}`), '203.0.113.7');
  const cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  call = async (method, path, body) => {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', origin, cookie };
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await portal.handle(
      new Request(origin + path, { method, headers, ...init }),
      '203.0.113.7',
    );
    expect(answer.status, path).toBe(200);
    return answer.json();
  };
}, 60_000);

afterAll(async () => {
  farm?.close();
  await storage?.stop();
});

it('names no region of AWS for a farm on this machine', async () => {
  expect(await call('GET', '/api/farm')).toMatchObject({ region: null });
});

it('lists the failed jobs with their reasons, and sends the chosen ones again', async () => {
  for (const id of ['a', 'b']) {
    const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
    await storage.sqs.send(
      new SendMessageCommand({
        QueueUrl: storage.deadLetterQueueUrl,
        MessageBody: JSON.stringify({ id, source: `s3://films/${id}.mp4` }),
        MessageAttributes: { jobId: attribute(id), reason: attribute(`No film ${id}.`) },
      }),
    );
  }
  const listed = await call('GET', '/api/dead-letters');
  expect(listed).toMatchObject({
    deadLetters: expect.arrayContaining([
      expect.objectContaining({ jobId: 'a', source: 's3://films/a.mp4', reason: 'No film a.' }),
      expect.objectContaining({ jobId: 'b', reason: 'No film b.' }),
    ]),
  });
  expect(await call('POST', '/api/dead-letters/redrive', { ids: ['b'] })).toEqual({ redriven: 1 });
  expect(await readQueues(farm)).toMatchObject({ waiting: 1, dead: 1 });
  expect(await call('GET', '/api/dead-letters')).toMatchObject({ deadLetters: [{ jobId: 'a' }] });
});
