import { z } from 'zod';
import { streamGroupsSchema } from './immersive-audio.ts';

/** What is asked of ffprobe, and the shape of its answer. Everything is optional: files leave out what they like. */
export const streamEntries = [
  'stream=index,codec_name,codec_type,codec_tag_string,profile,width,height,pix_fmt,sample_fmt',
  ',sample_aspect_ratio,field_order,r_frame_rate,avg_frame_rate,time_base,start_time,duration,nb_frames',
  ',color_range,color_space,color_transfer,color_primaries,sample_rate,channels,channel_layout',
  ':stream_tags:stream_disposition:stream_side_data',
  ':program=program_id:program_stream=index:chapter=id',
  ':format=format_name,nb_streams,start_time,duration:format_tags',
].join('');

export const frameEntries =
  'frame=media_type,interlaced_frame,best_effort_timestamp_time:frame_side_data=side_data_type';

export const packetEntries = 'packet=pts_time,dts_time,duration_time,flags:packet_side_data=side_data_type';

/** ffprobe writes numbers as text in some places, and `N/A` for what it doesn't know. */
const number = z
  .union([z.number(), z.string()])
  .optional()
  .transform((value) => {
    const parsed = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
    return Number.isFinite(parsed) ? parsed : undefined;
  });

/** `num/den` or `num:den`; undefined where unknown, which ffprobe writes as `0/0` or `0:1`. */
const fraction = z
  .string()
  .optional()
  .transform((text) => {
    const [num, den] = (text ?? '').split(/[/:]/).map(Number);
    return num && den && num > 0 && den > 0 ? { num, den } : undefined;
  });

/** `unknown`, `none` and the empty string all say nothing. */
const word = z
  .string()
  .optional()
  .transform((text) => (text && !/^(unknown|none|n\/a)$/i.test(text) ? text : undefined));

const tags = z
  .record(z.string(), z.string())
  .default({})
  // Matroska writes them in capitals, MP4 in small letters.
  .transform((found) =>
    Object.fromEntries(Object.entries(found).map(([name, text]) => [name.toLowerCase(), text])),
  );

const sideData = z
  .array(
    z.object({
      side_data_type: z.string().optional(),
      rotation: number,
      crop_top: number,
      crop_bottom: number,
      crop_left: number,
      crop_right: number,
      dv_profile: number,
      dv_bl_signal_compatibility_id: number,
    }),
  )
  .default([]);

const streamSchema = z.object({
  index: z.number().int().nonnegative(),
  codec_type: word,
  codec_name: word,
  codec_tag_string: word,
  profile: word,
  width: z.number().default(0),
  height: z.number().default(0),
  pix_fmt: word,
  sample_fmt: word,
  sample_aspect_ratio: fraction,
  field_order: word,
  r_frame_rate: fraction,
  avg_frame_rate: fraction,
  time_base: fraction,
  start_time: number,
  duration: number,
  nb_frames: number,
  color_range: word,
  color_space: word,
  color_transfer: word,
  color_primaries: word,
  sample_rate: number,
  channels: z.number().default(0),
  channel_layout: word,
  disposition: z.record(z.string(), z.number()).default({}),
  tags,
  side_data_list: sideData,
});

const packetSchema = z.object({
  pts_time: number,
  dts_time: number,
  duration_time: number,
  flags: z.string().default(''),
  side_data_list: sideData,
});

export const ffprobeSchema = z.object({
  format: z.object({
    format_name: z.string(),
    nb_streams: z.number().default(0),
    start_time: number,
    duration: number,
    tags,
  }),
  streams: z.array(streamSchema).default([]),
  /** Programmes of a transport stream. */
  programs: z.array(z.object({ streams: z.array(z.object({ index: z.number() })).default([]) })).default([]),
  chapters: z.array(z.unknown()).default([]),
  stream_groups: streamGroupsSchema,
  /** The first frames of the chosen video stream. */
  frames: z
    .array(
      z.object({ interlaced_frame: number, best_effort_timestamp_time: number, side_data_list: sideData }),
    )
    .default([]),
  /** The first packets of the chosen video stream, in the order of the file. */
  packets: z.array(packetSchema).default([]),
});

export type FfprobeJson = z.output<typeof ffprobeSchema>;
export type FfprobeStream = z.output<typeof streamSchema>;
export type FfprobePacket = z.output<typeof packetSchema>;
