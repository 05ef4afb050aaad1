import type { Plan } from '../plan/plan.ts';
import { JobFolder, type PlanFolder } from '../protocol/job-folder.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import type { Film } from '../protocol/status.ts';
import { assemble } from '../publish/assemble.ts';
import { endEarlyPlay } from '../publish/early-end.ts';
import { findStream } from '../publish/film-record.ts';
import { loudnessWarnings } from '../publish/loudness.ts';
import { readRecords } from '../publish/records.ts';
import type { Settings } from '../settings/settings.ts';
import type { FilesAhead } from './ahead/files-ahead.ts';
import { checkLength } from './check-length.ts';
import { notPlayable, openEarlyPlay } from './early/early-play.ts';
import { LostParts } from './early/lost-parts.ts';
import { encodeParts } from './encode-parts.ts';
import type { FilmOutcome, PlannedFilm, TranscodeRun } from './film.ts';
import { keyOf } from './segment-keys.ts';
import { FilmProgress } from './session/film-progress.ts';
import { joinFilm } from './session/join-film.ts';
import type { AssemblyClaim, FilmSession } from './session/session.ts';
import { readSideFile } from './side-files.ts';

/** encode ⇄ publish → commit, by this worker alone or together with others. */
export async function makeFilm(
  film: PlannedFilm,
  run: TranscodeRun,
  ahead?: Pick<FilesAhead, 'begin' | 'isWanted'>,
): Promise<FilmOutcome> {
  const { job, plan, sources, workDir } = film;
  const { settings, stores, tools, invocation, breaks, report, log, signal } = run;
  const { output } = stores;
  const folder = new JobFolder(settings.output.prefix, job.id).plan(plan.id);
  const clocks = { startedAt: performance.now(), encodedAt: performance.now() };
  const progress = new FilmProgress(plan, () => performance.now() / 1000);
  const update = () => report.update({ progress: progress.now() });

  const early = openEarlyPlay(film, folder, run);
  const leaseSeconds = early?.leaseSeconds ?? run.leaseSeconds;
  await using session = await joinFilm(film, folder, { ...run, leaseSeconds }, progress, early);
  if (session === undefined) return { kind: 'atCapacity' };
  const { isShared } = session;
  await using writer = early?.writer;
  const lostParts =
    early && isShared && invocation === undefined ? new LostParts({ plan, session, log }) : undefined;
  // Another worker may have offered the film.
  progress.expectStart(() => (report.state().early ? undefined : writer?.playableInSeconds()));
  writer?.open(isShared, (...quiet) => lostParts?.consider(...quiet));
  if (film.role === 'planner' && invocation === undefined) ahead?.begin(film, folder, run);
  /**
   * Waits for what the others make, and commits if none of them does: a function's part request is never handed out again, files that
   * are begun here are this worker's to finish, and the leases of an earlier request's workers stand for no one who ends the job.
   */
  const stays = () =>
    film.role === 'planner' &&
    (invocation !== undefined ||
      settings.sharing.functionsPerFilm > 0 ||
      ahead?.isWanted === true ||
      run.isSentAgain === true);
  let isLate = false;
  const makeParts = () =>
    encodeParts(
      {
        plan,
        tools,
        urls: sources.urls,
        output,
        segmentKey: keyOf(plan, job.id, settings),
        folder,
        workDir,
        pacesAudio: invocation === undefined,
        isPlayedEarly: early !== undefined,
        stallSeconds: settings.encoding.stallSeconds,
        sourceStalledSeconds: () => sources.stalledSeconds(),
        sourceFailure: () => sources.failure,
        readSideFile: (source, maxBytes) => readSideFile(source, maxBytes, run),
        maxSeconds: settings.limits.durationSeconds,
        onProgress: (part, seen) => {
          progress.onProgress(part, seen);
          if (part.kind === 'video') {
            breaks?.progressed(progress.shareOf(part.index));
            if (plan.video)
              writer?.encoded(part, (seen.frames * plan.video.frameRate.den) / plan.video.frameRate.num);
          }
          update();
        },
        onPublished: (part, bytes) => {
          progress.onPublished(part, bytes);
          update();
        },
        ...(early && { onSegment: (...piece) => early.writer.made.add(...piece) }),
        signal,
      },
      {
        async next(kind) {
          // A film that is all encoded is committed first, and a part that was taken up is made at once.
          if (kind === 'video' && progress.hasVideoLeft() && !session.hasReserved(kind))
            await breaks?.beforePart();
          isLate ||= invocation?.mayBegin() === false;
          const part = isLate ? undefined : await session.next(kind);
          if (part === undefined) return undefined;
          invocation?.began();
          writer?.begun(part);
          return part;
        },
        async drop(part) {
          log.info({ part: part.index }, 'gives a part back for one that players come to sooner');
          writer?.dropped(part);
          progress.dropped(part);
          await session.drop(part);
        },
        async record(part, record, by) {
          await writer?.recording(part);
          await session.record(part, record, by);
          writer?.recorded(record);
          invocation?.recorded(record.encodeSeconds);
          log.info({ part: part.index, encodeSeconds: record.encodeSeconds }, 'part recorded');
        },
      },
      {
        videoEnd: () => sources.endOfVideo(),
        encoded: () => {
          clocks.encodedAt = performance.now();
          if (!isShared) report.update({ stage: 'publishing', progress: progress.now() });
        },
      },
      lostParts,
    );
  const made = async (published: Published) => {
    if (published.byPeer && ahead?.isWanted) await reportWarnings(film, folder, run);
    // Whoever has committed it has ended early play.
    const isEarly = early !== undefined && !published.byPeer;
    if (!published.byPeer || ahead?.isWanted)
      await reportMade(published.film, folder, run, { ...clocks, isShared, isEarly });
    return published;
  };
  try {
    for (let need: 'parts' | 'commit' = 'parts'; ; ) {
      isLate = false;
      if (need === 'parts') await makeParts();
      if (isLate && !isShared) return { kind: 'outOfTime' };
      const claim = await session.claimAssembly();
      const published = claim && (await commitFilm(film, folder, session, claim, run));
      if (published?.byPeer && !stays()) return { kind: 'leftToPeers' };
      if (published) return await made(published);
      if (!stays()) return { kind: isLate ? 'outOfTime' : 'leftToPeers' };
      const needed = await session.awaitPeers(invocation);
      if (needed === 'outOfTime') return { kind: 'outOfTime' };
      // The mark of a part in which the film ends goes after the commit: those behind it seem to be missing then.
      const committed = needed === 'parts' && (await findStream(output, folder.job, film.request, signal));
      if (committed) return await made({ kind: 'published', film: committed, byPeer: true });
      need = needed;
      clocks.encodedAt = performance.now();
    }
  } catch (error) {
    await session.fail(error);
    throw error;
  }
}

