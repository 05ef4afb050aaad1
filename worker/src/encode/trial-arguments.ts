import type { Sample } from '../plan/measure.ts';
import type { Plan, VideoPlan } from '../plan/plan.ts';
import { encoderArguments } from './encoders.ts';
import { sampleChain } from './measure-arguments.ts';

/** MPEG-TS needs no index, so that it is read as published segments are. */
export const trialFile = (n: number) => `trial-${n}.ts`;

/** Encodes a stretch of the largest rendition several times at once, each with another CRF. */
export function trialArguments(plan: Plan, film: VideoPlan, sample: Sample, qualities: readonly number[]) {
  const [largest] = film.renditions;
  if (largest === undefined) throw new TypeError('A plan with video has a rendition of it.');
  const { chain, source, inputArgs } = sampleChain(plan, film, sample);
  const labels = qualities.map((_, n) => `[trial${n}]`);
  return {
    source,
    inputArgs,
    outputArgs: [
      '-filter_complex',
      `${chain},split=${labels.length}${labels.join('')}`,
      ...qualities.flatMap((quality, n) => [
        ...['-map', `[trial${n}]`, '-fps_mode', 'passthrough', '-enc_time_base', 'filter'],
        ...encoderArguments(film.encoder, { ...largest, quality }),
        ...['-f', 'mpegts', trialFile(n)],
      ]),
    ],
  };
}
