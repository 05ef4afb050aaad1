import { describe, expect, it } from 'vitest';
import { postWebhook } from '../../../reporter/webhooks/request.ts';
import { respond, startReceiver } from '../../helpers/reports/receiver.ts';

const post = (url: string, allowPrivate = false) =>
  postWebhook({
    url,
    headers: {},
    body: '{}',
    allowPrivate,
    signal: new AbortController().signal,
    timeoutSeconds: 2,
  });

describe('a webhook never reaches', () => {
  it.each([
    'http://127.0.0.1:PORT/',
    'http://127.1:PORT/',
    'http://127.255.255.254:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f000001:PORT/',
    'http://0x7f.1:PORT/',
    'http://0177.0.0.1:PORT/',
    'http://localhost:PORT/',
    'http://LOCALHOST:PORT/',
    'http://0.0.0.0:PORT/',
    'http://0:PORT/',
    'http://[::1]:PORT/',
    'http://[::]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/',
    'http://[64:ff9b::7f00:1]:PORT/',
    'http://[2002:7f00:1::]:PORT/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://169.254.170.2/v2/credentials/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://192.0.0.1/',
    'http://198.18.0.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://240.0.0.1/',
    'http://user:password@example.com/',
    'http://user@example.com/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:PORT/',
    'not a url',
  ])('%s', async (target) => {
    await using receiver = await startReceiver();
    const { port } = new URL(receiver.url);
    const answer = await post(target.replace('PORT', port));
    expect(answer.kind).toBe('forbidden');
    expect(receiver.deliveries).toHaveLength(0);
  });
});

it('an address that is private is reached where the settings allow it', async () => {
  await using receiver = await startReceiver([respond(200)]);
  expect(await post(receiver.url, true)).toEqual({ kind: 'status', status: 200, body: '' });
});

it('a redirect is an answer like any other, and is not followed', async () => {
  await using target = await startReceiver();
  await using receiver = await startReceiver([respond(307, { location: target.url }, 'over there')]);
  expect(await post(receiver.url, true)).toEqual({ kind: 'status', status: 307, body: 'over there' });
  expect(target.deliveries).toHaveLength(0);
});

it('at most 4 KiB of an answer are read', async () => {
  await using receiver = await startReceiver([respond(500, {}, 'x'.repeat(1_000_000))]);
  const answer = await post(receiver.url, true);
  expect(answer).toMatchObject({ kind: 'status', status: 500 });
  expect(answer.kind === 'status' && answer.body.length).toBe(4096);
});

it('a receiver that cannot be reached is an error that may pass', async () => {
  const closed = await startReceiver();
  await closed[Symbol.asyncDispose]();
  expect(await post(closed.url, true)).toMatchObject({ kind: 'error' });
});
