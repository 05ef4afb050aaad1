import { describe, expect, it } from 'vitest';
import { findSideFiles } from '../../../worker/src/film/side-files.ts';
import { StorageError } from '../../../worker/src/storage/errors.ts';
import { mapStore } from '../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';
import { testSettings } from '../../helpers/worker/settings.ts';
import { startStore } from '../../helpers/worker/store.ts';

const { signal } = new AbortController();
const settings = testSettings();
const headers = { contentType: 'text/plain', cacheControl: 'no-cache' };

/** A storage whose calls about subtitles are answered with this status, or not at all. */
async function find(status: number | undefined, job: object) {
  await using files = await startStore();
  await files.store.put('film.en.srt', '1\n00:00:01,000 --> 00:00:02,000\nHello\n', headers);
  const answer = (): never => {
    throw new StorageError('Storage could not do it.', {
      bucket: 'films',
      ...(status === undefined ? {} : { status }),
      cause: undefined,
    });
  };
  const store = mapStore(files.store, { head: async () => answer(), list: answer });
  const stores = { source: store, output: store, storeFor: () => store, close: () => {} };
  const { log } = recordingLogger();
  const run = { settings, stores, log, signal } as unknown as Parameters<typeof findSideFiles>[1];
  return findSideFiles({ id: 'job', requestId: 'r', source: 'film.mp4', ...job } as never, run);
}

const named = { options: { subtitles: [{ source: 'film.en.srt', language: 'en' }] } };

describe.each([
  ['beside a film', {}],
  ['that a job names', named],
])('subtitles %s', (_, job) => {
  it('are not left out for good because storage is unwell', async () => {
    await expect(find(503, job)).rejects.toThrow('Storage could not do it.');
    await expect(find(429, job)).rejects.toThrow('Storage could not do it.');
    await expect(find(undefined, job)).rejects.toThrow('Storage could not do it.');
  });

  it('are left out where storage says no', async () => {
    expect((await find(403, job)).files).toEqual([]);
  });
});
