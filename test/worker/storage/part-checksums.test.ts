import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { uploadFile } from '../../../cli/upload/upload.ts';
import { createClient } from '../../../worker/src/storage/s3-client.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const timing = { retrySeconds: 1, connectSeconds: 1, stallSeconds: 5, slowestBytesPerSecond: 2 ** 20 };

let storage: TestStorage;
let proxy: FaultProxy;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
/** Of each request to begin an upload: the checksum that it names; of each part: whether it carries that. */
const begun: unknown[] = [];
const parts: boolean[] = [];

beforeAll(async () => {
  storage = await startStorage();
  proxy = await startFaultProxy(storage.endpoint);
  folder = await temporaryFolder();
  await writeFile(join(folder.path, 'film.mov'), Buffer.alloc(17 * 2 ** 20, 'film'));
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Both ways in which this project sends a file in parts. */
async function sendBoth(checksums: 'when-supported' | 'when-required'): Promise<void> {
  begun.length = 0;
  parts.length = 0;
  const match = ({ method, url, headers }: { method: string; url: string; headers: object }) => {
    const named = new Map(Object.entries(headers));
    if (method === 'POST' && /[?&]uploads/.test(url)) begun.push(named.get('x-amz-checksum-algorithm'));
    if (url.includes('partNumber='))
      parts.push(named.has('x-amz-checksum-crc32') || named.has('x-amz-trailer'));
    return false;
  };
  proxy.inject({ kind: 'status', status: 500 }, { match });
  const settings = { ...storage.bucket('films', proxy.url), checksums };
  const path = join(folder.path, 'film.mov');
  const store = openStore(settings, timing);
  await store.putFile('a.mov', path, { contentType: 'video/quicktime', cacheControl: 'no-cache' });
  store.close();
  const s3 = createClient(settings, timing);
  const { signal } = new AbortController();
  await uploadFile(s3, 'films', 'b.mov', path, { signal, onShare: () => {}, timing });
  s3.destroy();
}

it('an upload whose parts carry checksums is begun with them, as S3 refuses its list of parts otherwise', async () => {
  await sendBoth('when-supported');
  expect(begun).toEqual(['CRC32', 'CRC32']);
  expect(new Set(parts)).toEqual(new Set([true]));
});

it('R2 and Wasabi get neither', async () => {
  await sendBoth('when-required');
  expect(begun).toEqual([undefined, undefined]);
  expect(new Set(parts)).toEqual(new Set([false]));
});
