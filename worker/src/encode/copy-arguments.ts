import type { AudioPart, AudioRendition, MediaPart, Plan } from '../plan/plan.ts';
import type { WholeFrames } from '../probe/media.ts';
import { frameOfCut, samplesPerFrame } from './audio-frames.ts';
import { mayBeDecoders } from './cpu-decoding.ts';

/**
 * Frames of the source that a part publishes as they are. Each is put in the place on the film's grid that is nearest to its time, which
 * is the same one in every part, so that none is lost or doubled where parts meet. What a damaged file has of a frame is left out.
 */
export function copyArguments(
  rendition: AudioRendition,
  { bytes }: WholeFrames,
  { startSeconds = 0, endSeconds }: AudioPart,
  film: number,
): string[] {
  const samples = samplesPerFrame(rendition);
  const first = frameOfCut(startSeconds, rendition);
  // Half a frame and less than a sample more, so that rounding has no part in where one belongs that is just between two places.
  const place = `floor(TS*TB*${rendition.sampleRate}/${samples}+0.5001)`;
  const placed = `(${place}-${first})*${samples}/(TB*${rendition.sampleRate})`;
  const dropped = ['lt(pts,0)', `1-eq(size,${bytes})`];
  if (endSeconds !== undefined) {
    const seconds = ((frameOfCut(endSeconds, rendition) - first - 0.5) * samples) / rendition.sampleRate;
    dropped.push(`gt(pts*tb,${seconds})`);
  }
  return [
    ...['-map', `${film}:${rendition.streamIndexes[0]}`, '-c:a', 'copy'],
    ...['-bsf:a', `setts=ts='${placed}',noise=drop='${dropped.join('+')}'`],
  ];
}

/**
 * The plan of a part whose frames are encoded, where the plan has them copied and some are damaged or missing after all. Encoded at the
 * same rate, the part fits to the others.
 */
export function encodedAfterAll(plan: Plan, part: MediaPart, error: unknown): Plan | undefined {
  if (part.kind !== 'audio' || !plan.audio.some(({ copied }) => copied) || !mayBeDecoders(error))
    return undefined;
  return { ...plan, audio: plan.audio.map(({ copied, ...rendition }) => rendition) };
}

export const encodedAfterAllWarning = (startSeconds: number) =>
  `The film's AC-3 is not whole from ${startSeconds.toFixed(0)} s on, so that part of it was encoded and not copied.`;
