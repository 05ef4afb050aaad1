import type { SampleInput } from '../ffmpeg/inputs.ts';
import type { Plan, VideoPart, VideoPlan, VideoRendition } from '../plan/plan.ts';
import { seekInClip, viewOfPart } from './clip-view.ts';
import { clockFilter } from './clock-filter.ts';
import { encoderArguments } from './encoders.ts';
import { filterGraph } from './filter-graph.ts';
import { seconds } from './seconds.ts';
import { seekArguments } from './seek.ts';
import { segmentArguments } from './segment-arguments.ts';
import { gpuInputArguments } from './try-decode.ts';

/** The arguments of one ffmpeg run: everything but the inputs themselves. */
export interface EncodeArguments {
  /** Which of the job's sources is the first input. @default 0 */
  source?: number;
  /** Made by ffmpeg itself and read as the first input, before the source. */
  lavfiFirst?: string;
  inputArgs: string[];
  /** The second clip of a crossfade. */
  moreInputs?: { source: number; inputArgs: string[] }[];
  /** Inputs that the worker writes in place of the source: the audio of joined clips, see `joinedAudio`. */
  samples?: SampleInput[];
  outputArgs: string[];
  /** The renditions in the order of their list pipes: the first writes its finished segments to descriptor 3. */
  renditions: string[];
  /** Lines of `ebur128` come on the descriptors behind those; for each, how much of what it hears counts. */
  meterSeconds?: number[];
}

/** One ffmpeg process makes all video renditions of a part, its storyboard sheets, and the poster when it is in it. */
export function videoArguments(
  film: Plan,
  filmVideo: VideoPlan,
  part: VideoPart,
  maxSeconds: number,
): EncodeArguments {
  const { plan, video, zero, span, own, inputs } = readPart(film, filmVideo, part, maxSeconds);
  const openEnd = span.toSeconds + zero;
  const preparedEnd = Math.min(part.endSeconds ?? openEnd, beyondEnd(plan));
  const graph = filterGraph(video, part, span, own);
  const cuts = cutsOf(plan, part, preparedEnd).map((cut) => cut - zero);
  const keyframes = keyframeTimes(video.gopSeconds, span.fromSeconds, preparedEnd - zero);

  const outputs = video.renditions.flatMap((rendition, index) => [
    ...['-map', `[v${index}]`, '-map_metadata', '-1', '-map_chapters', '-1'],
    // Timestamps stay as they are: the grid of constant-rate films is made by the filters.
    ...['-fps_mode', 'passthrough', '-enc_time_base', clockOf(video)],
    ...renditionArguments(video, rendition, keyframes),
    ...segmentArguments(plan, {
      name: rendition.name,
      pipe: 3 + index,
      firstSegment: part.firstSegment,
      cuts,
      offsetSeconds: zero,
      // Keyframes stand a GOP apart, so half of one distinguishes them whatever fraction of a frame they are late.
      deltaSeconds: video.gopSeconds / 2,
    }),
  ]);
  return {
    ...inputs,
    outputArgs: ['-filter_complex', graph.filters, ...outputs, ...graph.pictures.flatMap(pictureArguments)],
    renditions: video.renditions.map((rendition) => rendition.name),
  };
}

/** How a part's frames are read: what stands before `-i`, and what its filters need. */
export function readPart(film: Plan, filmVideo: VideoPlan, part: VideoPart, maxSeconds: number) {
  const { plan, video } = viewOfPart(film, filmVideo, part);
  const zero = zeroOf(video, part);
  const openEnd = Math.max(maxSeconds, part.startSeconds + plan.segmentSeconds);
  const span = { fromSeconds: part.startSeconds - zero, toSeconds: (part.endSeconds ?? openEnd) - zero };
  const from = readClip(film, filmVideo, part, zero);
  if (part.into === undefined) return { plan, video, zero, span, own: from.own, inputs: from.input };
  const next = { ...part, clip: part.into };
  const into = readClip(film, filmVideo, next, zero);
  const own = { ...from.own, into: { video: viewOfPart(film, filmVideo, next).video, own: into.own } };
  const more = { source: into.input.source ?? 0, inputArgs: into.input.inputArgs };
  return { plan, video, zero, span, own, inputs: { ...from.input, moreInputs: [more] } };
}

