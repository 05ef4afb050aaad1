import { z } from 'zod';
import { measuredSchema } from '../plan/measure.ts';
import { fileFormats } from '../plan/outputs.ts';
import { subtitleKinds } from '../probe/media.ts';
import { batchSchema, type JobOptions, jobOptionsSchema } from './job.ts';
import { describeSource } from './source-location.ts';

export const jobStates = ['queued', 'running', 'succeeded', 'retrying', 'failed'] as const;

/** Never goes back within an attempt, and never says 100 before the commit. */
const progressSchema = z.object({
  percent: z.number(),
  framesPerSecond: z.number().optional(),
  /** Film seconds per second. */
  speed: z.number().optional(),
  etaSeconds: z.number().optional(),
  /** About how long until the film can be played early, see `early`. */
  playableInSeconds: z.number().optional(),
  publishedBytes: z.number(),
  publishedSegments: z.number(),
  renditions: z.array(z.string()),
});

/** What is known before the first frame, where a function looks at films before workers do. */
const expectedSchema = z.object({
  durationSeconds: z.number(),
  /** Workers in ECS that are started for it. */
  workers: z.number(),
  /** About, from the first frame to the last; where functions make it. */
  encodeSeconds: z.number().optional(),
});

/** Where the time went, in seconds. */
const timingsSchema = z.object({
  waitSeconds: z.number().optional(),
  probeSeconds: z.number().optional(),
  encodeSeconds: z.number().optional(),
  /** After the last frame was encoded. */
  publishSeconds: z.number().optional(),
  totalSeconds: z.number().optional(),
  /** Film seconds per second of work. */
  speed: z.number().optional(),
});

const filmRenditionSchema = z.object({
  name: z.string(),
  kind: z.enum(['video', 'audio']),
  /** Undefined where the film is files alone. */
  playlist: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  frameRate: z.number().optional(),
  codecs: z.string(),
  language: z.string().optional(),
  /** Of audio: EBU R 128, of what was published. Earlier versions measured nothing. */
  loudness: z.object({ integratedLufs: z.number().optional(), truePeakDbtp: z.number() }).optional(),
  /** Measured, bits per second: peak segment and average. */
  bandwidth: z.number(),
  averageBandwidth: z.number(),
  bytes: z.number(),
  segments: z.number(),
});

/** A file beside the stream. */
const filmFileSchema = z.object({
  /** Such as `720p.mp4`. */
  name: z.string(),
  format: z.enum(fileFormats),
  key: z.string(),
  /** Where people find it, if the bucket has a public base URL. */
  url: z.string().optional(),
  bytes: z.number(),
});

/** A track of subtitles. */
const filmSubtitlesSchema = z.object({
  /** Its folder below the plan's. */
  name: z.string(),
  /** What viewers choose by. */
  label: z.string(),
  language: z.string().optional(),
  kind: z.enum(subtitleKinds),
  default: z.boolean(),
  playlist: z.string(),
  /** The whole track as one WebVTT file. */
  file: z.string(),
  url: z.string().optional(),
  cues: z.number(),
});

/** A published film. Keys are in the output bucket. */
export const filmSchema = z.object({
  /** Undefined where the film is files alone: its job asked for no stream. */
  playlist: z.string().optional(),
  /** Where players find it, if the bucket has a public base URL. */
  url: z.string().optional(),
  /** For DASH players. Undefined for MPEG-TS, and for films of earlier versions. */
  manifest: z.string().optional(),
  manifestUrl: z.string().optional(),
  plan: z.string(),
  durationSeconds: z.number(),
  bytes: z.number(),
  encoder: z.string(),
  /** Undefined where segments are in clear. */
  encryption: z.literal('aes-128').optional(),
  renditions: z.array(filmRenditionSchema),
  poster: z.string().optional(),
  storyboard: z.string().optional(),
  files: z.array(filmFileSchema).optional(),
  subtitles: z.array(filmSubtitlesSchema).optional(),
  /** How close a sample of it comes to its source, where that was asked for. */
  measured: measuredSchema.optional().catch(undefined),
});

