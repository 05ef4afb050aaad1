import { createReadStream, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';

export interface PlayerServerOptions {
  s3: S3Client;
  /** The output bucket. */
  bucket: string;
  /** The job that the page shows. */
  jobId: string;
  /** @default 0: any free port */
  port?: number;
}

export interface PlayerServer {
  /** The page, such as `http://127.0.0.1:40123/?job=...`. */
  url: string;
  close(): Promise<void>;
}

const hlsScript = fileURLToPath(import.meta.resolve('hls.js/dist/hls.min.js'));
const folder = fileURLToPath(new URL('page', import.meta.url));

/** All that the page consists of, by path. */
const files = new Map([
  ...readdirSync(folder).map((name): [string, string] => [`/${name}`, join(folder, name)]),
  ['/', join(folder, 'index.html')],
  ['/hls.js', hlsScript],
]);

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.js': 'text/javascript; charset=utf-8',
};

/** Nothing but the page's own files and the film's; MSE plays from blob URLs. */
const contentPolicy =
  "default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** Serves the player page on loopback, with the output bucket's objects under `/films/KEY`. */
export async function startPlayerServer(options: PlayerServerOptions): Promise<PlayerServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/?job=${encodeURIComponent(options.jobId)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: PlayerServerOptions) {
  const { pathname } = new URL(request.url ?? '/', 'http://local');
  response.setHeader('content-security-policy', contentPolicy);
  response.setHeader('x-content-type-options', 'nosniff');
  if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end();

  const file = files.get(pathname);
  if (file !== undefined) {
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    response.setHeader('content-length', (await stat(file)).size);
    response.setHeader('cache-control', 'no-cache');
    return request.method === 'HEAD' ? void response.end() : pipeline(createReadStream(file), response);
  }
  const [, key] = /^\/films\/(.+)$/.exec(pathname) ?? [];
  if (key === undefined) return void response.writeHead(404).end('There is no such page.');
  return sendObject(decodeURIComponent(key), request, response, options);
}

async function sendObject(
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
  { s3, bucket }: PlayerServerOptions,
) {
  try {
    const object = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: key, Range: request.headers.range }),
    );
    response.statusCode = object.ContentRange ? 206 : 200;
    response.setHeader('content-type', object.ContentType ?? 'application/octet-stream');
    // Everything is on this machine: a page that is loaded again shows what is there now.
    response.setHeader('cache-control', 'no-cache');
    response.setHeader('accept-ranges', 'bytes');
    if (object.ContentLength !== undefined) response.setHeader('content-length', object.ContentLength);
    if (object.ContentRange) response.setHeader('content-range', object.ContentRange);
    const body = object.Body as Readable;
    // A viewer who leaves ends the connection to the storage, whose error may come after `pipeline` is over.
    body.on('error', () => undefined);
    if (request.method === 'HEAD') {
      body.destroy();
      return void response.end();
    }
    return await pipeline(body, response);
  } catch (error) {
    if (!(error instanceof S3ServiceException) || response.headersSent) throw error;
    response.writeHead(error.$metadata.httpStatusCode ?? 500).end();
  }
}
