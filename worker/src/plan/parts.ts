import type { AudioPart, MediaPart, Part, TextPart, VideoEncoder, VideoPart } from './plan.ts';

/** About a minute of encoding: a lost worker costs one part. */
export const defaultPartSeconds: Record<VideoEncoder['name'], number> = { x264: 60, nvenc: 300 };

/** A last segment up to this long joins the one before: Apple allows a segment half a second over the target (7.7). */
const shortestSegmentSeconds = 0.4;

/** A last part shorter than this share of a part joins the one before. */
const shortestPart = 0.5;

export interface PartsRequest {
  /** When the video ends, in seconds from the film's start; undefined without video. */
  videoEndSeconds?: number;
  /** When the last of the audio ends; undefined without audio. */
  audioEndSeconds?: number;
  /** How long a part of the audio is; undefined where it can't be cut. */
  audioPartSeconds?: number | undefined;
  segmentSeconds: number;
  partSeconds?: number;
  encoder: VideoEncoder;
  /** Only films with an index can be cut without losing frames. */
  indexed: boolean;
}

/** Whole segments on a grid anchored at zero, as many as make a part; then those of the audio. */
export function planParts(request: PartsRequest): MediaPart[] {
  const { videoEndSeconds, audioEndSeconds } = request;
  const videos = videoEndSeconds === undefined ? [] : planVideoParts(videoEndSeconds, request);
  const audios = audioEndSeconds === undefined ? [] : planAudioParts(audioEndSeconds, request);
  return [...videos, ...audios.map((part, n) => ({ ...part, index: videos.length + n }))];
}

/** Of the usual parts of video, so many take as long as a part of the audio: about nine seconds of a core for ten minutes of a track. */
const audioPartLength = 10;

/** How long parts of the audio are, so that one takes as long with several tracks as with one. */
export function audioPartSeconds(tracks: number, partSeconds = defaultPartSeconds.x264): number {
  return (audioPartLength * partSeconds) / Math.max(1, tracks);
}

/** Whether there is more than one part in audio of this length. */
export function isWorthCutting(endSeconds: number, lengthSeconds: number): boolean {
  return endSeconds >= (2 - shortestPart) * lengthSeconds;
}

function planAudioParts(
  endSeconds: number,
  { segmentSeconds, audioPartSeconds: length }: PartsRequest,
): AudioPart[] {
  const cuts = segmentCuts(endSeconds, segmentSeconds);
  const whole: AudioPart = { kind: 'audio', index: 0, firstSegment: 0, segmentCuts: cuts };
  if (length === undefined || !isWorthCutting(endSeconds, length)) return [whole];
  return rangesOf(endSeconds, segmentSeconds, length).map((range, index) => ({
    kind: 'audio',
    index,
    ...range,
  }));
}

/** All subtitles are a part, cut where the video is, or else the audio. */
function textPart(parts: readonly MediaPart[]): TextPart {
  const video = parts.filter((part) => part.kind === 'video');
  const cuts =
    video.length > 0
      ? video.flatMap(({ startSeconds, segmentCuts }) => [startSeconds, ...segmentCuts]).slice(1)
      : (parts[0]?.segmentCuts ?? []);
  return { kind: 'text', index: parts.length, firstSegment: 0, segmentCuts: cuts };
}

/** Those with segments in them, and the others behind. */
export function allParts(
  media: readonly MediaPart[],
  { hasText, isMeasured }: { hasText: boolean; isMeasured: boolean },
): Part[] {
  const parts: Part[] = [...media, ...(hasText ? [textPart(media)] : [])];
  if (!isMeasured) return parts;
  return [...parts, { kind: 'loudness', index: parts.length, firstSegment: 0, segmentCuts: [] }];
}

