import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';

/** Passes bytes on to a server, each piece later by a while of its own. */
export interface SlowNetwork extends AsyncDisposable {
  /** The server's URL with the port of this in the place of its own. */
  url: string;
}

/** @param delayMs asked for each piece; pieces keep their order */
export async function startSlowNetwork(target: string, delayMs: () => number): Promise<SlowNetwork> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      let last = Promise.resolve();
      open.add(from);
      from.on('data', (piece) => {
        const due = new Promise<void>((resolve) => setTimeout(resolve, delayMs()));
        last = last.then(() => due).then(() => void to.write(piece));
      });
      // Either end takes the other with it.
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.on('error', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
