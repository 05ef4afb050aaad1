import { describe, expect, it } from 'vitest';
import { functionPartSeconds, refuseTooLong, vcpusOf } from '../../../worker/src/plan/function-limits.ts';
import type { EncodingWork } from '../../../worker/src/plan/work.ts';

const sizes = [1080, 720, 480, 360, 240].map((height) => ({ width: Math.round((height * 16) / 9), height }));
const fullHd: EncodingWork = {
  sourcePixels: 1920 * 1080,
  framesPerSecond: 30,
  renditions: sizes,
  preset: 'veryfast',
};
const largest = { vcpus: vcpusOf(10_240) };

describe('a part for a function', () => {
  it('is about a minute of 1080p at the largest memory', () => {
    const seconds = functionPartSeconds(fullHd, largest);
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThan(75);
  });

  it('is shorter where there is less memory, or more to do', () => {
    const usual = functionPartSeconds(fullHd, largest);
    expect(functionPartSeconds(fullHd, { vcpus: vcpusOf(3008) })).toBeCloseTo((usual * 3008) / 10_240, 5);
    expect(functionPartSeconds({ ...fullHd, framesPerSecond: 60 }, largest)).toBeCloseTo(usual / 2, 5);
    expect(functionPartSeconds({ ...fullHd, preset: 'medium' }, largest)).toBeLessThan(usual / 2);
  });

  it('is never so short that nothing but starts would be paid, nor longer than ten minutes of film', () => {
    expect(functionPartSeconds({ ...fullHd, preset: 'veryslow' }, { vcpus: 0.1 })).toBe(2);
    expect(functionPartSeconds({ ...fullHd, renditions: [], sourcePixels: 100 }, largest)).toBe(600);
  });
});

describe('a film that cannot be cut', () => {
  it('is taken where one invocation can make it', () => {
    expect(() => refuseTooLong(15 * 60, fullHd, largest)).not.toThrow();
  });

  it('is refused with its time, the limit and what would make it', () => {
    expect(() => refuseTooLong(2 * 3600, fullHd, largest)).toThrow(
      expect.objectContaining({
        code: 'too-long-for-function',
        message: expect.stringMatching(/no index.*about 67 min.*at most 10 min.*"compute: fargate"/s),
      }),
    );
  });
});
