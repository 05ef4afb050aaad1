import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { encryptionNames, encryptionSecretSchema, keyUrlSchema } from '../plan/encryption.ts';
import { ladderSchema } from '../plan/ladder.ts';
import { maxAtOnce } from '../plan/load.ts';
import { loudnessTargetSchema } from '../plan/loudness.ts';
import { measureNames, minVmafSchema } from '../plan/measure.ts';
import { outputsSchema } from '../plan/outputs.ts';
import { overlaySchema } from '../plan/overlay-options.ts';
import { ownQualitySchema } from '../plan/own-quality.ts';
import { defaultQuality, qualityNames } from '../plan/quality.ts';
import { expectedViewsSchema, viewPresetsSchema, x264Presets } from '../plan/view-presets.ts';
import { encodingSchema, segmentSecondsSchema, thumbnailAtSchema } from '../protocol/job.ts';
import { presetsSchema } from '../protocol/presets.ts';
import { flag, list, number, optionalNumber, textOrJson, toNumber, url, whole } from './texts.ts';

const jobsAtOnce = z
  .string()
  .default('1')
  .transform((text, context) => (text === 'auto' ? text : toNumber(text, context)))
  .pipe(
    z.union([z.literal('auto'), whole.min(1).max(maxAtOnce)], {
      error: `expected "auto" or a whole number from 1 to ${maxAtOnce}`,
    }),
  );

const thumbnailAt = z
  .string()
  .default('10%')
  .transform((text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text))
  .pipe(thumbnailAtSchema);

/** R2 and Wasabi are reached by these alone; S3 needs only the bucket. */
const addressing = z.enum(['virtual', 'path']).default('virtual');
const checksums = z.enum(['when-supported', 'when-required']).default('when-supported');

