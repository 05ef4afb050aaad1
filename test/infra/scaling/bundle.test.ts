import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleWaker, wakerHandler } from '../../../infra/scaling/bundle.ts';
import { SimulatedFarm } from '../../helpers/program/simulated-farm.ts';
import { startTestQueue, type TestQueue } from '../../helpers/worker/queue.ts';

const simulated = new SimulatedFarm({ instances: false });
let queue: TestQueue;
let ecsAndSsm: Server;
let folder: string;

beforeAll(async () => {
  queue = await startTestQueue();
  ecsAndSsm = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify(simulated.aws.answer(operation, JSON.parse(body))));
    });
  });
  await new Promise<void>((resolve) => ecsAndSsm.listen(0, '127.0.0.1', resolve));
  // Within the project, where the AWS clients are found: Lambda's runtime brings its own.
  const parent = join(import.meta.dirname, '../../../node_modules/.cache');
  await mkdir(parent, { recursive: true });
  folder = await mkdtemp(join(parent, 'waker-'));
  for (const [file, text] of Object.entries(bundleWaker())) await writeFile(join(folder, file), text);
});

afterAll(async () => {
  await queue.close();
  ecsAndSsm.close();
  await rm(folder, { recursive: true });
});

/** As Lambda does it: the handler's file is imported and its export called, by a Node that knows no TypeScript. */
async function call(event: unknown): Promise<string> {
  const [file, name] = wakerHandler.split('.');
  const program = `import { ${name} } from './${file}.mjs'; await ${name}(${JSON.stringify(event)});`;
  const { port } = ecsAndSsm.address() as AddressInfo;
  const farm = { ...simulated.farm, queueUrls: [queue.url] };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-experimental-strip-types', '--input-type=module', '--eval', program],
    {
      cwd: folder,
      env: {
        FARM: JSON.stringify(farm),
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        AWS_ENDPOINT_URL_SQS: queue.endpoint,
      },
    },
  );
  return stdout;
}

it('runs as plain JavaScript with the real AWS clients: sleeps at no job, wakes at one', async () => {
  expect(JSON.parse(await call({}))).toMatchObject({ announced: 0, done: [] });
  expect(simulated.calls).toEqual([]);

  await queue.send('{"source":"s3://inbox/film.mp4"}');
  expect(JSON.parse(await call({ source: 'aws.events' }))).toEqual({
    message: 'backlog of 1, 0 of 0 tasks run, 0 instances',
    announced: 0,
    done: ['desired count 1: backlog of 1'],
  });
  expect(simulated.calls).toEqual(['UpdateService 1']);
});
