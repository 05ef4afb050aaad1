import type { Plan, VideoPart } from '../plan/plan.ts';
import { playlistFiles } from './media-playlist.ts';
import { segmentSecondsOf } from './text-playlist.ts';

/** What a WebM file is joined of: VP9 of whole segments of a rendition, and all audio. */
export type WebmPart = WebmVideoPart | { kind: 'audio'; name: typeof webmAudioName };

export interface WebmVideoPart {
  kind: 'video';
  /** Of its file in storage, such as `0003.ivf`. */
  name: string;
  startSeconds: number;
  endSeconds: number;
  /** Of the rendition: its init segment, if it has one, and the part's segments. Where the source is gone, they are what is read. */
  files?: string[];
  /** Of the plan, or a piece of it: what is read of the source. */
  of?: VideoPart;
}

export const webmAudioName = 'audio.webm';

/** VP9 takes several times as long as the farm's H.264: a part is about a minute of a small worker's time. */
const usualPartSeconds = 30;

/** The plan's own parts, and where it can be cut at any frame, pieces of them. Those behind the film's end are left out. */
export function webmPartsOfPlan(
  { parts, clips }: Pick<Plan, 'parts' | 'clips'>,
  filmEndSeconds: number,
  { hasAudio, partSeconds = usualPartSeconds }: { hasAudio: boolean; partSeconds?: number | undefined },
): WebmPart[] {
  const videos = parts.filter((part) => part.kind === 'video');
  const isIndexed = ({ clip }: VideoPart) =>
    clip === undefined ? videos.length > 1 : clips?.[clip]?.seekSeconds === 0;
  const pieces = videos.flatMap((part) =>
    isIndexed(part) ? piecesOf(part, partSeconds, filmEndSeconds) : [part],
  );
  const made = pieces
    .filter(({ startSeconds }) => startSeconds === 0 || startSeconds < filmEndSeconds)
    .map((of, index): WebmVideoPart => {
      const { startSeconds, endSeconds = Number.POSITIVE_INFINITY } = of;
      return { kind: 'video', name: nameOf(index), startSeconds, endSeconds, of };
    });
  return hasAudio ? [...made, { kind: 'audio', name: webmAudioName }] : made;
}

function piecesOf(part: VideoPart, seconds: number, filmEndSeconds: number): VideoPart[] {
  const end = part.endSeconds ?? filmEndSeconds;
  const starts = [part.startSeconds];
  for (const cut of part.segmentCuts)
    if (cut - (starts.at(-1) ?? 0) >= seconds - 0.001 && end - cut >= seconds / 2) starts.push(cut);
  return starts.map((startSeconds, n) => {
    const { endSeconds: _, ...rest } = part;
    const endSeconds = starts[n + 1] ?? part.endSeconds;
    return { ...rest, startSeconds, segmentCuts: [], ...(endSeconds === undefined ? {} : { endSeconds }) };
  });
}

function nameOf(index: number): string {
  return `${String(index).padStart(4, '0')}.ivf`;
}

/** The parts follow from the rendition's playlist alone, so every worker finds the same. */
export function webmParts(
  mediaPlaylist: string,
  { hasAudio, partSeconds = usualPartSeconds }: { hasAudio: boolean; partSeconds?: number | undefined },
): WebmPart[] {
  const names = playlistFiles(mediaPlaylist);
  const lengths = segmentSecondsOf(mediaPlaylist);
  const init = names.slice(0, names.length - lengths.length);
  const parts: WebmVideoPart[] = [];
  let atSeconds = 0;
  for (const [index, seconds] of lengths.entries()) {
    const segment = names[init.length + index];
    if (segment === undefined) throw new TypeError(`Segment ${index} has no name.`);
    const last = parts.at(-1);
    if (last !== undefined && last.endSeconds - last.startSeconds + seconds <= partSeconds + 0.001) {
      last.files?.push(segment);
      last.endSeconds += seconds;
    } else {
      const name = nameOf(parts.length);
      const files = [...init, segment];
      parts.push({ kind: 'video', name, startSeconds: atSeconds, endSeconds: atSeconds + seconds, files });
    }
    atSeconds += seconds;
  }
  return hasAudio ? [...parts, { kind: 'audio', name: webmAudioName }] : parts;
}
