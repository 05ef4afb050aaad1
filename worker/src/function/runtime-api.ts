import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** What the platform calls the function with. */
export interface InvocationCall {
  requestId: string;
  /** Of the clock. */
  deadline: Date;
  /** To be passed on, so that AWS sees which call led to which. */
  traceId: string | undefined;
  event: unknown;
}

/**
 * The Lambda Runtime API, by which a program of any kind is a function: it asks for the next call, and answers it. The platform
 * stops the process between an answer and the next call.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  readonly #base: string;
  /** One connection. Without a timeout: until the next call hours may pass, in which this process stands still. */
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** @param address host and port, as in `AWS_LAMBDA_RUNTIME_API` */
  constructor(address: string) {
    this.#base = `http://${address}/2018-06-01/runtime`;
  }

  async next(): Promise<InvocationCall> {
    const { headers, body } = await this.#call('GET', '/invocation/next').catch(
      (error: NodeJS.ErrnoException) => {
        // The kept connection went while this process stood still. Nothing was handed out by it.
        if (error.code !== 'ECONNRESET') throw error;
        return this.#call('GET', '/invocation/next');
      },
    );
    const [requestId, deadlineMs, traceId] = ['aws-request-id', 'deadline-ms', 'trace-id'].map((name) =>
      headers[`lambda-runtime-${name}`]?.toString(),
    );
    if (requestId === undefined) throw new Error('The Runtime API gave a call without a request id.');
    return { requestId, deadline: new Date(Number(deadlineMs)), traceId, event: JSON.parse(body) };
  }

  async respond(requestId: string, answer: unknown): Promise<void> {
    await this.#call('POST', `/invocation/${requestId}/response`, answer ?? null);
  }

  async fail(requestId: string, error: unknown): Promise<void> {
    await this.#callFailed(`/invocation/${requestId}/error`, error);
  }

  /** The function can't be started: no call is answered by this process. */
  async failInit(error: unknown): Promise<void> {
    await this.#callFailed('/init/error', error);
  }

  async #callFailed(path: string, error: unknown): Promise<void> {
    const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    const report = { errorMessage: message, errorType: name, stackTrace: stack.split('\n').slice(1) };
    await this.#call('POST', path, report, { 'Lambda-Runtime-Function-Error-Type': `Function.${name}` });
  }

  async #call(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ headers: IncomingMessage['headers']; body: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const call = request(
      `${this.#base}${path}`,
      {
        method,
        agent: this.#agent,
        headers: sent === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      },
      resolve,
    );
    call.once('error', reject).end(sent);
    const response = await promise;
    const answer = await text(response);
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299)
      throw new Error(
        `The Runtime API answered ${method} ${path} with ${statusCode}: ${answer.slice(0, 500)}`,
      );
    return { headers: response.headers, body: answer };
  }
}
