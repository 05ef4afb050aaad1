import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const headers = { contentType: 'text/plain', cacheControl: 'no-cache' };

const quick = { connectSeconds: 1, stallSeconds: 1, slowestBytesPerSecond: 2 ** 20 };

let storage: TestStorage;
let proxy: FaultProxy;
let store: Store;
/** Gives up soon. */
let hasty: Store;

beforeAll(async () => {
  storage = await startStorage();
  proxy = await startFaultProxy(storage.endpoint);
  const settings = storage.bucket('films', proxy.url);
  store = openStore(settings, { retrySeconds: 20, ...quick });
  hasty = openStore(settings, { retrySeconds: 1, ...quick });
  await store.put('film', '0123456789', headers);
});

afterEach(() => proxy.heal());

afterAll(async () => {
  store.close();
  hasty.close();
  await proxy[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

describe('storage in trouble', () => {
  it('outlives a cut of the network, on the way down and up', async () => {
    const healed = proxy.injectFor(3, { kind: 'cut' });
    const path = join(tmpdir(), `outage-${process.pid}`);
    await writeFile(path, 'up');
    const [down] = await Promise.all([
      store.get('film'),
      store.putFile('up', path, headers),
      store.put('up2', 'up2', headers),
    ]);
    await healed;
    expect(String(down)).toBe('0123456789');
    expect(String(await store.get('up'))).toBe('up');
  });

  it('outlives a service that takes requests and never answers', async () => {
    proxy.inject({ kind: 'hang' }, { times: 2 });
    expect(String(await store.get('film'))).toBe('0123456789');
    expect(proxy.spoilt).toBeGreaterThanOrEqual(2);
  });

  it('gives up a body that trickles, and reads it again', async () => {
    await store.put('slow', 'x'.repeat(100_000), headers);
    proxy.inject({ kind: 'trickle', bytesPerSecond: 100 }, { times: 1 });
    const startedAt = performance.now();
    expect((await store.get('slow'))?.length).toBe(100_000);
    expect(performance.now() - startedAt).toBeGreaterThan(1000);
  });

  it('is never satisfied with a body that ends early', async () => {
    proxy.inject({ kind: 'truncate', afterBytes: 4 }, { times: 1 });
    expect(String(await store.get('film'))).toBe('0123456789');
    proxy.inject({ kind: 'reset', afterBytes: 4 }, { times: 1 });
    expect(String(await store.get('film'))).toBe('0123456789');
  });

  it.each([500, 502, 503, 504, 520, 429])('tries again after HTTP %i', async (status) => {
    proxy.inject({ kind: 'status', status, code: 'SlowDown' }, { times: 2 });
    expect(String(await store.get('film'))).toBe('0123456789');
  });

  it('gets all its work done while every fifth call is asked to slow down', async () => {
    proxy.inject({ kind: 'status', status: 503, code: 'SlowDown' }, { share: 0.2 });
    const before = proxy.requests.length;
    // The 5th, 10th, 15th and 20th fail.
    for (let index = 0; index < 20; index++) await store.put(`busy/${index}`, 'x', headers);
    expect(proxy.requests.length - before).toBe(24);
  });

  it('does not try again what will stay as it is', async () => {
    proxy.inject({ kind: 'status', status: 403, code: 'AccessDenied' });
    const before = proxy.requests.length;
    await expect(store.get('film')).rejects.toThrow(
      /^Storage could not read "film" in bucket "films": AccessDenied.*\(HTTP 403\)\. Check the credentials/,
    );
    expect(proxy.requests.length - before).toBe(1);
  });

  it('says that the clock is wrong when it is, after the SDK had one chance to correct it', async () => {
    proxy.inject({ kind: 'status', status: 403, code: 'RequestTimeTooSkewed' });
    const before = proxy.requests.length;
    await expect(store.get('film')).rejects.toThrow('The clock of this machine differs');
    expect(proxy.requests.length - before).toBe(2);
  });

  it('gives up when its time is over, and names the place', async () => {
    proxy.inject({ kind: 'cut' });
    const startedAt = performance.now();
    await expect(hasty.get('film')).rejects.toThrow(
      /^Storage could not read "film" in bucket "films": ECONNRESET/,
    );
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  it('stops at once when it is asked to, also between two tries', async () => {
    proxy.inject({ kind: 'cut' });
    const stop = new AbortController();
    const reading = store.get('film', stop.signal);
    const failed = expect(reading).rejects.toThrow('asked to stop');
    await sleep(1500);
    const stoppedAt = performance.now();
    stop.abort(new Error('asked to stop'));
    await failed;
    expect(performance.now() - stoppedAt).toBeLessThan(200);
  });

  it('stops a call under way when it is asked to', async () => {
    proxy.inject({ kind: 'hang' });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('asked to stop')), 200);
    await expect(store.get('film', stop.signal)).rejects.toThrow('asked to stop');
  });
});
