import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../../worker/src/plan/plan.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { readRecords } from '../../../worker/src/publish/records.ts';
import { planOf, recordsOf } from '../../helpers/media/published.ts';
import { startStore, type TestStore } from '../../helpers/worker/store.ts';

const folder = new JobFolder('', 'job').plan('0123456789ab');
const signal = new AbortController().signal;
const options = { contentType: 'application/json', cacheControl: 'no-cache' };
const pieces = Array.from({ length: 40 }, () => ({ seconds: 6, bytes: 1000, keyframeBytes: 100 }));

function planWith(parts: number): Plan {
  const videoPart = (index: number) => ({
    kind: 'video' as const,
    index,
    startSeconds: index * 12,
    firstSegment: index * 2,
    segmentCuts: [],
  });
  return planOf({ parts: Array.from({ length: parts }, (_, index) => videoPart(index)) });
}

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

describe('readRecords', () => {
  it('reads all that is recorded, in the order of the parts, however many', async () => {
    const plan = planWith(20);
    const records = recordsOf(plan, pieces).slice(0, 20);
    const there = records.filter(({ part }) => part !== 3 && part !== 17);
    for (const record of there.toReversed())
      await files.store.put(folder.record(record.part), JSON.stringify(record), options);
    expect(await readRecords(files.store, folder, plan, signal)).toEqual(there);
  });

  it('reads none where there is none', async () => {
    expect(await readRecords(files.store, folder, planWith(3), signal)).toEqual([]);
  });

  it.each([
    ['is cut off', (text: string) => text.slice(0, 200)],
    ['is empty', () => ''],
    ['is of another version', (text: string) => text.replace('"version":1', '"version":2')],
    ['lacks a field', (text: string) => text.replace('"endSeconds"', '"end"')],
  ])('takes a record that %s for none', async (_, spoil) => {
    const plan = planWith(2);
    const [first, second] = recordsOf(plan, pieces) as [
      ReturnType<typeof recordsOf>[0],
      ReturnType<typeof recordsOf>[0],
    ];
    await files.store.put(folder.record(0), spoil(JSON.stringify(first)), options);
    await files.store.put(folder.record(1), JSON.stringify(second), options);
    expect(await readRecords(files.store, folder, plan, signal)).toEqual([second]);
  });
});
