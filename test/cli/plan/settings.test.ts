import { expect, it } from 'vitest';
import { planSettings } from '../../../cli/plan/settings.ts';

it('plans the files that the farm makes of every film', () => {
  expect(planSettings({}).outputs).toEqual(['hls']);
  expect(planSettings({ OUTPUTS: 'hls,webm:720p' }).outputs).toEqual(['hls', 'webm:720p']);
});
