import { MediaToolError, type MediaTools } from '../ffmpeg/media-tool.ts';
import type { Media } from './media.ts';

/** Five seconds: ten cycles of the pulldown and more. */
const framesLookedAt = 150;

/** Of five frames that 3:2 pulldown makes of four, one repeats its top field and one its bottom field. */
const share = { smallest: 0.1, largest: 0.3 };

/** From where pulldown is made: 29.97 interlaced frames a second. */
function mayBeTelecined({ video }: Media): boolean {
  if (!video?.interlaced) return false;
  const { num, den } = video.frameRate;
  return Math.abs(num / den - 30_000 / 1001) < 0.05;
}

interface TryOptions {
  stallSeconds: number;
  signal: AbortSignal;
}

/**
 * Notes of a film of 24 frames a second that it was spread over 60 fields (3:2 pulldown), by fields that come twice in the
 * middle of it. Where that can't be found out, the film is left as it is.
 */
export async function noteTelecine(
  tools: Pick<MediaTools, 'ffmpeg'>,
  url: string,
  media: Media,
  options: TryOptions,
): Promise<Media> {
  if (!media.video || !(await isTelecined(tools, url, media, options))) return media;
  return { ...media, video: { ...media.video, telecined: true } };
}

async function isTelecined(
  tools: Pick<MediaTools, 'ffmpeg'>,
  url: string,
  media: Media,
  { stallSeconds, signal }: TryOptions,
): Promise<boolean> {
  if (!media.video || !mayBeTelecined(media)) return false;
  const counts = new Map<string, number>();
  const count = (line: string) => {
    const repeated = /^lavfi\.idet\.repeated\.current_frame=(\w+)/.exec(line)?.[1];
    if (repeated !== undefined) counts.set(repeated, (counts.get(repeated) ?? 0) + 1);
  };
  const print = 'metadata=mode=print:key=lavfi.idet.repeated.current_frame:file=pipe\\\\:3';
  // Containers without an index are read from their start.
  const seek = media.indexed ? ['-ss', (media.durationSeconds / 2).toFixed(3)] : [];
  try {
    await tools.ffmpeg({
      input: { url },
      inputArgs: seek,
      outputArgs: [
        ...['-map', `0:${media.video.index}`, '-frames:v', String(framesLookedAt)],
        ...['-vf', `idet,${print}`, '-f', 'null', '-'],
      ],
      onLine: [count],
      stallSeconds,
      signal,
    });
  } catch (error) {
    if (error instanceof MediaToolError) return false;
    throw error;
  }
  const frames = [...counts.values()].reduce((sum, each) => sum + each, 0);
  return ['top', 'bottom'].every((field) => {
    const found = (counts.get(field) ?? 0) / frames;
    return found >= share.smallest && found <= share.largest;
  });
}
