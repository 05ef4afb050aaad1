import { hkdfSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KeyServer extends AsyncDisposable {
  /** For ENCRYPTION_KEY_URL. */
  keyUrl: string;
  /** In base64. */
  secret: string;
  keyOf(jobId: string, plan: string): Buffer;
  /** Paths that were asked for. */
  asked: string[];
}

/** An owner's key server, as docs/encryption.md has it: it shares nothing with the worker but the secret. */
export async function startKeyServer(): Promise<KeyServer> {
  const secret = Buffer.alloc(32, 'key server');
  const keyOf = (jobId: string, plan: string) =>
    Buffer.from(hkdfSync('sha256', secret, '', `transcode-farm aes-128 ${jobId}/${plan}`, 16));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const [, , jobId = '', plan = ''] = (request.url ?? '').split('/');
    asked.push(request.url ?? '');
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.end(keyOf(jobId, plan));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    keyUrl: `http://127.0.0.1:${port}/keys/{jobId}/{plan}`,
    secret: secret.toString('base64'),
    keyOf,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
