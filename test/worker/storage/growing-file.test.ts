import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { until } from '../../helpers/until.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const headers = { contentType: 'video/mp4', cacheControl: 'no-cache' };
const partBytes = 8 * 2 ** 20;

let storage: TestStorage;
let proxy: FaultProxy;
let store: Store;
let folder: string;
let path: string;
let program: PromiseWithResolvers<void>;
let files = 0;

beforeAll(async () => {
  storage = await startStorage();
  proxy = await startFaultProxy(storage.endpoint);
  store = openStore(storage.bucket('films', proxy.url), { retrySeconds: 20 });
  folder = await mkdtemp(join(tmpdir(), 'growing-'));
});
beforeEach(() => {
  path = join(folder, `film-${files++}`);
  program = Promise.withResolvers();
});
afterEach(() => proxy.heal());
afterAll(async () => {
  store.close();
  await proxy[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const key = () => path.slice(folder.length + 1);

function put(finalFromByte = 1000) {
  const putting = store.putGrowingFile(key(), { path, made: program.promise, finalFromByte }, headers);
  putting.catch(() => {});
  return putting;
}

/** Numbers of the parts that went up, in their order. */
function partsSent(): number[] {
  return proxy.requests.flatMap((request) => {
    const [, number] = new RegExp(`^PUT .*/${key()}\\?.*partNumber=(\\d+)`).exec(request) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
}

const sent = (...numbers: number[]) =>
  until(() => numbers.every((number) => partsSent().includes(number)), `parts ${numbers} to go up`);

async function overwrite(at: number, bytes: Buffer): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, at);
}

const stored = async () => (await store.get(key())) ?? Buffer.alloc(0);

describe('a file that a program still writes', () => {
  it('goes up as it is written, and its beginning when the program has ended', async () => {
    const putting = put();
    await writeFile(path, Buffer.alloc(1000));
    const bytes = randomBytes(3.5 * partBytes);
    await appendFile(path, bytes.subarray(1000, 2.5 * partBytes));
    await sent(2);
    expect(partsSent()).toEqual([2]);
    await appendFile(path, bytes.subarray(2.5 * partBytes));
    await sent(3);
    expect(partsSent()).toEqual([2, 3]);
    await overwrite(0, bytes.subarray(0, 1000));
    program.resolve();
    expect(await putting).toEqual({ sizeBytes: bytes.length });
    expect(partsSent().toSorted()).toEqual([1, 2, 3, 4]);
    expect((await stored()).equals(bytes)).toBe(true);
  });

  it('keeps back all parts that hold what the program writes last', async () => {
    const putting = put(partBytes + 1);
    const bytes = randomBytes(4 * partBytes);
    await writeFile(path, bytes);
    await sent(3, 4);
    expect(partsSent().toSorted()).toEqual([3, 4]);
    bytes.fill(1, 0, partBytes + 1);
    await overwrite(0, bytes.subarray(0, partBytes + 1));
    program.resolve();
    await putting;
    expect((await stored()).equals(bytes)).toBe(true);
  });

  it('is stored as it is in the end, also where the program went back to what had gone up', async () => {
    const putting = put();
    const bytes = randomBytes(4 * partBytes);
    await writeFile(path, bytes);
    await sent(2, 3, 4);
    bytes.writeUInt8((bytes[2 * partBytes + 5] ?? 0) ^ 1, 2 * partBytes + 5);
    await overwrite(2 * partBytes + 5, bytes.subarray(2 * partBytes + 5, 2 * partBytes + 6));
    program.resolve();
    await putting;
    expect((await stored()).equals(bytes)).toBe(true);
    expect(partsSent().toSorted()).toEqual([1, 2, 3, 3, 4]);
  });

  it.each([0, 1000, partBytes, partBytes + 1, 2 * partBytes])(
    'is whole with %i bytes, also where it is there only at the end',
    async (size) => {
      const putting = put();
      const bytes = randomBytes(size);
      await writeFile(path, bytes);
      program.resolve();
      expect(await putting).toEqual({ sizeBytes: size });
      expect((await stored()).equals(bytes)).toBe(true);
    },
  );

  it('is found complete where the answer to the completion was lost', async () => {
    const match = ({ method, url }: { method: string; url: string }) =>
      method === 'POST' && url.includes('uploadId=');
    proxy.inject({ kind: 'lose' }, { match, times: 1 });
    const putting = put();
    const bytes = randomBytes(3 * partBytes);
    await writeFile(path, bytes);
    await sent(2);
    program.resolve();
    expect(await putting).toEqual({ sizeBytes: bytes.length });
    expect((await stored()).equals(bytes)).toBe(true);
  });

  it('is not stored where the program fails, and its parts are taken back', async () => {
    const putting = put();
    await writeFile(path, randomBytes(3 * partBytes));
    await sent(2);
    program.reject(new Error('ffmpeg ended with exit code 1'));
    await expect(putting).rejects.toThrow('exit code 1');
    expect(await store.head(key())).toBeUndefined();
    expect(proxy.requests.some((request) => request.startsWith(`DELETE /films/${key()}?`))).toBe(true);
  });

  it('fails with the program where that makes no file', async () => {
    const putting = put();
    program.reject(new Error('ffmpeg ended with exit code 1'));
    await expect(putting).rejects.toThrow('exit code 1');
  });
});
