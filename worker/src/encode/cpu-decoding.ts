import { DamagedFilmError, RefusedError } from '../errors.ts';
import { MediaToolError } from '../ffmpeg/media-tool.ts';
import type { MediaPart, Plan } from '../plan/plan.ts';
import { BadOutputError } from './recorder.ts';

/**
 * The plan of a part whose frames the CPU decodes, where the plan has the GPU for it and that did not work: such as where the
 * picture's size changes, as ffmpeg makes all filters again then and loses what they hold. Encoded by the same encoder, the part
 * fits to the others.
 */
export function decodedByCpu(plan: Plan, part: MediaPart, error: unknown): Plan | undefined {
  const { video } = plan;
  if (part.kind !== 'video' || video?.path !== 'gpu' || !mayBeDecoders(error)) return undefined;
  const { cpuPrepare = [], ...rest } = video;
  return { ...plan, video: { ...rest, path: 'upload', prepare: cpuPrepare } };
}

export const decodedByCpuWarning = (startSeconds: number) =>
  `The GPU did not decode the film rightly from ${startSeconds.toFixed(0)} s on, so the CPU decoded that part.`;

/** A decoder that fails, and one that goes on with what it can't do: not a run that was stopped or hangs. */
export function mayBeDecoders(error: unknown): boolean {
  if (error instanceof MediaToolError) return error.exitCode !== null && !error.timedOut;
  return (
    error instanceof BadOutputError || error instanceof RefusedError || error instanceof DamagedFilmError
  );
}
