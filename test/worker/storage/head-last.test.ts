import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import {
  type Fault,
  type FaultOptions,
  type FaultProxy,
  startFaultProxy,
} from '../../helpers/local-farm/fault-proxy.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const headers = { contentType: 'video/mp4', cacheControl: 'no-cache' };
const partBytes = 8 * 2 ** 20;

let storage: TestStorage;
let proxy: FaultProxy;
let store: Store;

beforeAll(async () => {
  storage = await startStorage();
  proxy = await startFaultProxy(storage.endpoint);
  store = openStore(storage.bucket('films', proxy.url), { retrySeconds: 20 });
});
afterEach(() => proxy.heal());
afterAll(async () => {
  store.close();
  await proxy[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

/** Memory that is used again: what is not copied at once is lost. */
async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  const memory = Buffer.alloc(700_001);
  for (let at = 0; at < bytes.length; at += memory.length) {
    const length = bytes.copy(memory, 0, at);
    yield memory.subarray(0, length);
  }
}

/** A head of three bytes, or as long as it is asked to be. */
const head = (roomBytes = 3) => Buffer.alloc(roomBytes, 'head');

async function put(key: string, rest: Buffer, headRoomBytes: number) {
  const { sizeBytes } = await store.putHeadLast(key, { rest: inPieces(rest), headRoomBytes, head }, headers);
  const bytes = await store.get(key);
  expect(bytes?.length).toBe(sizeBytes);
  return bytes;
}

/** Numbers of the parts that went up, in their order. */
const partsOf = (key: string) =>
  proxy.requests.flatMap((request) => {
    const [, number] = new RegExp(`^PUT .*/${key}\\?.*partNumber=(\\d+)`).exec(request) ?? [];
    return number === undefined ? [] : [Number(number)];
  });

describe('an object whose beginning is known last', () => {
  it.each([0, 1, 700_001, partBytes - 1000])(
    'goes up at once with %i bytes, and no more head than it needs',
    async (size) => {
      const rest = randomBytes(size);
      const bytes = await put(`small-${size}`, rest, 1000);
      expect(bytes?.equals(Buffer.concat([head(), rest]))).toBe(true);
      expect(partsOf(`small-${size}`)).toEqual([]);
    },
  );

  it.each([
    ['in two parts, of which the second has a byte', 1000, partBytes - 1000 + 1],
    ['in whole parts', 1000, 2 * partBytes - 1000],
    ['in more parts than go up at once', 1000, 5 * partBytes + 123],
    ['with a head that fills a part', partBytes, partBytes + 5],
    ['with a head of two parts', partBytes + 77, 2 * partBytes],
    ['with a head of two parts and hardly more', partBytes + 77, 3],
  ])('goes up %s, its beginning last', async (what, headRoomBytes, size) => {
    const rest = randomBytes(size);
    const key = what.replaceAll(/\W/g, '-');
    const bytes = await put(key, rest, headRoomBytes);
    expect(bytes?.equals(Buffer.concat([head(headRoomBytes), rest]))).toBe(true);
    const beginning = Math.floor(headRoomBytes / partBytes) + 1;
    const sent = partsOf(key);
    expect(sent.toSorted((a, b) => a - b)).toEqual(sent.map((_, index) => index + 1));
    expect(sent.slice(-beginning).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: beginning }, (_, index) => index + 1),
    );
  });

  it('leaves nothing behind when its bytes break off, or its head does not fit', async () => {
    async function* breaks() {
      yield randomBytes(17 * 2 ** 20);
      throw new Error('a segment is gone');
    }
    const broken = store.putHeadLast('broken', { rest: breaks(), headRoomBytes: 10, head }, headers);
    await expect(broken).rejects.toThrow('a segment is gone');
    const tight = () => {
      throw new Error('too little room');
    };
    const rest = inPieces(randomBytes(9 * 2 ** 20));
    await expect(
      store.putHeadLast('tight', { rest, headRoomBytes: 10, head: tight }, headers),
    ).rejects.toThrow('too little room');
    expect(await store.head('broken')).toBeUndefined();
    expect(await store.head('tight')).toBeUndefined();
    const taken = proxy.requests.filter((request) => /^DELETE .*(broken|tight)/.test(request));
    expect(taken).toHaveLength(2);
  });

  it.each<[what: string, times: number, Fault, FaultOptions['match']]>([
    [
      'parts are refused',
      2,
      { kind: 'status', status: 503, code: 'SlowDown' },
      ({ url }) => url.includes('partNumber=2'),
    ],
    [
      'the answer to its completion is lost',
      1,
      { kind: 'lose' },
      ({ method, url }) => method === 'POST' && url.includes('uploadId='),
    ],
  ])('is whole when %s', async (_, times, fault, match) => {
    const spoilt = proxy.spoilt;
    proxy.inject(fault, { match, times });
    const rest = randomBytes(9 * 2 ** 20);
    const bytes = await put('faults', rest, 1000);
    expect(bytes?.equals(Buffer.concat([head(1000), rest]))).toBe(true);
    expect(proxy.spoilt - spoilt).toBe(times);
  });
});
