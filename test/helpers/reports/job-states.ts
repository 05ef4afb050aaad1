import type { Film, JobState } from '../../../worker/src/protocol/status.ts';
import { advance } from '../../../worker/src/report/transitions.ts';

/** So many seconds after a fixed point in time. */
export const at = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + seconds * 1000);

export function queued(id: string, more: Partial<JobState> = {}): JobState {
  return {
    id,
    source: `s3://films/${id}.mp4`,
    state: 'queued',
    attempt: 1,
    maxAttempts: 3,
    warnings: [],
    timings: {},
    queuedAt: at(0).toISOString(),
    updatedAt: at(0).toISOString(),
    ...more,
  };
}

export const film: Film = {
  playlist: 'life/index.m3u8',
  url: 'https://films.example/life/index.m3u8',
  plan: 'abc',
  durationSeconds: 60,
  bytes: 1000,
  encoder: 'x264',
  poster: 'life/abc/poster.jpg',
  renditions: [
    {
      name: '1080p',
      kind: 'video',
      playlist: 'life/abc/1080p/index.m3u8',
      width: 1920,
      height: 1080,
      frameRate: 25,
      codecs: 'avc1.640028',
      bandwidth: 5_000_000,
      averageBandwidth: 4_000_000,
      bytes: 900,
      segments: 10,
    },
    {
      name: 'audio-0',
      kind: 'audio',
      playlist: 'life/abc/audio-0/index.m3u8',
      codecs: 'mp4a.40.2',
      language: 'en',
      bandwidth: 128_000,
      averageBandwidth: 120_000,
      bytes: 100,
      segments: 10,
    },
  ],
};

export const measured: Film['measured'] = {
  metric: 'vmaf',
  rendition: '1080p',
  mean: 93.5,
  fifthPercentile: 88.25,
  frames: 68,
  seconds: 12,
};

export function running(id: string): JobState {
  return advance(queued(id), { to: 'running', attempt: 1, worker: 'w1' }, at(2));
}

export function succeeded(id: string): JobState {
  return advance(running(id), { to: 'succeeded', film }, at(12));
}
