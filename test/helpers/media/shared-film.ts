import type { WorkerProcess } from '../../../cli/local-farm/worker.ts';
import type { Job } from '../../../worker/src/protocol/job.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import type { FaultFarm } from '../local-farm/fault-farm.ts';
import { logLines } from '../local-farm/worker-log.ts';
import { until } from '../until.ts';

/** A film in the making by three workers of a fault farm. */
export interface SharedFilm {
  id: string;
  /** Planned the film. */
  lead: WorkerProcess;
  /** Help with it. */
  helpers: WorkerProcess[];
}

/** Sends a job: the first worker plans the film, two more help. @returns when both helpers are at it */
export async function startSharedFilm(
  faults: FaultFarm,
  job: Partial<Job>,
  env: Partial<WorkerEnvironment> = {},
): Promise<SharedFilm> {
  const id = await faults.send(job);
  const lead = faults.startWorker(env);
  await says(lead, 'sent part requests');
  const helpers = await startWorkers(faults, 2, env);
  await Promise.all(helpers.map((helper) => says(helper, 'joined a film')));
  return { id, lead, helpers };
}

/** @returns when all of them take work */
export async function startWorkers(
  faults: FaultFarm,
  count: number,
  env: Partial<WorkerEnvironment> = {},
): Promise<WorkerProcess[]> {
  const workers = Array.from({ length: count }, () => faults.startWorker(env));
  await Promise.all(workers.map((worker) => says(worker, 'worker started')));
  return workers;
}

/** Waits until a worker's log has a message. */
export function says(worker: WorkerProcess, message: string | RegExp): Promise<void> {
  return until(() => logLines(worker.log).some(({ msg }) => msg.match(message)), String(message), 30);
}
