import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { startStorage } from './storage.ts';

/** One empty bucket, and a list of what was asked of it. */
export interface TestStore extends AsyncDisposable {
  store: Store;
  /** Keys that were put, in the order in which they were done. */
  puts: string[];
  keys(): Promise<string[]>;
  /** Puts small objects, or objects of the size that is wanted. */
  fill(keys: readonly string[], sizeOf?: (key: string) => number | undefined): Promise<void>;
}

export async function startStore(): Promise<TestStore> {
  const storage = await startStorage();
  const store = openStore(storage.bucket('films'));
  const puts: string[] = [];
  const put = store.put.bind(store);
  store.put = async (key, body, options) => {
    await put(key, body, options);
    puts.push(key);
  };
  return {
    store,
    puts,
    async keys() {
      const found: string[] = [];
      for await (const { key } of store.list('')) found.push(key);
      return found.sort();
    },
    async fill(keys, sizeOf = () => undefined) {
      const content = (key: string) => {
        const size = sizeOf(key);
        return size === undefined ? `content of ${key}` : Buffer.alloc(size);
      };
      await storage.fill('films', keys, content);
    },
    async [Symbol.asyncDispose]() {
      store.close();
      await storage[Symbol.asyncDispose]();
    },
  };
}
