import { describe, expect, it } from 'vitest';
import { againstOneCrf, farthestFromTarget } from '../../../../tools/bench/quality/own-crf-figures.ts';

/** The worst twentieth of frames is 3 points below the mean. */
const point = (crf: number, score: number, bitsPerSecond: number) => ({
  crf,
  vmaf: { mean: score, harmonicMean: score, fifthPercentile: score - 3 },
  bitsPerSecond,
  cpuSeconds: 1,
});

/** Falls by a point of VMAF with each point of CRF from 100 at `zero`, and by a tenth of its bits. */
const encode = (zero: number, bits: number) => (crf: number) =>
  point(crf, 100 - (crf - zero), bits * 0.9 ** crf);

function film(
  name: string,
  at: ReturnType<typeof encode>,
  { own, ofTable }: { own: number; ofTable: number },
) {
  const top = { veryfast: [18, 23, 28, 33].map(at) };
  return { name, top, rungs: {}, peers: {}, trials: {}, ownCrf: { own: at(own), ofTable: at(ofTable) } };
}

const [hard, easy] = [encode(14, 1_000_000), encode(18, 100_000)];
const films = [film('hard', hard, { own: 20, ofTable: 23 }), film('easy', easy, { own: 26, ofTable: 23 })];
const ownBits = hard(20).bitsPerSecond + easy(26).bitsPerSecond;
const bitsWith = (crf: number) => hard(crf).bitsPerSecond + easy(crf).bitsPerSecond;

it('says how far the farthest film is from the target', () => {
  const { own, ofTable } = farthestFromTarget(films);
  expect(own).toBeCloseTo(1, 6);
  expect(ofTable).toBeCloseTo(2, 6);
});

describe('a CRF for each film against one for all', () => {
  const { sameMean, withinTolerance, sameWorst, sameFifthPercentile } = againstOneCrf(films, 'veryfast');

  it('has the same mean VMAF', () => {
    // The mean of 94 and 92 is 93, as with CRF 23 for both.
    expect(sameMean.crf).toBeCloseTo(23, 1);
    expect(sameMean.bitRatio).toBeCloseTo(ownBits / bitsWith(23), 2);
    expect(sameMean.filmBitRatio).toBeCloseTo(1, 2);
  });

  it('brings every film close enough to the target', () => {
    // The hard film has VMAF 91 at 23.
    expect(withinTolerance.crf).toBeCloseTo(23, 1);
  });

  it('leaves no film below the worst one with its own CRF', () => {
    // The easy film has 92 with its own, the hard one has it at 22.
    expect(sameWorst.crf).toBeCloseTo(22, 1);
    expect(sameWorst.bitRatio).toBeCloseTo(ownBits / bitsWith(22), 2);
    expect(sameWorst.filmBitRatio).toBeCloseTo(0.9, 2);
  });

  it("looks at each film's worst frames too", () => {
    expect(sameFifthPercentile.crf).toBeCloseTo(22, 1);
  });

  it("knows a film's own CRF from its measurement where it lies beyond the curve", () => {
    const curve = film('grain', encode(8, 1_000_000), { own: 20, ofTable: 23 });
    // By the line through the others, VMAF is 94 there.
    const own = point(14, 92, 9_000_000);
    const alone = againstOneCrf([{ ...curve, ownCrf: { ...curve.ownCrf, own } }], 'veryfast');
    expect(alone.sameWorst.crf).toBeCloseTo(14, 1);
    expect(alone.sameWorst.bitRatio).toBeCloseTo(1, 1);
  });
});
