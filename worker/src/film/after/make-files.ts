import { fileFormats, type OutputName } from '../../plan/outputs.ts';
import type { QueuedJob } from '../../protocol/job.ts';
import { JobFolder, type PlanFolder } from '../../protocol/job-folder.ts';
import type { Film, PublishedFile } from '../../protocol/status.ts';
import { filmFiles, refuseClearFiles } from '../../publish/film-files.ts';
import type { FilesAhead } from '../ahead/files-ahead.ts';
import type { FilmOutcome, TranscodeRun } from '../film.ts';
import { noStream } from './files-alone.ts';
import { holdFilesLease } from './files-lease.ts';
import { makeFile } from './make-file.ts';
import { makeWebm } from './make-webm.ts';

/**
 * Makes the files that a job asks for beside the stream, of what is published of it, after the commit. Files that are
 * there are kept, so that a job that is sent again with more outputs adds those.
 * @param ahead what was begun of them before the commit
 * @returns `byPeer: false` where this worker has made them, whoever committed the film: it ends the job; `atCapacity` while another worker makes them, `outOfTime` where an invocation has no time for all
 * @throws RefusedError `gif-too-long`, `no-stream`, `clear-files`
 */
export async function makeFiles(
  job: QueuedJob,
  film: Film,
  run: TranscodeRun,
  ahead?: FilesAhead,
): Promise<FilmOutcome> {
  const { settings, report, log } = run;
  const folder = new JobFolder(settings.output.prefix, job.id).plan(film.plan);
  const outputs = job.options?.outputs ?? (film.encryption ? [] : settings.outputs);
  if (film.encryption) refuseClearFiles(outputs);
  const { files, warnings } = filmFiles(film, outputs);
  report.addWarnings(warnings);
  const look = async () => {
    const published = await publishedFiles(folder, run);
    const missing = files.filter(({ name }) => !published.some((file) => file.name === name));
    return { film: withFiles(film, published), missing };
  };
  const before = await look();
  const [lacking] = before.missing;
  if (lacking === undefined) return { kind: 'published', film: before.film };
  if (film.playlist === undefined) throw noStream(job, `${lacking.name} cannot be made of it`);

  const make = async (making: TranscodeRun): Promise<{ film?: Film; byPeer?: false }> => {
    // Another worker may have made them until a moment ago.
    const found = await look();
    if (found.missing.length === 0) return { film: found.film };
    // Of those that made the film together, only this one is left: also that it pauses is to be reported.
    await report.setReporting('reporting');
    await report.move({ to: 'published', film: found.film });
    // Those that are begun first.
    const left = found.missing.toSorted((a, b) => Number(ahead?.hasBegun(b)) - Number(ahead?.hasBegun(a)));
    for (const file of left) {
      const startedAt = performance.now();
      report.update({ file: { name: file.name, percent: 0 } });
      if (file.format === 'webm') {
        if (!(await makeWebm(job, film, file, folder, making))) return {};
      } else if (!(await ahead?.finish(file, making)))
        report.addWarnings(await makeFile(job, file, folder, making));
      log.info({ file: file.name, seconds: (performance.now() - startedAt) / 1000 }, 'file published');
    }
    return { film: (await look()).film, byPeer: false };
  };
  const made = await holdFilesLease(folder, run, make, await ahead?.takeLease(film.plan, run.signal));
  if (made === undefined) return { kind: 'atCapacity' };
  const { film: whole, ...by } = made;
  return whole === undefined ? { kind: 'outOfTime' } : { kind: 'published', film: whole, ...by };
}

/** Whether a film has all files that a job asks for. */
export async function hasAllFiles(
  film: Film,
  outputs: readonly OutputName[],
  folder: PlanFolder,
  run: TranscodeRun,
): Promise<boolean> {
  const published = await publishedFiles(folder, run);
  return filmFiles(film, outputs).files.every(({ name }) => published.some((file) => file.name === name));
}

async function publishedFiles(
  folder: PlanFolder,
  { settings, stores, signal }: TranscodeRun,
): Promise<PublishedFile[]> {
  const { objects } = await stores.output.listAll(folder.files, signal);
  const { publicUrl } = settings.output;
  return objects.flatMap(({ key, sizeBytes: bytes }) => {
    const name = key.slice(folder.files.length);
    const format = fileFormats.find((each) => name.endsWith(`.${each}`));
    const url = publicUrl === undefined ? {} : { url: `${publicUrl}/${key}` };
    return format === undefined ? [] : [{ name, format, key, ...url, bytes }];
  });
}

function withFiles(film: Film, files: PublishedFile[]): Film {
  return files.length === 0 ? film : { ...film, files };
}
