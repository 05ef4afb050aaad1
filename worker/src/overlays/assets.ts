import { finished } from 'node:stream/promises';
import type { Store } from '../storage/store.ts';

export interface Asset {
  key: string;
  etag: string;
  sizeBytes: number;
}

/** Where images and the owner's fonts are: the source bucket, or a folder in its place. */
export interface AssetSource {
  /** For people: "bucket films". */
  readonly name: string;
  /** Undefined where there is no such object. */
  find(key: string, signal?: AbortSignal): Promise<Asset | undefined>;
  list(prefix: string, signal?: AbortSignal): AsyncIterable<Asset>;
  /** @throws Error where it is another version by now */
  read(asset: Asset, signal?: AbortSignal): Promise<Buffer>;
}

export function bucketAssets(store: Store): AssetSource {
  return {
    name: `bucket ${store.bucket}`,
    async find(key, signal) {
      const info = await store.head(key, signal);
      return info && { key, etag: info.etag, sizeBytes: info.sizeBytes };
    },
    list: (prefix, signal) => store.list(prefix, signal),
    async read({ key, etag, sizeBytes }, signal) {
      if (sizeBytes === 0) return Buffer.alloc(0);
      const body = await store.readRange(key, { start: 0, end: sizeBytes - 1 }, etag, signal);
      const chunks: Buffer[] = [];
      body.on('data', (chunk: Buffer) => void chunks.push(chunk));
      await finished(body);
      return Buffer.concat(chunks);
    },
  };
}
