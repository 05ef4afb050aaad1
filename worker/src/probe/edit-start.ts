import type { FfprobePacket } from './ffprobe-json.ts';
import type { Media, VideoStream } from './media.ts';

/** Enough for the frames from a keyframe to the one that the edit begins in. */
const packetsRead = 1000;

const roundingSeconds = 0.001;

/** Whether an edit list hides the film's first frames, as where it was trimmed without being encoded again. */
export function hidesFrames(format: string, packets: readonly FfprobePacket[]): boolean {
  return format.split(',').includes('mov') && packets.some(({ flags }) => flags.includes('D'));
}

/**
 * When the first frame behind the start of an edit is shown, in the container's time. An edit may begin in the middle of a frame:
 * ffmpeg leaves that frame out, moves all that follow to the start of the edit (mov.c, `mov_fix_index`), and the audio not.
 * @param ask asks ffprobe and returns what it says
 */
export async function findEditStart(
  { index, startSeconds }: Pick<VideoStream, 'index' | 'startSeconds'>,
  ask: (args: readonly string[]) => Promise<string>,
): Promise<number | undefined> {
  const lines = await ask([
    // Times as the container has them, the start of the edit taken off.
    ...['-advanced_editlist', '0', '-select_streams', String(index)],
    ...['-read_intervals', `${startSeconds}%+#${packetsRead}`],
    ...['-of', 'csv=p=0', '-show_entries', 'packet=pts_time'],
  ]);
  const times = lines.split('\n').flatMap((line) => (line === '' ? [] : (line.split(',')[0] ?? '')));
  const shown = times.map(Number).filter((seconds) => seconds >= startSeconds - roundingSeconds);
  return shown.length > 0 ? Math.min(...shown) : undefined;
}

/** The film with its first frame at its true time. */
export function withEditStart(media: Media, shownSeconds: number | undefined): Media {
  const { video, audio } = media;
  if (video === undefined || shownSeconds === undefined) return media;
  const earlySeconds = round(shownSeconds - video.startSeconds);
  const frameSeconds = video.frameRate.den / video.frameRate.num;
  if (earlySeconds < roundingSeconds || earlySeconds > frameSeconds) return media;
  const moved = {
    ...video,
    startSeconds: shownSeconds,
    durationSeconds: round(video.durationSeconds - earlySeconds),
    delaySeconds: -earlySeconds,
  };
  const startSeconds = Math.min(...[moved, ...audio].map((stream) => stream.startSeconds));
  const end = Math.max(...[moved, ...audio].map((stream) => stream.startSeconds + stream.durationSeconds));
  return { ...media, video: moved, startSeconds, durationSeconds: round(end - startSeconds) };
}

function round(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
