import { join } from 'node:path';
import { describeSources } from '../protocol/clips.ts';
import { headersFor } from '../protocol/content-types.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import { contentDisposition } from '../publish/file-name.ts';
import type { FilmFile } from '../publish/film-files.ts';
import type { TranscodeRun } from './film.ts';

/** Uploads a file beside the film, under a name that says which film it is of. @param workDir where it was made */
export async function putFilmFile(
  job: QueuedJob,
  file: Pick<FilmFile, 'name' | 'video'>,
  folder: PlanFolder,
  workDir: string,
  { stores, signal }: Pick<TranscodeRun, 'stores' | 'signal'>,
): Promise<void> {
  await stores.output.putFile(folder.files + file.name, join(workDir, file.name), {
    ...headersFor(file.name),
    contentDisposition: contentDisposition(file, { title: job.title, source: describeSources(job).source }),
    signal,
  });
}
