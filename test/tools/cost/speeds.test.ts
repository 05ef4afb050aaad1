import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type EncodingWork, nvencSpeed, x264Speed } from '../../../tools/cost/speeds.ts';
import { environmentSchema } from '../../../worker/src/settings/environment.ts';

const sizes = {
  '1080p': [1920, 1080],
  '720p': [1280, 720],
  '540p': [960, 540],
  '360p': [640, 360],
  '240p': [426, 240],
};
const rungs = Object.values(sizes).map(([width = 0, height = 0]) => ({ width, height }));
const ladder: EncodingWork = {
  sourcePixels: 1920 * 1080,
  framesPerSecond: 30,
  renditions: rungs,
  preset: 'veryfast',
};
const onGpu: EncodingWork = { ...ladder, preset: 'p5' };

describe('x264', () => {
  /** The measurement that the speed is derived from: seconds of CPU for 10 s of film. */
  const measured = () => {
    const page = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8');
    const found = /(\d+\.\d) s of CPU together; (\d+\.\d) \+/.exec(page);
    return { together: Number(found?.[1]), largestAlone: Number(found?.[2]) };
  };
  const cpuSeconds = (work: EncodingWork) => {
    const { filmSecondsPerSecond, utilisation } = x264Speed(work, 1);
    return (10 * utilisation) / filmSecondsPerSecond;
  };

  it('takes as much CPU time as docs/performance.md measured (if that page changed: tools/cost/speeds.ts)', () => {
    const { together, largestAlone } = measured();
    expect(cpuSeconds(ladder)).toBeCloseTo(together, 1);
    // One rung alone is a check of the split into decoding and encoding, not where it is from.
    const alone = cpuSeconds({ ...ladder, renditions: rungs.slice(0, 1) });
    expect(alone / largestAlone).toBeGreaterThan(0.9);
    expect(alone / largestAlone).toBeLessThan(1.15);
  });

  it('is twice as quick on twice the vCPUs, and half as quick at twice the frames', () => {
    const { filmSecondsPerSecond } = x264Speed(ladder, 4);
    expect(x264Speed(ladder, 8).filmSecondsPerSecond).toBeCloseTo(2 * filmSecondsPerSecond, 9);
    const fast = x264Speed({ ...ladder, framesPerSecond: 60 }, 4);
    expect(fast.filmSecondsPerSecond).toBeCloseTo(filmSecondsPerSecond / 2, 9);
  });

  it('takes longer with a slower preset, and as long to decode', () => {
    const presets = environmentSchema.shape.X264_PRESET.unwrap().options;
    const times = presets.map((preset) => cpuSeconds({ ...ladder, preset }));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(presets.length);
    const nothingToEncode = { ...ladder, renditions: [] };
    expect(cpuSeconds({ ...nothingToEncode, preset: 'veryslow' })).toBe(cpuSeconds(nothingToEncode));
  });

  it('says how it is computed', () => {
    expect(x264Speed(ladder, 4)).toMatchObject({
      basis: 'measured',
      how: expect.stringContaining('4 vCPU at 85 %'),
    });
  });
});

describe('NVENC', () => {
  it('is marked as a published limit that was not measured', () => {
    expect(nvencSpeed(onGpu, 'T4')).toMatchObject({
      basis: 'limit',
      how: expect.stringContaining('not measured here'),
    });
  });

  it('makes a T4 encode 264 frames of 1080p a second at most', () => {
    const { filmSecondsPerSecond, utilisation } = nvencSpeed(
      { ...onGpu, renditions: rungs.slice(0, 1) },
      'T4',
    );
    expect(filmSecondsPerSecond / utilisation).toBeCloseTo(264 / 30, 6);
  });

  it('is quicker with a lower preset, and takes one that is not listed for the slower beside it', () => {
    const speed = (preset: string) => nvencSpeed({ ...onGpu, preset }, 'T4').filmSecondsPerSecond;
    const speeds = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'].map(speed);
    expect(speeds).toEqual(speeds.toSorted((a, b) => b - a));
    expect(speed('p3') / speed('p5')).toBeCloseTo(602 / 264, 9);
    expect(speed('p4')).toBe(speed('p5'));
    expect(nvencSpeed({ ...onGpu, preset: 'p4' }, 'T4').how).toContain('p4, taken for p5');
  });

  it('lets no rung have more than one engine', () => {
    const { filmSecondsPerSecond, utilisation } = nvencSpeed(onGpu, 'L40S');
    expect(filmSecondsPerSecond / utilisation).toBeCloseTo(283 / 30, 6);
    const two = { ...onGpu, renditions: [...rungs, ...rungs, ...rungs] };
    expect(nvencSpeed(two, 'L40S').filmSecondsPerSecond / utilisation).toBeLessThan(283 / 30);
  });
});
