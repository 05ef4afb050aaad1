import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { BucketSettings } from '../../worker/src/settings/settings.ts';

export interface TestStorage extends AsyncDisposable {
  server: FauxqsServer;
  endpoint: string;
  /** Settings of a bucket, which is made. `endpoint` may be a proxy's. */
  bucket(name: string, endpoint?: string): BucketSettings;
}

/** Object storage in this process, in memory. */
export async function startStorage(): Promise<TestStorage> {
  const server = await startFauxqs({ port: 0, logger: false });
  const endpoint = `http://127.0.0.1:${server.port}`;
  return {
    server,
    endpoint,
    bucket(name, through = endpoint) {
      server.createBucket(name);
      return {
        bucket: name,
        region: 'us-east-1',
        endpoint: through,
        addressing: 'path',
        checksums: 'when-required',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      };
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}
