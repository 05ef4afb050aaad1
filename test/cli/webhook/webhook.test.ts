import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampleEvent, sampleStates } from '../../../reporter/webhooks/sample.ts';
import { farmCommand } from '../../helpers/local-farm/farm-command.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { respond, startReceiver } from '../../helpers/reports/receiver.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

const test = (args: string[], environment: Record<string, string> = { FARM_WEBHOOK_SECRET: secret }) =>
  farmCommand(folder.path, ['webhook', 'test', ...args], environment);

beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

it('sends what a receiver verifies with the library of the specification, and never shows the secret', async () => {
  await using receiver = await startReceiver();
  const ended = await test([receiver.url]);
  expect(ended.code).toBe(0);
  expect(ended.stdout).toContain('delivered: the receiver answered 204');
  expect(ended.stdout).toContain('HMAC-SHA256');
  expect(ended.stdout).toContain('Its address is private.');
  expect(ended.stdout + ended.stderr).not.toContain(secret.slice(6));
  const [delivery] = receiver.deliveries;
  const data = new Webhook(secret).verify(delivery?.body ?? '', delivery?.headers ?? {});
  expect(data).toMatchObject({ type: 'job.succeeded', data: { id: 'webhook-test', state: 'succeeded' } });
}, 40_000);

it('shows what a receiver says that does not take it, and what a worker would do', async () => {
  await using receiver = await startReceiver([respond(401, {}, 'wrong signature'), respond(410)]);
  const refused = await test([receiver.url, '--event', 'failed', '--json']);
  expect(refused.code).toBe(2);
  expect(refused.json()).toMatchObject({
    delivered: false,
    status: 401,
    why: 'the receiver answered 401: wrong signature. The reporter would try again in 5 s.',
    event: { type: 'job.failed' },
  });
  expect((await test([receiver.url, '--json'])).json()).toMatchObject({
    why: 'the receiver answered 410. The reporter would give up.',
  });
}, 40_000);

it.each([
  [['https://example.org'], { FARM_WEBHOOK_SECRET: 'not-a-secret' }, 'base64 of 24 to 64 bytes'],
  [['https://example.org'], {}, 'No farm is selected.'],
  [[], {}, 'No farm is selected.'],
])(
  'says what is missing with %j and %j, without a stack',
  async (args, environment, words) => {
    const ended = await test(args, environment);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(words);
    expect(ended.stderr).not.toContain('not-a-secret');
    expect(ended.stderr).not.toContain('    at ');
  },
  30_000,
);

it('has a sample of every state that is reported, each an event of its own', () => {
  const events = [...sampleStates, ...sampleStates].map((state) => sampleEvent(state, new Date()));
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  expect(new Set(events.map(({ type }) => type))).toEqual(new Set(sampleStates.map((name) => `job.${name}`)));
});
