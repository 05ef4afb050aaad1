import { availableParallelism } from 'node:os';
import type { MediaTools } from '../ffmpeg/media-tool.ts';
import type { VideoEncoder } from '../plan/plan.ts';
import type { Settings } from '../settings/settings.ts';
import { tryEncoder } from './try-encoder.ts';

/** The encoder that was asked for does not work on this machine. */
export class EncoderUnavailableError extends Error {
  override readonly name = 'EncoderUnavailableError';

  /** In ffmpeg's words. */
  readonly reason: string;

  constructor(message: string, reason: string) {
    super(message);
    this.reason = reason;
  }
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
  const x264: VideoEncoder = { name: 'x264', preset: x264Preset, threads: x264Threads() };
  const nvenc: VideoEncoder = { name: 'nvenc', preset: nvencPreset };
  if (encoder === 'x264') return x264;
  const problem = await tryEncoder(nvenc, tools);
  if (problem === undefined) return nvenc;
  if (encoder === 'auto') return x264;
  throw new EncoderUnavailableError(
    `ENCODER is "nvenc", and NVENC does not run here: ${problem}. Give the task a GPU, or set ENCODER to "x264" or "auto".`,
    problem,
  );
}

/**
 * As x264 counts by default, counted once: the plan names the number, so that every worker makes the same bytes. Where a rendition
 * reaches its cap they differ all the same, as x264's buffer model looks at how far its other threads are (ratecontrol.c,
 * `frame_size_estimated`), `deterministic` or not; init segments never do.
 */
function x264Threads(): number {
  return Math.ceil(availableParallelism() * 1.5);
}