function readClip(film: Plan, filmVideo: VideoPlan, part: VideoPart, zero: number) {
  const { plan, video, clip } = viewOfPart(film, filmVideo, part);
  const clock = { ...plan, zeroSeconds: plan.zeroSeconds + (clip ? zero : 0) };
  const seek = clip
    ? seekInClip(delayed(clip, video), part.startSeconds, zero)
    : seekArguments(delayed(plan, video), part.startSeconds, zero);
  return {
    own: { clock: clockFilter('setpts', clock), clip },
    input: { ...(clip ? { source: clip.source } : {}), inputArgs: [...inputArguments(video), ...seek] },
  };
}

/** Its zero in ffmpeg's time, which is not the container's where ffmpeg shows frames too late or too early. */
function delayed<T extends { zeroSeconds: number }>(from: T, { delaySeconds = 0 }: VideoPlan): T {
  return { ...from, zeroSeconds: from.zeroSeconds + delaySeconds };
}

/** ffmpeg 5.1 takes the source's clock for that of the filters, which may be too coarse for a picture of each field. */
function clockOf({ timing, frameRate }: VideoPlan): string {
  return timing === 'constant' ? `1:${frameRate.num}` : 'filter';
}

/**
 * Without the GPU, a picture that changes its size in the middle of the film goes through the filters as they are.
 * Otherwise ffmpeg makes all filters again, which then lose frames and begin with a blank sheet and a poster once more.
 */
export function inputArguments({ path }: VideoPlan): string[] {
  return path === 'gpu' ? [...gpuInputArguments] : ['-reinit_filter', '0'];
}

/**
 * The film time that a run's timestamps count from. Films on a grid of frames have one grid over all parts, and a filter
 * makes its grid from its own zero: so that is the last point of the film's grid at or before the part's start.
 */
export function zeroOf({ timing, frameRate: { num, den } }: VideoPlan, { startSeconds }: VideoPart): number {
  if (timing === 'source') return startSeconds;
  const roundingSlack = 1e-6;
  return (Math.floor((startSeconds * num) / den + roundingSlack) * den) / num;
}

function renditionArguments(
  video: VideoPlan,
  rendition: VideoRendition,
  keyframes: readonly number[],
): string[] {
  const frames = Math.ceil((video.gopSeconds * video.frameRate.num) / video.frameRate.den);
  return [
    ...encoderArguments(video.encoder, rendition),
    // Encoders keep captions in the video by default; the playlist names those that are kept.
    ...['-a53cc', video.hasCaptions ? '1' : '0'],
    // A list and not an expression: an expression counts from the first frame, which can be late by part of a frame.
    ...['-force_key_frames', keyframes.map(seconds).join(',')],
    // Longer than a GOP, so that the encoder adds no keyframe within the list.
    ...['-g', String(frames * 2), '-flags', '+cgop'],
  ];
}

function keyframeTimes(gopSeconds: number, fromSeconds: number, toSeconds: number): number[] {
  const count = Math.max(1, Math.ceil((toSeconds - fromSeconds) / gopSeconds - 1e-9));
  return Array.from({ length: count }, (_, index) => fromSeconds + index * gopSeconds);
}

/** Planned cuts, in film time; the last part has more of them, for a film longer than its header says. */
function cutsOf(plan: Plan, part: VideoPart, preparedEnd: number): number[] {
  const cuts = [...part.segmentCuts];
  if (part.endSeconds !== undefined) return cuts;
  // A rest that was planned to stay with its segment is not cut off.
  const filmEnd = plan.video?.durationSeconds ?? 0;
  const last = cuts.at(-1) ?? part.startSeconds;
  for (let cut = last + plan.segmentSeconds; cut < preparedEnd; cut += plan.segmentSeconds) {
    if (cut >= filmEnd) cuts.push(cut);
  }
  return cuts;
}

/** Durations in headers are estimates in some containers (MPEG-TS): a tenth and a minute more are prepared for. */
function beyondEnd(plan: Plan): number {
  return plan.durationSeconds * 1.1 + 60;
}

function pictureArguments({ label, file }: { label: string; file: string }): string[] {
  const naming = file.includes('%d') ? ['-start_number', '0'] : ['-update', '1'];
  // Frames come far apart and at no rate: the encoder's clock must be fine enough to distinguish them.
  const times = ['-fps_mode', 'passthrough', '-enc_time_base', '1:1000'];
  const jpeg = ['-c:v', 'mjpeg', '-q:v', '4', ...times, '-map_metadata', '-1'];
  return ['-map', `[${label}]`, ...jpeg, '-f', 'image2', ...naming, file];
}
