import { expect, it } from 'vitest';
import { wantsEarly } from '../../../worker/src/plan/early.ts';
import { testSettings } from '../../helpers/worker/settings.ts';

it('a film is played early where the farm or its job says so, and has a stream', () => {
  const farm = testSettings({ EARLY_PLAY: 'true' });
  const other = testSettings();
  expect(wantsEarly(undefined, other)).toBe(false);
  expect(wantsEarly({ early: true }, other)).toBe(true);
  expect(wantsEarly(undefined, farm)).toBe(true);
  expect(wantsEarly({ early: false }, farm)).toBe(false);
  expect(wantsEarly({ outputs: ['mp4'] }, farm)).toBe(false);
});
