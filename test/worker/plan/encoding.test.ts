import { expect, it } from 'vitest';
import { encodingFor } from '../../../worker/src/plan/encoding.ts';
import { testSettings } from '../../helpers/worker/settings.ts';

const { encoding: settings } = testSettings({ SEGMENT_SECONDS: '4', SEGMENT_FORMAT: 'mpegts' });
const plain = {
  ladder: 'standard',
  include480p: false,
  segmentSeconds: 4,
  segmentFormat: 'mpegts',
  thumbnailAt: '10%',
  partSeconds: undefined,
};

it('is what the farm has set where a job wants nothing else', () => {
  expect(encodingFor(settings)).toEqual(plain);
  expect(encodingFor(settings, { ladder: undefined })).toEqual(plain);
});

it('is what the job wants where it wants something, false and 0 among it', () => {
  const options = {
    ladder: [{ rung: '360p' as const }],
    include480p: true,
    segmentSeconds: 10,
    thumbnailAt: 0,
  };
  expect(encodingFor(settings, options)).toEqual({ ...plain, ...options });
  expect(encodingFor({ ...settings, include480p: true }, { include480p: false })).toEqual(plain);
});

it('says how fields become pictures where that is not the default', () => {
  const { encoding } = testSettings({ DEINTERLACE: 'frames' });
  expect(encodingFor(encoding)).toMatchObject({ deinterlace: 'frames' });
});

it('keeps its order, which the hash of every film that is done was taken over', () => {
  expect(JSON.stringify(encodingFor(settings, { thumbnailAt: 12.5, ladder: 'hd' }))).toBe(
    '{"ladder":"hd","include480p":false,"segmentSeconds":4,"segmentFormat":"mpegts","thumbnailAt":12.5}',
  );
});
