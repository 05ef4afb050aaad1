import { eachLimited } from '../../../worker/src/storage/limited.ts';
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

const putsAtOnce = 32;

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
      // Plain requests take a third of the time of the client's.
      const urlOf = (key: string) =>
        `${storage.endpoint}/films/${key.split('/').map(encodeURIComponent).join('/')}`;
      const send = async (key: string) => {
        const { ok, status } = await fetch(urlOf(key), { method: 'PUT', body: content(key) });
        if (!ok) throw new Error(`${key} could not be put: ${status}`);
      };
      // Each at once would have a connection of its own; beyond some hundred a busy machine refuses them.
      await eachLimited(keys, putsAtOnce, send);
    },
    async [Symbol.asyncDispose]() {
      store.close();
      await storage[Symbol.asyncDispose]();
    },
  };
}
