import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Emulator, localCredentials } from '../../cli/local-farm/emulator.ts';
import { startFauxqsEmulator } from '../../cli/local-farm/fauxqs.ts';
import { bundleReporter, reporterHandler } from '../../infra/functions/bundle.ts';
import type { Report } from '../../worker/src/protocol/report.ts';
import { callFunction, layOut, startParameters } from '../helpers/functions/deployed.ts';
import { temporaryFolder } from '../helpers/media/clips.ts';
import { succeeded } from '../helpers/reports/job-states.ts';
import { type Receiver, startReceiver } from '../helpers/reports/receiver.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let emulator: Emulator;
let receiver: Receiver;
let parameters: Awaited<ReturnType<typeof startParameters>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  emulator = await startFauxqsEmulator();
  receiver = await startReceiver();
  parameters = await startParameters(secret);
  await layOut(bundleReporter(), folder.path);
});
afterAll(async () => {
  parameters[Symbol.dispose]();
  await emulator.close();
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function call(event: unknown, environment: Record<string, string> = {}): Promise<unknown> {
  const [answer] = await callFunction(folder.path, reporterHandler, [event], {
    AWS_REGION: emulator.region,
    AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
    AWS_ENDPOINT_URL_SSM: parameters.url,
    REPORTS_QUEUE_URL: emulator.reportsQueueUrl,
    REPORTS_DEAD_LETTER_QUEUE_URL: emulator.reportsDeadLetterQueueUrl,
    SQS_ENDPOINT: emulator.endpoint,
    REPORTS_BUCKET: emulator.reportsBucket,
    REPORTS_ENDPOINT: emulator.endpoint,
    WEBHOOK_URL: receiver.url,
    ALLOW_PRIVATE_WEBHOOKS: 'true',
    SECRET_PARAMETERS: JSON.stringify({ WEBHOOK_SECRET: '/farm/WEBHOOK_SECRET' }),
    ...environment,
  });
  return answer;
}

function batch(...jobs: string[]) {
  const records = jobs.map((id) => {
    const report: Report = { kind: 'transition', state: succeeded(id), requestId: 'r' };
    return {
      messageId: `message-${id}`,
      body: JSON.stringify(report),
      receiptHandle: id,
      attributes: { SentTimestamp: String(Date.now()) },
      messageAttributes: {},
    };
  });
  return { Records: records };
}

it('delivers a batch as plain JavaScript with its own packages, signed with the secret from SSM', async () => {
  expect(await call(batch('a', 'b'))).toEqual({ batchItemFailures: [] });
  const jobs = receiver.deliveries.map(({ body, headers }) => {
    const { data } = new Webhook(secret).verify(body, headers) as { data: { id: string } };
    return data.id;
  });
  expect(jobs.sort()).toEqual(['a', 'b']);
});

it('gives those messages back that it could not handle', async () => {
  const answer = await call(batch('c'), { REPORTS_BUCKET: 'not-there' });
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-c' }] });
});

it('answers the commands of "farm": a test of the webhook', async () => {
  expect(await call({ command: 'test-webhook', state: 'failed' })).toMatchObject({
    url: receiver.url,
    delivery: { delivered: true, status: 204 },
  });
  expect(await call({ command: 'check-database' })).toBe(null);
});

it('holds nothing of the media worker: neither ffmpeg’s code nor a logger that starts threads', () => {
  const { texts, files } = bundleReporter();
  expect(Object.keys(texts).filter((path) => /ffmpeg|encode|film\//.test(path))).toEqual([]);
  expect(Object.keys(files).filter((path) => path.includes('/pino/'))).toEqual([]);
});
