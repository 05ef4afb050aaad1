import { describe, expect, it } from 'vitest';
import { bdRate, bitsAtQuality, pchip } from '../../../../tools/bench/quality/bd-rate.ts';

const points = (rates: readonly number[], qualities: readonly number[]) =>
  rates.map((bitsPerSecond, n) => ({ bitsPerSecond, quality: qualities[n] ?? 0 }));

describe('bdRate', () => {
  // Two curves that implementations of the metric are published with; the values are those of the Python package bjontegaard 1.3.0
  // with its method "pchip".
  it('agrees with a published implementation on the example of libx265 presets', () => {
    const anchor = points([9487.76, 4593.6, 2486.44, 1358.24], [40.037, 38.615, 36.845, 34.851]);
    const test = points([9787.8, 4469.0, 2451.52, 1356.24], [40.121, 38.651, 36.97, 34.987]);
    expect(bdRate(anchor, test)).toBeCloseTo(-0.0441748535, 6);
  });

  it('agrees with it where the curves reach different qualities', () => {
    const anchor = points([686.76, 309.58, 157.11, 85.95], [40.28, 37.18, 34.24, 31.42]);
    const test = points([893.34, 407.8, 204.93, 112.75], [40.39, 37.21, 34.17, 31.24]);
    expect(bdRate(anchor, test)).toBeCloseTo(0.3137987820239763, 6);
  });

  it('is a fifth where every quality takes a fifth more bits', () => {
    const anchor = points([1000, 2000, 4000], [80, 90, 95]);
    const test = points([1200, 2400, 4800], [80, 90, 95]);
    expect(bdRate(anchor, test)).toBeCloseTo(0.2, 9);
  });

  it('is unknown where the curves have no quality in common', () => {
    expect(bdRate(points([1, 2], [10, 20]), points([1, 2], [30, 40]))).toBeUndefined();
  });
});

describe('bitsAtQuality', () => {
  it('goes through the points, and says nothing beyond them', () => {
    const curve = points([4000, 1000, 2000], [95, 80, 90]);
    expect(bitsAtQuality(curve, 90)).toBeCloseTo(2000, 6);
    expect(bitsAtQuality(curve, 96)).toBeUndefined();
    expect(bitsAtQuality(curve, 79)).toBeUndefined();
  });
});

describe('pchip', () => {
  it('has no bump between points of equal height', () => {
    const curve = pchip([0, 1, 2, 3], [0, 1, 1, 5]);
    expect(curve(1.5)).toBe(1);
  });
});
