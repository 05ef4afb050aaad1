import type { BucketSettings } from './s3-client.ts';
import { openStore } from './s3-store.ts';
import type { Store } from './store.ts';

/** The buckets that a job meets. */
export interface Stores {
  source: Store;
  output: Store;
  /** A bucket that a job names, reached as the source bucket is. Opened once. */
  storeFor(bucket: string): Store;
  close(): void;
}

export function openStores(settings: {
  source: BucketSettings;
  output: BucketSettings;
  storage: { stallSeconds: number; patienceSeconds: number };
}): Stores {
  const { stallSeconds, patienceSeconds: retrySeconds } = settings.storage;
  const timing = { stallSeconds, retrySeconds };
  const source = openStore(settings.source, timing);
  const output = openStore(settings.output, timing);
  const others = new Map<string, Store>([[settings.source.bucket, source]]);
  return {
    source,
    output,
    storeFor(bucket) {
      const store = others.get(bucket) ?? openStore({ ...settings.source, bucket }, timing);
      others.set(bucket, store);
      return store;
    },
    close() {
      output.close();
      for (const store of others.values()) store.close();
    },
  };
}
