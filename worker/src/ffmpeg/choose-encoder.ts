import { encoderArguments } from '../encode/encoders.ts';
import type { VideoEncoder } from '../plan/plan.ts';
import type { Settings } from '../settings/settings.ts';
import { MediaToolError, type MediaTools } from './media-tool.ts';

/** The encoder that was asked for does not work on this machine. */
export class EncoderUnavailableError extends Error {
  override readonly name = 'EncoderUnavailableError';
}

/**
 * Settles once, at start, what this worker encodes with. `auto` tries NVENC and takes x264 where it does not run.
 * @throws EncoderUnavailableError when NVENC was asked for by name and does not run: a GPU farm must not fall back to
 * its CPU unnoticed
 */
export async function chooseEncoder(
  settings: Pick<Settings, 'encoding'>,
  tools: Pick<MediaTools, 'ffmpeg'>,
): Promise<VideoEncoder> {
  const { encoder, x264Preset, nvencPreset } = settings.encoding;
  const x264: VideoEncoder = { name: 'x264', preset: x264Preset };
  const nvenc: VideoEncoder = { name: 'nvenc', preset: nvencPreset };
  if (encoder === 'x264') return x264;
  const problem = await tryEncoder(nvenc, tools);
  if (problem === undefined) return nvenc;
  if (encoder === 'auto') return x264;
  throw new EncoderUnavailableError(
    `ENCODER is "nvenc", and NVENC does not run here: ${problem}. Give the task a GPU, or set ENCODER to "x264" or "auto".`,
  );
}

/** Encodes a few frames and throws them away. @returns what went wrong */
async function tryEncoder(
  encoder: VideoEncoder,
  tools: Pick<MediaTools, 'ffmpeg'>,
): Promise<string | undefined> {
  const rendition = {
    name: '360p',
    width: 640,
    height: 360,
    bitrate: 1_000_000,
    maxBitrate: 1_100_000,
    bufferSize: 2_000_000,
    profile: 'high',
    level: '3.0',
  } as const;
  try {
    await tools.ffmpeg({
      input: { lavfi: `testsrc2=size=${rendition.width}x${rendition.height}:rate=30:duration=0.5` },
      inputArgs: [],
      outputArgs: ['-pix_fmt', 'yuv420p', ...encoderArguments(encoder, rendition), '-f', 'null', '-'],
      stallSeconds: 30,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof MediaToolError)) throw error;
    // ffmpeg names the reason first ("Cannot load libcuda.so.1"); what follows are its consequences.
    return error.stderrTail.split('\n')[0]?.replace(/^\[[^\]]*\]\s*/, '') || error.message;
  }
}