type Published = Extract<FilmOutcome, { kind: 'published' }>;

/** All parts are recorded. @returns undefined where another worker has taken over to commit the film */
async function commitFilm(
  film: PlannedFilm,
  folder: PlanFolder,
  session: FilmSession,
  claim: AssemblyClaim,
  run: TranscodeRun,
): Promise<Published | undefined> {
  const { stores, log, signal } = run;
  const published = session.isShared && (await findStream(stores.output, folder.job, film.request, signal));
  if (published) {
    await session.leavePublished();
    return { kind: 'published', film: published, byPeer: true };
  }
  try {
    return { kind: 'published', film: await publishFilm(film, folder, claim, run) };
  } catch (error) {
    if (!claim.lost.aborted || signal.aborted) throw error;
    log.warn({ err: error }, 'another worker commits the film');
    return undefined;
  }
}

/** Writes what joins the parts, and commits. */
async function publishFilm(
  { plan, request }: PlannedFilm,
  folder: PlanFolder,
  { lost, assertHeld }: AssemblyClaim,
  run: TranscodeRun,
): Promise<Film> {
  const { settings, stores, report } = run;
  const { output } = stores;
  const signal = AbortSignal.any([run.signal, lost]);
  report.update({ stage: 'publishing' });
  const records = await readRecords(output, folder, plan, signal);
  report.update({ warnings: warningsOf(plan, records, settings) });
  const { publicUrl } = settings.output;
  return assemble({ plan, records, output, folder, publicUrl, request, assertHeld, signal });
}

/** Another worker has committed the film, and this one ends its job. */
async function reportWarnings({ plan }: PlannedFilm, folder: PlanFolder, run: TranscodeRun): Promise<void> {
  const { settings, stores, report, signal } = run;
  const records = await readRecords(stores.output, folder, plan, signal);
  report.update({ warnings: warningsOf(plan, records, settings) });
}

/** @throws RefusedError where the film is shorter than its header says, and may not be */
function warningsOf(plan: Plan, records: readonly PartRecord[], settings: Settings): string[] {
  return [
    ...plan.warnings,
    ...checkLength(plan, records, settings.allowShortSources),
    ...records.flatMap((record) => record.warnings),
    ...loudnessWarnings(plan, records),
  ];
}

/** After the commit. */
async function reportMade(
  film: Film,
  folder: PlanFolder,
  run: TranscodeRun,
  { isEarly, ...clocks }: Clocks & { isEarly: boolean },
): Promise<void> {
  const { report } = run;
  const wasPlayable = isEarly && (await endEarly(film, folder, run));
  const spent = timings(film, run, clocks);
  report.update({ timings: spent });
  if (isEarly && wasPlayable === false) report.addWarnings(notPlayable(film, spent));
}

/** @returns whether the film could be played early; undefined where that can't be read just now */
async function endEarly(
  film: Film,
  folder: PlanFolder,
  { stores, log, signal }: TranscodeRun,
): Promise<boolean | undefined> {
  return endEarlyPlay(stores.output, folder, film, signal).catch((error: unknown) => {
    log.warn({ err: error }, 'could not end the playlists of early play');
    return undefined;
  });
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
