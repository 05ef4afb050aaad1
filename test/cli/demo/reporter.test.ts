import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { localAddress } from '../../../cli/demo/keep.ts';
import { startDemoReporter } from '../../../cli/demo/reporter.ts';
import { callReporter } from '../../../cli/farm/reporter.ts';
import { localCredentials } from '../../../cli/local-farm/emulator.ts';
import { startLocalFarm } from '../../../cli/local-farm/farm.ts';
import type { Report } from '../../../worker/src/protocol/report.ts';
import { succeeded } from '../../helpers/reports/job-states.ts';
import { startReceiver } from '../../helpers/reports/receiver.ts';
import { until } from '../../helpers/until.ts';

it('the demo’s farm posts what its workers report, signed with the secret that it prints, and other commands find its reporter', async () => {
  await using stack = new AsyncDisposableStack();
  const farm = stack.adopt(await startLocalFarm({ storage: 'memory' }), (opened) => opened.close());
  const receiver = stack.use(await startReceiver());
  const reporter = stack.use(await startDemoReporter(farm, receiver.url));
  const address = localAddress(farm, ['.mp4'], reporter.address);

  const { endpoint, region, reportsQueueUrl: QueueUrl } = farm;
  const sqs = new SQSClient({ endpoint, region, credentials: localCredentials });
  stack.defer(() => sqs.destroy());
  const report: Report = { kind: 'transition', state: succeeded('a'), requestId: 'r' };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(report) }));
  await until(() => receiver.deliveries.length === 1, 'the event');
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.deliveries;
  expect(new Webhook(reporter.secret).verify(body, headers)).toMatchObject({ type: 'job.succeeded' });

  const answer = await callReporter(address, { command: 'test-webhook', state: 'published' });
  expect(answer).toMatchObject({ url: receiver.url, delivery: { delivered: true } });
}, 40_000);
