import type { Plan, VideoPart, VideoPlan } from '../plan/plan.ts';
import type { FilmRendition } from '../protocol/status.ts';
import { type FileArguments, headArguments, readOnce, trackArguments } from './file-arguments.ts';
import { filmChain } from './filter-graph.ts';
import { seconds } from './seconds.ts';
import { mpegtsOffsetSeconds } from './segment-arguments.ts';
import { type EncodeArguments, readPart } from './video-arguments.ts';

/** Looks as good as the farm's H.264 of `standard` quality, in fewer bits: docs/formats.md has the measurement. */
const crf = 31;

/** The quickest preset that libvpx has for files; slower ones look the same: docs/formats.md has the times. */
const cpuUsed = 5;

/** Of the bits that AAC has: Opus sounds as good with fewer. */
const opusShare = 0.85;
const leastOpusBitrate = 48_000;

/** Opus begins 6.5 ms before its first sample is heard, which Matroska can say; else ffmpeg moves the picture too. */
const asItIs = ['-avoid_negative_ts', 'disabled'];

/** VP9's keyframes, at which players seek. */
const keyframeSeconds = 5;

/** Matroska has milliseconds. With this clock in the parts too, `setts` counts in it with every ffmpeg. */
const webmClock = 1000;

/** VP9 of a part of a film, read from its source as the stream's frames were. */
export function webmSourceArguments(
  plan: Plan,
  film: VideoPlan,
  part: VideoPart,
  {
    rendition,
    maxSeconds,
    ...encoding
  }: { rendition: string; maxSeconds: number; threads: number; file: string },
): EncodeArguments {
  const onCpu: VideoPlan = { ...film, path: 'cpu', prepare: film.cpuPrepare ?? film.prepare };
  const { video, zero, span, own, inputs } = readPart(plan, onCpu, part, maxSeconds);
  const [largest] = video.renditions;
  const rung = video.renditions.find(({ name }) => name === rendition);
  if (rung === undefined) throw new TypeError(`The plan has no rendition ${rendition}.`);
  const { width, height } = rung;
  const filters = [
    filmChain(video, part, span, own),
    ...(rung === largest ? [] : [`scale=w=${width}:h=${height}:flags=bicubic,setsar=1,format=yuv420p`]),
    `settb=1/${webmClock},setpts=PTS+${Math.round(zero * webmClock)}[v]`,
  ].join(',');
  const frameRate = video.frameRate.num / video.frameRate.den;
  return {
    ...inputs,
    outputArgs: [
      '-filter_complex',
      filters,
      '-map',
      '[v]',
      ...vp9Arguments({ ...encoding, height, frameRate }),
    ],
    renditions: [],
  };
}

/**
 * VP9 of some segments of a rendition, at their times in the film. They begin with a keyframe, so what is read is what is encoded, with
 * nothing to seek and nothing to trim.
 */
export function webmVideoArguments(
  { frameRate = 30, height = 0 }: Pick<FilmRendition, 'frameRate' | 'height'>,
  { startSeconds, threads, file }: { startSeconds: number; threads: number; file: string },
): FileArguments {
  // The demuxer moves all times of segments by the largest of their composition offsets, which may be negative: the first frame's is known.
  const times = `settb=1/${webmClock},setpts=PTS-STARTPTS+round(${seconds(startSeconds)}*${webmClock})`;
  return {
    inputArgs: [...readOnce, '-copyts'],
    outputArgs: [...['-map', '0:v:0', '-vf', times], ...vp9Arguments({ threads, file, height, frameRate })],
  };
}

function vp9Arguments({
  threads,
  file,
  height,
  frameRate,
}: {
  threads: number;
  file: string;
  height: number;
  frameRate: number;
}): string[] {
  return [
    ...['-fps_mode', 'passthrough', '-enc_time_base', `1:${webmClock}`],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-pix_fmt', 'yuv420p'],
    ...['-c:v', 'libvpx-vp9', '-crf', String(crf), '-b:v', '0'],
    ...['-deadline', 'good', '-cpu-used', String(cpuUsed)],
    // Rows of superblocks by several threads: with tiles alone, 720p keeps two cores busy.
    ...['-row-mt', '1', '-tile-columns', height >= 1080 ? '2' : '1', '-threads', String(threads)],
    ...['-g', String(Math.ceil(keyframeSeconds * frameRate))],
    ...['-f', 'ivf', file],
  ];
}

/** Opus of every audio track, each an input. */
export function webmAudioArguments(
  tracks: readonly Pick<FilmRendition, 'averageBandwidth'>[],
  { isMpegts, file }: { isMpegts: boolean; file: string },
): FileArguments {
  return {
    inputArgs: [...readOnce, '-copyts'],
    outputArgs: [
      ...tracks.flatMap((_, index) => ['-map', `${index}:0`]),
      ...['-c:a', 'libopus', '-ar', '48000', '-map_metadata', '-1', '-map_chapters', '-1'],
      ...tracks.flatMap(({ averageBandwidth }, index) => [
        `-b:a:${index}`,
        String(Math.max(leastOpusBitrate, Math.round(averageBandwidth * opusShare))),
      ]),
      ...(isMpegts ? ['-output_ts_offset', String(-mpegtsOffsetSeconds)] : []),
      ...[...asItIs, '-f', 'webm', file],
    ],
  };
}

/** The film's VP9 and Opus in one file, copied. */
export function webmArguments(
  { audio, frameRate = 30 }: { audio: readonly FilmRendition[]; frameRate?: number | undefined },
  { title, file }: { title?: string | undefined; file: string },
): FileArguments {
  return {
    inputArgs: ['-copyts'],
    outputArgs: [
      ...['-map', '0:v:0', ...audio.flatMap((_, index) => ['-map', `1:${index}`])],
      ...['-c', 'copy', ...headArguments(title)],
      // IVF says nothing of how long a frame is, and the file would end when its last frame begins.
      ...['-bsf:v', `setts=duration=${Math.round(webmClock / frameRate)}`],
      ...audio.flatMap(trackArguments),
      // The index first, as browsers seek by it.
      ...['-cues_to_front', '1', ...asItIs, '-f', 'webm', file],
    ],
  };
}
