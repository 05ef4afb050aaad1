import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Delivery {
  headers: Record<string, string>;
  body: string;
  at: number;
}

/** A webhook receiver that answers as a test asks it to; by default it answers 204. */
export interface Receiver extends AsyncDisposable {
  url: string;
  deliveries: Delivery[];
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export async function startReceiver(answers: Answer[] = []): Promise<Receiver> {
  const deliveries: Delivery[] = [];
  const server = createServer(async (request, response) => {
    // Taken before the body is read: tries may overlap.
    const answer = answers.shift() ?? respond(204);
    const body = await text(request).catch(() => '');
    deliveries.push({ headers: request.headers as Record<string, string>, body, at: performance.now() });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    deliveries,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const respond =
  (status: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(body);
