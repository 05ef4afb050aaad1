import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { md5Hex, multipartEtag } from '../../../worker/src/storage/completed.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const headers = { contentType: 'text/plain', cacheControl: 'no-cache' };
/** Two parts of 8 MiB and a short one. */
const bytes = randomBytes(17 * 2 ** 20);
const completion = {
  match: ({ method, url }: { method: string; url: string }) => method === 'POST' && url.includes('uploadId='),
};

let storage: TestStorage;
let proxy: FaultProxy;
let store: Store;
let folder: string;
let path: string;

beforeAll(async () => {
  storage = await startStorage();
  proxy = await startFaultProxy(storage.endpoint);
  store = openStore(storage.bucket('films', proxy.url), { retrySeconds: 20 });
  folder = await mkdtemp(join(tmpdir(), 'lost-'));
  path = join(folder, 'film');
  await writeFile(path, bytes);
});
afterEach(() => proxy.heal());
afterAll(async () => {
  store.close();
  await proxy[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

it('finds its object complete when the answer to the completion was lost', async () => {
  proxy.inject({ kind: 'lose' }, { ...completion, times: 1 });
  const before = proxy.requests.length;
  expect(await store.putFile('whole', path, headers)).toEqual({ sizeBytes: bytes.length });
  const requests = proxy.requests.slice(before);
  expect(requests.filter((request) => request.startsWith('PUT')).length).toBe(3);
  expect(requests.some((request) => request.startsWith('HEAD'))).toBe(true);
  expect((await store.get('whole'))?.equals(bytes)).toBe(true);
});

it('does not take another object of that name and size for its own', async () => {
  await store.putFile('taken', path, headers);
  await writeFile(join(folder, 'other'), randomBytes(bytes.length));
  proxy.inject({ kind: 'status', status: 404, code: 'NoSuchUpload' }, completion);
  await expect(store.putFile('taken', join(folder, 'other'), headers)).rejects.toThrow('NoSuchUpload');
});

it('computes the ETag that S3 documents for parts', () => {
  // Amazon S3 user guide: MD5 over the binary MD5s of the parts, and their number.
  const parts = [Buffer.from('a'), Buffer.from('b')].map(md5Hex);
  expect(parts[0]).toBe('0cc175b9c0f1b6a831c399e269772661');
  expect(multipartEtag(parts)).toBe('"96e024ba2074fe77e8e965ba43a704be-2"');
});
