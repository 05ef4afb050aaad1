import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const options = { contentType: 'video/mp4', cacheControl: 'no-cache', unlessSame: true };

let storage: TestStorage;
let store: Store;
let folder: string;

beforeEach(async () => {
  storage = await startStorage({ limitWrites: true });
  // Time for three writes to a key.
  store = openStore(storage.bucket('films'), { retrySeconds: 3 });
  folder = await mkdtemp(join(tmpdir(), 'same-'));
});
afterEach(async () => {
  store.close();
  await storage[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function file(content: string): Promise<string> {
  const path = join(folder, content);
  await writeFile(path, content);
  return path;
}

describe('a file that is put unless the object has its bytes', () => {
  it('is written once by forty workers at the same moment, though storage takes one write a second to a key', async () => {
    const path = await file('init');
    await Promise.all(Array.from({ length: 40 }, () => store.putFile('1080p/init.mp4', path, options)));
    expect((await store.get('1080p/init.mp4'))?.toString()).toBe('init');
    expect(await store.head('1080p/init.mp4')).toMatchObject({ contentType: 'video/mp4' });
  });

  it('replaces other bytes of the same length', async () => {
    await store.putFile('init.mp4', await file('one'), options);
    await store.putFile('init.mp4', await file('two'), options);
    expect((await store.get('init.mp4'))?.toString()).toBe('two');
  });
});
