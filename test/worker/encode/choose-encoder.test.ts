import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { chooseEncoder, EncoderUnavailableError } from '../../../worker/src/encode/choose-encoder.ts';
import type { Settings } from '../../../worker/src/settings/settings.ts';
import { realMediaTools } from '../../helpers/media/clips.ts';

const tools = realMediaTools();
const x264 = { name: 'x264', preset: 'veryfast', threads: Math.ceil(availableParallelism() * 1.5) };
const settingsFor = (encoder: Settings['encoding']['encoder']) => ({
  encoding: { encoder, x264Preset: 'veryfast', nvencPreset: 'p5' } as Settings['encoding'],
});
/** Whether this machine has the driver: both ways are right, each where it belongs. */
const driverIsHere = await tools
  .ffmpeg({
    input: { lavfi: 'testsrc2=size=640x360:duration=0.1' },
    inputArgs: [],
    outputArgs: ['-pix_fmt', 'yuv420p', '-c:v', 'h264_nvenc', '-f', 'null', '-'],
    stallSeconds: 30,
  })
  .then(
    () => true,
    () => false,
  );

describe('chooseEncoder', () => {
  it('takes x264 when the settings say so, without trying anything', async () => {
    const untouched = { ffmpeg: () => Promise.reject(new Error('ffmpeg was started')) };
    expect(await chooseEncoder(settingsFor('x264'), untouched)).toEqual(x264);
  });

  it('takes NVENC on its own where it runs, and x264 elsewhere', async () => {
    expect(await chooseEncoder(settingsFor('auto'), tools)).toEqual(
      driverIsHere ? { name: 'nvenc', preset: 'p5' } : x264,
    );
  });

  it.runIf(!driverIsHere)(
    'never falls back to the CPU where NVENC was asked for: it names the reason',
    async () => {
      const choosing = chooseEncoder(settingsFor('nvenc'), tools);
      await expect(choosing).rejects.toThrow(EncoderUnavailableError);
      await expect(choosing).rejects.toThrow(
        /^ENCODER is "nvenc", and NVENC does not run here: Cannot load libcuda\.so\.1\. Give the task a GPU, or set ENCODER to "x264" or "auto"\.$/,
      );
    },
  );

  it('does not take a broken program for a machine without a GPU', async () => {
    const broken = { ffmpeg: () => Promise.reject(new TypeError('not ffmpeg')) };
    await expect(chooseEncoder(settingsFor('auto'), broken)).rejects.toThrow('not ffmpeg');
  });
});
