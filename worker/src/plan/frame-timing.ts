import type { AudioStream, Fraction, Media, VideoStream } from '../probe/media.ts';
import type { Deinterlace, VideoPlan } from './plan.ts';

/** Apple's HLS authoring specification: at most 60 frames per second (1.19). */
const maxFramesPerSecond = 60;

/** A keyframe can't come every two seconds in a film with fewer frames than this. */
const fewestFramesPerSecond = 1;

/** Video that starts later than this after the audio is filled up from the start, so that no segment is empty. */
const latestStartSeconds = 0.5;

/**
 * The film's zero in the container's own time: its first picture, or the first audio of a film without one. A picture
 * that comes later than half a second after the audio is shown from the audio's start instead.
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
 * The film's own rate and timestamps where all of them are known to be steady; else a grid. Faster films keep every
 * second (third, ...) frame, so that motion stays even.
 */
export function planTiming(
  { format, startSeconds }: Pick<Media, 'format' | 'startSeconds'>,
  video: VideoStream,
  deinterlace: Deinterlace = 'fields',
): Pick<VideoPlan, 'frameRate' | 'timing' | 'listsFrames'> {
  const { num, den } = shownRate(video, deinterlace);
  const every = Math.max(1, Math.ceil(num / den / maxFramesPerSecond - 1e-9));
  const slow = num / den < fewestFramesPerSecond;
  const late = video.startSeconds - startSeconds > latestStartSeconds;
  // Only MP4 and MOV list the times of all frames. Elsewhere the rate of the first seconds is all that is known, and
  // Matroska rounds times to milliseconds, which sets frames on different sides of a cut in different parts.
  const listsFrames = format.split(',').includes('mov');
  const listed = listsFrames && !video.roundedTimestamps && !video.startsWithoutKeyframe;
  const fields = showsFields(video, deinterlace);
  const isRounded = video.roundedTimestamps && every === 1 && !slow;
  const steady = !fields && !video.variableFrameRate && listed && !late && !slow && every === 1;
  return {
    frameRate: slow ? { num: fewestFramesPerSecond, den: 1 } : reduce({ num, den: den * every }),
    timing: steady ? 'source' : 'constant',
    ...(listsFrames && (video.variableFrameRate || isRounded) && !fields ? { listsFrames } : {}),
  };
}

/** Whether each field becomes a picture: 50 of them a second where there are 50, but never more than may be shown. */
export function showsFields({ interlaced, frameRate }: VideoStream, deinterlace: Deinterlace): boolean {
  return interlaced && deinterlace === 'fields' && (2 * frameRate.num) / frameRate.den <= maxFramesPerSecond;
}

function shownRate(video: VideoStream, deinterlace: Deinterlace): Fraction {
  const { num, den } = video.frameRate;
  return showsFields(video, deinterlace) ? { num: 2 * num, den } : { num, den };
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
