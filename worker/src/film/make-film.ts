import { failureKind } from '../errors.ts';
import type { MediaTools } from '../ffmpeg/media-tool.ts';
import type { Stores } from '../job/stores.ts';
import type { Logger } from '../log.ts';
import type { Plan, VideoEncoder } from '../plan/plan.ts';
import { isWorking } from '../protocol/hand.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { JobFolder, type PlanFolder } from '../protocol/job-folder.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import type { Help } from '../protocol/part-request.ts';
import { writePlanFile } from '../protocol/plan-file.ts';
import type { Film, JobState } from '../protocol/status.ts';
import { assemble } from '../publish/assemble.ts';
import { type FilmRequest, findFilm } from '../publish/film-record.ts';
import { readRecords } from '../publish/records.ts';
import type { JobReport } from '../report/reporter.ts';
import type { Settings } from '../settings/settings.ts';
import type { SourceServer } from '../source/server.ts';
import { checkLength } from './check-length.ts';
import { type FilmView, helpersWanted, partsMissing } from './choose.ts';
import { type Crew, joinCrew } from './crew.ts';
import { encodeFilm } from './encode-parts.ts';
import { createFilmProgress } from './film-progress.ts';
import { soloCrew } from './solo.ts';
import { createVoice } from './voice.ts';

/** What the work on a film is done with. */
export interface TranscodeRun {
  settings: Settings;
  stores: Stores;
  tools: MediaTools;
  encoder: VideoEncoder;
  /** See `encodingIdentity`. */
  software: string;
  report: JobReport;
  log: Logger;
  signal: AbortSignal;
  /** Names the message in hand through its retries. */
  messageId: string;
  /** A worker of the same film that shows no sign of life for so long is lost. */
  staleSeconds: number;
  /** Asks one more worker to help with a film; undefined where each film is one worker's. */
  sendHelp?: ((help: Help) => Promise<void>) | undefined;
  /** What was told of a job last, by any worker. */
  readStatus: (jobId: string) => Promise<JobState | undefined>;
}

/** A film that is planned, and this worker's place among those who make it. */
export interface PlannedFilm {
  job: QueuedJob;
  plan: Plan;
  request: FilmRequest;
  server: SourceServer;
  workDir: string;
  /** 0: planned by this worker, which asks others for help. */
  seat: number;
}

/** What this worker's part in a film came to. */
export type FilmEnd =
  | { end: 'published'; film: Film }
  /** Nothing is left to begin here: who still has parts in hand ends the job. */
  | { end: 'left' }
  /** As many workers are on the film as may be, or another run has this very message in hand. */
  | { end: 'crowded' };

