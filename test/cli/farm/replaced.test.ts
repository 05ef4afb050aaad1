import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Farm } from '../../../cli/farm/farm.ts';
import { listReplaced, replacedLines } from '../../../cli/farm/replaced.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { markReplaced } from '../../../worker/src/publish/replaced.ts';
import { createClient, defaultTiming } from '../../../worker/src/storage/s3-client.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const signal = new AbortController().signal;
let storage: TestStorage;
beforeEach(async () => {
  storage = await startStorage();
});
afterEach(() => storage[Symbol.asyncDispose]());

describe('films that were made again', () => {
  it('are listed while their files wait to be removed', async () => {
    const bucket = storage.bucket('films');
    const store = openStore(bucket);
    const output = createClient(bucket, defaultTiming);
    const address = { outputBucket: 'films', outputPrefix: 'out/' };
    const farm = { address, output } as unknown as Farm;
    expect(replacedLines(await listReplaced(farm))).toEqual([]);
    for (const job of ['a', 'b'])
      await markReplaced(store, new JobFolder('out/', job).plan('aaaaaaaaaaaa'), signal);
    const films = await listReplaced(farm);
    expect(films.map(({ jobId, planId }) => [jobId, planId])).toEqual([
      ['a', 'aaaaaaaaaaaa'],
      ['b', 'aaaaaaaaaaaa'],
    ]);
    const [line] = replacedLines(films);
    expect(line).toMatch(/^2 replaced films wait to be removed, the oldest \([ab]\) since 20\d\d-/);
    expect(replacedLines(films.slice(0, 1))[0]).toMatch(/^1 replaced film waits to be removed/);
    output.destroy();
    store.close();
  });
});
