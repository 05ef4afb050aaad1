import type { Part, VideoEncoder } from './plan.ts';

/** About a minute of encoding: a lost worker costs one part. */
const defaultPartSeconds: Record<VideoEncoder['name'], number> = { x264: 60, nvenc: 300 };

/** A last segment up to this long joins the one before: Apple allows a segment half a second over the target (7.7). */
const shortestSegmentSeconds = 0.4;

/** A last part shorter than this share of a part joins the one before. */
const shortestPart = 0.5;

export interface PartsRequest {
  /** When the picture ends, in seconds from the film's start; undefined without picture. */
  videoEndSeconds?: number;
  /** When the last of the audio ends; undefined without audio. */
  audioEndSeconds?: number;
  segmentSeconds: number;
  partSeconds?: number;
  encoder: VideoEncoder;
  /** Only films with an index can be cut without losing frames. */
  indexed: boolean;
}

/** Whole segments on a grid anchored at zero, as many as make a part; all audio last, as AAC can't be joined. */
export function planParts(request: PartsRequest): Part[] {
  const { videoEndSeconds, audioEndSeconds, segmentSeconds } = request;
  const parts: Part[] = videoEndSeconds === undefined ? [] : planVideoParts(videoEndSeconds, request);
  if (audioEndSeconds !== undefined)
    parts.push({
      kind: 'audio',
      index: parts.length,
      firstSegment: 0,
      segmentCuts: segmentCuts(audioEndSeconds, segmentSeconds),
    });
  return parts;
}

function planVideoParts(endSeconds: number, request: PartsRequest): Part[] {
  const { segmentSeconds, encoder, indexed, partSeconds = defaultPartSeconds[encoder.name] } = request;
  const perPart = Math.max(1, Math.round(partSeconds / segmentSeconds));
  const cuts = segmentCuts(endSeconds, segmentSeconds);
  const segments = cuts.length + 1;
  const length = perPart * segmentSeconds;
  const count = indexed ? Math.max(1, Math.floor(endSeconds / length + (1 - shortestPart))) : 1;
  return Array.from({ length: count }, (_, index) => {
    const [first, next] = [index * perPart, index === count - 1 ? segments : (index + 1) * perPart];
    return {
      kind: 'video',
      index,
      startSeconds: first * segmentSeconds,
      endSeconds: index === count - 1 ? undefined : next * segmentSeconds,
      firstSegment: first,
      segmentCuts: cuts.slice(first, next - 1),
    };
  });
}

/** Where segments after the first begin. */
export function segmentCuts(endSeconds: number, segmentSeconds: number): number[] {
  const count = Math.max(0, Math.ceil((endSeconds - shortestSegmentSeconds) / segmentSeconds) - 1);
  return Array.from({ length: count }, (_, n) => (n + 1) * segmentSeconds);
}
