import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { tuneFauxqs } from '../../../cli/local-farm/fauxqs-tuning.ts';
import type { RuleOptions } from '../../../cli/local-farm/rules/rules.ts';
import type { BucketSettings } from '../../../worker/src/storage/s3-client.ts';

export interface TestStorage extends AsyncDisposable {
  server: FauxqsServer;
  endpoint: string;
  /** Settings of a bucket, which is made. `endpoint` may be a proxy's. */
  bucket(name: string, endpoint?: string): BucketSettings;
}

/**
 * Object storage in this process, in memory.
 * @param rules what the real services refuse, limit and forget
 */
export async function startStorage(rules?: RuleOptions): Promise<TestStorage> {
  const stopTuning = tuneFauxqs({ rules });
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
