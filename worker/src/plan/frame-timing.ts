import type { AudioStream, Fraction, Media, VideoStream } from '../probe/media.ts';
import type { VideoPlan } from './plan.ts';

/** Apple's HLS authoring specification: at most 60 frames per second (1.19). */
const maxFramesPerSecond = 60;

/** A keyframe can't come every two seconds in a film with fewer frames than this. */
const fewestFramesPerSecond = 1;

/** A picture that starts later than this after the sound is filled up from the start, so that no segment is empty. */
const latestStartSeconds = 0.5;

/**
 * The film's zero in the container's own time: its first picture, or the first sound of a film without one. A picture
 * that comes later than half a second after the sound is shown from the sound's start instead.
 */
export function filmZero({
  video,
  audio,
  startSeconds,
}: Pick<Media, 'video' | 'audio' | 'startSeconds'>): number {
  const first = (video ?? audio[0])?.startSeconds ?? startSeconds;
  return microseconds(video && first - startSeconds > latestStartSeconds ? startSeconds : first);
}

/** When a stream ends, in seconds from the film's zero. */
export function endOf(stream: VideoStream | AudioStream, zeroSeconds: number): number {
  return microseconds(stream.startSeconds + stream.durationSeconds - zeroSeconds);
}

/**
 * The film's own rate and timestamps where they are steady; else a grid. Faster films keep every second (third, ...)
 * frame, so that motion stays even.
 */
export function planTiming(
  { format, startSeconds }: Pick<Media, 'format' | 'startSeconds'>,
  video: VideoStream,
): Pick<VideoPlan, 'frameRate' | 'timing'> {
  const { num, den } = video.frameRate;
  const every = Math.max(1, Math.ceil(num / den / maxFramesPerSecond - 1e-9));
  const slow = num / den < fewestFramesPerSecond;
  const late = video.startSeconds - startSeconds > latestStartSeconds;
  // Timestamps rounded to milliseconds set frames on different sides of a cut in different parts.
  const rounded = video.roundedTimestamps || format.startsWith('matroska');
  const steady = !video.variableFrameRate && !rounded && !late && !slow && every === 1;
  return {
    frameRate: slow ? { num: fewestFramesPerSecond, den: 1 } : reduce({ num, den: den * every }),
    timing: steady ? 'source' : 'constant',
  };
}

/**
 * Longest time between keyframes that is at most 2 s (Apple's HLS authoring specification, 1.13) and divides a segment
 * into whole milliseconds: 6 -> 2, 5 -> 1.25, 3 -> 1.5.
 */
export function gopLength(segmentSeconds: number): number {
  let count = Math.ceil(segmentSeconds / 2);
  while ((segmentSeconds * 1000) % count !== 0) count++;
  return segmentSeconds / count;
}

/** ffmpeg's own resolution: sums of its decimals carry noise behind that. */
function microseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

function reduce({ num, den }: Fraction): Fraction {
  const divisor = greatestCommonDivisor(num, den);
  return { num: num / divisor, den: den / divisor };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
