import type { MediaTools } from '../ffmpeg/media-tool.ts';
import { readGpuName } from '../ffmpeg/programs.ts';
import type { VideoEncoder } from '../plan/plan.ts';

/**
 * What the bytes of an encoded part depend on beside the plan: ffmpeg's version and build, the processor's architecture and,
 * with NVENC, model and driver of the GPU. Parts of one film must agree in all of it. x264's bytes depend on the number of its
 * threads too, which the plan itself names (`x264Threads`).
 */
export function encodingIdentity(
  encoder: VideoEncoder,
  { version, build }: Pick<MediaTools, 'version' | 'build'>,
  readGpu: () => string = readGpuName,
): string {
  const common = [version, build, process.arch];
  return [...common, ...(encoder.name === 'nvenc' ? [readGpu()] : [])].join(' ');
}
