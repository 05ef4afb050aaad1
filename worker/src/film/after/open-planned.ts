import { RefusedError } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { QueuedJob } from '../../protocol/job.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import { readPlanFile } from '../../protocol/plan-file.ts';
import type { Film } from '../../protocol/status.ts';
import type { TranscodeRun } from '../film.ts';
import { type OpenedSource, openJobSources, replacedSince } from '../open-source.ts';

export interface PlannedSources {
  plan: Plan;
  opened: OpenedSource[];
}

/** @returns a published film's plan and what its video was made of, or why they can't be had */
export async function openPlanned(
  job: QueuedJob,
  film: Film,
  folder: PlanFolder,
  run: TranscodeRun,
): Promise<PlannedSources | string> {
  const planned = await readPlanFile(run.stores.output, folder, run.signal);
  if (planned === undefined || planned.plan.id !== film.plan) return "the film's plan was not kept";
  const { plan } = planned;
  try {
    const { source, sources } = job;
    const opened = await openJobSources({ source, sources }, run);
    const isReplaced = replacedSince(opened, plan.sourceVersion).length > 0;
    return isReplaced ? "the film's source was replaced" : { plan, opened };
  } catch (error) {
    if (error instanceof RefusedError) return "the film's source can't be read any more";
    throw error;
  }
}
