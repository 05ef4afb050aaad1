import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { inputsOf } from '../../encode/file-arguments.ts';
import type { OutputName } from '../../plan/outputs.ts';
import type { Plan } from '../../plan/plan.ts';
import type { QueuedJob } from '../../protocol/job.ts';
import { JobFolder, type PlanFolder } from '../../protocol/job-folder.ts';
import type { CopiedFile, FilmFile } from '../../publish/film-files.ts';
import { FilesLease } from '../after/files-lease.ts';
import { joinFile } from '../after/join-file.ts';
import { putFilmFile } from '../after/put-film-file.ts';
import { withPublished } from '../after/read-published.ts';
import type { PlannedFilm, TranscodeRun } from '../film.ts';
import { expectedCopies, subtitleRecords } from './expected-film.ts';
import { StreamFollower } from './follow-stream.ts';

/** Each has segments and parts of its upload in memory: 30 MB while it follows the film, so many at most (`partsAtOnce`, `maxAheadBytes`). */
const filesAtOnce = 3;
const fileMb = 80;

/**
 * Of the time since the making began, how long is waited between two looks: what is not known yet of the film is about this share of it,
 * and is read after the commit. A film of hours takes some hundred looks.
 */
const shareBetweenLooks = 1 / 20;
const minPauseMs = 1000;

/** Of the length that the film's header says. The room for the index of a file goes by that. */
const leastShare = 0.5;

type AheadRun = Pick<
  TranscodeRun,
  'settings' | 'stores' | 'tools' | 'messageId' | 'leaseSeconds' | 'log' | 'signal'
>;

interface BegunFile {
  file: CopiedFile;
  abandon: AbortController;
  published: Promise<void>;
}

/**
 * Files that are copies of the stream, begun while the film is made: segments are read and uploaded as they are published, so that little is
 * left to do after the commit. Nothing shows before it: the beginning of each file goes up last. What was read is compared with what was
 * committed; where it differs, and where anything fails here, the file is made again after the commit.
 */
export class FilesAhead implements AsyncDisposable {
  readonly #ended = new AbortController();
  readonly #committed = new AbortController();
  readonly #files = new Map<string, BegunFile>();
  #plan: Plan | undefined;
  #stream: StreamFollower | undefined;
  #following: Promise<void> | undefined;
  #lease: FilesLease | undefined;

