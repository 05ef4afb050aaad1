import { join } from 'node:path';
import { describeSources } from '../protocol/clips.ts';
import { headersFor } from '../protocol/content-types.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import { contentDisposition } from '../publish/file-name.ts';
import type { FilmFile } from '../publish/film-files.ts';
import type { TranscodeRun } from './film.ts';

/**
 * Uploads a file beside the film, under a name that says which film it is of.
 * @param from the folder where it was made, or its bytes as they are made
 */
export async function putFilmFile(
  job: QueuedJob,
  file: Pick<FilmFile, 'name' | 'video'>,
  folder: PlanFolder,
  from: string | AsyncIterable<Buffer>,
  { stores, signal }: Pick<TranscodeRun, 'stores' | 'signal'>,
): Promise<void> {
  const key = folder.files + file.name;
  const options = {
    ...headersFor(file.name),
    contentDisposition: contentDisposition(file, { title: job.title, source: describeSources(job).source }),
    signal,
  };
  if (typeof from === 'string') await stores.output.putFile(key, join(from, file.name), options);
  else await stores.output.putStream(key, from, options);
}
