import { MediaToolError, type MediaTools } from '../ffmpeg/media-tool.ts';
import type { VideoPlan } from '../plan/plan.ts';

/** So much of the film is decoded for a try. */
const trySeconds = 1;

/**
 * Decodes the film's first second on the GPU, prepares and scales it there, as its plan is to. NVDEC refuses films for reasons that no header shows:
 * with more than 32 surfaces (reference and reordered pictures, and about 14 of ffmpeg's own), ffmpeg goes on with frames in
 * main memory, which `scale_cuda` can't take.
 * @returns what ffmpeg says where that fails; undefined where it works
 */
export async function tryGpuDecode(
  tools: Pick<MediaTools, 'ffmpeg'>,
  url: string,
  { streamIndex, prepare, renditions }: Pick<VideoPlan, 'streamIndex' | 'prepare' | 'renditions'>,
  { stallSeconds, signal }: { stallSeconds: number; signal: AbortSignal },
): Promise<string | undefined> {
  const { width = 640, height = 360 } = renditions[0] ?? {};
  try {
    await tools.ffmpeg({
      input: { url },
      inputArgs: gpuInputArguments,
      outputArgs: [
        ...['-map', `0:${streamIndex}`, '-t', String(trySeconds)],
        ...['-vf', [...prepare, `scale_cuda=w=${width}:h=${height}:format=yuv420p`].join(',')],
        ...['-f', 'null', '-'],
      ],
      stallSeconds,
      signal,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof MediaToolError)) throw error;
    return error.stderrTail || error.message;
  }
}

/**
 * Frames stay in video memory from decoder to encoder. One thread, for each further one takes a surface of NVDEC's 32; frames
 * are copied out of the decoder (nvdec.c, nvdec_retrieve_data), so no surfaces are needed for the encoder's look-ahead.
 */
export const gpuInputArguments = [
  '-hwaccel',
  'cuda',
  '-hwaccel_output_format',
  'cuda',
  '-threads',
  '1',
] as const;
