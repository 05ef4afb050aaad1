import type { Job } from './job.ts';

export type JobStateName = 'queued' | 'running' | 'succeeded' | 'retrying' | 'failed';
export type Stage = 'probing' | 'encoding' | 'publishing';

/** What is known of a job: `status.json`, webhook data and database row are made from it. Times are ISO 8601 in UTC. */
export interface JobState {
  id: string;
  source: string;
  title?: string;
  metadata?: Job['metadata'];
  state: JobStateName;
  /** 1 for the first try; interruptions do not count. */
  attempt: number;
  maxAttempts: number;
  stage?: Stage;
  /** Twelve hex digits: the folder below the job's in which its film is being made. */
  plan?: string;
  progress?: Progress;
  /** Why it failed or will be tried again, in a sentence for people. */
  error?: { code: string; message: string };
  warnings: string[];
  film?: Film;
  timings: Timings;
  /** When the job entered the queue. */
  queuedAt: string;
  startedAt?: string;
  finishedAt?: string;
  updatedAt: string;
  worker?: string;
}

/** Never goes back within an attempt, and never says 100 before the commit. */
export interface Progress {
  percent: number;
  framesPerSecond?: number;
  /** Film seconds per second. */
  speed?: number;
  etaSeconds?: number;
  publishedBytes: number;
  publishedSegments: number;
  renditions: string[];
}

/** Where the time went, in seconds. */
export interface Timings {
  waitSeconds?: number;
  probeSeconds?: number;
  encodeSeconds?: number;
  /** After the last frame was encoded. */
  publishSeconds?: number;
  totalSeconds?: number;
  /** Film seconds per second of work. */
  speed?: number;
}

/** A published film. Keys are in the output bucket. */
export interface Film {
  playlist: string;
  /** Where players find it, if the bucket has a public base URL. */
  url?: string;
  plan: string;
  durationSeconds: number;
  bytes: number;
  encoder: string;
  renditions: FilmRendition[];
  poster?: string;
  storyboard?: string;
}

export interface FilmRendition {
  name: string;
  kind: 'video' | 'audio';
  playlist: string;
  width?: number;
  height?: number;
  frameRate?: number;
  codecs: string;
  language?: string;
  /** Measured, bits per second: peak segment and average. */
  bandwidth: number;
  averageBandwidth: number;
  bytes: number;
  segments: number;
}
