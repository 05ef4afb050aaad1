import { vp9Speed } from '../../tools/cost/speeds.ts';
import { fileOutputs, type OutputName } from '../../worker/src/plan/outputs.ts';
import type { Plan } from '../../worker/src/plan/plan.ts';
import type { Media } from '../../worker/src/probe/media.ts';
import { webmPartsOfPlan } from '../../worker/src/publish/webm-parts.ts';
import { type Estimate, estimateOf } from './estimate.ts';
import { type Machine, vcpusOfMachine } from './machine.ts';
import type { SpotPrice } from './table-price.ts';

/** What a WebM file takes beside the stream. */
export interface WebmEstimate extends Pick<Estimate, 'seconds' | 'workers' | 'costs'> {
  /** Of the rendition, such as `720p`. */
  rendition: string;
  how: string;
}

/** For each WebM file among the outputs; the largest rendition where none is named, or none is so small. */
export function estimateWebm(
  media: Media,
  plan: Plan,
  machine: Machine,
  {
    workers,
    outputs,
    spotPrice,
  }: { workers: number; outputs: readonly OutputName[]; spotPrice: SpotPrice | undefined },
): WebmEstimate[] {
  const { video } = plan;
  if (!video || !media.video) return [];
  const sourcePixels = media.video.width * media.video.height;
  const framesPerSecond = video.frameRate.num / video.frameRate.den;
  return fileOutputs(outputs).flatMap(({ format, rung }) => {
    const rendition = video.renditions.find(({ name }) => name === rung) ?? video.renditions[0];
    if (format !== 'webm' || rendition === undefined) return [];
    const work = { sourcePixels, framesPerSecond, renditions: [rendition] };
    const { filmSecondsPerSecond, how } = vp9Speed(work, vcpusOfMachine(machine));
    const parts = webmPartsOfPlan(plan, plan.durationSeconds, { hasAudio: false }).length;
    const workSeconds = video.durationSeconds / filmSecondsPerSecond;
    const { seconds, workers: together, costs } = estimateOf(workSeconds, parts, machine, workers, spotPrice);
    return [{ rendition: rendition.name, seconds, workers: together, costs, how }];
  });
}
