import type { AudioPart, AudioRendition, Plan } from '../plan/plan.ts';
import { isPacked } from './ac3-segment.ts';
import {
  type AudioInputs,
  audioFormat,
  leadSeconds,
  maxDriftSeconds,
  mixFilters,
  silence,
} from './audio-filters.ts';
import { cutSlackSeconds, firstSample, runFrom } from './audio-frames.ts';
import { AudioStretch } from './audio-stretch.ts';
import { isWritten } from './clip-audio.ts';
import { clockFilter } from './clock-filter.ts';
import { copyArguments } from './copy-arguments.ts';
import { metered, withGain } from './loudness-meter.ts';
import { seconds } from './seconds.ts';
import { seekArguments } from './seek.ts';
import { segmentArguments } from './segment-arguments.ts';
import type { EncodeArguments } from './video-arguments.ts';

interface AudioOptions {
  inputs?: AudioInputs;
  /** Of each rendition, see `gainFor`. */
  gainsDb?: readonly number[];
  /** Whether further descriptors get the loudness of what is made, in the order of the renditions. */
  isMetered?: boolean;
}

/** One ffmpeg process makes all audio renditions of the film, or of a stretch of it. */
export function audioArguments(
  plan: Plan,
  part: AudioPart,
  maxSeconds: number,
  { inputs, gainsDb = [], isMetered = false }: AudioOptions = {},
): EncodeArguments {
  const { stretch, filtersOf, ...reading } = audioGraphs(plan, part, maxSeconds, inputs);
  const outputArgs = plan.audio.flatMap((rendition, index) => [
    ...(rendition.copied
      ? copyArguments(rendition, rendition.copied, part, inputs?.film ?? 1)
      : [
          // A graph for each: ffmpeg makes a graph again when the format of one of its inputs changes.
          '-filter_complex',
          withGain((output) => filtersOf(rendition, index, output), `a${index}`, gainsDb[index] ?? 0),
          ...['-map', `[a${index}]`],
          ...['-c:a', rendition.codec ?? 'aac', '-b:a', String(rendition.bitrate)],
          ...['-ac', String(rendition.channels), '-ar', String(rendition.sampleRate)],
          // The encoder's priming packet would begin before zero, which a segment can't say; without it audio is in step.
          ...['-bsf:a', `noise=drop='${stretch?.dropped(rendition) ?? 'lt(pts,0)'}'`],
        ]),
    ...['-map_metadata', '-1', '-map_chapters', '-1'],
    ...segmentArguments(plan, {
      name: rendition.name,
      pipe: 3 + index,
      firstSegment: part.firstSegment,
      ...(stretch?.times(rendition) ?? { cuts: part.segmentCuts, offsetSeconds: 0 }),
      deltaSeconds: cutSlackSeconds(rendition),
      isRaw: isPacked(plan, rendition),
    }),
  ]);
  const meterArgs = plan.audio.flatMap((rendition, index) => [
    '-filter_complex',
    metered((output) => filtersOf(rendition, index, output), {
      output: `m${index}`,
      gainDb: gainsDb[index] ?? 0,
      pipe: 3 + plan.audio.length + index,
    }),
    ...['-map', `[m${index}]`, '-f', 'null', '-'],
  ]);
  return {
    ...reading,
    outputArgs: isMetered ? [...outputArgs, ...meterArgs] : outputArgs,
    renditions: plan.audio.map((rendition) => rendition.name),
    ...(isMetered
      ? { meterSeconds: plan.audio.map((rendition) => stretch?.lengthSeconds(rendition) ?? maxSeconds) }
      : {}),
  };
}

/** One ffmpeg process measures the loudness of all renditions over the whole film. */
export function loudnessArguments(plan: Plan, maxSeconds: number): EncodeArguments {
  const whole: AudioPart = { kind: 'audio', index: 0, firstSegment: 0, segmentCuts: [] };
  const { filtersOf, stretch: _, ...reading } = audioGraphs(plan, whole, maxSeconds);
  const outputArgs = plan.audio.flatMap((rendition, index) => [
    '-filter_complex',
    metered((output) => filtersOf(rendition, index, output), { output: `a${index}`, pipe: 3 + index }),
    ...['-map', `[a${index}]`, '-f', 'null', '-'],
  ]);
  return { ...reading, outputArgs, renditions: [], meterSeconds: plan.audio.map(() => maxSeconds) };
}

/** The inputs, and the filters from them to the samples of each rendition. */
function audioGraphs(
  plan: Plan,
  part: AudioPart,
  maxSeconds: number,
  inputs: AudioInputs = { silence: 0, film: 1 },
) {
  if (isWritten(plan)) {
    return {
      inputArgs: [],
      samples: plan.audio.map(({ sampleRate, channels }) => ({ sampleRate, channels })),
      stretch: undefined,
      filtersOf: (rendition: AudioRendition, index: number, output: string) =>
        `[${index}:0]${audioFormat(rendition)}[${output}]`,
    };
  }
  const { startSeconds } = part;
  const stretch = startSeconds === undefined ? undefined : new AudioStretch(plan, part, startSeconds);
  return {
    lavfiFirst: silence,
    inputArgs: ['-vn', ...seekArguments(plan, stretch?.readFromSeconds ?? 0, 0)],
    stretch,
    filtersOf: (rendition: AudioRendition, _: number, output: string) =>
      stretch?.filters(rendition, { output, maxSeconds, inputs }) ??
      filters(plan, rendition, { output, maxSeconds, inputs }),
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
    `[lead][film]ainterleave,${sync},${fromZero(rendition)}:end=${seconds(maxSeconds)}[${output}]`,
  ].join(';');
}

function fromZero(rendition: Pick<AudioRendition, 'codec' | 'sampleRate'>): string {
  const frame = runFrom(rendition);
  return frame === 0 ? 'atrim=start=0' : `atrim=start_pts=${firstSample(frame, rendition)}`;
}
