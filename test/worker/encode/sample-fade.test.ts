import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FadingClip, SampleFade } from '../../../worker/src/encode/sample-fade.ts';

const floats = (values: readonly number[]) => Buffer.from(new Float32Array(values).buffer);
const valuesOf = (blocks: readonly Buffer[]) => {
  const all = Buffer.concat(blocks);
  return Array.from({ length: all.length / 4 }, (_, n) => all.readFloatLE(4 * n));
};

/** What is heard of clips that have one value each, given in blocks of so many samples. */
function hear(clips: readonly (FadingClip & { value: number })[], blockSamples: number, channels = 1) {
  const fade = new SampleFade(channels);
  return clips.flatMap(({ value, ...clip }) => {
    fade.begin(clip);
    const heard: number[] = [];
    for (let at = 0; at < clip.samples; at += blockSamples) {
      const count = Math.min(blockSamples, clip.samples - at);
      heard.push(...valuesOf(fade.pass([floats(Array(count * channels).fill(value))])));
    }
    return heard;
  });
}

describe('the sound of a crossfade', () => {
  const clips = [
    { samples: 8, fadeIn: 0, fadeOut: 4, value: 1 },
    { samples: 10, fadeIn: 4, fadeOut: 0, value: 0 },
  ];

  it('goes from one clip to the other with equal power, and leaves what is around it alone', () => {
    const away = hear(clips, 3);
    const coming = hear(
      clips.map((clip) => ({ ...clip, value: 1 - clip.value })),
      3,
    );
    expect(away).toHaveLength(14);
    expect(away.slice(0, 4)).toEqual([1, 1, 1, 1]);
    expect(away.slice(8)).toEqual(Array(6).fill(0));
    for (const [n, value] of away.entries()) expect(value ** 2 + (coming[n] ?? 0) ** 2).toBeCloseTo(1, 5);
    expect(away.slice(4, 8)).toEqual(away.slice(4, 8).toSorted((a, b) => b - a));
  });

  it('is the same in blocks of any length, with one channel and with two', () => {
    const three = [
      ...clips.slice(0, 1),
      { samples: 9, fadeIn: 4, fadeOut: 5, value: 0.5 },
      { samples: 6, fadeIn: 5, fadeOut: 0, value: -1 },
    ];
    const whole = hear(three, 100);
    expect(whole).toHaveLength(8 + 9 + 6 - 4 - 5);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), (block) => {
        expect(hear(three, block)).toEqual(whole);
      }),
    );
    expect(hear(three, 2, 2)).toEqual(whole.flatMap((value) => [value, value]));
  });
});
