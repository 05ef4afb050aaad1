import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { openStore } from '../../../worker/src/storage/s3-store.ts';

interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A service that answers as it is asked, and keeps what it was asked. */
async function startService(answer: (asked: Asked, response: ServerResponse) => void) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const entry = { method, url, headers, body: await text(request) };
    asked.push(entry);
    answer(entry, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  services.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
const services: (() => void)[] = [];
afterEach(() => {
  for (const close of services.splice(0)) close();
});

const open = (endpoint: string, checksums: 'when-supported' | 'when-required') =>
  openStore(
    {
      bucket: 'films',
      region: 'auto',
      endpoint,
      addressing: 'path',
      checksums,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    { retrySeconds: 5 },
  );
const result = (errors = '') => `<?xml version="1.0"?><DeleteResult>${errors}</DeleteResult>`;
const keys = Array.from({ length: 2500 }, (_, index) => `film/${index}.m4s`);
const keysIn = (body: string) => [...body.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key);

it('removes 2,500 objects with three requests', async () => {
  const service = await startService((_, response) => void response.end(result()));
  const store = open(service.endpoint, 'when-supported');
  await store.remove(keys);
  expect(service.asked.map(({ method, url }) => `${method} ${url}`)).toEqual(
    Array(3).fill('POST /films/?delete='),
  );
  expect(service.asked.flatMap(({ body }) => keysIn(body))).toEqual(keys);
  expect(service.asked[0]?.headers['x-amz-checksum-crc32']).toBeDefined();
  store.close();
});

it('sends Content-MD5 and no other checksum to R2 and Wasabi', async () => {
  const service = await startService((_, response) => void response.end(result()));
  const store = open(service.endpoint, 'when-required');
  await store.remove(keys.slice(0, 2));
  const [asked] = service.asked;
  expect(asked?.headers['content-md5']).toBe(
    createHash('md5')
      .update(asked?.body ?? '')
      .digest('base64'),
  );
  expect(Object.keys(asked?.headers ?? {}).filter((name) => name.includes('checksum'))).toEqual([]);
  expect(asked?.headers.authorization).toMatch(/SignedHeaders=\S*content-md5;/);
  store.close();
});

it.each([
  [501, 'NotImplemented'],
  [400, 'MissingContentMD5'],
  [405, 'MethodNotAllowed'],
])(
  'removes one by one where the service answers a batch with %i %s, and asks it only once',
  async (status, code) => {
    const service = await startService(({ method }, response) => {
      if (method === 'DELETE') return void response.writeHead(204).end();
      response.writeHead(status).end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    });
    const store = open(service.endpoint, 'when-required');
    await store.remove(keys.slice(0, 3));
    await store.remove(keys.slice(3, 5));
    expect(service.asked.filter(({ method }) => method === 'POST').length).toBe(1);
    expect(
      service.asked.filter(({ method }) => method === 'DELETE').map(({ url }) => url.split('?')[0]),
    ).toEqual(keys.slice(0, 5).map((key) => `/films/${key}`));
    store.close();
  },
);

it('asks again for the objects alone that the service was too busy to remove', async () => {
  let calls = 0;
  const service = await startService((_, response) => {
    const errors = '<Error><Key>film/1.m4s</Key><Code>SlowDown</Code></Error>';
    response.end(result(calls++ === 0 ? errors : ''));
  });
  const store = open(service.endpoint, 'when-supported');
  await store.remove(keys.slice(0, 3));
  expect(service.asked.map(({ body }) => keysIn(body))).toEqual([keys.slice(0, 3), ['film/1.m4s']]);
  store.close();
});

it('names an object that may not be removed', async () => {
  const service = await startService(
    (_, response) =>
      void response.end(
        result(
          '<Error><Key>film/1.m4s</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
        ),
      ),
  );
  const store = open(service.endpoint, 'when-supported');
  await expect(store.remove(keys.slice(0, 3))).rejects.toThrow(/AccessDenied.*"film\/1\.m4s"/);
  expect(service.asked.length).toBe(1);
  store.close();
});

it('removes by a request of their own the keys that XML can’t carry', async () => {
  const service = await startService(({ method }, response) =>
    method === 'DELETE' ? void response.writeHead(204).end() : void response.end(result()),
  );
  const store = open(service.endpoint, 'when-supported');
  await store.remove(['a', 'b', 'c\nd', 'e\u0001f']);
  expect(service.asked.filter(({ method }) => method === 'POST').map(({ body }) => keysIn(body))).toEqual([
    ['a', 'b'],
  ]);
  expect(service.asked.filter(({ method }) => method === 'DELETE').length).toBe(2);
  store.close();
});

/** A service with one object, in whichever version. @param refuses the status for a deletion with a condition */
async function startObject(refuses: number | undefined) {
  const object = { etag: '"one"' as string | undefined };
  const service = await startService(({ method, headers }, response) => {
    const status = () => {
      if (object.etag === undefined) return 404;
      if (method !== 'DELETE') return 200;
      if (headers['if-match'] !== undefined && refuses !== undefined) return refuses;
      return headers['if-match'] === undefined || headers['if-match'] === object.etag ? 204 : 412;
    };
    response.writeHead(status(), { etag: object.etag ?? '', 'content-length': 0 }).end();
    if (status() === 204) object.etag = undefined;
  });
  return { ...service, object };
}

it('removes the version that was read with one conditional deletion, and no other version', async () => {
  const { object, asked, endpoint } = await startObject(undefined);
  const store = open(endpoint, 'when-supported');
  expect(await store.removeIf('film.mp4', '"zero"')).toBe(false);
  expect(object.etag).toBe('"one"');
  expect(await store.removeIf('film.mp4', '"one"')).toBe(true);
  expect(asked.filter(({ method }) => method === 'DELETE').map(({ headers }) => headers['if-match'])).toEqual(
    ['"one"'],
  );
  expect(await store.removeIf('film.mp4', '"one"')).toBe(true);
  store.close();
});

it('keeps a version that was written between the look and the deletion', async () => {
  const { asked, endpoint } = await startService(({ method }, response) => {
    response.writeHead(method === 'DELETE' ? 412 : 200, { etag: '"one"', 'content-length': 0 }).end();
  });
  const store = open(endpoint, 'when-supported');
  expect(await store.removeIf('film.mp4', '"one"')).toBe(false);
  expect(asked.map(({ method }) => method)).toEqual(['HEAD', 'DELETE']);
  store.close();
});

it('deletes without the condition where the service has none', async () => {
  const { object, endpoint } = await startObject(501);
  const store = open(endpoint, 'when-required');
  expect(await store.removeIf('film.mp4', '"one"')).toBe(true);
  expect(object.etag).toBeUndefined();
  store.close();
});
