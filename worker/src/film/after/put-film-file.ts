import { describeSources } from '../../protocol/clips.ts';
import { headersFor } from '../../protocol/content-types.ts';
import type { QueuedJob } from '../../protocol/job.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import { contentDisposition } from '../../publish/file-name.ts';
import type { FilmFile } from '../../publish/film-files.ts';
import type { HeadLastObject } from '../../storage/head-last.ts';
import type { TranscodeRun } from '../film.ts';

/**
 * Uploads a file beside the film, under a name that says which film it is of.
 * @param from where it is; or its bytes as they come, all or all but the beginning
 */
export async function putFilmFile(
  job: QueuedJob,
  file: Pick<FilmFile, 'name' | 'video'>,
  folder: PlanFolder,
  from: { path: string } | HeadLastObject | AsyncIterable<Buffer>,
  { stores, signal }: Pick<TranscodeRun, 'stores' | 'signal'>,
): Promise<void> {
  const key = folder.files + file.name;
  const options = {
    ...headersFor(file.name),
    contentDisposition: contentDisposition(file, { title: job.title, source: describeSources(job).source }),
    signal,
  };
  if (Symbol.asyncIterator in from) await stores.output.putStream(key, from, options);
  else if ('rest' in from) await stores.output.putHeadLast(key, from, options);
  else await stores.output.putFile(key, from.path, options);
}
