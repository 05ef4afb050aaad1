import { expect, it } from 'vitest';
import { RefusedError } from '../../../worker/src/errors.ts';
import type { TranscodeRun } from '../../../worker/src/film/film.ts';
import { planFilm, wantedFilm } from '../../../worker/src/film/plan-film.ts';
import type { JobOptions } from '../../../worker/src/protocol/job.ts';
import { testSettings } from '../../helpers/worker/settings.ts';

const steps = [
  { from: 0, preset: 'veryfast' },
  { from: 100, preset: 'slow' },
];
const settings = testSettings({
  EXPECTED_VIEWS: '10',
  VIEW_PRESETS: JSON.stringify({ saver: steps, standard: steps, high: steps }),
});
const run = {
  settings,
  encoder: { name: 'x264', preset: 'fast', threads: 3 },
  signal: new AbortController().signal,
} as unknown as TranscodeRun;

const wanted = (options: JobOptions) =>
  wantedFilm({ id: 'a', source: 'a.mp4', requestId: 'r', options }, 'v1', run);

it('a film is made with the preset for its views, and made again with another where those change', async () => {
  const [few, many] = [await wanted({}), await wanted({ expectedViews: 5000 })];
  expect(few.encoder).toEqual({ name: 'x264', preset: 'veryfast', threads: 3 });
  expect(many.encoder).toEqual({ name: 'x264', preset: 'slow', threads: 3 });
  expect(many.request.hash).not.toBe(few.request.hash);
});

it('a film stays what it is where other views choose the same preset', async () => {
  const [few, other] = [await wanted({}), await wanted({ expectedViews: 20 })];
  expect(other.request.hash).toBe(few.request.hash);
});

it('looks for subtitles beside the film while it is probed', async () => {
  const probing = Promise.withResolvers<void>();
  const bucket = {
    // biome-ignore lint/correctness/useYield: there are none.
    async *list() {
      await probing.promise;
    },
  };
  const planning = {
    ...run,
    stores: { storeFor: () => bucket },
    tools: {
      ffprobe: async () => {
        probing.resolve();
        throw new RefusedError('not-media', 'It is no film.');
      },
    },
    report: { update: () => {} },
  } as unknown as TranscodeRun;
  const job = { id: 'a', source: 'a.mp4', requestId: 'r' };
  const source = { source: 'a.mp4', object: { name: 'a.mp4' }, info: { sizeBytes: 1, etag: 'e' } };
  const open = { sources: [source as never], urls: ['http://127.0.0.1/a'] };
  await expect(planFilm(job, open, await wanted({}), planning)).rejects.toMatchObject({ code: 'not-media' });
});
