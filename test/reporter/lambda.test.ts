import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Emulator, localCredentials } from '../../cli/local-farm/emulator.ts';
import { startFauxqsEmulator } from '../../cli/local-farm/fauxqs.ts';
import { bundleReporter, reporterHandler } from '../../infra/reports/bundle.ts';
import type { Report } from '../../worker/src/protocol/report.ts';
import { temporaryFolder } from '../helpers/media/clips.ts';
import { succeeded } from '../helpers/reports/job-states.ts';
import { type Receiver, startReceiver } from '../helpers/reports/receiver.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let emulator: Emulator;
let receiver: Receiver;
let ssm: Server;

beforeAll(async () => {
  folder = await temporaryFolder();
  emulator = await startFauxqsEmulator();
  receiver = await startReceiver();
  ssm = createServer(async (request, response) => {
    const { Names } = JSON.parse(await text(request)) as { Names: string[] };
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ Parameters: Names.map((Name) => ({ Name, Value: secret })) }));
  });
  await new Promise<void>((resolve) => ssm.listen(0, '127.0.0.1', resolve));
  const { texts, files } = bundleReporter();
  for (const [path, content] of Object.entries(texts)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), content);
  }
  for (const [path, from] of Object.entries(files)) await cp(from, join(folder.path, path));
  // Lambda's runtime brings the AWS clients, and nothing else.
  await symlink(
    fileURLToPath(new URL('../../node_modules/@aws-sdk', import.meta.url)),
    join(folder.path, 'node_modules/@aws-sdk'),
  );
});
afterAll(async () => {
  ssm.close();
  await emulator.close();
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** As Lambda does it: the handler's file is imported and its export called, by a Node that knows no TypeScript. */
async function call(event: unknown, environment: Record<string, string> = {}): Promise<unknown> {
  const [file, name] = reporterHandler.split('.');
  const program = `import { ${name} } from './${file}.js';
    process.stderr.write(JSON.stringify((await ${name}(${JSON.stringify(event)})) ?? null));
    process.exit();`;
  const { port } = ssm.address() as AddressInfo;
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--no-experimental-strip-types', '--input-type=module', '--eval', program],
    {
      cwd: folder.path,
      env: {
        AWS_REGION: emulator.region,
        AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
        AWS_ENDPOINT_URL_SSM: `http://127.0.0.1:${port}`,
        REPORTS_QUEUE_URL: emulator.reportsQueueUrl,
        REPORTS_DEAD_LETTER_QUEUE_URL: emulator.reportsDeadLetterQueueUrl,
        SQS_ENDPOINT: emulator.endpoint,
        REPORTS_BUCKET: emulator.reportsBucket,
        REPORTS_ENDPOINT: emulator.endpoint,
        WEBHOOK_URL: receiver.url,
        ALLOW_PRIVATE_WEBHOOKS: 'true',
        SECRET_PARAMETERS: JSON.stringify({ WEBHOOK_SECRET: '/farm/WEBHOOK_SECRET' }),
        ...environment,
      },
    },
  );
  return JSON.parse(stderr);
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
