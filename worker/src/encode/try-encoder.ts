import { MediaToolError, type MediaTools } from '../ffmpeg/media-tool.ts';
import type { VideoEncoder } from '../plan/plan.ts';
import { encoderArguments } from './encoders.ts';

const rates = { bitrate: 1_000_000, bufferSize: 2_000_000, profile: 'high' } as const;
const smallest = { ...rates, name: '240p', width: 426, height: 240, level: '3.0' } as const;
const largest = { ...rates, name: '2160p', width: 3840, height: 2160, level: '5.1' } as const;

function cpuChain(encoder: VideoEncoder): string[] {
  return ['-pix_fmt', 'yuv420p', ...encoderArguments(encoder, smallest), '-f', 'null', '-'];
}

/** As films go that the CPU decodes: into video memory, scaled there, and encoded in the largest and the smallest size. */
function gpuChain(encoder: VideoEncoder): string[] {
  const sizes = [largest, smallest];
  const scaled = sizes.map(
    ({ width, height }, n) => `[u${n}]scale_cuda=w=${width}:h=${height}:format=yuv420p[v${n}]`,
  );
  const graph = ['[0:v]format=yuv420p,hwupload_cuda,split=2[u0][u1]', ...scaled].join(';');
  const outputs = sizes.flatMap((size, n) => [
    ...['-map', `[v${n}]`, ...encoderArguments(encoder, size)],
    ...['-f', 'null', '-'],
  ]);
  return ['-filter_complex', graph, ...outputs];
}

/** Encodes a few frames and throws them away. @returns what went wrong */
export async function tryEncoder(
  encoder: VideoEncoder,
  tools: Pick<MediaTools, 'ffmpeg'>,
): Promise<string | undefined> {
  try {
    await tools.ffmpeg({
      input: { lavfi: 'testsrc2=size=640x360:rate=30:duration=0.5' },
      inputArgs: [],
      outputArgs: encoder.name === 'nvenc' ? gpuChain(encoder) : cpuChain(encoder),
      stallSeconds: 30,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof MediaToolError)) throw error;
    // ffmpeg names the reason first ("Cannot load libcuda.so.1"); what follows are its consequences.
    return error.stderrTail.split('\n')[0]?.replace(/^\[[^\]]*\]\s*/, '') || error.message;
  }
}
