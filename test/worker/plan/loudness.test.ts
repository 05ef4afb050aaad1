import { describe, expect, it } from 'vitest';
import {
  gainFor,
  type LoudnessBlocks,
  loudnessOf,
  loudnessWarning,
} from '../../../worker/src/plan/loudness.ts';

/** So many tenths of a second at one loudness. */
const at = (lufs: number, count: number, truePeakDbtp = -3): LoudnessBlocks => ({
  blocks: [[Math.round(lufs * 10), count]],
  truePeakDbtp,
});

describe('the loudness of several stretches', () => {
  it('is the mean of their energy, not of their decibels', () => {
    expect(loudnessOf([at(-20, 100), at(-23, 100)]).integratedLufs).toBeCloseTo(-21.25, 2);
  });

  it('leaves out pauses, and what is 10 LU softer than the rest', () => {
    expect(loudnessOf([at(-20, 100), at(-90, 5000), at(-40, 300)]).integratedLufs).toBeCloseTo(-20, 2);
  });

  it('is that of all blocks together, however they are divided', () => {
    const one = loudnessOf([
      {
        blocks: [
          [-180, 30],
          [-250, 70],
          [-300, 20],
        ],
        truePeakDbtp: -1,
      },
    ]);
    const three = loudnessOf([
      at(-30, 20),
      {
        blocks: [
          [-180, 10],
          [-250, 70],
        ],
        truePeakDbtp: -1,
      },
      at(-18, 20),
    ]);
    expect(three).toEqual(one);
  });

  it('has the highest peak of them, and no loudness where nothing is heard', () => {
    expect(loudnessOf([at(-20, 10, -6), at(-20, 10, -0.5)]).truePeakDbtp).toBe(-0.5);
    expect(loudnessOf([at(-90, 10, -120)])).toEqual({ truePeakDbtp: -120 });
  });
});

describe('the gain of a film', () => {
  it.each([
    ['as far from the target as the film is', { integratedLufs: -23, truePeakDbtp: -12 }, 7],
    ['below zero for a loud film, whatever its peaks', { integratedLufs: -9, truePeakDbtp: 1.5 }, -7],
    ['no more than its peaks allow', { integratedLufs: -24, truePeakDbtp: -4 }, 3],
    ['none for a soft film whose peaks are high', { integratedLufs: -24, truePeakDbtp: -0.5 }, 0],
    ['none for silence', { truePeakDbtp: -120 }, 0],
  ])('is %s', (_, loudness, gain) => {
    expect(gainFor(loudness, -16)).toBe(gain);
  });

  it('has a warning where it does not reach the target', () => {
    expect(loudnessWarning('English', { integratedLufs: -21, truePeakDbtp: -1 }, -16)).toBe(
      'the audio "English" has -21.0 LUFS and not the -16 that were asked for: its peaks of -1.0 dBTP would clip if it were louder',
    );
    expect(loudnessWarning('English', { integratedLufs: -16.4, truePeakDbtp: -1 }, -16)).toBeUndefined();
  });
});
