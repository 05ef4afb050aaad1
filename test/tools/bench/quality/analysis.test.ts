import { describe, expect, it } from 'vitest';
import {
  againstPeer,
  bitsAt,
  type CrfPoint,
  crfFor,
  crfTable,
  presetFigures,
  rungFigures,
  trialFigures,
  vmafAt,
} from '../../../../tools/bench/quality/analysis.ts';

const vmaf = (mean: number) => ({ mean, harmonicMean: mean, fifthPercentile: mean });

/** Falls by a point of VMAF with each point of CRF from 100 at `zero`, and by a tenth of its bits. */
const curve = (zero: number, bits = 1_000_000, cpuSeconds = 2): CrfPoint[] =>
  [18, 23, 28, 33].map((crf) => ({
    crf,
    vmaf: vmaf(100 - (crf - zero)),
    bitsPerSecond: bits * 0.9 ** crf,
    cpuSeconds,
  }));

const film = (name: string, top: Record<string, CrfPoint[]>) => {
  const point = top.veryfast?.[1] as CrfPoint;
  return { name, top, rungs: {}, peers: {}, trials: {}, ownCrf: { ofTable: point, own: point } };
};

describe('crfFor', () => {
  it('finds the CRF at which films have a VMAF on average', () => {
    expect(crfFor([curve(16)], 93)).toBeCloseTo(23, 1);
    expect(crfFor([curve(14), curve(18)], 93)).toBeCloseTo(23, 1);
  });

  it('goes on straight beyond the CRFs that were measured', () => {
    expect(crfFor([curve(27)], 93)).toBeCloseTo(34, 1);
    expect(vmafAt(curve(16), 35)).toBeCloseTo(81, 6);
  });
});

it('interpolates bits as powers', () => {
  expect(bitsAt(curve(16), 25.5)).toBeCloseTo(1_000_000 * 0.9 ** 25.5, 0);
});

it('gives each quality the CRF of its VMAF', () => {
  expect(crfTable([film('a', { veryfast: curve(16) })], 'veryfast')).toEqual({
    saver: 28,
    standard: 23,
    high: 21,
  });
});

it('says where more bits for a small rendition would look better in the one above', () => {
  const small = [10, 20, 28].map((crf) => ({ crf, ...rest(60 - crf / 10, 900_000 * 0.9 ** crf) }));
  const films = [{ ...film('a', { veryfast: curve(16) }), rungs: { '720p': small } }];
  const [figures] = rungFigures(films, 'veryfast', { names: ['1080p', '720p'], crf: 23 });
  expect(figures).toMatchObject({ name: '720p', betterAbove: 1, films: 1 });
  expect(figures?.ceiling).toBeCloseTo(59, 6);
  expect(figures?.vmaf).toBeCloseTo(57.7, 6);
});

it('says how much a preset changes CRF, bits and time at the same VMAF', () => {
  const films = [film('a', { veryfast: curve(16), medium: curve(17, 900_000, 5) })];
  const { shift, bitRatio, cpuRatio } = presetFigures(films, 'medium', 'veryfast');
  expect(shift).toBeCloseTo(1, 1);
  expect(bitRatio).toBeCloseTo(0.81, 6);
  expect(cpuRatio).toBeCloseTo(2.5, 6);
});

it("compares with a peer at the peer's own quality", () => {
  const theirs = { vmaf: vmaf(90), bitsPerSecond: 2_000_000 * 0.9 ** 26, cpuSeconds: 4 };
  const figures = againstPeer(
    [{ ...film('a', { veryfast: curve(16) }), peers: { Peer: theirs } }],
    'Peer',
    'veryfast',
  );
  expect(figures).toHaveLength(1);
  expect(figures[0]?.bitRatio).toBeCloseTo(0.5, 6);
  expect(figures[0]?.cpuRatio).toBeCloseTo(0.5, 6);
});

it('says how many bits a flag takes at the same VMAF', () => {
  const tried = { vmaf: vmaf(95), bitsPerSecond: 900_000 * 0.9 ** 21, cpuSeconds: 3 };
  const films = [
    {
      ...film('a', { veryfast: curve(16) }),
      trials: { 'aq-mode 3': tried, none: { ...tried, bitsPerSecond: 1_000_000 * 0.9 ** 21, cpuSeconds: 2 } },
    },
  ];
  const { bitRatio, cpuRatio } = trialFigures(films, 'aq-mode 3', 'none', 'veryfast');
  expect(bitRatio).toBeCloseTo(0.9, 6);
  expect(cpuRatio).toBeCloseTo(1.5, 6);
});

function rest(score: number, bitsPerSecond: number) {
  return { vmaf: vmaf(score), bitsPerSecond, cpuSeconds: 1 };
}