  /** Where the job has such files. Returns at once. */
  begin(film: PlannedFilm, folder: PlanFolder, run: AheadRun): void {
    if (copiesOf(film, run).length === 0) return;
    this.#plan = film.plan;
    const signal = AbortSignal.any([run.signal, this.#ended.signal]);
    this.#following = this.#follow(film, folder, { ...run, signal });
  }

  /** Whether the job has such files, which this worker sees to. */
  get isWanted(): boolean {
    return this.#plan !== undefined;
  }

  /** Whether a file is begun, so that little is left to do. */
  hasBegun({ name }: Pick<FilmFile, 'name'>): boolean {
    return this.#files.has(name);
  }

  /**
   * The film is committed.
   * @param planId which was: of another one nothing is begun here
   * @returns the right to make its files, where this worker has it: it is the caller's now
   */
  async takeLease(planId: string, signal: AbortSignal): Promise<FilesLease | undefined> {
    this.#committed.abort();
    await this.#following;
    if (planId !== this.#plan?.id) await this[Symbol.asyncDispose]();
    const isHeld = await this.#lease?.isHeld(signal);
    const lease = this.#lease;
    this.#lease = undefined;
    if (isHeld) return lease;
    await lease?.release();
    return undefined;
  }

  /** @returns whether the file is published; else it must be made */
  async finish(file: FilmFile, { settings, stores, log, signal }: AheadRun): Promise<boolean> {
    const begun = this.#files.get(file.name);
    const [plan, stream] = [this.#plan, this.#stream];
    if (begun === undefined || plan === undefined || stream === undefined) return false;
    try {
      const isAsRead = await withPublished({ settings, stores, signal }, async (reader) => {
        if (!isDeepStrictEqual(madeOf(begun.file), madeOf(file))) return false;
        for (const input of inputsOf(file)) {
          const { objects, durationSeconds } = await reader.rendition(input);
          if (durationSeconds < plan.durationSeconds * leastShare) return false;
          if (!stream.list(input.name).complete(objects)) return false;
        }
        return true;
      });
      if (!isAsRead) throw new Error('What was read of it is not what was committed.');
      await begun.published;
      return true;
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ err: error, file: file.name }, 'a file that was begun before the commit is made again');
      begun.abandon.abort(error);
      await begun.published.catch(() => {});
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('The files that were begun are not needed.'));
    await this.#following;
    const begun = [...this.#files.values()].map(({ published }) => published);
    this.#files.clear();
    const lease = this.#lease;
    this.#lease = undefined;
    // Others need not wait until the uploads are taken back.
    await Promise.allSettled([lease?.release(), ...begun]);
  }

  /** Until the commit, or the end of all of it. Never throws. */
  async #follow(film: PlannedFilm, folder: PlanFolder, run: AheadRun): Promise<void> {
    const startedAt = performance.now();
    const until = AbortSignal.any([run.signal, this.#committed.signal]);
    while (!until.aborted) {
      try {
        if ((await this.#look(film, folder, run, until)) === 'over') return;
      } catch (error) {
        if (!until.aborted) run.log.warn({ err: error }, 'could not look at what is published of a film');
      }
      await sleep(pauseMs(performance.now() - startedAt), undefined, { signal: until, ref: false }).catch(
        () => {},
      );
    }
  }

  async #look(
    film: PlannedFilm,
    folder: PlanFolder,
    run: AheadRun,
    until: AbortSignal,
  ): Promise<'waiting' | 'following' | 'over'> {
    // A worker that was lost may have left it.
    this.#lease ??= await FilesLease.take(folder, { ...run, signal: until });
    const lease = this.#lease;
    if (lease === undefined) return 'waiting';
    if (lease.lost.aborted) return 'over';
    if (this.#stream === undefined) {
      const files = await this.#filesToBegin(film, folder, run, until);
      if (files === undefined) return 'waiting';
      if (files.length === 0) {
        this.#plan = undefined;
        this.#lease = undefined;
        await lease.release();
        return 'over';
      }
      const stream = new StreamFollower(folder, run.stores.output);
      this.#stream = stream;
      const own = { ...run, signal: AbortSignal.any([run.signal, lease.lost]) };
      for (const file of files) this.#beginFile(film, file, { folder, stream }, own);
    }
    await this.#stream.look(until);
    return 'following';
  }

  /** @returns undefined where it is not known yet what they are made of */
  async #filesToBegin(
    { job, plan }: PlannedFilm,
    folder: PlanFolder,
    run: AheadRun,
    until: AbortSignal,
  ): Promise<CopiedFile[] | undefined> {
    const { output } = run.stores;
    const records = await subtitleRecords(plan, folder, output, until);
    if (records === undefined) return undefined;
    const { objects } = await output.listAll(folder.files, until);
    const there = new Set(objects.map(({ key }) => key));
    const { publicUrl } = run.settings.output;
    return expectedCopies(plan, outputsOf(job, run), { records, folder, publicUrl })
      .filter(({ name }) => !there.has(folder.files + name))
      .slice(0, filesAtOnce);
  }

  #beginFile(
    { job, plan }: PlannedFilm,
    file: CopiedFile,
    { folder, stream }: { folder: PlanFolder; stream: StreamFollower },
    run: AheadRun,
  ): void {
    const abandon = new AbortController();
    const own = { ...run, signal: AbortSignal.any([run.signal, abandon.signal]) };
    const { durationSeconds } = plan;
    const renditions = inputsOf(file).map(({ name }) => ({ objects: stream.list(name), durationSeconds }));
    const published = withPublished(own, (reader, workDir) =>
      joinFile(file, { renditions, reader, workDir, title: job.title }, own, (object) =>
        putFilmFile(job, file, folder, object, own),
      ),
    );
    // Whoever finishes the file learns of it.
    published.catch(() => {});
    this.#files.set(file.name, { file, abandon, published });
  }
}

/** What the files that are begun take beside the film, in MB. */
export function aheadMemoryMb(
  film: Pick<PlannedFilm, 'job' | 'plan'>,
  run: Pick<AheadRun, 'settings'>,
): number {
  return fileMb * Math.min(filesAtOnce, copiesOf(film, run).length);
}

function copiesOf(
  { job, plan }: Pick<PlannedFilm, 'job' | 'plan'>,
  run: Pick<AheadRun, 'settings'>,
): CopiedFile[] {
  const mayCopy = plan.segmentFormat === 'fmp4' && plan.encryption === undefined;
  const folder = new JobFolder(run.settings.output.prefix, job.id).plan(plan.id);
  return mayCopy ? expectedCopies(plan, outputsOf(job, run), { records: [], folder }) : [];
}

function outputsOf(
  { options }: QueuedJob,
  { settings }: Pick<TranscodeRun, 'settings'>,
): readonly OutputName[] {
  return options?.outputs ?? settings.outputs;
}

/** @param elapsedMs since the film was begun. @returns milliseconds between two looks */
function pauseMs(elapsedMs: number): number {
  return Math.max(minPauseMs, elapsedMs * shareBetweenLooks);
}

/** What must be the same before and after the commit. */
function madeOf({ format, video, audio, text = [] }: FilmFile) {
  return [
    format,
    video?.name,
    audio.map(({ name, language }) => [name, language]),
    text.map((track) => [track.file, track.label, track.language, track.cues]),
  ];
}
