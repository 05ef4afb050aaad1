import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { tuneFauxqs } from '../../../cli/local-farm/fauxqs-tuning.ts';
import type { RuleOptions } from '../../../cli/local-farm/rules/rules.ts';
import type { BucketSettings } from '../../../worker/src/storage/s3-client.ts';

export interface TestStorage extends AsyncDisposable {
  server: FauxqsServer;
  endpoint: string;
  /** Settings of a bucket, which is made. `endpoint` may be a proxy's. */
  bucket(name: string, endpoint?: string): BucketSettings;
  /** Puts objects past the network, which takes a fifth of the time of a client's call. @param contentOf a key; @default nothing */
  fill(bucket: string, keys: readonly string[], contentOf?: (key: string) => string | Buffer): Promise<void>;
}

/** What is used here of Fastify, on which fauxqs is built. */
interface Server {
  addresses(): { port: number }[];
  inject(request: {
    method: string;
    url: string;
    payload: string | Buffer;
    headers: Record<string, string>;
  }): Promise<{ statusCode: number; body: string }>;
}

/**
 * Object storage in this process, in memory.
 * @param rules what the real services refuse, limit and forget
 */
export async function startStorage(rules?: RuleOptions): Promise<TestStorage> {
  const stopTuning = tuneFauxqs({ rules });
  const servers: Server[] = [];
  const onServer = (message: unknown) => void servers.push((message as { fastify: Server }).fastify);
  subscribe('fastify.initialization', onServer);
  const server = await startFauxqs({ port: 0, logger: false }).finally(() => {
    stopTuning();
    unsubscribe('fastify.initialization', onServer);
  });
  // Another may have been made at the same time.
  const fastify = servers.find((each) => each.addresses().some(({ port }) => port === server.port));
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
    async fill(bucket, keys, contentOf = () => '') {
      for (const key of keys) {
        const url = `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
        const headers = { 'content-type': 'application/octet-stream' };
        const answer = await fastify?.inject({ method: 'PUT', url, payload: contentOf(key), headers });
        if (answer?.statusCode !== 200) throw new Error(`${key} could not be put: ${answer?.body}`);
      }
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}
