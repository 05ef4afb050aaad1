import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Throttle extends AsyncDisposable {
  url: string;
  bytes(): number;
}

/** A network of a given speed: a proxy whose connections, both ways, share `bytesPerSecond`. */
export async function startThrottle(target: string, bytesPerSecond: number): Promise<Throttle> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let passed = 0;
  let freeAt = performance.now();

  async function takeTurn(bytes: number): Promise<void> {
    passed += bytes;
    freeAt = Math.max(freeAt, performance.now()) + (bytes / bytesPerSecond) * 1000;
    const waitMs = freeAt - performance.now();
    if (waitMs > 1) await sleep(waitMs);
  }
  const slow = () =>
    new Transform({
      highWaterMark: 16 * 1024,
      transform: (chunk: Buffer, _encoding, done) => {
        takeTurn(chunk.length).then(() => done(null, chunk), done);
      },
    });

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(slow()).pipe(upstream);
    upstream.pipe(slow()).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => passed,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
