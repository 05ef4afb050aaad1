import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { segmentKey } from '../../worker/src/publish/segment-encryption.ts';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';

export interface DemoKeyServer {
  /** For workers. */
  environment: Partial<WorkerEnvironment>;
  /** Where players ask, with `{jobId}` and `{plan}`. */
  keyUrl: string;
  close(): Promise<void>;
}

/** The owner's key server as docs/encryption.md has it, on this machine alone: whoever reaches it may watch. */
export async function startKeyServer(): Promise<DemoKeyServer> {
  const secret = randomBytes(32).toString('base64');
  const server = createServer((request, response) => {
    const [, jobId = '', plan = ''] = (request.url ?? '').split('/');
    response
      .setHeader('Access-Control-Allow-Origin', '*')
      .setHeader('Content-Type', 'application/octet-stream')
      .end(segmentKey(secret, jobId, plan));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const keyUrl = `http://127.0.0.1:${port}/{jobId}/{plan}`;
  return {
    environment: {
      ENCRYPTION: 'aes-128',
      ENCRYPTION_KEY_URL: keyUrl,
      ENCRYPTION_SECRET: secret,
    },
    keyUrl,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
