import type { Plan } from '../plan/plan.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { FilmRequest } from '../publish/film-record.ts';
import { decideAtDoor, expectationOf } from './door.ts';
import type { TranscodeRun } from './film.ts';
import { type OpenedSource, versionsOf } from './open-source.ts';
import { wantedFilm } from './plan-film.ts';

/**
 * Where this is the door, decides who makes the film.
 * @returns what the film is made with here; undefined where it is left to the workers
 */
export async function throughDoor(plan: Plan, run: TranscodeRun): Promise<TranscodeRun | undefined> {
  const { door, report, log, sendPartRequest } = run;
  if (door === undefined) return run;
  const decision = decideAtDoor(plan, door.rules);
  log.info({ plan: plan.id, ...decision }, 'decided who makes the film');
  report.update({ expected: expectationOf(plan, decision) });
  if (decision.workers > 0) await door.wake(decision.workers);
  if (decision.kind === 'workers') return undefined;
  if (decision.kind === 'functions') return run;
  const { functions } = door.rules;
  let asked = 0;
  return {
    ...run,
    width: 1 + functions + decision.workers,
    sendPartRequest: async (request) => {
      asked += 1;
      await (asked <= functions ? sendPartRequest?.(request) : door.askWorker(request));
    },
  };
}

/** By which the farm's workers know a film that they have made, where they encode otherwise than the door. */
export async function requestsOfWorkers(
  job: QueuedJob,
  sources: readonly OpenedSource[],
  run: TranscodeRun,
): Promise<FilmRequest[]> {
  if (run.door?.rules.workersEncoder !== 'nvenc') return [];
  const encoder = { name: 'nvenc', preset: run.settings.encoding.nvencPreset } as const;
  return [(await wantedFilm(job, versionsOf(sources), { ...run, encoder })).request];
}
