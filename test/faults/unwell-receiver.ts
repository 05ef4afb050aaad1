import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { type Answer, respond } from '../helpers/reports/receiver.ts';

/** A receiver that goes wrong at the first try of each event, and is well from then on. */
export interface UnwellReceiver extends AsyncDisposable {
  url: string;
  /** How often each event came, by its id. */
  tries: Map<string, number>;
  /** Tries whose signature another library than ours did not accept. */
  forged: number;
}

export async function startUnwellReceiver(first: Answer, secret: string): Promise<UnwellReceiver> {
  const tries = new Map<string, number>();
  const signed = new Webhook(secret);
  const receiver = { tries, forged: 0 };
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => '');
    const headers = request.headers as Record<string, string>;
    try {
      signed.verify(body, headers);
    } catch {
      receiver.forged += 1;
    }
    const id = headers['webhook-id'] ?? '';
    const count = (tries.get(id) ?? 0) + 1;
    tries.set(id, count);
    (count === 1 ? first : respond(204))(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** A good answer whose body never ends, a byte at a time. */
export const drip: Answer = (_, response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write('.'), 100);
  response.on('close', () => clearInterval(timer));
};

/** A good answer whose body never ends, as fast as it can be taken. */
export const flood: Answer = (_, response) => pour(response.writeHead(200));

function pour(response: ServerResponse): void {
  while (!response.destroyed && response.write(Buffer.alloc(65_536)));
  response.once('drain', () => pour(response));
}
