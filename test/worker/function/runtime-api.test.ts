import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { RuntimeApi } from '../../../worker/src/function/runtime-api.ts';

interface Seen {
  method: string | undefined;
  url: string | undefined;
  errorType: string | string[] | undefined;
  body: string;
}

/** Answers as AWS documents it: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
async function startPlatform(status = 202) {
  const seen: Seen[] = [];
  let cuts = 0;
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const errorType = headers['lambda-runtime-function-error-type'];
    seen.push({ method, url, errorType, body: await text(request) });
    if (cuts > 0) {
      cuts -= 1;
      return request.socket.destroy();
    }
    if (method === 'POST') return response.writeHead(status).end('{"status":"OK"}');
    return response
      .writeHead(200, {
        'Lambda-Runtime-Aws-Request-Id': '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
        'Lambda-Runtime-Deadline-Ms': '1542409706888',
        'Lambda-Runtime-Trace-Id': 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1',
      })
      .end('{"hello":"Grüezi"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = new RuntimeApi(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    api,
    seen,
    /** Ends the connection of the next request without an answer. */
    cutNext: () => {
      cuts += 1;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('the client of the Runtime API', () => {
  it('gets a call with its event, its deadline and its trace', async () => {
    await using platform = await startPlatform();
    expect(await platform.api.next()).toEqual({
      requestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
      deadline: new Date(1542409706888),
      traceId: 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1',
      event: { hello: 'Grüezi' },
    });
    expect(platform.seen).toMatchObject([{ method: 'GET', url: '/2018-06-01/runtime/invocation/next' }]);
  });

  it('asks again when its connection went while it stood still', async () => {
    await using platform = await startPlatform();
    await platform.api.respond('id-1', null);
    platform.cutNext();
    expect(await platform.api.next()).toMatchObject({ event: { hello: 'Grüezi' } });
    expect(platform.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  });

  it('answers a call under its id', async () => {
    await using platform = await startPlatform();
    await platform.api.respond('id-1', { batchItemFailures: [] });
    await platform.api.respond('id-2', undefined);
    expect(platform.seen).toMatchObject([
      { url: '/2018-06-01/runtime/invocation/id-1/response', body: '{"batchItemFailures":[]}' },
      { url: '/2018-06-01/runtime/invocation/id-2/response', body: 'null' },
    ]);
  });

  it('reports an error of a call and of the start with type, message and stack', async () => {
    await using platform = await startPlatform();
    await platform.api.fail('id-1', new TypeError('wrong'));
    await platform.api.failInit(new Error('no ffmpeg'));
    expect(platform.seen).toMatchObject([
      { url: '/2018-06-01/runtime/invocation/id-1/error', errorType: 'Function.TypeError' },
      { url: '/2018-06-01/runtime/init/error', errorType: 'Function.Error' },
    ]);
    expect(JSON.parse(platform.seen[0]?.body ?? '')).toMatchObject({
      errorType: 'TypeError',
      errorMessage: 'wrong',
      stackTrace: expect.arrayContaining([expect.stringContaining('runtime-api.test.ts')]),
    });
  });

  it('throws what the platform says when it refuses an answer', async () => {
    await using platform = await startPlatform(413);
    await expect(platform.api.respond('id-1', 'x')).rejects.toThrow(/response with 413: {"status":"OK"}/);
  });
});
