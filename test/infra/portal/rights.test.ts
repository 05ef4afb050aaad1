import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAddress } from '../../../cli/farm/address.ts';
import { connect, type Farm } from '../../../cli/farm/farm.ts';
import { localCredentials } from '../../../cli/local-farm/emulator.ts';
import { type LocalFarm, startLocalFarm } from '../../../cli/local-farm/farm.ts';
import { Identities } from '../../../cli/local-farm/rules/identities.ts';
import { emulatedAccount } from '../../../cli/local-farm/rules/rights.ts';
import { createPortal } from '../../../portal/src/portal.ts';
import { functionEnvironmentOf, recordFarm } from '../../../tools/program-run/farm.ts';
import { policiesOf, translate } from '../../../tools/program-run/policies.ts';
import { loadStack, madeUpSecrets } from '../../../tools/program-run/stacks.ts';
import { succeeded } from '../../helpers/reports/job-states.ts';

const origin = 'https://films.example.com';
const role = 'farm-portal';
const owner = { accessKeyId: 'owner', secretAccessKey: 'owner' };

/** A farm that checks signatures, in which the portal has the rights that the program gives its role. */
let storage: LocalFarm;
let farm: Farm;
let call: (method: string, path: string, body?: unknown) => Promise<{ status: number; json: unknown }>;
let owners: { s3: S3Client; sqs: SQSClient };

beforeAll(async () => {
  const identities = new Identities();
  identities.addUser(owner.accessKeyId, owner.secretAccessKey);
  storage = await startLocalFarm({ storage: 'memory', rules: { identities } });
  const { endpoint, region, topicArn, queueUrl, deadLetterQueueUrl, partsQueueUrl } = storage;
  const { partsDeadLetterQueueUrl } = storage;
  const at = { endpoint, region, credentials: owner };
  owners = { s3: new S3Client({ ...at, forcePathStyle: true }), sqs: new SQSClient(at) };

  const { portalPasswordHash } = madeUpSecrets;
  const stack = loadStack('Pulumi.dev.yaml', { portal: 'function', portalPasswordHash });
  const recording = await recordFarm(stack);
  const recorded = readAddress(functionEnvironmentOf(recording, role).FARM ?? '', 'FARM');
  const placesOf = (address: typeof recorded) => ({
    ...{ SOURCE_BUCKET: address.sourceBucket, OUTPUT_BUCKET: address.outputBucket },
    ...{ QUEUE_URL: address.queueUrl, DEAD_LETTER_QUEUE_URL: address.deadLetterQueueUrl },
    ...{
      PARTS_QUEUE_URL: address.partsQueueUrl,
      PARTS_DEAD_LETTER_QUEUE_URL: address.partsDeadLetterQueueUrl,
    },
    TOPIC_ARN: address.topicArn,
  });
  const local = { endpoint, pid: process.pid, uploadSuffixes: ['.mp4'] };
  const { sourceBucket, outputBucket } = storage;
  const address = {
    ...recorded,
    ...{ topicArn, queueUrl, deadLetterQueueUrl, partsQueueUrl, partsDeadLetterQueueUrl },
    ...{ sourceBucket, outputBucket, local },
    ...{ sourceEndpoint: endpoint, outputEndpoint: endpoint },
  };
  const policies = translate(
    policiesOf(recording, role),
    placesOf(recorded),
    placesOf(address),
    emulatedAccount,
  );
  identities.addUser(localCredentials.accessKeyId, localCredentials.secretAccessKey, policies);

  farm = connect(address);
  const features = { title: 'Test', urls: false, maxUploadBytes: 2 ** 40, publicUrl: undefined };
  const portal = createPortal({
    farm,
    signingKey: 'k'.repeat(43),
    features,
    origins: [origin],
  });
  const signedIn = await portal.handle(new Request(`${origin}${portal.signInPath('Ada')}`), '203.0.113.7');
  const cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  call = async (method, path, body) => {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', origin, cookie };
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const request = new Request(origin + path, { method, headers, ...init });
    const answer = await portal.handle(request, '203.0.113.7');
    return { status: answer.status, json: answer.status === 204 ? undefined : await answer.json() };
  };
}, 60_000);

afterAll(async () => {
  farm?.close();
  owners?.s3.destroy();
  owners?.sqs.destroy();
  await storage?.close();
});

/** @returns what is answered, if the portal may do it */
async function may<T>(method: string, path: string, body?: unknown): Promise<T> {
  const { status, json } = await call(method, path, body);
  expect(status, `${method} ${path}: ${JSON.stringify(json)}`).toBeLessThan(300);
  return json as T;
}

it('uploads, follows, changes and deletes films, and looks after the farm, with no other rights than its role has', async () => {
  const begin = () => may<{ id: string; key: string }>('POST', '/api/uploads', { name: 'a.film', size: 4 });
  const { id } = await begin();
  const { links } = await may<{ links: { url: string }[] }>('POST', `/api/uploads/${id}/links`, {
    parts: [1],
  });
  const put = await fetch(links[0]?.url ?? '', { method: 'PUT', body: 'film' });
  expect(put.status).toBe(200);
  await may('GET', `/api/uploads/${id}`);
  const parts = [{ number: 1, etag: put.headers.get('etag') }];
  const { job } = await may<{ job: string }>('POST', `/api/uploads/${id}/complete`, { parts });
  await may('DELETE', `/api/uploads/${(await begin()).id}`);

  await may('GET', '/api/jobs');
  await may('GET', `/api/jobs/${job}`);
  await may('POST', `/api/jobs/${job}/cancel`);
  const end = () => {
    const Body = JSON.stringify({ ...succeeded(job), source: `s3://${storage.sourceBucket}/none.mp4` });
    const Key = `${job}/status.json`;
    return owners.s3.send(new PutObjectCommand({ Bucket: storage.outputBucket, Key, Body }));
  };
  await end();
  await may('GET', `/api/jobs/${job}/downloads`);
  await may('POST', `/api/jobs/${job}/share`, { hours: 1 });
  await may('POST', `/api/jobs/${job}/rerun`, {});
  await end();
  await may('DELETE', `/api/jobs/${job}`);

  await may('GET', '/api/farm');
  await may('GET', '/api/farm/day');
  const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
  await owners.sqs.send(
    new SendMessageCommand({
      QueueUrl: storage.deadLetterQueueUrl,
      MessageBody: JSON.stringify({ id: 'dead', source: 'a.mp4' }),
      MessageAttributes: { jobId: attribute('dead'), reason: attribute('no frames') },
    }),
  );
  expect(await may('GET', '/api/dead-letters')).toMatchObject({ deadLetters: [{ reason: 'no frames' }] });
  expect(await may('POST', '/api/dead-letters/redrive', { ids: ['dead'] })).toEqual({ redriven: 1 });
});

it('may not write to a bucket that its role does not name', async () => {
  const stranger = new S3Client({
    ...{ endpoint: storage.endpoint, region: storage.region, forcePathStyle: true },
    credentials: localCredentials,
  });
  const write = new PutObjectCommand({ Bucket: storage.reportsBucket, Key: 'a', Body: 'b' });
  await expect(stranger.send(write)).rejects.toThrow('not authorized to perform: s3:PutObject');
  stranger.destroy();
});
