import type { AudioRendition, Plan, VideoRendition } from '../../../worker/src/plan/plan.ts';
import type { PartRecord, RenditionRecord, SegmentRecord } from '../../../worker/src/protocol/part-record.ts';

export function videoRendition(name: VideoRendition['name'], width: number, height: number): VideoRendition {
  return {
    name,
    width,
    height,
    bitrate: 1_000_000,
    bufferSize: 2_000_000,
    profile: 'high',
    level: '4.0',
  };
}

export function audioRendition(index: number, changes: Partial<AudioRendition> = {}): AudioRendition {
  return {
    streamIndexes: [index + 1],
    durationSeconds: 60,
    name: `audio-${index}`,
    label: `Track ${index + 1}`,
    default: index === 0,
    channels: 2,
    prepare: [],
    sampleRate: 48000,
    bitrate: 128_000,
    ...changes,
  };
}

/** A plan as the planner would make it; only what playlists are made from matters here. */
export function planOf(changes: Partial<Plan> = {}): Plan {
  return {
    id: '0123456789ab',
    sourceVersion: '"etag"',
    durationSeconds: 60,
    zeroSeconds: 0,
    segmentSeconds: 6,
    segmentFormat: 'fmp4',
    video: {
      streamIndex: 0,
      durationSeconds: 60,
      encoder: { name: 'x264', preset: 'veryfast' },
      path: 'cpu',
      prepare: [],
      colours: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709' },
      rgb: false,
      timing: 'source',
      frameRate: { num: 30000, den: 1001 },
      hasCaptions: false,
      gopSeconds: 2,
      renditions: [videoRendition('720p', 1280, 720), videoRendition('360p', 640, 360)],
      posterSeconds: 6,
      storyboard: { intervalSeconds: 5, tileWidth: 160, tileHeight: 90, columns: 3, rows: 2 },
    },
    audio: [audioRendition(0)],
    parts: [],
    warnings: [],
    ...changes,
  };
}

/** The same records, but each rendition has half the bytes of the one above it. */
export function withSteps(records: readonly PartRecord[]): PartRecord[] {
  return records.map((record) => ({
    ...record,
    renditions: record.renditions.map((made, step) => ({
      ...made,
      segments: made.segments.map((segment) => ({ ...segment, bytes: Math.ceil(segment.bytes / 2 ** step) })),
    })),
  }));
}

/** Lengths and sizes of segments, in order. */
export type Pieces = readonly { seconds: number; bytes: number; keyframeBytes?: number }[];

/** Records of a film whose video was made in parts of `segmentsPerPart` segments, its audio in one more. */
export function recordsOf(plan: Plan, pieces: Pieces, segmentsPerPart = 2): PartRecord[] {
  const segments = segmentsOf(pieces);
  const records: PartRecord[] = [];
  for (let from = 0; plan.video && from < segments.length; from += segmentsPerPart) {
    const own = segments.slice(from, from + segmentsPerPart);
    const renditions = plan.video.renditions.map(({ name }) => rendition(name, 'avc1.640028', own, plan));
    records.push(record(records.length, renditions));
  }
  const audio = segments.map(({ keyframeBytes: _, ...segment }) => ({
    ...segment,
    bytes: 1000 + segment.number,
  }));
  if (plan.audio.length > 0) {
    const renditions = plan.audio.map(({ name }) => rendition(name, 'mp4a.40.2', audio, plan));
    records.push(record(records.length, renditions));
  }
  return records;
}

function segmentsOf(pieces: Pieces): SegmentRecord[] {
  let startSeconds = 0;
  return pieces.map(({ seconds, bytes, keyframeBytes }, number) => {
    const segment = { number, startSeconds, durationSeconds: seconds, bytes, keyframeBytes };
    startSeconds += seconds;
    return segment;
  });
}

function rendition(name: string, codecs: string, segments: SegmentRecord[], plan: Plan): RenditionRecord {
  const initSha256 = plan.segmentFormat === 'fmp4' ? 'a'.repeat(64) : undefined;
  return { name, codecs, frames: segments.length * 150, initSha256, initBytes: 800, segments };
}

function record(part: number, renditions: RenditionRecord[]): PartRecord {
  const last = renditions[0]?.segments.at(-1);
  const endSeconds = (last?.startSeconds ?? 0) + (last?.durationSeconds ?? 0);
  return { version: 1, part, renditions, endSeconds, sheets: [], warnings: [], encodeSeconds: 1 };
}
