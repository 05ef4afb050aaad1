import type { AudioPart, AudioRendition, Plan } from '../plan/plan.ts';
import { seconds } from './seconds.ts';
import { segmentArguments } from './segment-arguments.ts';
import { type EncodeArguments, seekArguments } from './video-arguments.ts';

/** AAC frames are 1024 samples; a segment begins at the one nearest its cut. */
const samplesPerFrame = 1024;

/** One ffmpeg process makes all audio renditions of the film, whole: AAC cut into parts has gaps at its joints. */
export function audioArguments(plan: Plan, part: AudioPart, maxSeconds: number): EncodeArguments {
  const outputArgs = plan.audio.flatMap((rendition, index) => [
    ...['-map', `0:${rendition.streamIndex}`, '-map_metadata', '-1', '-map_chapters', '-1'],
    ...['-af', filters(rendition, maxSeconds)],
    ...['-c:a', 'aac', '-b:a', String(rendition.bitrate), '-ac', String(rendition.channels)],
    ...['-ar', String(rendition.sampleRate)],
    // The encoder's priming packet would begin before zero, which a segment can't say; without it sound is in step.
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
    outputArgs,
    renditions: plan.audio.map((rendition) => rendition.name),
  };
}

/** Sound begins with the first picture (silence is added or sound cut) and gaps in its timestamps become silence. */
function filters(rendition: AudioRendition, maxSeconds: number): string {
  return [
    ...rendition.prepare,
    `aresample=${rendition.sampleRate}:async=1:first_pts=0`,
    `atrim=end=${seconds(maxSeconds)}`,
  ].join(',');
}