function planVideoParts(endSeconds: number, request: PartsRequest): VideoPart[] {
  const { segmentSeconds, encoder, indexed, partSeconds = defaultPartSeconds[encoder.name] } = request;
  const ranges = rangesOf(endSeconds, segmentSeconds, indexed ? partSeconds : Number.POSITIVE_INFINITY);
  return ranges.map((range, index) => ({ kind: 'video', index, ...range }));
}

/** Whole segments, as many as make about `lengthSeconds`. */
function rangesOf(
  endSeconds: number,
  segmentSeconds: number,
  lengthSeconds: number,
): Pick<VideoPart, 'startSeconds' | 'endSeconds' | 'firstSegment' | 'segmentCuts'>[] {
  const cuts = segmentCuts(endSeconds, segmentSeconds);
  const segments = cuts.length + 1;
  const perPart = Math.min(segments, Math.max(1, Math.round(lengthSeconds / segmentSeconds)));
  const count = Math.max(1, Math.floor(endSeconds / (perPart * segmentSeconds) + (1 - shortestPart)));
  return Array.from({ length: count }, (_, index) => {
    const [first, next] = [index * perPart, index === count - 1 ? segments : (index + 1) * perPart];
    return {
      startSeconds: first * segmentSeconds,
      endSeconds: index === count - 1 ? undefined : next * segmentSeconds,
      firstSegment: first,
      segmentCuts: cuts.slice(first, next - 1),
    };
  });
}

/** Segments of audio alone can't be shorter than some AAC frames. */
const shortestAudioSeconds = 1;

/** A stretch of the film's time line that is of one clip, or of two in a crossfade. */
export interface ClipRange {
  clip: number;
  into?: number;
  startSeconds: number;
  endSeconds: number;
  indexed: boolean;
}

/**
 * Parts of joined clips: none is of two clips but those of crossfades, and with a clip a segment ends. Audio is cut where video is, but for the
 * cuts that are too near to the one before.
 */
export function planClipParts(
  clips: readonly ClipRange[],
  request: Omit<PartsRequest, 'videoEndSeconds' | 'audioEndSeconds' | 'indexed'> & {
    hasVideo: boolean;
    hasAudio: boolean;
  },
): MediaPart[] {
  let segments = 0;
  const videos = clips.flatMap(({ clip, into, startSeconds, endSeconds, indexed }) => {
    // A fade goes by the time since its part began.
    const canBeCut = indexed && into === undefined;
    const parts = planVideoParts(endSeconds - startSeconds, { ...request, indexed: canBeCut }).map(
      (part): VideoPart => ({
        ...part,
        startSeconds: startSeconds + part.startSeconds,
        endSeconds: part.endSeconds === undefined ? endSeconds : startSeconds + part.endSeconds,
        firstSegment: segments + part.firstSegment,
        segmentCuts: part.segmentCuts.map((cut) => startSeconds + cut),
        clip,
        ...(into === undefined ? {} : { into }),
      }),
    );
    segments += parts.reduce((sum, { segmentCuts }) => sum + segmentCuts.length + 1, 0);
    return parts;
  });
  const parts: MediaPart[] = request.hasVideo ? videos.map((part, index) => ({ ...part, index })) : [];
  if (!request.hasAudio) return parts;
  const end = clips.at(-1)?.endSeconds ?? 0;
  const cuts: number[] = [];
  for (const cut of videos.flatMap(({ startSeconds, segmentCuts }) => [startSeconds, ...segmentCuts]))
    if (Math.min(cut - (cuts.at(-1) ?? 0), end - cut) >= shortestAudioSeconds) cuts.push(cut);
  return [...parts, { kind: 'audio', index: parts.length, firstSegment: 0, segmentCuts: cuts }];
}

/** Where segments after the first begin. */
export function segmentCuts(endSeconds: number, segmentSeconds: number): number[] {
  const count = Math.max(0, Math.ceil((endSeconds - shortestSegmentSeconds) / segmentSeconds) - 1);
  return Array.from({ length: count }, (_, n) => (n + 1) * segmentSeconds);
}