/** encode ⇄ publish → commit, by this worker alone or together with others. */
export async function makeFilm(planned: PlannedFilm, run: TranscodeRun): Promise<FilmEnd> {
  const { job, plan, request, server, workDir, seat } = planned;
  const { settings, stores, tools, report, log, signal } = run;
  const { output } = stores;
  const folder = new JobFolder(settings.output.prefix, job.id).plan(plan.id);
  const recorded = await readRecords(output, folder, plan, signal);
  if (recorded.length > 0) log.info({ parts: recorded.map(({ part }) => part) }, 'parts are done already');

  const startedAt = performance.now();
  let encodedAt = startedAt;
  const progress = createFilmProgress(plan, recorded, () => performance.now() / 1000);
  const width = widthOf(job, run);
  const isShared = seat > 0 || (width > 1 && (await mayBeShared(planned, folder, run, recorded, width)));
  if (isShared && seat === 0) {
    const { probeSeconds } = report.state().timings;
    await writePlanFile(output, folder, { request, plan, probeSeconds }, signal);
  }
  const voice = createVoice({ report, isShared, readStatus: () => run.readStatus(job.id) });
  const onView = (view: FilmView, own: { seat: number; key: string }) => {
    progress.merge(view);
    voice.heard(view, own);
    report.update({ progress: progress.now() });
  };
  const { messageId, staleSeconds } = run;
  const membership = { plan, folder, output, seat, messageId, staleSeconds, progress, onView, log, signal };
  const crew = isShared ? await joinCrew(membership) : soloCrew(plan, recorded);
  if (crew === undefined) return { end: 'crowded' };
  try {
    if (isShared && !(await takeSeat(crew, planned, run, width))) {
      await crew.leave('gone');
      return { end: 'crowded' };
    }
    await encodeFilm(
      {
        plan,
        tools,
        url: server.url,
        output,
        folder,
        workDir,
        stallSeconds: settings.encoding.stallSeconds,
        sourceStalledSeconds: () => server.stalledSeconds(),
        maxSeconds: settings.limits.durationSeconds,
        onProgress: (part, seen) => {
          progress.onProgress(part, seen);
          report.update({ progress: progress.now() });
        },
        onPublished: (bytes) => {
          progress.onPublished(bytes);
          report.update({ progress: progress.now() });
        },
        onRecord: (part) => voice.recording(part),
        signal,
      },
      {
        next: (kind) => crew.next(kind).then((part) => voice.begun(part)),
        recorded: (record) => {
          crew.recorded(record);
          log.info({ part: record.part, encodeSeconds: record.encodeSeconds }, 'part recorded');
        },
      },
      {
        videoEnd: () => server.endOfVideo(),
        encoded: () => {
          encodedAt = performance.now();
          if (!isShared) report.update({ stage: 'publishing', progress: progress.now() });
        },
      },
    );
    if (!(await crew.takeAssembly())) {
      await crew.leave('done');
      return { end: 'left' };
    }
    if (isShared && (await findFilm(output, folder.job, request, signal))) {
      await crew.leave('gone');
      return { end: 'left' };
    }
    report.update({ stage: 'publishing' });
    const { records } = await crew.look();
    const warnings = [
      ...plan.warnings,
      ...checkLength(plan, records, settings.allowShortSources),
      ...records.flatMap((record) => record.warnings),
    ];
    report.update({ warnings });
    const { publicUrl } = settings.output;
    const assembly = { plan, records, output, folder, publicUrl, request, signal };
    const film = await assemble(assembly);
    await crew.leave('gone');
    report.update({ timings: timings(film, run, { startedAt, encodedAt, isShared }) });
    return { end: 'published', film };
  } catch (error) {
    const willRetry = failureKind(error) === 'trouble' && !signal.aborted;
    const othersGoOn = await crew.leave(willRetry ? 'retry' : 'gone');
    if (othersGoOn) report.othersGoOn();
    throw error;
  }
}

/** The most workers that may make this film. */
function widthOf({ options }: QueuedJob, { settings, sendHelp }: TranscodeRun): number {
  if (sendHelp === undefined) return 1;
  const { workersPerFilm } = settings.sharing;
  return Math.min(workersPerFilm, options?.workersPerFilm ?? workersPerFilm);
}

/** Whether there is work for others, or others may be at what is left: a film that was taken over. */
async function mayBeShared(
  { plan }: PlannedFilm,
  folder: PlanFolder,
  { stores, signal }: TranscodeRun,
  records: readonly PartRecord[],
  width: number,
): Promise<boolean> {
  if (helpersWanted(plan, { records, others: [] }, width) > 0) return true;
  if (records.length === 0) return false;
  return (await stores.output.head(folder.planFile, signal)) !== undefined;
}

/** The first asks others for help; a helper makes sure that there are not too many already. */
async function takeSeat(
  crew: Crew,
  { job, plan, seat }: PlannedFilm,
  { sendHelp, log }: TranscodeRun,
  width: number,
): Promise<boolean> {
  const view = await crew.look();
  if (seat > 0) {
    const others = view.others.filter(isWorking).length;
    log.info({ plan: plan.id, others }, 'helping with a film');
    return others < width;
  }
  const helpers = helpersWanted(plan, view, width);
  for (let helper = 1; helper <= helpers; helper += 1) await sendHelp?.({ job, plan: plan.id, seat: helper });
  log.info({ helpers, parts: partsMissing(plan, view.records).length }, 'asked other workers for help');
  return true;
}

interface Clocks {
  /** Milliseconds of this process. */
  startedAt: number;
  encodedAt: number;
  isShared: boolean;
}

/** Of a film that several made, the time since the first of them began. */
function timings(film: Film, { report }: TranscodeRun, { startedAt, encodedAt, isShared }: Clocks) {
  const state = report.state();
  const before = state.timings.probeSeconds ?? 0;
  const sinceStart = (Date.now() - Date.parse(state.startedAt ?? '')) / 1000 - before;
  const publishSeconds = (performance.now() - encodedAt) / 1000;
  const encodeSeconds = isShared ? Math.max(0, sinceStart - publishSeconds) : (encodedAt - startedAt) / 1000;
  const speed = film.durationSeconds / (encodeSeconds + publishSeconds);
  return { ...state.timings, encodeSeconds, publishSeconds, speed };
}
