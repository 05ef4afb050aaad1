import { encoderArguments } from '../encode/encoders.ts';
import type { VideoEncoder } from '../plan/plan.ts';
import { MediaToolError, type MediaTools } from './media-tool.ts';

/** Encodes a few frames and throws them away. @returns what went wrong */
export async function tryEncoder(
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
