import { describe, expect, it } from 'vitest';
import { shiftFor, trialSamples, trialShifts, withShift } from '../../../worker/src/plan/film-quality.ts';
import type { Plan } from '../../../worker/src/plan/plan.ts';
import { shortPlan, videoParts } from '../../helpers/media/plans.ts';

/** VMAF of a film that falls faster the higher the CRF is. */
const vmafs = (middle: number) =>
  trialShifts.map((shift) => middle - 1.2 * shift - 0.05 * shift * shift) as [number, number, number];

describe('the CRF of a film', () => {
  it('is the highest with which the film has the VMAF, by the parabola through what was tried', () => {
    expect(shiftFor(vmafs(93), 93)).toBe(0);
    // 95.4 - 1.2 * 1.5 - 0.05 * 2.25 = 93.5, and 92.8 at 2.
    expect(shiftFor(vmafs(95.4), 93)).toBe(1.5);
    expect(shiftFor(vmafs(90), 93)).toBe(-3);
  });

  it('lies no more than seven points from that of the table, whatever the film', () => {
    expect(shiftFor([80, 75, 60], 93)).toBe(-7);
    expect(shiftFor([99.9, 99.8, 99.7], 93)).toBe(7);
  });
});

describe('what is tried of a film', () => {
  it('is the whole of a short one', () => {
    const plan = shortPlan();
    const [first] = videoParts(plan);
    if (first === undefined) throw new Error('The plan has no part.');
    const video = { ...plan.video, durationSeconds: 5 };
    const short: Plan = { ...plan, video, parts: [{ ...first, endSeconds: undefined } as typeof first] };
    expect(trialSamples(short)).toMatchObject([{ startSeconds: 0, seconds: 5 }]);
  });

  it('are the starts of three parts of a long one, where little has to be read', () => {
    const samples = trialSamples(shortPlan());
    expect(samples.map(({ startSeconds }) => startSeconds)).toEqual([0, 12, 24]);
    for (const { seconds, beforeSeconds } of samples) {
      expect(seconds).toBe(2);
      expect(beforeSeconds).toBe(0);
    }
  });

  it('lies in one part of a film that has no other, not far from its start', () => {
    const plan = shortPlan({ encoding: { partSeconds: 600 } });
    const samples = trialSamples(plan);
    expect(samples).toHaveLength(3);
    expect(new Set(samples.map(({ startSeconds }) => startSeconds)).size).toBe(3);
    for (const { startSeconds, beforeSeconds } of samples) {
      expect(beforeSeconds).toBe(startSeconds);
      expect(beforeSeconds).toBeLessThanOrEqual(20);
    }
  });
});

describe('a plan with a CRF of its own', () => {
  it('has it in all renditions, and another id', () => {
    const plan = shortPlan();
    const shifted = withShift(plan, -2.5);
    expect(shifted.id).toMatch(/^[0-9a-f]{12}$/);
    expect(shifted.id).not.toBe(plan.id);
    expect(withShift(plan, -2.5).id).toBe(shifted.id);
    expect(shifted.video?.renditions.map(({ quality }) => quality)).toEqual(
      plan.video.renditions.map(({ quality = 0 }) => quality - 2.5),
    );
  });

  it('is the same plan where its CRF is that of the table', () => {
    const plan = shortPlan();
    expect(withShift(plan, 0)).toBe(plan);
  });
});
