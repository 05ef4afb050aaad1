import type { DeadLetter } from '../../cli/farm/dead-letters.ts';
import type { LogLine } from '../../cli/logs/read.ts';
import type { Film, JobState } from '../../worker/src/protocol/status.ts';

/** When the samples of docs/cli.md are printed. */
export const sampleTime = new Date('2026-11-26T21:16:37Z');

const ago = (seconds: number) => new Date(sampleTime.getTime() - seconds * 1000).toISOString();

const common = { attempt: 1, maxAttempts: 3, warnings: [] };

function film(id: string): Film {
  return {
    playlist: `${id}/index.m3u8`,
    manifest: `${id}/manifest.mpd`,
    plan: '5d1c8a90f2b7',
    durationSeconds: 20,
    bytes: 11_509_000,
    encoder: 'x264',
    renditions: [
      video('720p', 1280, 720, 'avc1.64001f', [2_078_000, 2_734_000], 5_197_000),
      video('540p', 960, 540, 'avc1.64001f', [1_274_000, 1_703_000], 3_186_000),
      video('360p', 640, 360, 'avc1.64001e', [631_000, 810_000], 1_577_000),
      video('240p', 426, 240, 'avc1.64001e', [485_000, 592_000], 1_213_000),
      {
        ...{ name: 'audio-0', kind: 'audio', playlist: 'x', codecs: 'mp4a.40.2', segments: 4 },
        ...{ averageBandwidth: 131_000, bandwidth: 132_000, bytes: 329_000 },
      },
    ],
  };
}

function video(
  name: string,
  width: number,
  height: number,
  codecs: string,
  [averageBandwidth, bandwidth]: [number, number],
  bytes: number,
): Film['renditions'][number] {
  const where = { name, kind: 'video', playlist: 'x', codecs, segments: 4 } as const;
  return { ...where, width, height, averageBandwidth, bandwidth, bytes };
}

export const succeeded: JobState = {
  ...common,
  id: 'clip-e625215ae9e3',
  source: 's3://source-films/clip.mp4',
  state: 'succeeded',
  queuedAt: ago(252),
  updatedAt: ago(242),
  timings: {
    ...{ waitSeconds: 0, probeSeconds: 0.3, encodeSeconds: 9.4, publishSeconds: 0.04 },
    ...{ totalSeconds: 9.7, speed: 2.1 },
  },
  film: film('clip-e625215ae9e3'),
};

export const failed: JobState = {
  ...common,
  id: 'bad-5d8657f1422a',
  source: 's3://source-films/bad.mp4',
  state: 'failed',
  queuedAt: ago(71),
  updatedAt: ago(70),
  error: {
    code: 'not-media',
    message:
      'The file is not a film or sound that ffmpeg can read: another kind of file, or damaged at its start. Check that it plays, and upload it again.',
  },
  timings: { waitSeconds: 0.1, totalSeconds: 0.6 },
};

export const dead: DeadLetter = {
  queue: 'jobs',
  messageId: '5d8657f1-422a-4c1e-9f0b-2f6f3b0f7a11',
  jobId: failed.id,
  source: failed.source,
  reason: failed.error?.message,
  reasonCode: failed.error?.code,
  sentAt: failed.queuedAt,
};

/** The built-in film of `farm doctor --smoke`. */
export const smoke: Pick<JobState, 'film' | 'timings'> = {
  timings: { waitSeconds: 0.1, probeSeconds: 1.5, encodeSeconds: 1, publishSeconds: 0.1 },
  film: {
    ...{ playlist: 'x', plan: '5d1c8a90f2b7', durationSeconds: 2, bytes: 59_500, encoder: 'x264' },
    renditions: [
      video('180p', 320, 180, 'avc1.64000d', [170_000, 180_000], 42_500),
      {
        ...{ name: 'audio-0', kind: 'audio', playlist: 'x', codecs: 'mp4a.40.2', segments: 1 },
        ...{ averageBandwidth: 67_000, bandwidth: 68_000, bytes: 17_000 },
      },
    ],
  },
};

export const running: JobState = {
  ...common,
  id: 'night-mp4-e01e5bb85d59',
  title: 'Night',
  source: 's3://source-films/night.mp4',
  state: 'running',
  stage: 'encoding',
  queuedAt: ago(8.6),
  updatedAt: ago(0.4),
  timings: { waitSeconds: 0.1, probeSeconds: 0.5 },
  progress: {
    ...{ percent: 17.4, framesPerSecond: 52, speed: 1.6, etaSeconds: 34 },
    ...{ publishedBytes: 197_000, publishedSegments: 3 },
    renditions: ['720p', '540p', '360p', '240p', 'audio-0'],
  },
};

/** Of several clips. */
export const joined = {
  id: 'intro-mov-0d53e9b1c6fa',
  source: ['intro.mov.film', 'match.mp4.film', 'outro.mp4']
    .map((key) => `s3://source-films/${key}`)
    .join(' + '),
};

/** The pages of a deployed farm. */
export const linked = {
  portalUrl: 'https://abc.lambda-url.eu-central-1.on.aws',
  dashboardUrl: 'https://console.example.org/dashboard',
  sourceConsoleUrl: '',
  outputConsoleUrl: '',
  publicUrl: 'https://video.example.org',
};

/** Of the film that succeeded, as its worker logs them. */
export const logLines: readonly LogLine[] = [
  { level: 30, time: ago(252), job: succeeded.id, attempt: 1, receiveCount: 1, msg: 'job started' },
  {
    ...{ level: 30, time: ago(242), job: succeeded.id, timings: succeeded.timings },
    ...{ playlist: succeeded.film?.playlist, msg: 'job succeeded' },
  },
];
