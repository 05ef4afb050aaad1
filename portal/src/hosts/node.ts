import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Problem } from '../http/problem.ts';
import { maxBodyBytes } from '../http/route.ts';
import type { Portal } from '../portal.ts';

export interface HostOptions {
  /** @default 0: any free port */
  port?: number | undefined;
  /** @default loopback alone */
  host?: string;
  /**
   * Behind a load balancer that sets `x-forwarded-proto` and adds the client to `x-forwarded-for`, and that alone can reach this
   * host. Otherwise a client could write these headers itself, so nothing of them is read.
   */
  behindProxy?: boolean;
}

export interface PortalHost {
  /** Such as `http://127.0.0.1:40123`. */
  origin: string;
  /** Answers what came in and takes nothing new; ends connections that still wait after so many seconds. */
  drain(seconds: number): Promise<void>;
  /** Ends at once. */
  close(): Promise<void>;
}

/** Serves a portal by node:http. @param open makes the portal when its address is known */
export async function serve(
  open: (origin: string) => Portal,
  options: HostOptions = {},
): Promise<PortalHost> {
  const { host = '127.0.0.1', behindProxy = false } = options;
  let portal: Portal | undefined;
  let isDraining = false;
  const server = createServer((request, response) => {
    handle(portal, request, behindProxy)
      .then((result) => send(result, request, response, isDraining))
      .catch(() => response.destroy());
  });
  // Longer than a load balancer keeps a connection, or it sends requests into closed ones.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const origin = `http://${host}:${(server.address() as AddressInfo).port}`;
  portal = open(origin);
  const closed = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    origin,
    drain: async (seconds) => {
      isDraining = true;
      const timer = setTimeout(() => server.closeAllConnections(), seconds * 1000);
      await closed();
      clearTimeout(timer);
    },
    close: async () => {
      const end = closed();
      server.closeAllConnections();
      await end;
    },
  };
}

async function send(
  result: Response,
  message: IncomingMessage,
  response: ServerResponse,
  isLast: boolean,
): Promise<void> {
  // The client opens another connection, which leads elsewhere.
  if (isLast) response.setHeader('connection', 'close');
  response.statusCode = result.status;
  for (const [name, value] of result.headers) if (name !== 'set-cookie') response.setHeader(name, value);
  const cookies = result.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  const body = Buffer.from(await result.arrayBuffer());
  if (message.method !== 'HEAD' && result.status !== 304 && result.status !== 204)
    response.setHeader('content-length', body.length);
  response.end(body);
}

async function handle(
  portal: Portal | undefined,
  message: IncomingMessage,
  behindProxy: boolean,
): Promise<Response> {
  const { method = 'GET', headers } = message;
  const forwarded = behindProxy ? String(headers['x-forwarded-for'] ?? '') : '';
  // Only the last entry is the load balancer's own; a client may have sent the others.
  const ip = forwarded.split(',').at(-1)?.trim() || (message.socket.remoteAddress ?? 'unknown');
  const scheme = behindProxy && headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  const url = URL.parse(`${scheme}://${headers.host ?? 'localhost'}${message.url ?? '/'}`);
  if (url === null || portal === undefined)
    return new Problem(400, 'invalid-request', 'The address of the request is not valid.').toResponse();
  // Web requests can't have these methods.
  if (/^(CONNECT|TRACE|TRACK)$/i.test(method))
    return new Problem(405, 'method-not-allowed', `${method} is not allowed here.`, {
      allow: 'GET, POST, DELETE',
    }).toResponse();
  const body = method === 'GET' || method === 'HEAD' ? undefined : await readAll(message);
  if (body === 'too-large')
    return new Problem(413, 'body-too-large', `The body is larger than ${maxBodyBytes} bytes.`).toResponse();
  const fields = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined || name.startsWith(':') ? [] : [[name, [value].flat().join(', ')]],
  );
  return portal.handle(new Request(url, { method, headers: fields, ...(body?.length && { body }) }), ip);
}

async function readAll(message: IncomingMessage): Promise<Buffer<ArrayBuffer> | 'too-large'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return 'too-large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
