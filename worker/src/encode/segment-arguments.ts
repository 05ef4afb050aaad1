import type { Plan } from '../plan/plan.ts';
import { seconds } from './seconds.ts';

interface SegmentOutput {
  /** Rendition, and its folder under the working directory. */
  name: string;
  /** File descriptor that gets a line `file,start,end` when a segment is whole. */
  pipe: number;
  firstSegment: number;
  /** Where segments after the first begin, from the start of this run. */
  cuts: readonly number[];
  /** Where this run begins in the film. */
  offsetSeconds: number;
  /** A segment begins at the first keyframe that is at most so much before its cut. */
  deltaSeconds: number;
  /** True where the segments hold frames alone, of which the worker makes fMP4. */
  isRaw?: boolean;
}

/** MPEG-TS can't hold times below zero, which decoding times of B-frames are: all renditions begin at 10 s, as Apple's tools do. */
export const mpegtsOffsetSeconds = 10;

/**
 * The segment muxer and not the HLS one: it cuts at given times instead of adding lengths up, and reports each segment
 * when it is whole. Tried with ffmpeg 5.1 and 7.1, whose parts join to the same timestamps as one run:
 * - `cmaf`: no edit list, so the init segments of all parts are the same bytes.
 * - `frag_discont` and the inner muxer's `output_ts_offset`: each segment has its true decode time (`tfdt`).
 * - `frag_custom`: one fragment a segment. `skip_trailer`: no index after the last one.
 * - `avoid_negative_ts disabled`: the first part is not moved by the delay of its B-frames.
 * - `omit_video_pes_length 0`: frames in MPEG-TS carry their size, so that one that is cut off is seen.
 */
export function segmentArguments(plan: Pick<Plan, 'segmentFormat'>, output: SegmentOutput): string[] {
  const fmp4 = plan.segmentFormat === 'fmp4';
  const format = output.isRaw
    ? ['-segment_format', 'ac3']
    : fmp4
      ? [
          ...['-segment_format', 'mp4', '-individual_header_trailer', '0'],
          ...['-segment_header_filename', `${output.name}/init.mp4`],
          '-segment_format_options',
          `movflags=+cmaf+frag_custom+frag_discont+skip_trailer:output_ts_offset=${seconds(output.offsetSeconds)}`,
        ]
      : [
          ...['-muxdelay', '0', '-muxpreload', '0', '-segment_format', 'mpegts', '-segment_format_options'],
          `omit_video_pes_length=0:avoid_negative_ts=disabled:output_ts_offset=${seconds(output.offsetSeconds + mpegtsOffsetSeconds)}`,
        ];
  const cuts =
    output.cuts.length > 0
      ? ['-segment_times', output.cuts.map(seconds).join(',')]
      : ['-segment_time', '1000000'];
  return [
    ...['-f', 'segment', ...format, '-avoid_negative_ts', 'disabled'],
    ...[...cuts, '-segment_time_delta', seconds(output.deltaSeconds)],
    ...['-segment_start_number', String(output.firstSegment)],
    ...['-segment_list', `pipe:${output.pipe}`, '-segment_list_type', 'csv'],
    `${output.name}/%05d.${output.isRaw ? 'ac3' : fmp4 ? 'm4s' : 'ts'}`,
  ];
}
