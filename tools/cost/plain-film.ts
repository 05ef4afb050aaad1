import type { Plan } from '../../worker/src/plan/plan.ts';
import type { Fraction, Media } from '../../worker/src/probe/media.ts';

/** What is known of a film without a probe. */
export interface KnownFilm {
  durationSeconds: number;
  sizeBytes: number;
  /** Undefined for audio alone. */
  video?: { width: number; height: number; frameRate: Fraction } | undefined;
}

/** The film as a probe would see it if it were plain: H.264 with 8 bits, stereo AAC, in an MP4 file that can be cut into parts. */
export function plainFilm({ durationSeconds, sizeBytes, video }: KnownFilm): Media {
  return {
    format: 'mov,mp4,m4a,3gp,3g2,mj2',
    indexed: true,
    durationSeconds,
    startSeconds: 0,
    sizeBytes,
    streamCount: video ? 2 : 1,
    encrypted: false,
    ...(video && {
      video: {
        index: 0,
        codec: 'h264',
        profile: 'High',
        pixelFormat: 'yuv420p',
        bitDepth: 8,
        ...video,
        pixelAspect: { num: 1, den: 1 },
        rotation: 0,
        variableFrameRate: false,
        roundedTimestamps: false,
        interlaced: false,
        hasCaptions: false,
        startSeconds: 0,
        durationSeconds,
      },
    }),
    audio: [
      {
        index: video ? 1 : 0,
        codec: 'aac',
        channels: 2,
        channelLayout: 'stereo',
        sampleRate: 48_000,
        default: true,
        cadence: { packetSamples: 1024, offsetSamples: 0 },
        startSeconds: 0,
        durationSeconds,
      },
    ],
    text: [],
    leftOut: [],
  };
}

/** Bytes of all renditions at the ladder's target bitrates; films that are easy to encode come out smaller. */
export function publishedBytes({ video, audio }: Pick<Plan, 'video' | 'audio'>): number {
  const videoBitrate = (video?.renditions ?? []).reduce((sum, { bitrate }) => sum + bitrate, 0);
  const audioBits = audio.reduce((sum, { bitrate, durationSeconds }) => sum + bitrate * durationSeconds, 0);
  return (videoBitrate * (video?.durationSeconds ?? 0) + audioBits) / 8;
}
