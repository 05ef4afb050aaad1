import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openHttpSource } from '../../../worker/src/source/http-source.ts';
import { parseRange } from '../../../worker/src/source/range.ts';

const film = Buffer.from('0123456789');
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let origin: string;
let asked: string[] = [];
let handler: Handler;

/** A well-behaved file server. */
const serve =
  (etag: string | undefined, headers: Record<string, string> = {}): Handler =>
  (request, response) => {
    const range = parseRange(request.headers.range, film.length);
    if (range === undefined || range === 'unsatisfiable') return void response.writeHead(416).end();
    if (etag) response.setHeader('etag', etag);
    response.writeHead(206, {
      'content-range': `bytes ${range.start}-${range.end}/${film.length}`,
      ...headers,
    });
    response.end(film.subarray(range.start, range.end + 1));
  };

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.headers.host}${request.url}`);
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  asked = [];
});

afterAll(() => void server.close());

const open = (path: string) =>
  openHttpSource(`${origin}${path}`, { allowPrivate: true, retrySeconds: 1, stallSeconds: 1 });

describe('openHttpSource', () => {
  it('describes and reads a film', async () => {
    handler = serve('"v1"', {
      'content-type': 'video/mp4',
      'last-modified': 'Sat, 21 Nov 2026 09:00:00 GMT',
    });
    const source = open('/film.mp4?token=secret');
    expect(source.name).toBe(`${origin}/film.mp4`);
    const info = await source.describe();
    expect(info).toEqual({
      sizeBytes: 10,
      etag: '"v1"',
      contentType: 'video/mp4',
      lastModified: new Date('2026-11-21T09:00:00Z'),
    });
    expect(String(await buffer(await source.readRange({ start: 3, end: 5 }, info)))).toBe('345');
  });

  it.each([
    ['a strong ETag', serve('"v1"'), serve('"v2"')],
    ['a weak ETag', serve('W/"v1"'), serve('W/"v2"')],
    ['a date', serve(undefined, { 'last-modified': 'a' }), serve(undefined, { 'last-modified': 'b' })],
  ])('notices by %s that the film was replaced', async (_, before, after) => {
    handler = before;
    const source = open('/film.mp4');
    const info = await source.describe();
    handler = after;
    await expect(source.readRange({ start: 0, end: 1 }, info)).rejects.toMatchObject({
      code: 'source-replaced',
    });
  });

  it.each([
    ['source-ranges', 'ignores ranges', (_, response) => response.writeHead(200).end('0123456789')],
    [
      'source-ranges',
      'compresses',
      (request, response) => serve('"v1"', { 'content-encoding': 'gzip' })(request, response),
    ],
    ['source-ranges', 'has an empty film', (_, response) => response.writeHead(416).end()],
    [
      'source-empty',
      'has an empty film',
      (_, response) => response.writeHead(416, { 'content-range': 'bytes */0' }).end(),
    ],
    ['source-missing', 'has no such film', (_, response) => response.writeHead(404).end()],
    ['source-address', 'forbids it', (_, response) => response.writeHead(403).end()],
    [
      'source-address',
      'redirects for ever',
      (_, response) => response.writeHead(302, { location: '/again' }).end(),
    ],
    [
      'source-address',
      'redirects to a file',
      (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    ],
  ] satisfies [string, string, Handler][])('refuses as %s a server that %s', async (code, _, misbehave) => {
    handler = misbehave;
    await expect(open('/film.mp4').describe()).rejects.toMatchObject({ name: 'RefusedError', code });
    expect(asked.length).toBeLessThanOrEqual(6);
  });

  it('tries a server in trouble again, and gives up in time', async () => {
    let failures = 2;
    handler = (request, response) => {
      if (failures-- > 0) return void response.writeHead(503).end();
      serve('"v1"')(request, response);
    };
    expect(await open('/film.mp4').describe()).toMatchObject({ sizeBytes: 10 });
    handler = (_, response) => void response.writeHead(503).end();
    await expect(open('/film.mp4').describe()).rejects.toThrow('answers HTTP 503');
  });

  it('never goes to a private address: not by name, by number or by a redirect', async () => {
    handler = serve('"v1"');
    const { port } = new URL(origin);
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.0.0.1']) {
      const source = openHttpSource(`http://${host}:${port}/film.mp4`, {
        allowPrivate: false,
        retrySeconds: 1,
      });
      await expect(source.describe()).rejects.toMatchObject({
        name: 'RefusedError',
        code: 'source-address',
        message: expect.stringContaining('is not an address of the public internet'),
      });
    }
    expect(asked).toEqual([]);
  });

  it('follows redirects once, and again when the address that they led to has expired', async () => {
    let expired = '';
    let signatures = 0;
    handler = (request, response) => {
      const url = request.url ?? '';
      if (url.startsWith('/film')) {
        return void response.writeHead(302, { location: `/signed?signature=${++signatures}` }).end();
      }
      if (url === expired) return void response.writeHead(403).end();
      serve('"v1"')(request, response);
    };
    const source = open('/film.mp4');
    const info = await source.describe();
    const read = async () => String(await buffer(await source.readRange({ start: 3, end: 5 }, info)));
    for (let block = 0; block < 20; block++) expect(await read()).toBe('345');
    expect(signatures).toBe(1);
    expired = '/signed?signature=1';
    expect(await read()).toBe('345');
    expect(await read()).toBe('345');
    expect(signatures).toBe(2);
  });

  it('looks again when another mirror gives another ETag to a film of the same size', async () => {
    let answers = 0;
    handler = (request, response) => serve(`"mirror-${answers++ % 5}"`)(request, response);
    const source = open('/film.mp4');
    const info = await source.describe();
    for (let block = 0; block < 4; block++)
      expect(String(await buffer(await source.readRange({ start: 3, end: 5 }, info)))).toBe('345');
    expect(answers).toBe(21);
  });

  it('looks for the mirror whose ETag the film was planned with', async () => {
    let answers = 0;
    handler = (request, response) => serve(`"mirror-${answers++ % 5}"`)(request, response);
    expect(await open('/film.mp4').describe(undefined, '"mirror-3"')).toMatchObject({ etag: '"mirror-3"' });
    expect(await open('/film.mp4').describe(undefined, '"mirror-9"')).toMatchObject({ sizeBytes: 10 });
    expect(answers).toBe(20);
  });

  it('goes back to the address that chooses the mirror when the one that it led to changes', async () => {
    const etags = { one: '"a"', two: '"a"' };
    let choice: 'one' | 'two' = 'one';
    handler = (request, response) => {
      const url = request.url ?? '';
      if (url === '/film.mp4') return void response.writeHead(302, { location: `/${choice}` }).end();
      serve(url === '/one' ? etags.one : etags.two)(request, response);
    };
    const source = open('/film.mp4');
    const info = await source.describe();
    etags.one = '"b"';
    choice = 'two';
    expect(String(await buffer(await source.readRange({ start: 3, end: 5 }, info)))).toBe('345');
  });

  it('takes a film of the same size and date from a mirror with another ETag', async () => {
    let answers = 0;
    const headers = { 'last-modified': 'Sat, 21 Nov 2026 09:00:00 GMT' };
    handler = (request, response) => serve(`"mirror-${answers++}"`, headers)(request, response);
    const source = open('/film.mp4');
    const info = await source.describe();
    expect(String(await buffer(await source.readRange({ start: 3, end: 5 }, info)))).toBe('345');
    expect(answers).toBe(2);
  });

  it('refuses a film of another size at the first look', async () => {
    handler = serve('"v1"');
    const source = open('/film.mp4');
    const info = await source.describe();
    handler = (_, response) =>
      void response.writeHead(206, { 'content-range': 'bytes 0-1/11', etag: '"v2"' }).end('01');
    asked = [];
    await expect(source.readRange({ start: 0, end: 1 }, info)).rejects.toMatchObject({
      code: 'source-replaced',
    });
    expect(asked).toHaveLength(1);
  });

  it('names no user, password or signature in any error', async () => {
    const secrets = /SECRET/;
    handler = (_, response) => void response.writeHead(404).end();
    const messageOf = (work: () => unknown) =>
      Promise.resolve()
        .then(work)
        .then(String, (error: Error) => error.message);
    const messages = [
      await messageOf(() => open('/film.mp4?X-Amz-Signature=SECRET').describe()),
      await messageOf(() =>
        openHttpSource('https://SECRET:SECRET@host/x.mp4?a=SECRET', { allowPrivate: true }),
      ),
      await messageOf(() => openHttpSource('http://SECRET:SECRET@[::1/x?SECRET', { allowPrivate: true })),
    ];
    handler = (_, response) => void response.writeHead(302, { location: '/again?SECRET' }).end();
    messages.push(await messageOf(() => open('/film.mp4?token=SECRET').describe()));
    handler = (_, response) =>
      void response.writeHead(302, { location: 'https://SECRET@host/x?SECRET' }).end();
    messages.push(await messageOf(() => open('/film.mp4?token=SECRET').describe()));
    handler = (_, response) => void response.writeHead(403).end();
    messages.push(await messageOf(() => open('/film.mp4?token=SECRET').describe()));
    for (const message of messages.slice(1)) expect(message).toMatch(/^The source /);
    for (const message of messages) expect(message).not.toMatch(secrets);
  });

  it.each(['http://user:pass@example.com/film.mp4', 'http://', 'http://[::1', 'ftp://example.com/film.mp4'])(
    'refuses the address %s',
    (address) => {
      expect(() => openHttpSource(address, { allowPrivate: false })).toThrow(
        'not an address that can be read',
      );
    },
  );
});
