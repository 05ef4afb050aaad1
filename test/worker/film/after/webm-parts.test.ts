import { afterEach, beforeEach, expect, it } from 'vitest';
import { lookAtParts, makeWebmParts, type WebmWork } from '../../../../worker/src/film/after/webm-parts.ts';
import type { TranscodeRun } from '../../../../worker/src/film/film.ts';
import type { WebmPart } from '../../../../worker/src/publish/webm-parts.ts';
import { folder, mapStore } from '../../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../../helpers/worker/queue.ts';
import { startStore, type TestStore } from '../../../helpers/worker/store.ts';

const rendition = '720p-source';
const parts = ['00000.webm', '00001.webm'].map((name) => ({ name }) as WebmPart);
const headers = { contentType: 'video/webm', cacheControl: 'no-cache' };
const { signal } = new AbortController();

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

const publish = ({ name }: WebmPart) => files.store.put(folder.webmPart(rendition, name), name, headers);

function worker(own: Partial<TranscodeRun> = {}) {
  const made: string[] = [];
  const work: WebmWork = {
    folder,
    rendition,
    parts,
    make: async (part) => {
      made.push(part.name);
      await publish(part);
    },
  };
  const run = {
    stores: { output: files.store },
    messageId: 'm-1',
    leaseSeconds: 30,
    log: recordingLogger().log,
    signal,
    ...own,
  } as unknown as TranscodeRun;
  return { made, work, run };
}

it('a part that another worker has made while this one made way for other jobs is not made again', async () => {
  let pauses = 0;
  const beforePart = async () => {
    pauses += 1;
    if (pauses === 1) await publish(parts[0] as WebmPart);
  };
  const { made, work, run } = worker({ breaks: { beforePart } as unknown as TranscodeRun['breaks'] });
  expect(await makeWebmParts(work, 'lead', run)).toBe('done');
  expect(made).toEqual(['00001.webm']);
  expect((await files.keys()).filter((key) => key.startsWith(folder.leases))).toEqual([]);
});

it('a part that is finished between the two looks is not free', async () => {
  const lease = folder.webmLease(rendition, '00000.webm');
  await files.store.put(lease, '{}', headers);
  let lists = 0;
  const output = mapStore(files.store, {
    async listAll(...given) {
      const found = await files.store.listAll(...given);
      lists += 1;
      if (lists === 1) {
        await publish(parts[0] as WebmPart);
        await files.store.remove([lease]);
      }
      return found;
    },
  });
  const { work, run } = worker({ stores: { output } as TranscodeRun['stores'] });
  const { free } = await lookAtParts(work, run);
  expect(free.map(({ part }) => part.name)).toEqual(['00001.webm']);
});
