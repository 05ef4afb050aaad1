import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const sizeBytes = 150 * 2 ** 20;
const megabyte = 2 ** 20;

let storage: TestStorage;
let folder: string;
let digest: string;

beforeAll(async () => {
  storage = await startStorage();
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
  const path = join(folder, 'film');
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  for (let index = 0; index < sizeBytes / megabyte; index++) {
    const bytes = Buffer.alloc(megabyte, `megabyte ${index} `);
    hash.update(bytes);
    await file.write(bytes);
  }
  await file.close();
  digest = hash.digest('hex');
  const store = openStore(storage.bucket('films'));
  await store.putFile('film.mp4', path, { contentType: 'video/mp4', cacheControl: 'no-cache' });
  store.close();
});

afterAll(async () => {
  await storage[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function report<T>(child: ChildProcess): Promise<T> {
  const answer = once(child, 'message');
  child.send('?');
  return (await answer)[0] as T;
}

describe('the memory of a source server', () => {
  it('stays flat while 150 MiB go through it', async () => {
    const script = new URL('./serve-source.ts', import.meta.url);
    // As the worker's image starts it: a small young generation and one malloc arena keep what is freed from staying resident.
    const child = fork(script, [JSON.stringify(storage.bucket('films')), 'film.mp4'], {
      execArgv: ['--max-semi-space-size=1'],
      env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    });
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    const response = await fetch(url);
    const hash = createHash('sha256');
    const rss: number[] = [];
    let read = 0;
    for await (const chunk of response.body ?? []) {
      hash.update(chunk);
      const before = Math.floor(read / (30 * megabyte));
      read += chunk.length;
      if (Math.floor(read / (30 * megabyte)) > before)
        rss.push((await report<{ rss: number }>(child)).rss / megabyte);
    }
    const { fetchedBytes, maxBuffered } = await report<{ fetchedBytes: number; maxBuffered: number }>(child);
    child.disconnect();

    expect(hash.digest('hex')).toBe(digest);
    expect(fetchedBytes).toBe(sizeBytes);
    // Blocks take 14 MiB. The rest is garbage: what storage's answers were read into.
    expect(maxBuffered / megabyte).toBeLessThan(26);
    expect(Math.max(...rss), rss.map(Math.round).join(', ')).toBeLessThan(140);
    expect((rss.at(-1) ?? 0) - (rss[1] ?? 0)).toBeLessThan(15);
  });
});
