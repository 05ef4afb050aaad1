import type { DemoView } from '../../../cli/demo/view.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';

/** A job in the middle of encoding, with changes. */
export function jobState(changes: Partial<JobState> = {}): JobState {
  return {
    id: 'clip-1',
    source: 's3://source-films/clip.mp4',
    state: 'running',
    stage: 'encoding',
    attempt: 1,
    maxAttempts: 3,
    progress: {
      percent: 43.7,
      framesPerSecond: 112.4,
      speed: 3.7,
      etaSeconds: 8.2,
      publishedBytes: 4_120_000,
      publishedSegments: 12,
      renditions: ['720p', '360p', 'audio-0'],
    },
    warnings: [],
    timings: { waitSeconds: 0.4, probeSeconds: 0.3 },
    queuedAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:05.000Z',
    ...changes,
  };
}

export function demoView(changes: Partial<DemoView> = {}): DemoView {
  return {
    film: 'clip.mp4',
    filmBytes: 16_200_000,
    step: 'job',
    job: jobState(),
    workerParts: [[]],
    elapsedSeconds: 5,
    ...changes,
  };
}