/** Every environment variable that the worker reads; nothing else reads the environment. */
export const environmentSchema = z.object({
  AWS_REGION: z.string().default('us-east-1'),

  QUEUE_URL: url,
  DEAD_LETTER_QUEUE_URL: url,
  /** Another endpoint than AWS's own, for an emulator. */
  SQS_ENDPOINT: url.optional(),
  /** How long a message stays hidden without a heartbeat: the time in which a lost worker is noticed. SQS allows 0 to 43200. */
  VISIBILITY_TIMEOUT_SECONDS: number(120, whole.min(2).max(43_200)),
  /** Tries of a job that meets trouble, the first included. */
  MAX_ATTEMPTS: number(3, whole.min(1).max(20)),
  /** Delay before the second try; doubles from try to try. SQS delays up to 900. */
  RETRY_DELAY_SECONDS: number(30, z.number().min(0).max(900)),
  /** Another endpoint of AWS Lambda, for a local host of functions. */
  LAMBDA_ENDPOINT: url.optional(),
  /** Given by Lambda, see `functionLimits`. */
  AWS_LAMBDA_FUNCTION_NAME: z.string().optional(),
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: optionalNumber(whole.positive()),
  /**
   * The door: queues of jobs that a function beside a farm looks at before workers do, by lane. What it does not make goes on to the
   * jobs queue of its lane.
   */
  DOOR_QUEUE_URL: url.optional(),
  URGENT_DOOR_QUEUE_URL: url.optional(),
  BULK_DOOR_QUEUE_URL: url.optional(),
  /** What the farm's workers in ECS encode with. */
  WORKERS_ENCODER: z.enum(['x264', 'nvenc']).default('x264'),
  /** Name of the function that starts workers. */
  WAKER_FUNCTION: z.string().optional(),
  /** Films that functions make within this time need no worker. */
  DOOR_BUDGET_SECONDS: number(240, z.number().positive()),
  /** Functions that make parts of a film beside the workers in ECS. */
  FUNCTIONS_PER_FILM: number(0, whole.min(0).max(1000)),
  /** A lease that was not renewed for this long is a lost worker's. By default half of the visibility timeout. */
  LEASE_SECONDS: optionalNumber(z.number().min(2).max(21_600)),
  /** Messages that this worker works on at once. `auto`: as many as the machine has idle cores for, see `loadOf`. */
  JOBS_AT_ONCE: jobsAtOnce,
  /** The parts queue, on which workers ask each other to make parts of a film; without it, each film is one worker's. */
  PARTS_QUEUE_URL: url.optional(),
  /** The queues of the priority lanes that the farm has beside the usual one; their dead letters are those of the jobs. */
  URGENT_QUEUE_URL: url.optional(),
  URGENT_PARTS_QUEUE_URL: url.optional(),
  BULK_QUEUE_URL: url.optional(),
  BULK_PARTS_QUEUE_URL: url.optional(),
  /** Where reports for webhooks and a database go; without it, the farm has neither. */
  REPORTS_QUEUE_URL: url.optional(),
  /** Report progress there too: for a database. */
  REPORT_PROGRESS: flag(false),
  /** The most workers that make one film together. */
  WORKERS_PER_FILM: number(1, whole.min(1).max(1000)),

  SOURCE_BUCKET: z.string().min(1),
  SOURCE_REGION: z.string().optional(),
  SOURCE_ENDPOINT: url.optional(),
  SOURCE_ADDRESSING: addressing,
  SOURCE_CHECKSUMS: checksums,
  SOURCE_ACCESS_KEY_ID: z.string().optional(),
  SOURCE_SECRET_ACCESS_KEY: z.string().optional(),
  /** Read a bucket whose owner has the reader pay. */
  SOURCE_REQUESTER_PAYS: flag(false),
  /** Only keys that begin so and end in one of the suffixes become jobs by a bucket event. Empty: all. */
  SOURCE_PREFIX: z.string().default(''),
  SOURCE_SUFFIXES: list,
  ALLOW_HTTP_SOURCES: flag(false),
  /** Let http(s) sources lead to private addresses: for tests and closed networks only. */
  ALLOW_PRIVATE_SOURCES: flag(false),

  OUTPUT_BUCKET: z.string().min(1),
  OUTPUT_REGION: z.string().optional(),
  OUTPUT_ENDPOINT: url.optional(),
  OUTPUT_ADDRESSING: addressing,
  OUTPUT_CHECKSUMS: checksums,
  /** Whether the storage honours If-None-Match and If-Match on writes, as S3 and R2 do. */
  OUTPUT_CONDITIONAL_WRITES: flag(true),
  OUTPUT_ACCESS_KEY_ID: z.string().optional(),
  OUTPUT_SECRET_ACCESS_KEY: z.string().optional(),
  /** Begins every output key; empty or ending in "/". */
  OUTPUT_PREFIX: z
    .string()
    .regex(/^(|[A-Za-z0-9._~/-]*\/)$/, 'expected nothing, or a prefix that ends in "/"')
    .default(''),
  /** Where players reach the bucket, without a trailing slash. */
  OUTPUT_PUBLIC_URL: url.transform((text) => text.replace(/\/+$/, '')).optional(),

  ENCODER: z.enum(['auto', 'nvenc', 'x264']).default('auto'),
  X264_PRESET: z.enum(x264Presets).default('veryfast'),
  /** How often films are watched, unless their job says otherwise: it chooses the preset where `VIEW_PRESETS` says which. */
  EXPECTED_VIEWS: optionalNumber(expectedViewsSchema),
  /** JSON: see `ViewPresets`. */
  VIEW_PRESETS: textOrJson.pipe(viewPresetsSchema).optional(),
  NVENC_PRESET: z.enum(['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7']).default('p5'),
  /** How good films look, whatever the preset: see `vmafTargets`. */
  QUALITY: z.enum(qualityNames).default(defaultQuality),
  /** Whether a sample of each published film is compared with its source, unless its job says otherwise. */
  MEASURE: z.enum(measureNames).default('off'),
  /** A measured film whose VMAF is lower gets a warning; without it, any will do. */
  MIN_VMAF: optionalNumber(minVmafSchema),
  /** Give each film the CRF with which it has the VMAF of its quality, by trial encodes before its plan. */
  PER_FILM_QUALITY: flag(false),
  /** JSON of `farm calibrate`: see `OwnQuality`. */
  QUALITY_TABLE: textOrJson.pipe(ownQualitySchema).optional(),
  LADDER: textOrJson.default('standard').pipe(ladderSchema),
  INCLUDE_480P: flag(false),
  SEGMENT_SECONDS: number(6, segmentSecondsSchema),
  SEGMENT_FORMAT: z.enum(['fmp4', 'mpegts']).default('fmp4'),
  /** What the audio is brought to, in LUFS; without it, it stays as loud as it is. */
  LOUDNESS: optionalNumber(loudnessTargetSchema),
  /** Whether segments are encrypted, unless a job says otherwise. */
  ENCRYPTION: z.enum(encryptionNames).default('none'),
  /** Where players fetch the key of a film, by `{jobId}` and `{plan}`. */
  ENCRYPTION_KEY_URL: keyUrlSchema.optional(),
  /** What the keys of all films come of: 32 bytes in base64. */
  ENCRYPTION_SECRET: encryptionSecretSchema.optional(),
  /** What becomes of interlaced films: a picture of each field (50i becomes 50p), or one of each frame (25p). */
  DEINTERLACE: z.enum(['fields', 'frames']).default('fields'),
  THUMBNAIL_AT: thumbnailAt,
  /** What is made of each film, unless its job says otherwise: see `outputsSchema`. */
  OUTPUTS: list.transform((outputs) => (outputs.length === 0 ? ['hls'] : outputs)).pipe(outputsSchema),
  /** JSON: an overlay on every film, above those of its job. */
  WATERMARK: textOrJson.pipe(overlaySchema).optional(),
  /** JSON: options of jobs by the names under which jobs may ask for them. */
  PRESETS: textOrJson.default({}).pipe(presetsSchema),
  /** The encoding of subtitle files that do not say theirs; without it, it is detected. */
  SUBTITLE_ENCODING: encodingSchema.optional(),
  /** Films can be played while they are made, unless their job says otherwise. */
  EARLY_PLAY: flag(false),
  KEEP_SOURCE: flag(true),
  /** How long the files of a film stay that was made again in another way: players may be in the middle of it. */
  KEEP_REPLACED_SECONDS: number(86_400, z.number().min(0)),
  /** Length of a part in film seconds; by default about a minute of encoding: 60 with x264, 300 with NVENC. */
  PART_SECONDS: optionalNumber(z.number().min(2).max(3600)),

  MAX_DURATION_SECONDS: number(6 * 3600, z.number().positive()),
  /** Pixels of one frame; 8192 x 4320 fits. */
  MAX_PIXELS: number(36_000_000, whole.positive()),
  /** Streams in a file. */
  MAX_STREAMS: number(64, whole.positive()),
  /** Accept a film that ends before its header says, with a warning, instead of refusing it. */
  ALLOW_SHORT_SOURCES: flag(false),
  PROBE_TIMEOUT_SECONDS: number(30, z.number().positive()),
  /** An ffmpeg that makes no progress for this long is hung. */
  STALL_SECONDS: number(60, z.number().positive()),
  /** A connection to storage that brings no byte for this long is given up for a new one. */
  STORAGE_STALL_SECONDS: number(30, z.number().positive()),
  /** How long storage may be away before the job counts as failed. */
  STORAGE_PATIENCE_SECONDS: number(150, z.number().positive()),

  ALLOW_JOB_WEBHOOKS: flag(false),
  /** Write a job's metadata into status.json, which lies beside the film for everyone to read. Webhooks and Postgres have it always. */
  PUBLISH_METADATA: flag(false),
  /** CloudWatch namespace of the metrics; none are written without it. */
  METRICS_NAMESPACE: z.string().optional(),

  WORK_DIR: z.string().default(join(tmpdir(), 'transcode-farm')),
  /** Written every 5 seconds while the worker lives, for a health check; none without it. */
  HEARTBEAT_FILE: z.string().optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  FFMPEG_PATH: z.string().default('ffmpeg'),
  FFPROBE_PATH: z.string().default('ffprobe'),
  /** An ffmpeg with libvmaf, which measures films; where there is none, `FFMPEG_PATH` measures what it can. */
  FFMPEG_MEASURE_PATH: z.string().optional(),
  /** Given by ECS: where a task protects itself from scale-in. */
  ECS_AGENT_URI: url.optional(),
});

/** Texts, as a container gets them: the infrastructure renders this type. */
export type WorkerEnvironment = z.input<typeof environmentSchema>;

/** What the texts stand for. */
export type Environment = z.output<typeof environmentSchema>;
