import { z } from 'zod';

/** One published media segment. */
const segmentSchema = z.object({
  /** Counts from 0 over the whole film. */
  number: z.number().int().nonnegative(),
  startSeconds: z.number(),
  durationSeconds: z.number().positive(),
  bytes: z.number().int().positive(),
  /** Bytes from the segment's start to the end of its first (key) frame: what an I-frame playlist points at. Video only. */
  keyframeBytes: z.number().int().positive().optional(),
});

const renditionRecordSchema = z.object({
  /** Name of the rendition, which is its folder. */
  name: z.string(),
  /** RFC 6381, as found in the first segment or init segment, such as `avc1.640028`. */
  codecs: z.string(),
  frames: z.number().int().nonnegative(),
  /** sha256 of the init segment; the same in every part. Undefined for MPEG-TS. */
  initSha256: z.string().optional(),
  initBytes: z.number().int().nonnegative(),
  /** Empty where the film ended before this part began, and the settings accept that. */
  segments: z.array(segmentSchema),
});

/** How loud a rendition is in this part: see `LoudnessBlocks`. */
const loudnessSchema = z.object({
  name: z.string(),
  blocks: z.array(z.tuple([z.number().int(), z.number().int().positive()])),
  truePeakDbtp: z.number(),
});

const sheetSchema = z.object({
  /** File name under `storyboard/`. */
  file: z.string(),
  /** Film time of each tile in the sheet, left to right, top to bottom. */
  tileSeconds: z.array(z.number()),
});

/** `<plan>/parts/0003.json`: what part 3 made. Its presence says that the part is done and published. */
export const partRecordSchema = z.object({
  version: z.literal(1),
  part: z.number().int().nonnegative(),
  renditions: z.array(renditionRecordSchema),
  /** Where this part's last frame ends, in seconds from the film's start. */
  endSeconds: z.number(),
  sheets: z.array(sheetSchema),
  /** File name of the poster, in the part that has it. */
  poster: z.string().optional(),
  /** Of a part of the audio, as published; of the part `loudness`, as it was before. Older workers measured nothing. */
  loudness: z.array(loudnessSchema).optional(),
  warnings: z.array(z.string()),
  encodeSeconds: z.number(),
});

export type SegmentRecord = z.infer<typeof segmentSchema>;
export type RenditionRecord = z.infer<typeof renditionRecordSchema>;
export type PartRecord = z.infer<typeof partRecordSchema>;
