import type { Plan } from '../plan/plan.ts';
import { byFragmentTable } from '../probe/fragment-table.ts';
import { seconds } from './seconds.ts';

/**
 * Seeks to the keyframe before the part. Frames from there on go through the filters, so that deinterlacing and frame
 * rate see what came before; `trim` drops them after that.
 *
 * `-copyts` leaves the container's times alone. Without it ffmpeg subtracts the start of the streams that a run uses
 * (MPEG-TS, MPEG-PS, Ogg), which is another one for video than for audio. ffmpeg 5.1 does so all the same when the offset
 * is the container's start to the microsecond, so it is one more.
 */
export function seekArguments(plan: Plan, startSeconds: number, zero: number): string[] {
  const { zeroSeconds } = plan;
  const seek = startSeconds > 0 ? seekTo(zeroSeconds + startSeconds) : [];
  return [...findFragments(plan), ...seek, ...keepClock(zeroSeconds + zero)];
}

export function findFragments({ fragmentTable }: Pick<Plan, 'fragmentTable'>): readonly string[] {
  return fragmentTable ? byFragmentTable : [];
}

/** To the keyframe before a time of the container. */
export function seekTo(containerSeconds: number): string[] {
  return ['-seek_timestamp', '1', '-ss', seconds(containerSeconds), '-noaccurate_seek'];
}

/** A run's timestamps count from this time of the container. */
export function keepClock(containerSeconds: number): string[] {
  return ['-copyts', '-itsoffset', seconds(1e-6 - containerSeconds)];
}
