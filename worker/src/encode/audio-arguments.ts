import type { AudioPart, AudioRendition, Plan } from '../plan/plan.ts';
import {
  type AudioInputs,
  audioFormat,
  leadSeconds,
  maxDriftSeconds,
  mixFilters,
  silence,
} from './audio-filters.ts';
import { cutSlackSeconds } from './audio-frames.ts';
import { AudioStretch } from './audio-stretch.ts';
import { clockFilter } from './clock-filter.ts';
import { seconds } from './seconds.ts';
import { seekArguments } from './seek.ts';
import { segmentArguments } from './segment-arguments.ts';
import type { EncodeArguments } from './video-arguments.ts';

/** One ffmpeg process makes all audio renditions of the film, or of a stretch of it. */
export function audioArguments(
  plan: Plan,
  part: AudioPart,
  maxSeconds: number,
  inputs: AudioInputs = { silence: 0, film: 1 },
): EncodeArguments {
  const isJoined = plan.clips !== undefined;
  const stretch =
    part.startSeconds === undefined ? undefined : new AudioStretch(plan, part, part.startSeconds);
  const outputArgs = plan.audio.flatMap((rendition, index) => [
    // A graph for each: ffmpeg makes a graph again when the format of one of its inputs changes.
    '-filter_complex',
    isJoined
      ? `[${index}:0]${audioFormat(rendition)}[a${index}]`
      : (stretch?.filters(rendition, { output: `a${index}`, maxSeconds, inputs }) ??
        filters(plan, rendition, { output: `a${index}`, maxSeconds, inputs })),
    ...['-map', `[a${index}]`],
    ...['-map_metadata', '-1', '-map_chapters', '-1'],
    ...['-c:a', 'aac', '-b:a', String(rendition.bitrate), '-ac', String(rendition.channels)],
    ...['-ar', String(rendition.sampleRate)],
    // The encoder's priming packet would begin before zero, which a segment can't say; without it audio is in step.
    ...['-bsf:a', `noise=drop='${stretch?.dropped(rendition) ?? 'lt(pts,0)'}'`],
    ...segmentArguments(plan, {
      name: rendition.name,
      pipe: 3 + index,
      firstSegment: part.firstSegment,
      ...(stretch?.times(rendition) ?? { cuts: part.segmentCuts, offsetSeconds: 0 }),
      deltaSeconds: cutSlackSeconds(rendition.sampleRate),
    }),
  ]);
  const renditions = plan.audio.map((rendition) => rendition.name);
  if (isJoined)
    return {
      inputArgs: [],
      samples: plan.audio.map(({ sampleRate, channels }) => ({ sampleRate, channels })),
      outputArgs,
      renditions,
    };
  return {
    lavfiFirst: silence,
    inputArgs: ['-vn', ...seekArguments(plan, stretch?.readFromSeconds ?? 0, 0)],
    outputArgs,
    renditions,
  };
}

/**
 * Audio begins at the film's zero (silence is added or audio cut), and gaps in its timestamps become silence.
 *
 * `aresample`'s own `first_pts=0` would add silence from zero on again whenever the film's audio format changes, as
 * ffmpeg makes the graph again then. So the silence is an input, which has ended by then, and the gap after it is filled.
 * The silence comes first, among the inputs and in the graph: while an input of a graph has sent nothing, ffmpeg 7 and later keep the
 * frames of the others, and fail when the format of those changes meanwhile.
 * `ainterleave` writes microseconds in the time base of its inputs, so these have microseconds too.
 */
function filters(
  plan: Plan,
  { streamIndexes, ...rendition }: AudioRendition,
  { output, maxSeconds, inputs }: { output: string; maxSeconds: number; inputs: AudioInputs },
): string {
  const { join, prepare, sampleRate } = rendition;
  const clock = clockFilter('asetpts', plan);
  const film = [
    ...(join ? [join] : []),
    ...clock,
    ...prepare,
    ...mixFilters(rendition),
    `atrim=start=${-leadSeconds / 2}`,
    'asettb=1/1000000',
  ];
  const lead = [audioFormat(rendition), 'asettb=1/1000000', `asetpts=PTS-${leadSeconds}/TB`];
  const sync = `aresample=${sampleRate}:async=1:min_hard_comp=${maxDriftSeconds}`;
  return [
    `[${inputs.silence}:0]${lead.join(',')}[lead]`,
    `${streamIndexes.map((index) => `[${inputs.film}:${index}]`).join('')}${film.join(',')}[film]`,
    `[lead][film]ainterleave,${sync},atrim=start=0:end=${seconds(maxSeconds)}[${output}]`,
  ].join(';');
}
