import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { openAgents } from '../../../worker/src/storage/agents.ts';

/** A proxy that lets nobody through, and notes where they want to go. */
async function startProxy() {
  const asked: (string | undefined)[] = [];
  const server = createServer();
  server.on('connect', ({ url }, socket) => {
    asked.push(url);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { asked, url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

async function head(endpoint: string, env: Parameters<typeof openAgents>[0]): Promise<unknown> {
  const requestHandler = { ...openAgents(env), connectionTimeout: 500 };
  const s3 = new S3Client({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1, requestHandler });
  return s3.send(new HeadObjectCommand({ Bucket: 'films', Key: 'a' })).catch((error: unknown) => error);
}

it.each(['HTTPS_PROXY', 'https_proxy'])('goes to storage through the proxy that %s names', async (name) => {
  using proxy = await startProxy();
  await head('https://storage.invalid', { [name]: proxy.url });
  expect(proxy.asked).toEqual(['films.storage.invalid:443']);
});

it('goes directly to the hosts that NO_PROXY names, and to endpoints without TLS', async () => {
  using proxy = await startProxy();
  await head('https://storage.invalid', {
    HTTPS_PROXY: proxy.url,
    NO_PROXY: 'storage.invalid,.storage.invalid',
  });
  await head('http://127.0.0.1:9', { HTTPS_PROXY: proxy.url });
  expect(proxy.asked).toEqual([]);
});
