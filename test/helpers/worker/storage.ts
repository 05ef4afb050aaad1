import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { tuneFauxqs } from '../../../cli/local-farm/fauxqs-tuning.ts';
import type { RuleOptions } from '../../../cli/local-farm/rules/rules.ts';
import { eachLimited } from '../../../worker/src/storage/limited.ts';
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

/** Each at once would have a connection of its own; beyond some hundred a busy machine refuses them. */
const putsAtOnce = 32;

/**
 * Puts many objects, each by a plain request: that takes a third of the time of the client's.
 * @param bucketUrl as `http://127.0.0.1:4566/films`
 */
export async function putPlainly(
  bucketUrl: string,
  keys: readonly string[],
  contentOf: (key: string) => string | Uint8Array<ArrayBuffer> = () => '',
): Promise<void> {
  await eachLimited(keys, putsAtOnce, async (key) => {
    const url = `${bucketUrl}/${key.split('/').map(encodeURIComponent).join('/')}`;
    const { ok, status } = await fetch(url, { method: 'PUT', body: contentOf(key) });
    if (!ok) throw new Error(`${key} could not be put: ${status}`);
  });
}
