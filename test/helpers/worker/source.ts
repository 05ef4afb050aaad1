import { randomFillSync } from 'node:crypto';
import { openSource } from '../../../worker/src/source/open.ts';
import {
  type SourceServer,
  type SourceServerOptions,
  serveSource,
} from '../../../worker/src/source/server.ts';
import type { SourceObject } from '../../../worker/src/source/source.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { ObjectInfo, Store } from '../../../worker/src/storage/store.ts';
import { type FaultProxy, startFaultProxy } from '../local-farm/fault-proxy.ts';
import { startStorage, type TestStorage } from './storage.ts';

/** Storage behind a proxy that can spoil things, with a bucket `films` in it. */
export interface SourceFarm extends AsyncDisposable {
  storage: TestStorage;
  proxy: FaultProxy;
  /** Through the proxy. */
  store: Store;
  /** Past the proxy. */
  direct: Store;
  /** Puts bytes that differ everywhere, and opens them as a source. */
  film(key: string, sizeBytes: number): Promise<{ bytes: Buffer; source: SourceObject; info: ObjectInfo }>;
  open(key: string): SourceObject;
  serve(source: SourceObject, info: ObjectInfo, options?: SourceServerOptions): Promise<SourceServer>;
}

export async function startSourceFarm(): Promise<SourceFarm> {
  const storage = await startStorage();
  const proxy = await startFaultProxy(storage.endpoint);
  const timing = { retrySeconds: 10, connectSeconds: 1, stallSeconds: 1 };
  const direct = openStore(storage.bucket('films'), timing);
  const store = openStore(storage.bucket('films', proxy.url), timing);
  const open = (key: string) => openSource(key, { bucket: 'films', storeFor: () => store, allowHttp: false });
  return {
    storage,
    proxy,
    store,
    direct,
    async film(key, sizeBytes) {
      const bytes = randomFillSync(Buffer.alloc(sizeBytes));
      await direct.put(key, bytes, { contentType: 'video/mp4', cacheControl: 'no-cache' });
      const source = open(key);
      return { bytes, source, info: await source.describe() };
    },
    open,
    serve(source, info, options) {
      return serveSource(source, info, options);
    },
    async [Symbol.asyncDispose]() {
      store.close();
      direct.close();
      await proxy[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
}
