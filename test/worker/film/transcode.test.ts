import { expect, it } from 'vitest';
import type { TranscodeRun } from '../../../worker/src/film/film.ts';
import { transcode } from '../../../worker/src/film/transcode.ts';
import { testSettings } from '../../helpers/worker/settings.ts';

it('asks for the film that is committed while it asks for the source', async () => {
  const asked = Promise.withResolvers<void>();
  const output = {
    get: async () => {
      asked.resolve();
      return undefined;
    },
  };
  const source = {
    head: async () => {
      await asked.promise;
      return { sizeBytes: 1, etag: '"new"' };
    },
  };
  const run = {
    settings: testSettings({}),
    stores: { output, storeFor: () => source },
    signal: new AbortController().signal,
  } as unknown as TranscodeRun;
  const job = { id: 'a', source: 'a.mp4', requestId: 'r', expectedEtag: 'old' };
  await expect(transcode(job, run)).rejects.toMatchObject({ code: 'source-replaced' });
});
