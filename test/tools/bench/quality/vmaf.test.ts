import { expect, it } from 'vitest';
import { poolVmaf } from '../../../../tools/bench/quality/vmaf.ts';

const log = (scores: readonly number[]) =>
  JSON.stringify({ frames: scores.map((vmaf) => ({ metrics: { vmaf } })) });

it('leaves the first frame out, and pools the others as libvmaf does', () => {
  const { mean, harmonicMean, fifthPercentile } = poolVmaf(log([0, 80, 90, 100]));
  expect(mean).toBe(90);
  expect(harmonicMean).toBeCloseTo(3 / (1 / 81 + 1 / 91 + 1 / 101) - 1, 9);
  expect(fifthPercentile).toBe(80);
});

it('says so when no frame was compared', () => {
  expect(() => poolVmaf(log([50]))).toThrow('libvmaf looked at no frame');
});
