import type { Metric, Sample } from '../plan/measure.ts';
import type { Plan, VideoPart, VideoPlan } from '../plan/plan.ts';
import { readOnce } from './file-arguments.ts';
import { filmChain } from './filter-graph.ts';
import { seconds } from './seconds.ts';
import { type EncodeArguments, readPart } from './video-arguments.ts';

/** Of MPEG: fine enough that frames of any rate keep their distances. */
const clock = 90_000;

/** The film's frames lie so much before the published ones, so that rounding never makes a pair of two that are not the same. */
const headStartTicks = clock / 500;

/** So that rounding never leaves out a segment's first frame: less than lies between any two. */
const beforeFrameSeconds = 0.001;

/** Every so many frames one is looked at: a fourth of the time, and pooled figures within 0.2 of those of all frames. */
const everyFrames = 4;

export const measureLog = 'measured.log';

const filters: Readonly<Record<Metric, string>> = {
  vmaf: `libvmaf=n_subsample=${everyFrames}:n_threads=2:log_fmt=json:log_path=${measureLog}:shortest=1`,
  ssim: `ssim=stats_file=${measureLog}:shortest=1`,
};

/**
 * Compares a published stretch of the largest rendition with the source. The source goes through the filters that its frames went
 * through before the encoder (fields, rotation, tone mapping, overlays, size), so the figure is the encoder's alone. The published
 * stretch is the second input. Not of a crossfade, which takes two clips.
 */
export function measureArguments(
  plan: Plan,
  film: VideoPlan,
  sample: Sample,
  metric: Metric,
): Pick<EncodeArguments, 'source' | 'inputArgs' | 'outputArgs'> & { publishedArgs: string[] } {
  const { chain, source, inputArgs } = sampleChain(plan, film, sample);
  const graph = [
    `${chain}[film]`,
    `[1:v:0]format=yuv420p,${fromZero}+${headStartTicks},trim=end=${seconds(sample.seconds)}[published]`,
    `[published][film]${filters[metric]}[measured]`,
  ].join(';');
  return {
    source,
    inputArgs,
    publishedArgs: readOnce,
    outputArgs: [
      '-filter_complex',
      graph,
      '-map',
      '[measured]',
      '-fps_mode',
      'passthrough',
      '-f',
      'null',
      '-',
    ],
  };
}

const fromZero = `settb=1/${clock},setpts=PTS-STARTPTS`;

/** The sample's frames as they go to the encoder of the largest rendition, from zero on. */
export function sampleChain(plan: Plan, film: VideoPlan, sample: Sample) {
  const onCpu: VideoPlan = { ...film, path: 'cpu', prepare: film.cpuPrepare ?? film.prepare };
  const part = partOf(plan, sample);
  const { video, zero, span, own, inputs } = readPart(plan, onCpu, part, part.endSeconds);
  const start = seconds(sample.startSeconds - zero - beforeFrameSeconds);
  return {
    chain: `${filmChain(video, part, span, own)},trim=start=${start},${fromZero}`,
    source: inputs.source ?? 0,
    inputArgs: inputs.inputArgs,
  };
}

/**
 * The part up to the sample's end, read from its own start, as when it was encoded: not every source can be sought elsewhere, and
 * filters see the frames that they saw then.
 */
function partOf(plan: Plan, { part: index, startSeconds, seconds: length }: Sample) {
  const part = plan.parts.find((each): each is VideoPart => each.kind === 'video' && each.index === index);
  if (part === undefined) throw new TypeError(`The plan has no video part ${index}.`);
  return { ...part, endSeconds: startSeconds + length, segmentCuts: [] };
}
