import type { AudioPart, AudioRendition, Plan } from '../plan/plan.ts';
import { clockFilter } from './clock-filter.ts';
import { seconds } from './seconds.ts';
import { segmentArguments } from './segment-arguments.ts';
import { type EncodeArguments, seekArguments } from './video-arguments.ts';

/** AAC frames are 1024 samples; a segment begins at the one nearest its cut. */
const samplesPerFrame = 1024;

/** One ffmpeg process makes all audio renditions of the film, whole: AAC cut into parts has gaps at its joints. */
export function audioArguments(plan: Plan, part: AudioPart, maxSeconds: number): EncodeArguments {
  const outputArgs = plan.audio.flatMap((rendition, index) => [
    // A graph for each: ffmpeg makes a graph again when the format of one of its inputs changes.
    ...['-filter_complex', filters(plan, rendition, `a${index}`, maxSeconds), '-map', `[a${index}]`],
    ...['-map_metadata', '-1', '-map_chapters', '-1'],
    ...['-c:a', 'aac', '-b:a', String(rendition.bitrate), '-ac', String(rendition.channels)],
    ...['-ar', String(rendition.sampleRate)],
    // The encoder's priming packet would begin before zero, which a segment can't say; without it audio is in step.
    ...['-bsf:a', "noise=drop='lt(pts,0)'"],
    ...segmentArguments(plan, {
      name: rendition.name,
      pipe: 3 + index,
      firstSegment: part.firstSegment,
      cuts: part.segmentCuts,
      offsetSeconds: 0,
      deltaSeconds: samplesPerFrame / rendition.sampleRate / 2,
    }),
  ]);
  return {
    inputArgs: ['-vn', ...seekArguments(plan, 0, 0)],
    outputArgs: ['-f', 'lavfi', '-i', silence, ...outputArgs],
    renditions: plan.audio.map((rendition) => rendition.name),
  };
}

/** A millisecond of silence: the first of what is heard, and the reason why see `filters`. */
const silence = 'aevalsrc=0:s=48000:d=0.001';

/** When the silence is heard: so far before the film that the gap behind it is filled whatever its rest. */
const leadSeconds = 1;

/** Timestamps that are off by more are made good by silence or a cut; ffmpeg's own 0.1 s are seen as out of step. */
const maxDriftSeconds = 0.015;

/**
 * Audio begins at the film's zero (silence is added or audio cut), and gaps in its timestamps become silence.
 *
 * `aresample`'s own `first_pts=0` would add silence from zero on again whenever the film's audio format changes, as
 * ffmpeg makes the graph again then. So the silence is an input, which has ended by then, and the gap after it is filled.
 * `ainterleave` writes microseconds in the time base of its inputs, so these have microseconds too.
 */
function filters(
  plan: Plan,
  { streamIndexes, ...rendition }: AudioRendition,
  output: string,
  maxSeconds: number,
): string {
  const { join, prepare, sampleRate, channels } = rendition;
  const layout = channels === 1 ? 'mono' : 'stereo';
  const format = `aformat=sample_fmts=fltp:sample_rates=${sampleRate}:channel_layouts=${layout}`;
  const clock = clockFilter('asetpts', plan);
  // With `rematrix_maxval` a mix of 5.1 does not clip: without, floating-point samples are added up as they are.
  const mix = [`aresample=${sampleRate}:rematrix_maxval=1`, format];
  const film = [
    ...(join ? [join] : []),
    ...clock,
    ...prepare,
    ...mix,
    `atrim=start=${-leadSeconds / 2}`,
    'asettb=1/1000000',
  ];
  const lead = [format, 'asettb=1/1000000', `asetpts=PTS-${leadSeconds}/TB`];
  const sync = `aresample=${sampleRate}:async=1:min_hard_comp=${maxDriftSeconds}`;
  return [
    `${streamIndexes.map((index) => `[0:${index}]`).join('')}${film.join(',')}[film]`,
    `[1:0]${lead.join(',')}[lead]`,
    `[lead][film]ainterleave,${sync},atrim=start=0:end=${seconds(maxSeconds)}[${output}]`,
  ].join(';');
}
