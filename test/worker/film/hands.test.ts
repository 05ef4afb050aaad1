import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHands } from '../../../worker/src/film/hands.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import { handKey, isHandKey } from '../../../worker/src/protocol/hand.ts';
import { folder, handOf, inHand, manyParts, recordOf } from '../../helpers/crews.ts';
import { startStore, type TestStore } from '../../helpers/store.ts';

const plan = manyParts();
const [first, second] = plan.parts as [Part, Part];
const signal = new AbortController().signal;
const headers = { contentType: 'application/json', cacheControl: 'no-cache' };

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

const open = (owner: string) => openHands({ plan, folder, output: files.store, owner, staleSeconds: 30 });
const put = (key: string, content: unknown) => files.store.put(key, JSON.stringify(content), headers);

describe('hands in the output bucket', () => {
  it('are seen by the others as they were shown, and never by their own worker', async () => {
    const [one, other] = [open('a'), open('b')];
    const shown = handOf({ parts: inHand(first), publishedBytes: 10 });
    await one.show(shown, signal);
    await other.show(handOf(), signal);
    const { others } = await other.view(signal);
    expect(others).toEqual([{ ...shown, key: one.ownKey, fresh: true }]);
  });

  it('that can’t be read are none', async () => {
    const one = open('a');
    await one.show(handOf(), signal);
    await put(handKey(folder.prefix, 'c'), { version: 2, atWork: true });
    await files.store.put(handKey(folder.prefix, 'd'), 'no JSON', headers);
    expect((await one.view(signal)).others).toEqual([]);
  });

  it('lie beside the records and are told from them by name', async () => {
    expect(isHandKey(handKey(folder.prefix, '0e1d-2c'))).toBe(true);
    expect(isHandKey(folder.record(3))).toBe(false);
  });
});

describe('records', () => {
  it('are in the order of the parts, and one that can’t be read or is of no part is none', async () => {
    const one = open('a');
    await one.show(handOf(), signal);
    for (const part of [second, first]) await put(folder.record(part.index), recordOf(part));
    await put(folder.record(5), { version: 1 });
    await put(folder.record(99), recordOf(first));
    const { records } = await one.view(signal);
    expect(records).toEqual([recordOf(first), recordOf(second)]);
  });

  it('that were removed are to be made again', async () => {
    const one = open('a');
    await one.show(handOf(), signal);
    await put(folder.record(first.index), recordOf(first));
    expect((await one.view(signal)).records).toHaveLength(1);
    await files.store.remove([folder.record(first.index)]);
    expect((await one.view(signal)).records).toEqual([]);
  });
});
