import { readFileSync } from 'node:fs';
import type { Encoding } from '../../../worker/src/plan/encoding.ts';
import type { PlanRequest } from '../../../worker/src/plan/make-plan.ts';
import type { AudioStream, Media, VideoStream } from '../../../worker/src/probe/media.ts';
import { parseProbe } from '../../../worker/src/probe/parse.ts';

/** What ffprobe said about a clip that `test/fixtures/probe/make.sh` made, such as `plain.mp4`. */
export function readProbe(clip: string): object {
  return JSON.parse(readFileSync(new URL(`../../fixtures/probe/${clip}.json`, import.meta.url), 'utf8'));
}

export function readMedia(clip: string): Media {
  return parseProbe(readProbe(clip), 100_000);
}

export function videoStream(changes: Partial<VideoStream> = {}): VideoStream {
  return {
    index: 0,
    codec: 'h264',
    profile: 'High',
    pixelFormat: 'yuv420p',
    bitDepth: 8,
    width: 1920,
    height: 1080,
    pixelAspect: { num: 1, den: 1 },
    rotation: 0,
    frameRate: { num: 25, den: 1 },
    variableFrameRate: false,
    roundedTimestamps: false,
    interlaced: false,
    hasCaptions: false,
    startSeconds: 0,
    durationSeconds: 600,
    ...changes,
  };
}

export function audioStream(changes: Partial<AudioStream> = {}): AudioStream {
  return {
    index: 1,
    codec: 'aac',
    channels: 2,
    channelLayout: 'stereo',
    sampleRate: 48000,
    default: true,
    startSeconds: 0,
    durationSeconds: 600,
    ...changes,
  };
}

/** A film of ten minutes in Full HD with stereo sound, but for the changes. */
export function film(changes: Partial<Media> = {}): Media {
  return {
    format: 'mov,mp4,m4a,3gp,3g2,mj2',
    indexed: true,
    durationSeconds: 600,
    startSeconds: 0,
    sizeBytes: 100_000_000,
    streamCount: 2,
    text: [],
    encrypted: false,
    video: videoStream(),
    audio: [audioStream()],
    leftOut: [],
    ...changes,
  };
}

export function planRequest(
  encoding: Partial<Encoding> = {},
  changes: Partial<Omit<PlanRequest, 'encoding'>> = {},
): PlanRequest {
  return {
    sourceVersion: '"etag"',
    encoding: {
      ladder: 'standard',
      include480p: false,
      segmentSeconds: 6,
      segmentFormat: 'fmp4',
      thumbnailAt: '10%',
      partSeconds: undefined,
      ...encoding,
    },
    encoder: { name: 'x264', preset: 'veryfast' },
    software: 'ffmpeg 7.1',
    ...changes,
  };
}
