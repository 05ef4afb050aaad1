import { randomUUID } from 'node:crypto';
import type { Part } from '../../plan/plan.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import { writePlanFile } from '../../protocol/plan-file.ts';
import { eachLimited } from '../../storage/limited.ts';
import type { PlannedFilm, TranscodeRun } from '../film.ts';
import { firstFreePart, partsToRequest } from './choose.ts';
import type { FilmProgress } from './film-progress.ts';
import type { FilmSession } from './session.ts';
import { type SessionEarly, SharedSession } from './shared-session.ts';
import { SoloSession } from './solo-session.ts';
import { type FilmView, readView } from './view.ts';

/** What a session reports of the film. */
interface Watched {
  progress: FilmProgress;
  early: SessionEarly | undefined;
}

/** Part requests that are sent at once. */
const sendsAtOnce = 8;

/**
 * Decides whether this worker makes the film alone or with others, and takes its place among them.
 * @returns undefined where as many workers are on the film as may be, or where another run holds this very message
 */
export async function joinFilm(
  film: PlannedFilm,
  folder: PlanFolder,
  run: TranscodeRun,
  progress: FilmProgress,
  early: SessionEarly | undefined,
): Promise<FilmSession | undefined> {
  const width = widthOf(film, run);
  const watched = { progress, early };
  if (film.role === 'helper') return joinAsHelper(film, folder, run, watched, width);

  const view = await readRecorded(folder, run);
  progress.mergeRecorded(view.recorded);
  if (view.recorded.size > 0) run.log.info({ parts: [...view.recorded] }, 'parts are done already');
  if (width === 1 || !(await mayBeShared(film, folder, run, { view, width }))) {
    return new SoloSession({ plan: film.plan, folder, output: run.stores.output, view });
  }
  return joinAsPlanner(film, folder, run, watched, width);
}

/** Others learn of the film by its plan file, and of their part by a request. */
async function joinAsPlanner(
  film: PlannedFilm,
  folder: PlanFolder,
  run: TranscodeRun,
  watched: Watched,
  width: number,
): Promise<FilmSession | undefined> {
  const { job, plan, request } = film;
  const { stores, isRepeat, report, sendPartRequest, log, signal } = run;
  const { probeSeconds } = report.state().timings;
  await writePlanFile(stores.output, folder, { request, plan, probeSeconds }, signal);
  await using leaving = new AsyncDisposableStack();
  const session = leaving.use(openSharedSession(film, folder, run, watched));
  const entered = await session.enter();
  if (entered === undefined) return undefined;
  const parts = partsToRequest(plan, entered.view, width, kindsToRequest(run));
  // Before the others are there, who choose at random among the first parts that are free.
  const own = firstFreePart(plan, entered.view);
  if (own !== undefined && !isRepeat) await session.reserve(own);
  let sent = 0;
  await eachLimited(parts, sendsAtOnce, async ({ index }) => {
    try {
      await sendPartRequest?.({ job, plan: plan.id, firstPart: index });
      sent += 1;
    } catch (error) {
      // The film is made all the same, by fewer workers.
      log.warn({ err: error, part: index }, 'could not send a part request');
    }
  });
  log.info({ requests: sent, workers: entered.workers }, 'sent part requests');
  // Until now a failure here was the job's; from now on others may go on.
  await report.setReporting('silent');
  leaving.move();
  return session;
}

async function joinAsHelper(
  film: PlannedFilm,
  folder: PlanFolder,
  run: TranscodeRun,
  watched: Watched,
  width: number,
): Promise<FilmSession | undefined> {
  const { plan, firstPart } = film;
  await using leaving = new AsyncDisposableStack();
  const session = leaving.use(openSharedSession(film, folder, run, watched));
  const part = plan.parts.find(({ index }) => index === firstPart);
  // A message that comes again may have left leases that have to be looked for.
  const isIn = !run.isRepeat && part !== undefined && (await session.reserve(part));
  if (!isIn) {
    const entered = await session.enter({ width, firstPart });
    if (entered === undefined || entered.workers >= width) return undefined;
  }
  run.log.info({ plan: plan.id, part: isIn ? firstPart : undefined }, 'joined a film');
  leaving.move();
  return session;
}

function openSharedSession(
  { job, plan, role }: PlannedFilm,
  folder: PlanFolder,
  run: TranscodeRun,
  { progress, early }: Watched,
): SharedSession {
  const { stores, messageId, isRepeat, leaseSeconds, invocation, report, log, signal } = run;
  return new SharedSession({
    plan,
    folder,
    output: stores.output,
    owner: randomUUID(),
    messageId,
    isRepeat,
    isAttended: invocation !== undefined && role === 'helper',
    leaseSeconds,
    progress,
    early,
    report,
    readStatus: () => run.readStatus(job.id),
    log,
    signal,
  });
}

async function readRecorded(folder: PlanFolder, { stores, signal }: TranscodeRun): Promise<FilmView> {
  const parts = await stores.output.listAll(folder.parts, signal);
  return readView(folder, parts, { at: parts.at, objects: [] }, 0);
}

/** Whether there is work for others, or others may be at what is left: a film that was taken over. */
async function mayBeShared(
  { plan }: PlannedFilm,
  folder: PlanFolder,
  run: TranscodeRun,
  { view, width }: { view: FilmView; width: number },
): Promise<boolean> {
  const { stores, signal } = run;
  if (partsToRequest(plan, view, width, kindsToRequest(run)).length > 0) return true;
  if (view.recorded.size === 0) return false;
  return (await stores.output.head(folder.planFile, signal)) !== undefined;
}

function kindsToRequest({ invocation }: TranscodeRun): Part['kind'][] {
  return invocation === undefined ? ['video'] : ['video', 'audio'];
}

/** The most workers that a planner asks, itself included; and that a helper may find on the film, functions beside those in ECS too. */
function widthOf({ job, role }: PlannedFilm, { settings, sendPartRequest, width }: TranscodeRun): number {
  if (sendPartRequest === undefined) return 1;
  const { workersPerFilm, functionsPerFilm } = settings.sharing;
  const most = role === 'planner' ? (width ?? workersPerFilm) : workersPerFilm + withDoor(functionsPerFilm);
  return Math.min(most, job.options?.workersPerFilm ?? most);
}

/** The call that plans makes parts too. */
function withDoor(functions: number): number {
  return functions === 0 ? 0 : functions + 1;
}
