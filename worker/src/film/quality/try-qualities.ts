import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { poolScores } from '../../encode/measure-log.ts';
import { trialArguments, trialFile } from '../../encode/trial-arguments.ts';
import { shiftFor, trialSamples, trialShifts, withShift } from '../../plan/film-quality.ts';
import type { Plan, VideoPlan } from '../../plan/plan.ts';
import { defaultQuality, type Quality, vmafTargets } from '../../plan/quality.ts';
import { fileSource } from '../../source/file-source.ts';
import { serveSource } from '../../source/server.ts';
import type { Measuring, TranscodeRun } from '../film.ts';
import { compareWithSource } from './compare.ts';

type TrialRun = Pick<TranscodeRun, 'settings' | 'tools' | 'measuring' | 'log' | 'signal'>;

/**
 * Gives the film a CRF of its own: some seconds of it are encoded with three, compared with the source, and the CRF between them is
 * taken that has the VMAF of the quality. Without what is drawn over it, as nothing is prepared yet.
 * @returns the plan as it is where that can't be measured, with a warning
 */
export async function withOwnQuality(
  plan: Plan,
  urls: readonly string[],
  quality: Quality = defaultQuality,
  run: TrialRun,
): Promise<Plan> {
  const video = plan.video && withoutOverlays(plan.video);
  if (video?.encoder.name !== 'x264') return plan;
  const measuring = run.measuring?.();
  if (measuring?.metric !== 'vmaf') return warned(plan, "the worker's ffmpeg has no libvmaf");
  const startedAt = performance.now();
  try {
    const vmafs = await tryQualities(plan, video, urls, measuring, run);
    const shift = shiftFor(vmafs, vmafTargets[quality]);
    run.log.info({ vmafs, shift, tookSeconds: (performance.now() - startedAt) / 1000 }, 'qualities tried');
    return withShift(plan, shift);
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.warn({ err: error }, 'could not try qualities');
    return warned(plan, (error as Error).message);
  }
}

function warned(plan: Plan, why: string): Plan {
  const warning = `the film has the CRF that films have on average, and none of its own: ${why}`;
  return { ...plan, warnings: [...plan.warnings, warning] };
}

function withoutOverlays({ overlays, ...video }: VideoPlan): VideoPlan {
  return video;
}

/** @returns the VMAF at each of `trialShifts` */
async function tryQualities(
  plan: Plan,
  video: VideoPlan,
  urls: readonly string[],
  measuring: Measuring,
  run: TrialRun,
): Promise<[number, number, number]> {
  const base = video.renditions[0]?.quality ?? 0;
  const scores: [number[], number[], number[]] = [[], [], []];
  const cwd = await mkdtemp(join(run.settings.workDir, 'trial-'));
  try {
    for (const sample of trialSamples(plan)) {
      const { source, inputArgs, outputArgs } = trialArguments(
        plan,
        video,
        sample,
        trialShifts.map((shift) => base + shift),
      );
      const { stallSeconds } = run.settings.encoding;
      const input = { url: urls[source] ?? '' };
      await run.tools.ffmpeg({ input, inputArgs, outputArgs, cwd, stallSeconds, signal: run.signal });
      for (const [n, found] of scores.entries()) {
        const path = join(cwd, trialFile(n));
        found.push(...(await compareTrial({ plan, video, sample, urls, path, cwd }, measuring, run)));
      }
    }
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
  const [finer, middle, coarser] = scores;
  return [poolScores(finer).mean, poolScores(middle).mean, poolScores(coarser).mean];
}

async function compareTrial(
  compared: Omit<Parameters<typeof compareWithSource>[0], 'encoded'> & { path: string },
  measuring: Measuring,
  run: TrialRun,
): Promise<number[]> {
  const { path, ...stretch } = compared;
  const file = fileSource(path);
  const server = await serveSource(file, await file.describe());
  try {
    return await compareWithSource({ ...stretch, encoded: server.url }, measuring, run);
  } finally {
    await server.close();
  }
}
