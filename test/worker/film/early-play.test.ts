import { expect, it } from 'vitest';
import { notPlayable } from '../../../worker/src/film/early-play.ts';

it('a film that was made too slowly to be played early says what would help', () => {
  expect(notPlayable({ durationSeconds: 600 }, { speed: 0.8 })).toEqual([
    expect.stringMatching(/0\.80 times .* at least 1\.1 .*workersPerFilm.*x264Preset.*ladder/),
  ]);
  expect(notPlayable({ durationSeconds: 600 }, { speed: 3 })).toEqual([]);
  expect(notPlayable({ durationSeconds: 20 }, { speed: 0.8 })).toEqual([]);
});
