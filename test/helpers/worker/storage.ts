import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { tuneFauxqs } from '../../../cli/local-farm/fauxqs-tuning.ts';
import type { BucketSettings } from '../../../worker/src/storage/s3-client.ts';

export interface TestStorage extends AsyncDisposable {
  server: FauxqsServer;
  endpoint: string;
  /** Settings of a bucket, which is made. `endpoint` may be a proxy's. */
  bucket(name: string, endpoint?: string): BucketSettings;
}

/**
 * Object storage in this process, in memory.
 * @param options.limitWrites one write a second to a key, as with R2
 */
export async function startStorage(options: { limitWrites?: boolean } = {}): Promise<TestStorage> {
  const stopTuning = tuneFauxqs(options);
  const server = await startFauxqs({ port: 0, logger: false }).finally(stopTuning);
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
        conditionalWrites: true,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      };
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}