/** A film that can be played while it is made. */
const earlyFilmSchema = z.object({
  /** The multivariant playlist, until the film's own is there. */
  playlist: z.string(),
  url: z.string().optional(),
  plan: z.string(),
});

/** Of a job's options those with which its film is made again; no addresses, as anybody may read a state. */
const keptOptionsSchema = jobOptionsSchema
  .pick({
    ladder: true,
    include480p: true,
    quality: true,
    expectedViews: true,
    measure: true,
    minVmaf: true,
    outputs: true,
    overlays: true,
    music: true,
    fit: true,
    size: true,
    crossfade: true,
    segmentSeconds: true,
    loudness: true,
    encryption: true,
    early: true,
    thumbnailAt: true,
    workersPerFilm: true,
    lane: true,
  })
  .strip();

export function keptOptions(options: JobOptions | undefined): JobState['options'] {
  const { music, ...others } = keptOptionsSchema.parse(options ?? {});
  const kept = music ? { ...others, music: { ...music, source: describeSource(music.source) } } : others;
  return Object.keys(kept).length > 0 ? kept : undefined;
}

/** What is known of a job: `status.json`, webhook data and database row are made from it. Times are ISO 8601 in UTC. */
export const jobStateSchema = z.object({
  id: z.string(),
  /** Of several clips, the first one's. */
  source: z.string(),
  /** Set where clips are joined: all of them, in order. */
  sources: z
    .array(z.object({ source: z.string(), from: z.number().optional(), to: z.number().optional() }))
    .optional(),
  title: z.string().optional(),
  metadata: z.record(z.string(), z.json()).optional(),
  /** What the job said of its batch. */
  batch: batchSchema.optional().catch(undefined),
  state: z.enum(jobStates),
  /** The request that the state belongs to, see `QueuedJob.requestId`. Earlier versions reported none. */
  requestId: z.string().optional(),
  /** What was asked for, as far as it differs from the farm's settings. */
  options: keptOptionsSchema.optional().catch(undefined),
  /** 1 for the first try; interruptions do not count. */
  attempt: z.number(),
  maxAttempts: z.number(),
  /** Grows with each report of the job, see `nextSequence`. Earlier versions reported none. */
  sequence: z.number().optional(),
  stage: z.enum(['probing', 'encoding', 'publishing', 'files']).optional(),
  /** Twelve hex digits: the folder below the job's in which its film is being made. */
  plan: z.string().optional(),
  expected: expectedSchema.optional().catch(undefined),
  progress: progressSchema.optional(),
  /** In the stage `files`: the one that is being made, and how much of it is done. */
  file: z.object({ name: z.string(), percent: z.number() }).optional().catch(undefined),
  early: earlyFilmSchema.optional().catch(undefined),
  /** Why it failed or will be tried again, in a sentence for people. */
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  warnings: z.array(z.string()),
  film: filmSchema.optional(),
  timings: timingsSchema,
  /** When the job entered the queue. */
  queuedAt: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  updatedAt: z.string(),
  worker: z.string().optional(),
});

export type JobStateName = (typeof jobStates)[number];
export type Progress = z.infer<typeof progressSchema>;
export type Timings = z.infer<typeof timingsSchema>;
export type Film = z.infer<typeof filmSchema>;
export type EarlyFilm = z.infer<typeof earlyFilmSchema>;
export type PublishedFile = z.infer<typeof filmFileSchema>;
export type FilmSubtitles = z.infer<typeof filmSubtitlesSchema>;
export type FilmRendition = z.infer<typeof filmRenditionSchema>;
export type JobState = z.infer<typeof jobStateSchema>;

/** @returns undefined where the text is not a status, such as half of one, or what others put there */
export function readJobState(text: string): JobState | undefined {
  try {
    return jobStateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
