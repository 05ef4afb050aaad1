import { describe, expect, it } from 'vitest';
import { calibrate, valuesOf } from '../../../cli/calibrate/calibrate.ts';
import type { Encode, Measurer } from '../../../tools/bench/quality/measure.ts';
import { encoderQuality } from '../../../worker/src/plan/encoder-quality.ts';
import { ownQualitySchema } from '../../../worker/src/plan/own-quality.ts';
import { farmCommand } from '../../helpers/local-farm/farm-command.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { shortPlan } from '../../helpers/media/plans.ts';

it.each([
  [['--ffmpeg', 'no-ffmpeg'], '--ffmpeg: no-ffmpeg does not run, or is not an ffmpeg.'],
  [['--measure-ffmpeg', '/none'], '--measure-ffmpeg: /none does not run, or is not an ffmpeg.'],
])(
  'says of %j that the program does not run',
  async (args, words) => {
    await using folder = await temporaryFolder();
    const ended = await farmCommand(folder.path, ['calibrate', ...args], { FFMPEG_MEASURE_PATH: '' });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(words);
  },
  30_000,
);

/** VMAF falls by two points for each point of the CRF. */
const falling = (vmafAt20: number) =>
  [16, 21, 26, 32].map((crf) => ({
    crf,
    bitsPerSecond: 2 ** (30 - crf / 6),
    cpuSeconds: 1,
    vmaf: { mean: vmafAt20 - 2 * (crf - 20), harmonicMean: 0, fifthPercentile: 0 },
  }));

const raw = {
  name: 'a',
  path: 'a.y4m',
  version: '1',
  width: 640,
  height: 360,
  framesPerSecond: 24,
  seconds: 2,
};

/** Measures nothing: the figure follows from the number that the encoder is given. */
function fakeMeasurer(flag: string): Measurer & { encodes: Encode[] } {
  const encodes: Encode[] = [];
  return {
    encodes,
    async measure(_, encode) {
      encodes.push(encode);
      const [args = []] = encode.passes;
      const value = Number(args[args.indexOf(flag) + 1]);
      const mean = 100 - value / 2;
      return { bitsPerSecond: 1e6, cpuSeconds: 1, vmaf: { mean, harmonicMean: mean, fifthPercentile: mean } };
    },
  };
}

describe('calibrate', () => {
  it('finds the CRFs with which films have the VMAF of each quality, on average', () => {
    // At 20: 95 and 91, so 93 on average.
    expect(valuesOf([falling(95), falling(91)], 'x264')).toEqual({ saver: 22.5, standard: 20, high: 19 });
  });

  it('encodes as workers do, with x264 and with NVENC', async () => {
    for (const [encoder, preset, flag, codec] of [
      ['x264', 'medium', '-crf', 'libx264'],
      ['nvenc', 'p5', '-cq', 'h264_nvenc'],
    ] as const) {
      const measurer = fakeMeasurer(flag);
      const { table } = await calibrate([raw], encoder, [preset], measurer, () => {});
      expect(measurer.encodes).toHaveLength(4);
      for (const { passes } of measurer.encodes)
        expect(passes[0]?.join(' ')).toMatch(new RegExp(`-c:v ${codec} -preset ${preset} `));
      // VMAF 93 at 14 is out of what is tried.
      const least = encoder === 'x264' ? 16 : 18;
      expect(table[preset]).toEqual({ saver: 24, standard: least, high: least });
    }
  });

  it('says which targets lie beyond what was tried', async () => {
    const { notes } = await calibrate([raw], 'x264', ['veryfast'], fakeMeasurer('-crf'), () => {});
    expect(notes.join('\n')).toMatch(/veryfast, high: VMAF 95 lies beyond what was tried, so 16 is a guess/);
  });

  it('refuses films that look the same however they are encoded', () => {
    const still = falling(90).map((point) => ({ ...point, vmaf: { ...point.vmaf, mean: 97 } }));
    expect(() => valuesOf([still], 'x264')).toThrow(/says nothing/);
  });
});

describe('the table of an owner', () => {
  const table = { x264: { medium: { saver: 28, standard: 24.5, high: 22 } } };

  it('comes before the table of the program, for the presets that are in it', () => {
    const parsed = ownQualitySchema.parse(table);
    expect(encoderQuality({ name: 'x264', preset: 'medium' }, 'standard', parsed)).toBe(24.5);
    for (const encoder of [
      { name: 'x264', preset: 'slow' } as const,
      { name: 'nvenc', preset: 'p5' } as const,
    ])
      expect(encoderQuality(encoder, 'high', parsed)).toBe(encoderQuality(encoder, 'high'));
  });

  it('is what films are planned with', () => {
    const { video } = shortPlan({
      encoding: { qualityTable: { x264: { veryfast: { saver: 30, standard: 27, high: 20 } } } },
    });
    expect(new Set(video.renditions.map(({ quality }) => quality))).toEqual(new Set([27]));
  });

  it('is refused where a higher quality would look worse, or a number is out of range', () => {
    const of = (medium: object) => ownQualitySchema.safeParse({ x264: { medium } }).success;
    expect(of({ saver: 28, standard: 24.5, high: 22 })).toBe(true);
    expect(of({ saver: 20, standard: 24.5, high: 22 })).toBe(false);
    expect(of({ saver: 60, standard: 24.5, high: 22 })).toBe(false);
    expect(of({ saver: 28, standard: 24.5 })).toBe(false);
    expect(ownQualitySchema.safeParse({ vp9: {} }).success).toBe(false);
  });
});
