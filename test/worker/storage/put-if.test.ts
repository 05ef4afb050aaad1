import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { PutCondition, Store } from '../../../worker/src/storage/store.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const options = { contentType: 'application/json', cacheControl: 'no-cache' };
const absent: PutCondition = { kind: 'absent' };
const unchanged = (etag: string): PutCondition => ({ kind: 'unchanged', etag });
const failed = { kind: 'condition-failed' };

let storage: TestStorage;
let proxy: FaultProxy;
let store: Store;
let plain: Store;
beforeEach(async () => {
  storage = await startStorage();
  proxy = await startFaultProxy(storage.endpoint);
  const settings = storage.bucket('films', proxy.url);
  store = openStore(settings, { retrySeconds: 5, stallSeconds: 1 });
  plain = openStore({ ...settings, conditionalWrites: false }, { retrySeconds: 5 });
});
afterEach(async () => {
  store.close();
  plain.close();
  await proxy[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

const textOf = async (key = 'a') => (await store.get(key))?.toString();
const put = (body: string, condition: PutCondition, by = store) => by.putIf('a', body, condition, options);

describe.each(['with conditions', 'without conditions'])('a conditional write to storage %s', (kind) => {
  const by = () => (kind === 'with conditions' ? store : plain);

  it('that wants no object is done once', async () => {
    expect(await put('one', absent, by())).toMatchObject({ kind: 'written' });
    expect(await put('two', absent, by())).toEqual(failed);
    expect(await textOf()).toBe('one');
  });

  it('that wants the object unchanged is done while it is, and not after another or a delete', async () => {
    const first = await put('one', absent, by());
    if (first.kind !== 'written') throw new Error('The first was to be written.');
    const second = await put('two', unchanged(first.etag), by());
    expect(second).toMatchObject({ kind: 'written' });
    expect(await put('three', unchanged(first.etag), by())).toEqual(failed);
    expect(await textOf()).toBe('two');
    await store.remove(['a']);
    expect(await put('four', unchanged(first.etag), by())).toEqual(failed);
    expect(await textOf()).toBeUndefined();
  });

  it('gives the ETag that a listing gives', async () => {
    const written = await put('one', absent, by());
    const { objects } = await store.listAll('');
    expect(written).toEqual({ kind: 'written', etag: objects[0]?.etag });
  });
});

it('of many conditional writes to one key at the same moment one is done', async () => {
  const writers = Array.from({ length: 40 }, (_, index) => put(`writer ${index}`, absent));
  const outcomes = await Promise.all(writers);
  expect(outcomes.filter(({ kind }) => kind === 'written')).toHaveLength(1);
  const winner = outcomes.findIndex(({ kind }) => kind === 'written');
  expect(await textOf()).toBe(`writer ${winner}`);
});

it('a conditional write whose answer was lost is known for written', async () => {
  proxy.inject({ kind: 'lose' }, { times: 1 });
  const written = await store.putIf('lost', 'mine', absent, options);
  expect(written.kind).toBe('written');
  expect(proxy.spoilt).toBe(1);
  expect(await textOf('lost')).toBe('mine');
});

it('a conditional write is tried again where storage says that two have collided', async () => {
  const collision = { kind: 'status', status: 409, code: 'ConditionalRequestConflict' } as const;
  proxy.inject(collision, { times: 2 });
  expect(await put('one', absent)).toMatchObject({ kind: 'written' });
  expect(proxy.spoilt).toBe(2);
});

it('a listing reports the time of the storage’s clock', async () => {
  await put('one', absent);
  const { at, objects } = await store.listAll('');
  expect(Math.abs(at.getTime() - (objects[0]?.lastModified?.getTime() ?? 0))).toBeLessThan(5000);
});
