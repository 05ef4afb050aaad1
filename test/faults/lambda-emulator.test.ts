import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toEvent } from '../../cli/local-farm/functions/event-source.ts';
import { type FaultFarm, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectFilm } from '../helpers/local-farm/job-ends.ts';
import { until } from '../helpers/until.ts';

/**
 * The function under AWS's own Runtime Interface Emulator, where there is one: its path is in `LAMBDA_EMULATOR`
 * (`go install github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@latest`). Everywhere else the runtime host of the
 * local farm stands in its place.
 */
const { LAMBDA_EMULATOR: emulator } = process.env;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

describe.skipIf(emulator === undefined)("AWS's own emulator of Lambda", () => {
  let faults: FaultFarm;
  beforeAll(async () => {
    faults = await startFaultFarm();
  });
  afterAll(() => faults[Symbol.asyncDispose]());

  it('calls the function with a job, which is a whole film when it answers, and keeps it for the next call', async () => {
    const [invokePort, runtimePort] = [await freePort(), await freePort()];
    const entry = join(import.meta.dirname, '../../worker/src/function.ts');
    const program = spawn(
      emulator ?? '',
      [
        ...['--runtime-interface-emulator-address', `127.0.0.1:${invokePort}`],
        ...['--runtime-api-address', `127.0.0.1:${runtimePort}`],
        ...[process.execPath, entry],
      ],
      {
        env: {
          ...faults.farm.functionEnv,
          PATH: process.env.PATH,
          // Of AWS's variables it passes these alone.
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          WORKERS_PER_FILM: '1',
          WORK_DIR: faults.folder,
          AWS_LAMBDA_FUNCTION_NAME: 'worker',
          AWS_LAMBDA_FUNCTION_TIMEOUT: '300',
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '10240',
        },
        stdio: 'ignore',
      },
    );
    const { sqs, queueUrl: QueueUrl } = faults.farm;
    try {
      for (let call = 0; call < 2; call += 1) {
        const id = await faults.send();
        const { Messages: [message] = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, AttributeNames: ['All'], WaitTimeSeconds: 5 }),
        );
        const url = `http://127.0.0.1:${invokePort}/2015-03-31/functions/function/invocations`;
        const body = JSON.stringify(toEvent(message ?? {}, QueueUrl));
        let answer: string | undefined;
        const invoke = async () => {
          answer = await fetch(url, { method: 'POST', body }).then(
            (response) => response.text(),
            () => undefined,
          );
          return answer !== undefined;
        };
        await until(invoke, "the emulator's answer", 60);
        expect(answer).toBe('{"batchItemFailures":[]}');
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
        await expectFilm(faults, id);
      }
    } finally {
      program.kill('SIGKILL');
    }
  });
});
