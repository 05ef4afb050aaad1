import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FileServer extends AsyncDisposable {
  url(path: string): string;
}

/** Enough for a header. */
const delayedFromByte = 20_000;

/**
 * Serves any file of this machine on loopback, with ranges, as media tools read it.
 * @param delayMs how long a file's bytes behind its start take to come
 */
export async function serveFiles(delayMs: (path: string) => number = () => 0): Promise<FileServer> {
  const server = createServer((request, response) => {
    // Sound is read from an address of its own, as from the source server.
    const path = decodeURIComponent(request.url ?? '').replace(/\/follow$/, '');
    const size = statSync(path).size;
    const [from, to] = (/bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? []).slice(1);
    const start = Number(from ?? 0);
    const end = to ? Math.min(Number(to), size - 1) : size - 1;
    if (start > end) {
      response.writeHead(size === 0 && start === 0 ? 200 : 416).end();
      return;
    }
    response.writeHead(from === undefined ? 200 : 206, {
      'Accept-Ranges': 'bytes',
      'Content-Length': end - start + 1,
      'Content-Range': `bytes ${start}-${end}/${size}`,
    });
    const firstBytes = delayMs(path) > 0 && start === 0 ? delayedFromByte : size;
    const file = createReadStream(path, { start, end: Math.min(end, firstBytes - 1) });
    if (firstBytes > end) return void file.pipe(response);
    file.pipe(response, { end: false });
    file.once('end', () =>
      setTimeout(() => createReadStream(path, { start: firstBytes, end }).pipe(response), delayMs(path)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${encodeURI(path)}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
