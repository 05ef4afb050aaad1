import type { Settings } from '../settings.ts';
import { openStore } from '../storage/s3-store.ts';
import type { Store } from '../storage/store.ts';

/** The buckets that a job meets. */
export interface Stores {
  source: Store;
  output: Store;
  /** A bucket that a job names, reached as the source bucket is. Opened once. */
  storeFor(bucket: string): Store;
  close(): void;
}

export function openStores(settings: Pick<Settings, 'source' | 'output'>): Stores {
  const source = openStore(settings.source);
  const output = openStore(settings.output);
  const others = new Map<string, Store>([[settings.source.bucket, source]]);
  return {
    source,
    output,
    storeFor(bucket) {
      const store = others.get(bucket) ?? openStore({ ...settings.source, bucket });
      others.set(bucket, store);
      return store;
    },
    close() {
      output.close();
      for (const store of others.values()) store.close();
    },
  };
}
