import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type FunctionConfig, FunctionEnvironment } from './environment.ts';
import type { CallResult } from './runtime-host.ts';

export interface LocalFunctionsOptions extends FunctionConfig {
  /** Calls at once, as by `reservedConcurrentExecutions`. */
  concurrency: number;
  /** Of the environments' logs. */
  dir: string;
  /** Other functions that this one calls, by name: what becomes of an event. */
  others?: Readonly<Record<string, (event: string) => void>> | undefined;
}

/** How the function is called when it is at its limit. */
export class TooManyCallsError extends Error {}

/** Between two tries of an event that met the limit. */
const throttledPauseMs = 200;

/**
 * Lambda for one function on this machine: environments that are reused and made as calls need them, calls that are waited for,
 * and events that are not. A failed event is not repeated, as in the farm's cloud.
 */
export class LocalFunctions {
  readonly #options: LocalFunctionsOptions;
  readonly #environments: FunctionEnvironment[] = [];
  readonly #idle: FunctionEnvironment[] = [];
  readonly #busy = new Set<FunctionEnvironment>();
  readonly #server = createServer();
  #starting = 0;
  #isClosed = false;

  private constructor(options: LocalFunctionsOptions) {
    this.#options = options;
  }

  static async start(
    options: Omit<LocalFunctionsOptions, 'environment'> & Pick<FunctionConfig, 'environment'>,
  ) {
    const functions = new LocalFunctions(options);
    await functions.#listen();
    return functions;
  }

  /** In place of `https://lambda.REGION.amazonaws.com`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every environment that there ever was, in the order of their starts. */
  get environments(): readonly FunctionEnvironment[] {
    return this.#environments;
  }

  /** Environments that work on a call. */
  get busy(): readonly FunctionEnvironment[] {
    return [...this.#busy];
  }

  /** @throws TooManyCallsError at the limit */
  async invoke(event: string): Promise<CallResult> {
    if (this.#isClosed || this.#busy.size + this.#starting >= this.#options.concurrency)
      throw new TooManyCallsError(`The function has ${this.#options.concurrency} calls in hand.`);
    const environment = await this.#take();
    const result = await environment.invoke(event);
    this.#busy.delete(environment);
    if (result.kind === 'answered' && !environment.isGone) this.#idle.push(environment);
    // A failed call may have left the process in any state; no one awaits its end.
    else environment.kill();
    return result;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#server.close();
    this.#server.closeAllConnections();
    await Promise.all(this.#environments.map((environment) => environment.stop()));
  }

  async #take(): Promise<FunctionEnvironment> {
    let idle = this.#idle.pop();
    while (idle?.isGone) idle = this.#idle.pop();
    if (idle !== undefined) {
      this.#busy.add(idle);
      return idle;
    }
    this.#starting += 1;
    try {
      const { dir, environment } = this.#options;
      const number = this.#environments.length + 1;
      const logFile = join(dir, `function-${number}-${this.#starting}.log`);
      const started = await FunctionEnvironment.start(
        { ...this.#options, environment: { ...environment, LAMBDA_ENDPOINT: this.endpoint } },
        logFile,
      );
      this.#environments.push(started);
      this.#busy.add(started);
      return started;
    } finally {
      this.#starting -= 1;
    }
  }

  /** The Invoke API: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
  async #listen(): Promise<void> {
    this.#server.on('request', async (request, response) => {
      const { name, others = {} } = this.#options;
      const event = await text(request);
      const [, called = ''] =
        /^\/2015-03-31\/functions\/([\w-]+)\/invocations$/.exec(request.url ?? '') ?? [];
      if (request.method === 'POST' && others[called] !== undefined) {
        response.writeHead(202).end();
        others[called](event);
      } else if (request.method !== 'POST' || called !== name) {
        response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' }).end('{}');
      } else if (request.headers['x-amz-invocation-type'] === 'Event') {
        response.writeHead(202).end();
        void this.#runEvent(event);
      } else {
        const result = await this.invoke(event).catch((error: Error) => error);
        if (result instanceof TooManyCallsError)
          response.writeHead(429, { 'x-amzn-errortype': 'TooManyRequestsException' }).end('{}');
        else if (result instanceof Error) response.writeHead(500).end('{}');
        else if (result.kind === 'answered') response.writeHead(200).end(result.body);
        else
          response
            .writeHead(200, { 'x-amz-function-error': 'Unhandled' })
            .end(JSON.stringify({ errorType: result.type, errorMessage: result.message }));
      }
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** Waits while the function is at its limit. */
  async #runEvent(event: string): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.invoke(event);
        return;
      } catch (error) {
        if (!(error instanceof TooManyCallsError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, throttledPauseMs).unref());
      }
    }
  }
}
