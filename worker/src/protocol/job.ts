import { z } from 'zod';
import { encryptionNames } from '../plan/encryption.ts';
import { fitNames } from '../plan/fit.ts';
import { ladderSchema } from '../plan/ladder.ts';
import { jobLoudnessSchema } from '../plan/loudness.ts';
import { measureNames, minVmafSchema } from '../plan/measure.ts';
import { musicSchema } from '../plan/music-options.ts';
import { outputsSchema } from '../plan/outputs.ts';
import { overlaysSchema } from '../plan/overlay-options.ts';
import { qualityNames } from '../plan/quality.ts';
import { expectedViewsSchema } from '../plan/view-presets.ts';
import { normalizeLanguage } from '../probe/language.ts';
import { subtitleKinds } from '../probe/media.ts';
import { isEncoding } from '../text/decode.ts';
import { clipsSchema, sourceSchema } from './clips.ts';
import { laneNames } from './lanes.ts';

/** `10%` of the film, or seconds from its start. */
export const thumbnailAtSchema = z
  .union([
    z.number().min(0),
    z
      .string()
      .regex(
        /^(100|\d{1,2})(\.\d+)?%$/,
        'expected seconds, such as 12.5, or a share of the film, such as "10%"',
      ),
  ])
  .describe('Where in the film the poster is taken: seconds from the start, or a share such as "10%"');

/** Length of a media segment. Apple's authoring specification asks for 6 (7.5); RFC 8216 allows any. */
export const segmentSecondsSchema = z.number().int().min(1).max(30);

export const presetNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/, 'expected 1 to 50 letters, digits, "_" or "-"');

/** RFC 5646, as in EXT-X-MEDIA. */
export const languageSchema = z
  .string()
  .max(35)
  .refine((tag) => normalizeLanguage(tag) !== undefined, 'expected a language tag, such as "en" or "pt-BR"');

export const encodingSchema = z
  .string()
  .max(40)
  .refine(isEncoding, 'expected the name of an encoding, such as "utf-8" or "windows-1252"');

/** Subtitles in a file. */
export const subtitleFileSchema = z.strictObject({
  source: z
    .string()
    .min(1)
    .describe(
      'The file (SRT, WebVTT, ASS, SSA or TTML): a key in the source bucket, s3://bucket/key, or an http(s) URL',
    ),
  language: languageSchema.optional().describe('RFC 5646 tag, such as "en"; else as the file name says'),
  name: z
    .string()
    .min(1)
    .max(80)
    .optional()
    .describe('What viewers choose by; else the name of the language'),
  kind: z
    .enum(subtitleKinds)
    .optional()
    .describe(
      '"sdh" for viewers who hear little, "forced" for what is said in another language than the film',
    ),
  default: z.boolean().optional().describe('Shown unless a viewer turns it off'),
  encoding: encodingSchema.optional().describe('Of its text; else it is detected'),
});

/** Which subtitles of a film are meant. */
const subtitleChoiceSchema = z.strictObject({
  language: languageSchema.optional(),
  kind: z.enum(subtitleKinds).optional(),
});

/** A group of jobs whose end is reported once. */
export const batchSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'expected 1 to 100 letters, digits, "_" or "-"')
    .describe('Names the batch'),
  jobs: z.number().int().min(1).max(100_000).describe('How many jobs it has in all'),
});

