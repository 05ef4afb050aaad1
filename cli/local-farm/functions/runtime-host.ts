import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What a call of a function came to. */
export type CallResult =
  | { kind: 'answered'; body: string }
  /** The function answered with an error, could not start, went, or did not answer in time. */
  | { kind: 'failed'; type: string; message: string };

interface Call {
  requestId: string;
  event: string;
  timeoutSeconds: number;
  /** It was not answered in time. */
  onLate: () => void;
  timer?: NodeJS.Timeout;
  ended: PromiseWithResolvers<CallResult>;
}

/**
 * Lambda's side of the Runtime API, for one execution environment: one process asks for calls here, and has one at a time.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeHost {
  readonly #server: Server;
  readonly #functionArn: string;
  #waiting: ServerResponse | undefined;
  #call: Call | undefined;
  /** Handed to the process. */
  #isTaken = false;
  #initFailure: CallResult | undefined;
  /** The process asks for its next call, or is gone. */
  #asks = Promise.withResolvers<void>();

  private constructor(server: Server, functionArn: string) {
    this.#server = server;
    this.#functionArn = functionArn;
  }

  static async start(functionArn: string): Promise<RuntimeHost> {
    const server = createServer((request, response) => void host.#serve(request, response));
    const host = new RuntimeHost(server, functionArn);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return host;
  }

  /** What the process finds in `AWS_LAMBDA_RUNTIME_API`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Gives the process a call, as soon as it asks for one: the time of its start does not count. */
  invoke(event: string, timeoutSeconds: number, onLate: () => void): Promise<CallResult> {
    if (this.#initFailure !== undefined) return Promise.resolve(this.#initFailure);
    if (this.#call !== undefined) throw new Error('An environment has one call at a time.');
    const ended = Promise.withResolvers<CallResult>();
    this.#call = { requestId: randomUUID(), event, timeoutSeconds, onLate, ended };
    this.#isTaken = false;
    this.#giveNext();
    return this.#call.ended.promise;
  }

  /** Resolves when the process works on nothing: then, and no sooner, Lambda lets it stand still. */
  get asksForNext(): Promise<void> {
    return this.#asks.promise;
  }

  /** The process is gone, or out of time. */
  fail(type: string, message: string): void {
    this.#asks.resolve();
    this.#end({ kind: 'failed', type, message });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === '/2018-06-01/runtime/invocation/next') {
      this.#waiting = response;
      this.#asks.resolve();
      this.#giveNext();
      return;
    }
    const body = await text(request);
    const [, requestId, what] =
      /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (request.method === 'POST' && path === '/2018-06-01/runtime/init/error') {
      this.#initFailure = failure(body);
      reply(response, 202, { status: 'OK' });
      this.#end(this.#initFailure);
    } else if (request.method === 'POST' && what !== undefined) {
      if (!this.#isTaken || requestId !== this.#call?.requestId) {
        reply(response, 400, { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' });
        return;
      }
      reply(response, 202, { status: 'OK' });
      this.#end(what === 'response' ? { kind: 'answered', body } : failure(body));
    } else {
      reply(response, 404, { errorType: 'NotFound', errorMessage: `no ${request.method} ${path}` });
    }
  }

  #giveNext(): void {
    if (this.#waiting === undefined || this.#call === undefined || this.#isTaken) return;
    const { requestId, event, timeoutSeconds, onLate } = this.#call;
    const timeoutMs = timeoutSeconds * 1000;
    this.#call.timer = setTimeout(() => {
      this.fail('Sandbox.Timedout', `no answer after ${timeoutSeconds} s`);
      onLate();
    }, timeoutMs);
    this.#waiting.writeHead(200, {
      'content-type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': requestId,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + timeoutMs),
      'Lambda-Runtime-Invoked-Function-Arn': this.#functionArn,
      'Lambda-Runtime-Trace-Id': traceId(),
    });
    this.#waiting.end(event);
    this.#waiting = undefined;
    this.#isTaken = true;
    this.#asks = Promise.withResolvers();
  }

  #end(result: CallResult): void {
    clearTimeout(this.#call?.timer);
    this.#call?.ended.resolve(result);
    this.#call = undefined;
  }
}

function failure(body: string): CallResult {
  const { errorType = 'Unknown', errorMessage = body } = JSON.parse(body) as Record<string, string>;
  return { kind: 'failed', type: errorType, message: errorMessage };
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** As X-Ray makes it: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-traceids */
function traceId(): string {
  const hex = randomUUID().replaceAll('-', '');
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${hex.slice(0, 24)};Parent=${hex.slice(16)};Sampled=0`;
}
