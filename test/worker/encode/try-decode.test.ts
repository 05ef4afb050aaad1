import { describe, expect, it } from 'vitest';
import { tryGpuDecode } from '../../../worker/src/encode/try-decode.ts';
import { MediaToolError } from '../../../worker/src/ffmpeg/media-tool.ts';
import { nvenc, shortPlan } from '../../helpers/media/plans.ts';

const { video } = shortPlan({ encoder: nvenc });
const how = { stallSeconds: 30, signal: new AbortController().signal };
const refusal = new MediaToolError('ffmpeg ended with exit code 234', {
  exitCode: 234,
  killedBy: null,
  timedOut: false,
  stderrTail: 'Impossible to convert between the formats supported by the filters',
});

describe('tryGpuDecode', () => {
  it('decodes a second of the film on the GPU with one thread, so that its pictures fit 32 surfaces', async () => {
    const calls: { inputArgs: readonly string[]; outputArgs: readonly string[] }[] = [];
    const ffmpeg = async (call: (typeof calls)[number]) => {
      calls.push(call);
      return { errorLines: 0 };
    };
    expect(await tryGpuDecode({ ffmpeg }, 'http://127.0.0.1/film', video, how)).toBeUndefined();
    expect(calls).toMatchObject([
      {
        inputArgs: ['-hwaccel', 'cuda', '-hwaccel_output_format', 'cuda', '-threads', '1'],
        outputArgs: expect.arrayContaining([
          '-map',
          '0:0',
          '-t',
          '1',
          'scale_cuda=w=640:h=360:format=yuv420p',
        ]),
      },
    ]);
  });

  it('prepares the second as the film is to be', async () => {
    const interlaced = shortPlan({ encoder: nvenc, video: { interlaced: true } }).video;
    const calls: { outputArgs: readonly string[] }[] = [];
    const ffmpeg = async (call: (typeof calls)[number]) => {
      calls.push(call);
      return { errorLines: 0 };
    };
    await tryGpuDecode({ ffmpeg }, 'http://127.0.0.1/film', interlaced, how);
    expect(calls[0]?.outputArgs).toContain(
      'bwdif_cuda=mode=send_field,scale_cuda=w=640:h=360:format=yuv420p',
    );
  });

  it('says what ffmpeg says where the GPU refuses the film', async () => {
    const ffmpeg = () => Promise.reject(refusal);
    expect(await tryGpuDecode({ ffmpeg }, 'http://127.0.0.1/film', video, how)).toMatch(
      /^Impossible to convert/,
    );
  });

  it('does not take a broken program for a film that the GPU refuses', async () => {
    const ffmpeg = () => Promise.reject(new TypeError('not ffmpeg'));
    await expect(tryGpuDecode({ ffmpeg }, 'http://127.0.0.1/film', video, how)).rejects.toThrow('not ffmpeg');
  });
});
