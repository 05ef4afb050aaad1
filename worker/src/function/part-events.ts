import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Logger } from '../log.ts';
import type { NewMessage } from '../protocol/queue-message.ts';
import type { Queue } from '../queue/queue.ts';
import type { Settings } from '../settings/settings.ts';
import { openAgents } from '../storage/agents.ts';
import { renewExpiredCredentials } from '../storage/renew-credentials.ts';
import { partEvent } from './events.ts';

/**
 * Part requests as events that the function sends to itself. Lambda starts them at once, up to 1,000 more in ten seconds, where
 * an event source of SQS begins with five. An event is not kept for long and not repeated, so nothing may depend on it: the
 * planner stays until the film is committed, and makes what no other invocation does.
 */
export class PartEvents {
  readonly #lambda: LambdaClient;
  readonly #name: string;
  readonly #log: Logger;

  constructor(
    { region }: Pick<Settings, 'region'>,
    { name, endpoint }: { name: string; endpoint?: string | undefined },
    log: Logger,
  ) {
    this.#name = name;
    this.#log = log;
    this.#lambda = new LambdaClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      requestHandler: { connectionTimeout: 2000, socketTimeout: 5000, ...openAgents() },
    });
    renewExpiredCredentials(this.#lambda);
  }

  /** Asks for one more invocation. An event that can't be sent costs speed alone. */
  async send(message: NewMessage): Promise<void> {
    try {
      await this.#lambda.send(
        new InvokeCommand({
          FunctionName: this.#name,
          InvocationType: 'Event',
          Payload: Buffer.from(JSON.stringify(partEvent(message))),
        }),
      );
    } catch (error) {
      this.#log.warn({ err: error }, 'could not call the function for a part; the others make it');
    }
  }

  /** Has the waker start so many workers. It looks every minute too, so a call that fails costs that time alone. */
  async wake(waker: string | undefined, workers: number): Promise<void> {
    if (waker === undefined) return;
    try {
      await this.#lambda.send(
        new InvokeCommand({
          FunctionName: waker,
          InvocationType: 'Event',
          Payload: Buffer.from(JSON.stringify({ workers })),
        }),
      );
    } catch (error) {
      this.#log.warn({ err: error }, 'could not call the waker; it looks within a minute');
    }
  }

  /**
   * What becomes of an event that is handled: it has no place in a queue to go back to. One that is to go on at once is sent
   * again; one that should wait can't, and the planner makes its part.
   */
  asQueue(deadLetters: Pick<Queue, 'sendToDeadLetters'>): Queue {
    return {
      name: 'self',
      receive: async () => undefined,
      hide: async () => {},
      delete: async () => {},
      send: async (message) => {
        if ((message.delaySeconds ?? 0) === 0) await this.send(message);
      },
      sendToDeadLetters: (message) => deadLetters.sendToDeadLetters(message),
    };
  }
}
