import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { measureArguments, measureLog } from '../../encode/measure-arguments.ts';
import { readScores } from '../../encode/measure-log.ts';
import type { FfmpegCall } from '../../ffmpeg/media-tool.ts';
import type { Sample } from '../../plan/measure.ts';
import type { Plan, VideoPlan } from '../../plan/plan.ts';
import type { Measuring, TranscodeRun } from '../film.ts';

interface Compared {
  plan: Plan;
  video: VideoPlan;
  sample: Sample;
  /** Of the sources, in the order of the job's. */
  urls: readonly string[];
  /** URL of the encoded stretch. */
  encoded: string;
  /** Where the log of the scores lies for as long. */
  cwd: string;
}

/** Compares an encoded stretch of a film with its source. @returns the score of each frame that was looked at */
export async function compareWithSource(
  { plan, video, sample, urls, encoded, cwd }: Compared,
  { tools, metric }: Measuring,
  { settings, signal }: Pick<TranscodeRun, 'settings' | 'signal'>,
  more: Pick<FfmpegCall, 'fontConfigPath' | 'isSourceStalled'> = {},
): Promise<number[]> {
  const { source = 0, inputArgs, publishedArgs, outputArgs } = measureArguments(plan, video, sample, metric);
  const log = join(cwd, measureLog);
  await rm(log, { force: true });
  await tools.ffmpeg({
    input: { url: urls[source] ?? '' },
    inputArgs,
    moreInputs: [{ url: encoded, inputArgs: publishedArgs }],
    outputArgs,
    cwd,
    stallSeconds: settings.encoding.stallSeconds,
    signal,
    ...more,
  });
  return readScores(metric, await readFile(log, 'utf8'));
}
