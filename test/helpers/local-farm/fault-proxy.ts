import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong between a client and an HTTP service such as fauxqs (S3, SQS, SNS) or a webhook receiver. */
export type Fault =
  /** Open connections are reset, and new ones as soon as they are made. */
  | { kind: 'cut' }
  /** Requests are taken and never answered. */
  | { kind: 'hang' }
  /** The request reaches the service so much later. */
  | { kind: 'delay'; seconds: number }
  /** The service answers this status with S3's XML error `code`. */
  | { kind: 'status'; status: number; code?: string; message?: string }
  /** The service does what was asked, and the connection breaks before its answer. */
  | { kind: 'lose' }
  /** The answer's body ends after so many bytes: by an orderly end of the connection, or by a reset. */
  | { kind: 'truncate' | 'reset'; afterBytes: number }
  /** The answer's body trickles. */
  | { kind: 'trickle'; bytesPerSecond: number }
  /** The answer has its right length, and one wrong byte at this offset (or the last). */
  | { kind: 'corrupt'; atByte: number };

export interface FaultOptions {
  /** Only these requests; all by default. A cut takes all. */
  match?: (request: { method: string; url: string; headers: IncomingHttpHeaders }) => boolean;
  /** Only the first so many of them. */
  times?: number;
  /** Only this share of them, 0 to 1. Evenly spread and the same in each run: every fifth for 0.2. */
  share?: number;
}

export interface FaultProxy extends AsyncDisposable {
  /** In place of the service's own. */
  readonly url: string;
  /** Requests that came so far, spoilt ones included, such as `GET /bucket/key`. */
  readonly requests: string[];
  /** How many of them the fault met. */
  readonly spoilt: number;
  /** From now on this goes wrong, in place of what went wrong before. */
  inject(fault: Fault, options?: FaultOptions): void;
  /** Nothing goes wrong any more. */
  heal(): void;
  /** `inject`, and `heal` after so many seconds. */
  injectFor(seconds: number, fault: Fault, options?: FaultOptions): Promise<void>;
  /** Both directions of all connections together are held to this rate; undefined lifts it. */
  throttle(bytesPerSecond: number | undefined): void;
}

/** A proxy on loopback in front of `target`, such as `http://127.0.0.1:4566`. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let current: { fault: Fault; options: FaultOptions; met: number; matched: number } | undefined;
  let spoilt = 0;
  const rate = createRate();

  function faultFor(request: IncomingMessage): Fault | undefined {
    if (current === undefined) return undefined;
    const { match, times = Number.POSITIVE_INFINITY, share = 1 } = current.options;
    const { method = '', url = '', headers } = request;
    if (match && !match({ method, url, headers })) return undefined;
    const before = Math.floor(current.matched++ * share);
    if (current.met >= times || Math.floor(current.matched * share) === before) return undefined;
    current.met++;
    spoilt++;
    return current.fault;
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests.push(`${request.method} ${request.url}`);
    const fault = faultFor(request);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'delay') await sleep(fault.seconds * 1000);
    if (fault?.kind === 'status') {
      request.resume();
      response.writeHead(fault.status, { 'content-type': 'application/xml' });
      const message = fault.message === undefined ? '' : `<Message>${fault.message}</Message>`;
      response.end(
        `<?xml version="1.0"?><Error><Code>${fault.code ?? 'InternalError'}</Code>${message}</Error>`,
      );
      return;
    }
    const { expect: _, ...headers } = request.headers;
    const upstream = requestHttp({
      hostname,
      port,
      agent,
      method: request.method,
      path: request.url,
      headers,
    });
    response.on('close', () => upstream.destroy());
    const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
    const [[answer]] = await Promise.all([answered, pipeline(request, rate.limit(), upstream)]);
    if (fault?.kind === 'lose') {
      answer.resume();
      await finished(answer);
      return void request.socket.resetAndDestroy();
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    await pipeline(answer, spoil(fault, request.socket), rate.limit(), response);
  }

  const server = createServer((request, response) => {
    // Clients leave, and faults break connections: both are what this is for.
    forward(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    if (current?.fault.kind === 'cut') return socket.resetAndDestroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get spoilt() {
      return spoilt;
    },
    inject(fault, options = {}) {
      current = { fault, options, met: 0, matched: 0 };
      if (fault.kind === 'cut') for (const socket of sockets) socket.resetAndDestroy();
    },
    heal() {
      current = undefined;
    },
    async injectFor(seconds, fault, options) {
      proxy.inject(fault, options);
      await sleep(seconds * 1000);
      proxy.heal();
    },
    throttle: rate.set,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      agent.destroy();
    },
  };
  return proxy;
}

function spoil(fault: Fault | undefined, socket: Socket): Transform {
  let seen = 0;
  return new Transform({
    async transform(chunk: Buffer, _, done) {
      const start = seen;
      seen += chunk.length;
      if (fault?.kind === 'trickle') {
        for (let offset = 0; offset < chunk.length && !this.destroyed; offset += step(fault)) {
          this.push(chunk.subarray(offset, offset + step(fault)));
          await sleep(100);
        }
        return done();
      }
      if ((fault?.kind === 'truncate' || fault?.kind === 'reset') && seen >= fault.afterBytes) {
        this.push(chunk.subarray(0, fault.afterBytes - start));
        // What was pushed must get out first.
        await sleep(20);
        if (fault.kind === 'reset') socket.resetAndDestroy();
        else socket.end(() => socket.destroy());
        return;
      }
      if (fault?.kind === 'corrupt' && start <= fault.atByte && fault.atByte < seen) {
        const wrong = Buffer.from(chunk);
        wrong.writeUInt8((chunk.readUInt8(fault.atByte - start) + 1) % 256, fault.atByte - start);
        return done(null, wrong);
      }
      done(null, chunk);
    },
  });
}

/** Bytes in a tenth of a second. */
function step({ bytesPerSecond }: { bytesPerSecond: number }): number {
  return Math.max(1, Math.floor(bytesPerSecond / 10));
}

/** One rate for all streams that pass through its limiters. */
function createRate() {
  let bytesPerSecond: number | undefined;
  let freeAt = 0;
  return {
    set(rate: number | undefined) {
      bytesPerSecond = rate;
      freeAt = performance.now();
    },
    limit: () =>
      new Transform({
        async transform(chunk: Buffer, _, done) {
          if (bytesPerSecond !== undefined) {
            freeAt = Math.max(freeAt, performance.now()) + (chunk.length / bytesPerSecond) * 1000;
            await sleep(Math.max(0, freeAt - performance.now()));
          }
          done(null, chunk);
        },
      }),
  };
}
