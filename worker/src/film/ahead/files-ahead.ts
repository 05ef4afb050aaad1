import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { inputsOf } from '../../encode/file-arguments.ts';
import type { OutputName } from '../../plan/outputs.ts';
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
  #stream: StreamFollower | undefined;
  #following: Promise<void> | undefined;
  #lease: FilesLease | undefined;

  /** Where the job has such files and this worker may make them. Returns at once. */
  begin(film: PlannedFilm, folder: PlanFolder, run: AheadRun): void {
    if (copiesOf(film, run).length === 0) return;
    const signal = AbortSignal.any([run.signal, this.#ended.signal]);
    this.#following = this.#follow(film, folder, { ...run, signal }).catch((error: unknown) => {
      if (!signal.aborted) run.log.warn({ err: error }, 'no file could be begun before the commit');
    });
  }

  /** Whether no other worker may make the film's files. */
  get hasLease(): boolean {
    return this.#lease?.lost.aborted === false;
  }

  /** The film is committed. @returns the right to make its files, where this worker has it: it is the caller's now */
  async takeLease(): Promise<FilesLease | undefined> {
    this.#committed.abort();
    await this.#following;
    const lease = this.#lease;
    this.#lease = undefined;
    if (!lease?.lost.aborted) return lease;
    await lease.release();
    return undefined;
  }

  /** @returns whether the file is published; else it must be made */
  async finish(file: FilmFile, { settings, stores, log, signal }: AheadRun): Promise<boolean> {
    const begun = this.#files.get(file.name);
    if (begun === undefined || this.#stream === undefined) return false;
    const stream = this.#stream;
    try {
      const isAsRead = await withPublished({ settings, stores, signal }, async (reader) => {
        if (!isDeepStrictEqual(madeOf(begun.file), madeOf(file))) return false;
        for (const input of inputsOf(file)) {
          const { objects } = await reader.rendition(input);
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
    await Promise.allSettled([...this.#files.values()].map(({ published }) => published));
    await this.#lease?.release();
    this.#lease = undefined;
  }

  /** Until the commit, or the end of all of it. */
  async #follow(film: PlannedFilm, folder: PlanFolder, run: AheadRun): Promise<void> {
    const startedAt = performance.now();
    const lease = await FilesLease.take(folder, run);
    if (lease === undefined) return;
    this.#lease = lease;
    const signal = AbortSignal.any([run.signal, lease.lost]);
    const stream = new StreamFollower(folder, run.stores.output);
    this.#stream = stream;
    const until = AbortSignal.any([signal, this.#committed.signal]);
    let isBegun = false;
    while (!until.aborted) {
      try {
        if (!isBegun) isBegun = await this.#beginFiles(film, folder, { ...run, signal }, until);
        await stream.look(until);
      } catch (error) {
        if (!until.aborted) run.log.warn({ err: error }, 'could not look at what is published of a film');
      }
      await sleep(pauseMs(performance.now() - startedAt), undefined, { signal: until, ref: false }).catch(
        () => {},
      );
    }
  }

  /** @returns false where it is not known yet what they are made of */
  async #beginFiles(
    { job, plan }: PlannedFilm,
    folder: PlanFolder,
    run: AheadRun,
    until: AbortSignal,
  ): Promise<boolean> {
    const { output } = run.stores;
    const records = await subtitleRecords(plan, folder, output, until);
    if (records === undefined) return false;
    const { objects } = await output.listAll(folder.files, until);
    const there = new Set(objects.map(({ key }) => key));
    const { publicUrl } = run.settings.output;
    const files = expectedCopies(plan, outputsOf(job, run), { records, folder, publicUrl })
      .filter(({ name }) => !there.has(folder.files + name))
      .slice(0, filesAtOnce);
    for (const file of files)
      this.#beginFile(job, file, { folder, durationSeconds: plan.durationSeconds }, run);
    return true;
  }

  #beginFile(
    job: QueuedJob,
    file: CopiedFile,
    { folder, durationSeconds }: { folder: PlanFolder; durationSeconds: number },
    run: AheadRun,
  ): void {
    const abandon = new AbortController();
    const own = { ...run, signal: AbortSignal.any([run.signal, abandon.signal]) };
    const renditions = inputsOf(file).map(({ name }) => ({
      objects: (this.#stream as StreamFollower).list(name),
      durationSeconds,
    }));
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
  return [format, video?.name, audio.map(({ name, language }) => [name, language]), text];
}
