import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { UploadRecords } from '../../../cli/upload/records.ts';
import { type UploadOptions, uploadFile } from '../../../cli/upload/upload.ts';
import type { BucketSettings } from '../../../worker/src/storage/s3-client.ts';
import { createClient } from '../../../worker/src/storage/s3-client.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { until } from '../../helpers/until.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

/** The real patience, a sixtieth of it, and time limits that a busy machine keeps to. */
const timing = { retrySeconds: 15, connectSeconds: 3, stallSeconds: 3, slowestBytesPerSecond: 2 ** 20 };

const partBytes = 16 * 2 ** 20;
/** Three parts, the last one short. */
const film = randomBytes(2 * partBytes + 1000);

let storage: TestStorage;
let proxy: FaultProxy;
let settings: BucketSettings;
let s3: S3Client;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let records: UploadRecords;
let path: string;
let key: string;
let from: number;

beforeAll(async () => {
  storage = await startStorage();
  proxy = await startFaultProxy(storage.endpoint);
  settings = storage.bucket('films', proxy.url);
  s3 = createClient(settings, timing);
  folder = await temporaryFolder();
  records = await UploadRecords.open(join(folder.path, 'records'), '');
  path = join(folder.path, 'film.mov');
  await writeFile(path, film);
});
afterAll(async () => {
  s3.destroy();
  await proxy[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
beforeEach(({ task }) => {
  proxy.heal();
  key = `${task.id.replaceAll(/\W/g, '')}.mov`;
  from = proxy.requests.length;
});

function upload(options: Partial<UploadOptions> = {}) {
  const { signal } = new AbortController();
  return uploadFile(s3, 'films', key, path, { signal, onShare: () => {}, records, timing, ...options });
}
const sentParts = () =>
  proxy.requests.slice(from).flatMap((request) => /partNumber=(\d+)/.exec(request)?.[1] ?? []);
async function expectStored(): Promise<void> {
  const object = await s3.send(new GetObjectCommand({ Bucket: 'films', Key: key }));
  const bytes = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
  const hash = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
  expect(hash(bytes)).toBe(hash(film));
}
const parts = { match: ({ url }: { url: string }) => url.includes('partNumber=') };
const completion = {
  match: ({ method, url }: { method: string; url: string }) => method === 'POST' && /uploadId=/.test(url),
};

it('goes on when the network was away for minutes, and says what it waits for', async () => {
  const waits: string[] = [];
  proxy.inject({ kind: 'hang' }, { ...parts, times: 1 });
  const uploading = upload({ onWait: (why) => waits.push(why) });
  await until(() => sentParts().length > 0, 'the first part');
  await proxy.injectFor(3, { kind: 'cut' });
  await uploading;
  await expectStored();
  expect(waits).toContain('waiting for the storage (ECONNRESET)');
});

it('gives up a part that the storage takes and never answers, and sends it again', async () => {
  proxy.inject({ kind: 'hang' }, { ...parts, times: 2 });
  await upload();
  expect(sentParts().length).toBe(5);
  await expectStored();
});

it('goes on after an expired token, and says that it waits for a login where new credentials have expired too', async () => {
  const waits: string[] = [];
  const first = { match: ({ url }: { url: string }) => url.includes('partNumber=1&') };
  proxy.inject({ kind: 'status', status: 400, code: 'ExpiredToken' }, { ...first, times: 2 });
  await upload({ onWait: (why) => waits.push(why) });
  expect(waits).toContain('waiting for a login ("aws sso login")');
  await expectStored();
});

it('goes on through 503 SlowDown', async () => {
  const waits: string[] = [];
  proxy.inject({ kind: 'status', status: 503, code: 'SlowDown' }, { ...parts, times: 2 });
  await upload({ onWait: (why) => waits.push(why) });
  expect(waits).toContain('waiting for the storage (SlowDown (HTTP 503))');
  await expectStored();
});

it('goes on after a night in which the machine slept between two tries', async () => {
  const first = { match: ({ url }: { url: string }) => url.includes('partNumber=1&') };
  proxy.inject({ kind: 'status', status: 503, code: 'SlowDown' }, { ...first, times: 2 });
  const now = performance.now.bind(performance);
  let sleptMs = 0;
  using _ = vi.spyOn(performance, 'now').mockImplementation(() => now() + sleptMs);
  const onWait = () => {
    sleptMs = 8 * 3_600_000;
  };
  await upload({ onWait, timing: { ...timing, retrySeconds: 900 } });
  await expectStored();
});

it('ends at once when it may not write', async () => {
  proxy.inject({ kind: 'status', status: 403, code: 'AccessDenied' });
  await expect(upload()).rejects.toThrow('AccessDenied');
  expect(proxy.requests.length - from).toBe(1);
});

it('takes the object for its own when the answer to the completion was lost', async () => {
  proxy.inject({ kind: 'lose' }, { ...completion, times: 1 });
  const { etag } = await upload();
  expect(sentParts().sort()).toEqual(['1', '2', '3']);
  expect(etag).toMatch(/^"[0-9a-f]{32}-3"$/);
  await expectStored();
});

it('takes the object for its own when it was killed before the answer to the completion', async () => {
  const kill = new AbortController();
  // The storage completes the upload, and its answer never comes.
  proxy.inject({ kind: 'lose' }, completion);
  const { spoilt } = proxy;
  const first = upload({ signal: kill.signal });
  const ended = expect(first).rejects.toThrow('killed');
  await until(() => proxy.spoilt > spoilt, 'the completion');
  kill.abort(new Error('killed'));
  await ended;
  proxy.heal();
  from = proxy.requests.length;
  await upload();
  expect(sentParts()).toEqual([]);
  await expectStored();
});

it('sends nothing again when its job is there, and its film was made and removed before the answer to the completion', async () => {
  const kill = new AbortController();
  proxy.inject({ kind: 'lose' }, completion);
  const { spoilt } = proxy;
  const ended = expect(upload({ signal: kill.signal })).rejects.toThrow('killed');
  await until(() => proxy.spoilt > spoilt, 'the completion');
  const made = await s3.send(new HeadObjectCommand({ Bucket: 'films', Key: key }));
  kill.abort(new Error('killed'));
  await ended;
  proxy.heal();
  storage.server.emptyBucket('films');
  from = proxy.requests.length;
  const findUsed = async (etag: string) => ({ etag, versionId: 'seen' });
  const { version, ...found } = await upload({ findUsed });
  expect(found).toMatchObject({ etag: made.ETag, versionId: 'seen' });
  // The same for one whose completion was recorded.
  const record = await records.find(version);
  if (record !== undefined) await records.complete(record, { etag: '"e"' });
  expect(await upload({ findUsed })).toMatchObject({ etag: '"e"' });
  expect(sentParts()).toEqual([]);
});

it('does not send a film again whose job alone is missing, and keeps its request', async () => {
  const first = await upload();
  from = proxy.requests.length;
  const second = await upload();
  expect(second).toEqual(first);
  expect(proxy.requests.slice(from)).toEqual([expect.stringMatching(/^HEAD /)]);

  // Its object was replaced meanwhile.
  storage.server.emptyBucket('films');
  const restarts: string[] = [];
  from = proxy.requests.length;
  const third = await upload({ onRestart: () => restarts.push('again') });
  expect(sentParts().length).toBe(3);
  expect(restarts).toEqual(['again']);
  expect(third.requestId).not.toBe(first.requestId);
  await expectStored();
});

it('records a film of one part too when it is there', async () => {
  const small = join(folder.path, 'small.mov');
  await writeFile(small, 'small');
  const options = { signal: new AbortController().signal, onShare: () => {}, records, timing };
  const first = await uploadFile(s3, 'films', key, small, options);
  from = proxy.requests.length;
  expect(await uploadFile(s3, 'films', key, small, options)).toEqual(first);
  expect(proxy.requests.slice(from).length).toBe(1);
});

it('sends a part again whose line in the record was cut off by a kill', async () => {
  const { mtimeMs } = await stat(path);
  const version = { bucket: 'films', key, path, sizeBytes: film.length, mtimeMs, partBytes };
  const record = await records.begin(version, 'upload', 'request');
  const part = (number: number) => ({ number, etag: `"${number}"`, md5: 'aa' });
  await records.addPart(record, part(1));
  await records.addPart(record, part(2));
  const names = await readdir(join(folder.path, 'records'));
  for (const name of names) {
    const file = join(folder.path, 'records', name);
    const text = await readFile(file, 'utf8');
    if (text.includes(key)) await truncate(file, text.length - 5);
  }
  expect((await records.find(version))?.parts).toEqual([part(1)]);
  await records.forget(version);
});