export const jobOptionsSchema = z
  .strictObject({
    keepSource: z.boolean().describe('Keep the source after success; false deletes it'),
    include480p: z.boolean().describe('480p in the place of 540p in a named ladder'),
    quality: z
      .enum(qualityNames)
      .describe(
        'How good the film looks: saver, standard or high (VMAF of 88, 93 and 95), whatever the preset',
      ),
    expectedViews: expectedViewsSchema,
    measure: z
      .enum(measureNames)
      .describe(
        'With "vmaf", a sample of the published film is compared with its source; "off": not, where the farm would',
      ),
    minVmaf: minVmafSchema,
    loudness: jobLoudnessSchema.describe(
      'How loud the audio is to be, in LUFS, such as -16; "off": as loud as it is, where the farm would change it',
    ),
    force: z.boolean().describe('Transcode again although the film is done; replaces it at the commit'),
    ladder: ladderSchema,
    outputs: outputsSchema.describe(
      'What is made: "hls", and files such as "mp4:720p", "m4a", "mp3", "flac", "gif:360p"; without "hls" only the renditions that the files need',
    ),
    overlays: overlaysSchema.describe('Texts and images over the film, the later ones on top'),
    music: musicSchema.describe(
      'A track under the film, again and again to its end, where it fades out in two seconds',
    ),
    preset: presetNameSchema.describe(
      'A set of options that the farm keeps under this name; options beside it come before those in it',
    ),
    segmentSeconds: segmentSecondsSchema.describe('Length of a media segment in seconds'),
    encryption: z
      .enum(encryptionNames)
      .describe(
        '"aes-128" encrypts the segments of the film, where the farm has a secret for its keys; "none" leaves them in clear',
      ),
    early: z
      .boolean()
      .describe('Whether the film can be played while it is made, where it is made faster than it plays'),
    thumbnailAt: thumbnailAtSchema,
    subtitles: z
      .array(subtitleFileSchema)
      .max(64)
      .describe('Subtitles in files; those beside the film, such as film.en.srt, are found without'),
    removeSubtitles: z
      .array(subtitleChoiceSchema)
      .max(64)
      .describe('With "addToFilm": subtitles that the film is to have no longer'),
    addToFilm: z
      .literal(true)
      .describe(
        'Only make the files among "outputs" and the "subtitles" of the film that is published under this id; nothing is encoded',
      ),
    fit: z
      .enum(fitNames)
      .describe(
        'How clips of another shape come into the picture of joined clips: whole with black bars, or filling it',
      ),
    size: z
      .string()
      .regex(/^[1-9]\d{1,3}x[1-9]\d{1,3}$/, 'expected width and height, such as "1280x720"')
      .describe(
        'Size of the picture of joined clips, such as "1280x720"; by default the size of the first clip',
      ),
    crossfade: z
      .number()
      .min(0.1)
      .max(10)
      .describe(
        'Seconds in which each joined clip becomes the next one, picture and sound; the film is shorter by as much at each joint',
      ),
    workersPerFilm: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .describe('The most workers that make this film together; the farm may allow fewer'),
    lane: z
      .enum(laneNames)
      .describe('Priority lane; the farm has "urgent" and "bulk" where its settings name them'),
    batch: batchSchema.describe(
      'The batch that the job is of: when as many of its jobs have ended, one report says so',
    ),
    webhook: z
      .url({ protocol: /^https?$/ })
      .describe('Where this job is reported, if the farm lets jobs say so'),
  })
  .partial();

/** RFC 3986 unreserved characters only: a job id is a folder name in the output bucket and part of URLs. */
export const jobIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/,
    'expected 1 to 128 letters, digits, ".", "_", "~" or "-", starting with a letter or digit',
  )
  .describe('Names the job and its folder in the output bucket');

export const jobFieldsSchema = z.strictObject({
  id: jobIdSchema,
  source: sourceSchema.optional(),
  sources: clipsSchema.optional(),
  title: z.string().max(500).optional().describe('A name for people'),
  metadata: z.record(z.string(), z.json()).optional().describe('Anything; carried through to every report'),
  options: jobOptionsSchema.optional(),
});

/** One message is one job. */
export const jobSchema = jobFieldsSchema
  .refine(({ source, sources }) => source === undefined || sources === undefined, {
    message: 'expected "source" or "sources", and not both',
  })
  .refine(({ source, sources }) => source !== undefined || sources !== undefined, {
    path: ['source'],
    message: 'expected a text, or "sources" with a list of clips',
  })
  .refine(
    ({ sources, options }) =>
      sources !== undefined || (options?.fit ?? options?.size ?? options?.crossfade) === undefined,
    {
      path: ['options'],
      message: 'expected "fit", "size" and "crossfade" only where "sources" names clips',
    },
  )
  .meta({ oneOf: [{ required: ['source'] }, { required: ['sources'] }] });

export type SubtitleFile = z.infer<typeof subtitleFileSchema>;
export type SubtitleChoice = z.infer<typeof subtitleChoiceSchema>;
export type JobOptions = z.infer<typeof jobOptionsSchema>;

/** What a message asks for, validated. */
export type Job = z.infer<typeof jobSchema>;

/** A job as it comes off the queue. */
export interface QueuedJob extends Job {
  /** On jobs made from a bucket event: the ETag (no quotes) in the event. Another one now means a newer upload, which has its own job. */
  expectedEtag?: string;
  /** Names this one request through redeliveries and retries, so that `force` transcodes once per request. */
  requestId: string;
}
