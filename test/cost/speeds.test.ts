import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type EncodingWork, nvencSpeed, x264Speed } from '../../cost/speeds.ts';

const sizes = {
  '1080p': [1920, 1080],
  '720p': [1280, 720],
  '540p': [960, 540],
  '360p': [640, 360],
  '240p': [426, 240],
};
const rungs = Object.values(sizes).map(([width = 0, height = 0]) => ({ width, height }));
const ladder: EncodingWork = { sourcePixels: 1920 * 1080, framesPerSecond: 30, renditions: rungs };

describe('x264', () => {
  /** The measurement that the speed is derived from: seconds of CPU for 10 s of film. */
  const measured = () => {
    const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');
    const found = /(\d+\.\d) s of CPU together; (\d+\.\d) \+/.exec(page);
    return { together: Number(found?.[1]), largestAlone: Number(found?.[2]) };
  };
  const cpuSeconds = (work: EncodingWork) => {
    const { filmSecondsPerSecond, utilisation } = x264Speed(work, 1);
    return (10 * utilisation) / filmSecondsPerSecond;
  };

  it('takes as much CPU time as docs/performance.md measured (if that page changed: cost/speeds.ts)', () => {
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

  it('says how it is reckoned', () => {
    expect(x264Speed(ladder, 4)).toMatchObject({
      basis: 'measured',
      how: expect.stringContaining('4 vCPU at 85 %'),
    });
  });
});

describe('NVENC', () => {
  it('is told as a limit that nobody has measured here', () => {
    expect(nvencSpeed(ladder, 'T4')).toMatchObject({
      basis: 'limit',
      how: expect.stringContaining('not measured here'),
    });
  });

  it('makes a T4 encode 264 frames of 1080p a second at most', () => {
    const { filmSecondsPerSecond, utilisation } = nvencSpeed(
      { ...ladder, renditions: rungs.slice(0, 1) },
      'T4',
    );
    expect(filmSecondsPerSecond / utilisation).toBeCloseTo(264 / 30, 6);
  });

  it('lets no rung have more than one engine', () => {
    const { filmSecondsPerSecond, utilisation } = nvencSpeed(ladder, 'L40S');
    expect(filmSecondsPerSecond / utilisation).toBeCloseTo(283 / 30, 6);
    const two = { ...ladder, renditions: [...rungs, ...rungs, ...rungs] };
    expect(nvencSpeed(two, 'L40S').filmSecondsPerSecond / utilisation).toBeLessThan(283 / 30);
  });
});
