import { expect, it } from 'vitest';
import { quantile } from '../../../tools/simulation/measure.ts';
import { simulateUrgent } from '../../../tools/simulation/urgent-films.ts';

const partSeconds = 300;
const options = { workers: 3, speed: 10, seed: 7 };

it('an urgent film waits for a part at most, though 10,000 bulk films are before it', async () => {
  const { firstFrameSeconds, bulkDone } = await simulateUrgent({ ...options, hasLanes: true });
  expect(firstFrameSeconds).toHaveLength(200);
  expect(quantile(firstFrameSeconds, 0.95)).toBeLessThan(partSeconds / options.speed);
  expect(bulkDone).toBeGreaterThan(1000);
});

it('without lanes it waits behind them', async () => {
  const { firstFrameSeconds } = await simulateUrgent({ ...options, hasLanes: false });
  expect(firstFrameSeconds[0]).toBeGreaterThan(50 * 3600);
});
