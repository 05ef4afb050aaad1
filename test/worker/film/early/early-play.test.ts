import { expect, it } from 'vitest';
import { notPlayable, wantsEarly } from '../../../../worker/src/film/early/early-play.ts';
import { testSettings } from '../../../helpers/worker/settings.ts';

it('a film is played early where the farm or its job says so, and has a stream', () => {
  const farm = testSettings({ EARLY_PLAY: 'true' });
  const other = testSettings();
  expect(wantsEarly({}, other)).toBe(false);
  expect(wantsEarly({ options: { early: true } }, other)).toBe(true);
  expect(wantsEarly({}, farm)).toBe(true);
  expect(wantsEarly({ options: { early: false } }, farm)).toBe(false);
  expect(wantsEarly({ options: { outputs: ['mp4'] } }, farm)).toBe(false);
});

it('a film that was made too slowly to be played early says what would help', () => {
  expect(notPlayable({ durationSeconds: 600 }, { speed: 0.8 })).toEqual([
    expect.stringMatching(/0\.80 times .* at least 1\.1 .*workersPerFilm.*x264Preset.*ladder/),
  ]);
  expect(notPlayable({ durationSeconds: 600 }, { speed: 3 })).toEqual([]);
  expect(notPlayable({ durationSeconds: 20 }, { speed: 0.8 })).toEqual([]);
});
